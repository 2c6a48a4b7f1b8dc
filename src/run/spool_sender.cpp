// SPDX-License-Identifier: MIT
#include "run/spool_sender.hpp"

#include "connection/reconnect_policy.hpp"
#include "run/log.hpp"
#include "spool/folder.hpp"
#include "text.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace mqtt_tools::run {

namespace {

using connection::Delivery;
using spool::StoredId;
using spool::StoredRange;

// Refusals that say nothing of the message and may pass (MQTT 5.0 §3.4.2.1, §2.2.1).
constexpr int id_in_use = 0x91;
constexpr int quota_exceeded = 0x97;
constexpr int most_losses = 3;  // of connections, with one message
constexpr std::uint64_t many_ahead = 1000;
constexpr std::size_t most_bytes = std::size_t{1} << 20;  // loaded at once, and one message more
constexpr Duration soon_told = std::chrono::seconds{2};
constexpr Duration for_ever = std::chrono::hours{24 * 365};
constexpr std::uint64_t all_of_them = std::numeric_limits<std::int64_t>::max();

std::string to_topic(const spool::StoredMessage& stored) {
  return "to " + escaped(stored.message.topic);
}

}  // namespace

SpoolSender::SpoolSender(spool::Store& store, const cli::PubOptions& options,
                         connection::Options connection)
    : store_(store),
      options_(options),
      connection_(std::move(connection)),
      lock_(store.path("sender.lock")),
      wake_(store.path("wake")) {}

void SpoolSender::add_own(StoredRange range) {
  if (range.empty()) return;
  more_ = true;
  done_ = false;
  if (!own_.empty() && own_.back().last + 1 == range.first) {
    own_.back().last = range.last;
  } else {
    own_.push_back(range);
  }
}

void SpoolSender::set_open(bool open, Clock::time_point now) {
  if (open_ && !open) {
    quiet_since_ = now;
    // It was to try for ever; from here on it tries as long as the user said.
    if (client_ != nullptr) client_->set_wait(connection_.wait);
  }
  open_ = open;
}

StoredId SpoolSender::target() const {
  if (!publishes()) return std::numeric_limits<StoredId>::max();
  return own_.empty() ? 0 : own_.back().last;
}

bool SpoolSender::is_own(StoredId id) const {
  return std::any_of(own_.begin(), own_.end(), [id](const StoredRange& range) {
    return range.first <= id && id <= range.last;
  });
}

/// Takes note of what has become of those that are gone, whoever sent them.
bool SpoolSender::own_waiting() {
  while (!own_.empty() && store_.waiting(own_.front(), 1) == 0) {
    if (publishes()) {
      const auto fate = store_.fate(own_.front());
      if (reason_.empty() && fate.reason) reason_ = *fate.reason;
      dropped_ += fate.dropped;
    }
    own_.pop_front();
  }
  return !own_.empty();
}

std::uint64_t SpoolSender::waiting() {
  if (!publishes()) return store_.waiting(store_.all(), all_of_them);
  std::uint64_t count = 0;
  for (const auto& range : own_) count += store_.waiting(range, all_of_them);
  return count;
}

std::string SpoolSender::kept_text(std::uint64_t count) const {
  return counted(count, "message") + (count == 1 ? " stays" : " stay") + " in the spool " +
         store_.folder();
}

bool SpoolSender::finished() { return !endless() && (!lock_.held() || done_) && !own_waiting(); }

// The sender's lock.

void SpoolSender::advance(Clock::time_point now) {
  if (failure_) return;
  // Whether a stream is there is to be seen before its first message, and missed when it dies.
  const bool seen = connection_.presence || connection_.will;
  if (client_ == nullptr && open_ && seen) connect(now);
  if (client_ != nullptr) run_client(now);
  if (failure_ || stopping_) return;
  if (!lock_.held()) {
    if (!follows() && !own_waiting()) return;
    if (!lock_.try_lock()) return wait_for_lock(now);
    begin_sending(now);
  }
  if (watch_ && watch_->touched()) lock_.check_place();
  if (follows() && wake_.clear()) more_ = true;
  if (now < resume_at_ || !refusal_.empty()) return check_patience(now);
  do {
    while (load()) {
    }
    if (loaded_.empty() && !follows()) return all_sent();
    if (client_ == nullptr) connect(now);
  } while (!deliver());
  check_patience(now);
}

void SpoolSender::wait_for_lock(Clock::time_point now) {
  const bool begins = !watch_;
  if (begins) {
    watch_.emplace(lock_);
    lock_.request();
  }
  if (watch_->touched() || begins) {
    lock_.check_place();
    quiet_since_ = now;
    told_waiting_ = false;
    if (!follows() && !own_waiting()) {  // Another process has sent them.
      lock_.unlock();
      watch_.reset();
      return;
    }
  }
  const auto other =
      "process " + std::to_string(lock_.holder()) + ", which sends from " + store_.folder();
  if (!told_waiting_ && now >= quiet_since_ + soon_told) {
    told_waiting_ = true;
    if (!options_.verbosity.quiet) log("waiting for " + other);
  }
  if (!endless() && now >= quiet_since_ + options_.patience()) {
    lock_.unlock();
    fail(ExitCode::kept, "waited in vain for " + other);
  }
}

void SpoolSender::begin_sending(Clock::time_point now) {
  watch_.reset();
  if (follows()) {
    watch_.emplace(lock_);
    lock_.check_place();  // It may have gone while another process had the lock.
  }
  // Without it, what is delivered could perhaps not be removed, and would be sent again and again.
  spool::hold_reserve(store_.folder());
  if (follows() && wake_.fd() < 0) wake_.listen();
  loaded_.clear();
  done_ = false;
  loaded_up_to_ = 0;
  more_ = true;
  quiet_since_ = now;
  if (own_.empty() || !publishes()) return;
  const auto ahead = store_.waiting({1, own_.front().first - 1}, 1'000'000);
  if (ahead > many_ahead && !options_.verbosity.quiet) {
    log(counted(ahead, "message") + " of others in the spool " + store_.folder() + " go first");
  }
}

/// While more is to come, others may send meanwhile. At the end of the run its connection goes
/// first: the next one may use the same client id.
void SpoolSender::all_sent() {
  if (done_) return;
  done_ = true;
  store_.tidy();
  if (open_) lock_.unlock();
}

// The connection.

void SpoolSender::connect(Clock::time_point now) {
  auto options = connection_;
  if (endless()) options.wait = std::max(options.wait, for_ever);
  client_ = std::make_unique<connection::Client>(std::move(options), log_sink(options_.verbosity));
  publisher_.emplace(*client_, options_.window, Duration{}, connection_.presence);
  client_->start(now);
}

void SpoolSender::reconnect_later(const std::string& why, Clock::time_point now) {
  const auto longest = std::max<Duration>(connection_.reconnect_max, std::chrono::seconds{1});
  resume_at_ = now + connection::pause_after(++failures_, longest, 0.5);
  if (!options_.verbosity.quiet) log(why + "; trying again");
}

void SpoolSender::run_client(Clock::time_point now) {
  if (restart_) {
    if (now < resume_at_) return;
    restart_ = false;
    client_->restart(now);
  }
  collect(now);
  const bool again = client_->connections() != connections_;
  if (in_flight() > 0 && (again || (connected_ && !client_->connected()))) lost();
  if (again && (connections_ == 0 || endless())) quiet_since_ = now;
  connections_ = client_->connections();
  connected_ = client_->connected();
  if (client_->failure()) end_of_client(now);
}

void SpoolSender::collect(Clock::time_point now) {
  std::vector<StoredId> delivered;
  for (const auto& delivery : publisher_->advance(now)) {
    if (take(delivery, now)) delivered.push_back(static_cast<StoredId>(delivery.id));
  }
  publisher_->deliver(now);
  if (const auto why = publisher_->take_presence_denial()) log(*why);
  if (delivered.empty()) return;
  store_.remove(delivered);  // Before anything else is sent: what cannot be removed ends the run.
  lock_.touch();
  quiet_since_ = now;
  failures_ = 0;
}

/// Whether the broker has it now.
bool SpoolSender::take(const Delivery& delivery, Clock::time_point now) {
  const auto id = static_cast<StoredId>(delivery.id);
  const auto found = find(id);
  if (found == loaded_.end() || !found->sent) return false;
  if (delivery.outcome != Delivery::Outcome::denied) {
    loaded_.erase(found);
    return true;
  }
  const auto reason = to_topic(found->stored) + ": " + escaped(delivery.words);
  if (delivery.reason != quota_exceeded && delivery.reason != id_in_use) {
    loaded_.erase(found);
    drop(id, reason);
    quiet_since_ = now;
    return false;
  }
  found->sent = false;
  if (endless()) {
    reconnect_later(reason, now);
  } else {
    refusal_ = reason;
  }
  return false;
}

/// The connection is gone. Which of several messages the broker did not bear is not known: from
/// here on each of them goes alone (see deliver()). None is to blame when the broker said that it
/// leaves for reasons of its own.
void SpoolSender::lost() {
  std::vector<StoredId> ids;
  for (auto& one : loaded_) {
    if (!one.sent) continue;
    one.sent = false;
    if (client_->broker_left()) continue;
    ++one.stored.losses;
    ids.push_back(one.stored.id);
  }
  store_.count_losses(ids);
  if (ids.size() != 1) return;
  const auto alone = find(ids.front());
  if (alone->stored.losses < most_losses) return;
  const auto reason = to_topic(alone->stored) + ": set aside, the connection was lost with it " +
                      std::to_string(alone->stored.losses) + " times";
  store_.set_aside(ids.front(), reason);
  note_drop(ids.front(), reason);
  loaded_.erase(alone);
  set_aside_ = true;
}

/// It gives up after three losses in a row, say. With the message set aside that was to blame, the
/// others can go; a run without end tries again in any case.
void SpoolSender::end_of_client(Clock::time_point now) {
  const RunError why = *client_->failure();
  const bool loss = why.code() == ExitCode::lost || why.code() == ExitCode::denied;
  if (loss && !endless() && !open_ && loaded_.empty() && !own_waiting()) return;  // All is done.
  restart_ = loss && (set_aside_ || endless());
  if (!restart_) return fail(loss ? ExitCode::lost : why.code(), why.what());
  if (!std::exchange(set_aside_, false)) reconnect_later(why.what(), now);
}

void SpoolSender::check_patience(Clock::time_point now) {
  if (!refusal_.empty() && in_flight() == 0) return fail(ExitCode::kept, refusal_);
  if (client_ == nullptr || connections_ == 0 || loaded_.empty()) return;
  if (now < quiet_since_ + options_.ack_timeout) return;
  const std::string why = "no acknowledgement for the time of --ack-timeout";
  if (!endless()) return fail(ExitCode::lost, why);
  if (!client_->connected()) return;  // It is on its way back, and nothing hurries.
  for (auto& one : loaded_) one.sent = false;
  quiet_since_ = now;
  reconnect_later(why, now);
  restart_ = true;
}

// Messages.

/// The next ones, as far as there is room. False when nothing more is to be had now.
bool SpoolSender::load() {
  std::size_t bytes = 0;
  for (const auto& one : loaded_) bytes += size_of(one.stored.message);
  if (loaded_.size() >= options_.window || bytes >= most_bytes) return false;
  if (!more_ && !loaded_.empty()) return false;
  if (!more_ && follows()) return false;
  const auto found = store_.next(loaded_up_to_, options_.window, most_bytes);
  more_ = !found.empty();
  std::vector<StoredId> expired;
  const auto now = std::chrono::system_clock::now();
  for (auto& stored : found) {
    if (stored.id > target()) {
      more_ = false;
      break;
    }
    loaded_up_to_ = stored.id;
    if (stored.expires && *stored.expires <= now) {
      expired.push_back(stored.id);
      if (!options_.verbosity.quiet) {
        log("a message " + to_topic(stored) + " has expired in the spool; it is not sent");
      }
    } else {
      if (loaded_.empty()) quiet_since_ = Clock::now();  // A relay may have had nothing for hours.
      loaded_.push_back({stored, false});
    }
  }
  store_.remove(expired);
  if (!expired.empty()) lock_.touch();
  return more_;
}

/// They are in the order of their ids.
std::deque<SpoolSender::Loaded>::iterator SpoolSender::find(StoredId id) {
  const auto found =
      std::ranges::lower_bound(loaded_, id, {}, [](const Loaded& one) { return one.stored.id; });
  return found != loaded_.end() && found->stored.id == id ? found : loaded_.end();
}

std::size_t SpoolSender::in_flight() const {
  return static_cast<std::size_t>(std::ranges::count(loaded_, true, &Loaded::sent));
}

/// With one that was in flight when the connection was lost, no other is in flight: whether it is
/// to blame shows then. False when messages were dropped instead: there is room for others.
bool SpoolSender::deliver() {
  const auto alone = [](const Loaded& one) { return one.sent && one.stored.losses > 0; };
  if (std::ranges::any_of(loaded_, alone)) return true;
  bool dropped = false;
  std::size_t sent = in_flight();
  auto next = loaded_.begin();
  while (next != loaded_.end() && client_->ready() && sent < publisher_->window()) {
    if (next->sent) {
      ++next;
      continue;
    }
    if (next->stored.losses > 0 && sent > 0) break;
    if (const auto why = client_->over_limits(next->stored.message)) {
      const auto id = next->stored.id;
      const auto reason = to_topic(next->stored) + ": " + escaped(*why);
      next = loaded_.erase(next);
      drop(id, reason);
      dropped = true;
      continue;
    }
    spool::shorten_expiry(next->stored, std::chrono::system_clock::now());
    if (!client_->send(static_cast<std::uint64_t>(next->stored.id), next->stored.message)) break;
    next->sent = true;
    ++sent;
    if (next->stored.losses > 0) break;
  }
  return !dropped;
}

void SpoolSender::drop(StoredId id, const std::string& reason) {
  store_.drop(id, reason);
  note_drop(id, reason);
  denied_ = denied_ || (publishes() && is_own(id));
  lock_.touch();
}

/// What is mine is said at the end, whoever sent it.
void SpoolSender::note_drop(StoredId id, const std::string& reason) {
  if (!publishes()) {
    if (++dropped_ == 1) reason_ = reason;
    log("a message was not delivered, " + reason);
  } else if (!is_own(id)) {
    log("a message of another run was not delivered, " + reason);
  }
}

// Waiting.

void SpoolSender::add_to(Poller& poller) const {
  if (failure_) return;
  if (restart_) {
    poller.until(resume_at_);
  } else if (client_ != nullptr) {
    publisher_->add_to(poller);
    const bool overdue_counts = !endless() || client_->connected();
    if (overdue_counts && connections_ > 0 && !loaded_.empty()) {
      poller.until(quiet_since_ + options_.ack_timeout);
    }
  }
  if (lock_.held()) {
    if (follows()) {
      poller.add(wake_.fd(), POLLIN);
      poller.add(watch_->fd(), POLLIN);
    }
    if (client_ == nullptr || resume_at_ > Clock::now()) poller.until(resume_at_);
  } else if (watch_) {
    poller.add(lock_.fd(), POLLIN);
    poller.add(watch_->fd(), POLLIN);
    if (!told_waiting_) poller.until(quiet_since_ + soon_told);
    if (!endless()) poller.until(quiet_since_ + options_.patience());
  }
}

void SpoolSender::leave(Poller& poller, Clock::time_point deadline, Clock::time_point patience) {
  stopping_ = true;
  if (!publisher_) return;
  const auto advance = [this](Clock::time_point now) { collect(now); };
  publisher_->advance_until(poller, patience, advance,
                            [this] { return in_flight() == 0 || client_->failure(); });
  publisher_->leave(poller, deadline, advance);
}

}  // namespace mqtt_tools::run
