// SPDX-License-Identifier: MIT
#include "run/stop_condition.hpp"

#include "text.hpp"
#include "topic.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace mqtt_tools::run {
namespace {

constexpr std::size_t told_payloads = 3;
constexpr std::size_t told_bytes = 200;

/// How long no retained message must have come: brokers that read them from a disk make pauses.
constexpr Duration shortest_quiet = std::chrono::milliseconds{200};
/// After so long without an answer the broker is asked again.
constexpr Duration answer_patience = std::chrono::seconds{1};

/// The beginning of a payload.
std::string excerpt(std::string_view payload) {
  return payload.empty() ? "an empty payload" : escaped(shortened(payload, told_bytes));
}

}  // namespace

StopCondition::StopCondition(const StopOptions& until)
    : options_(until),
      unmet_(read_conditions("--expect", until.expect)),
      forbidden_(read_conditions("--forbid", until.forbid)) {}

void StopCondition::subscribed(Clock::time_point now) {
  if (!subscribed_at_) {
    subscribed_at_ = now;
    last_ = now;
    heard_.assign(options_.filters.size(), now);
  }
}

bool StopCondition::ends_before(const Message& message) {
  // A broker may send live messages among the retained ones; then only silence tells the end.
  const bool counts = options_.after_retained && !options_.idle_timeout;
  complete_ = complete_ || (counts && !message.retained);
  return complete_ || full();
}

void StopCondition::consider(const payload::Decoded& decoded, Clock::time_point now) {
  last_ = now;
  for (std::size_t at = 0; options_.silence && at < heard_.size(); ++at) {
    if (matches(without_share(options_.filters[at]), decoded.message().topic)) heard_[at] = now;
  }
  const auto broken = std::find_if(forbidden_.begin(), forbidden_.end(),
                                   [&](const auto& each) { return each.met_by(decoded); });
  if (broken != forbidden_.end() && violation_.empty()) {
    violation_ = escaped(broken->text()) + " is forbidden, and came on " +
                 escaped(decoded.message().topic) + ": " + excerpt(decoded.shown());
  }
  if (unmet_.empty() || met(decoded)) return;
  instead_.push_back(excerpt(decoded.shown()));
  if (instead_.size() > told_payloads) instead_.pop_front();
}

/// Whether the message meets expectations, which are met then: all that it meets, in order one.
bool StopCondition::met(const payload::Decoded& decoded) {
  const auto end = options_.in_order ? unmet_.begin() + 1 : unmet_.end();
  const auto rest =
      std::remove_if(unmet_.begin(), end, [&](const auto& each) { return each.met_by(decoded); });
  const bool any = rest != end;
  unmet_.erase(rest, end);
  return any;
}

bool StopCondition::reached(Clock::time_point now) const { return ending(now) != Ending::none; }

std::optional<Clock::time_point> StopCondition::due() const { return first_deadline().time; }

ExitCode StopCondition::exit_code(Clock::time_point now) const {
  const Ending end = ending(now);
  if (end == Ending::forbidden) return ExitCode::failure;
  if (end == Ending::timeout || end == Ending::silence) return ExitCode::timeout;
  if (unmet_.empty()) return ExitCode::ok;
  const bool left = end == Ending::reader_left || end == Ending::quit;
  return left ? ExitCode::failure : ExitCode::timeout;
}

std::string StopCondition::explanation(Clock::time_point now) const {
  if (exit_code(now) == ExitCode::ok) {
    return {};
  }
  std::string text = what_ended(ending(now));
  if (ending(now) == Ending::forbidden) return text;
  if (!unmet_.empty()) {
    std::vector<std::string> conditions;
    for (const auto& unmet : unmet_) conditions.push_back(escaped(unmet.text()));
    text += (options_.in_order ? "; not met in order: " : "; not met: ") + joined(conditions);
  }
  if (!instead_.empty()) text += "; what came instead: " + joined(instead_, " | ");
  return text;
}

/// What ends the run, or has ended it: of several times that have passed, the first one.
StopCondition::Ending StopCondition::ending(Clock::time_point now) const {
  if (!violation_.empty()) return Ending::forbidden;
  if (enough()) return Ending::enough;
  if (reader_left_) return Ending::reader_left;
  if (quit_) return Ending::quit;
  const auto [ending, time] = first_deadline();
  return time && now >= *time ? ending : Ending::none;
}

/// All came that was asked for, or all that may come.
bool StopCondition::enough() const {
  return (!options_.expect.empty() && unmet_.empty()) || full() ||
         (options_.after_subscribe && subscribed_at_) || complete_;
}

StopCondition::Deadline StopCondition::first_deadline() const {
  Deadline first;
  const auto add = [&](Ending ending, Duration limit, Clock::time_point start) {
    if (limit > Clock::time_point::max() - start) return;  // Beyond all clocks.
    if (!first.time || start + limit < *first.time) first = {ending, start + limit};
  };
  if (!subscribed_at_) return first;
  if (options_.timeout) add(Ending::timeout, *options_.timeout, *subscribed_at_);
  if (options_.duration) add(Ending::duration, *options_.duration, *subscribed_at_);
  if (options_.silence && !heard_.empty()) {
    add(Ending::silence, *options_.silence, *std::ranges::min_element(heard_));
  }
  if (options_.idle_timeout) add(Ending::idle, *options_.idle_timeout, last_);
  return first;
}

std::string StopCondition::what_ended(Ending ending) const {
  const std::string messages =
      options_.count ? std::to_string(seen_) + " of " + counted(*options_.count, "message")
                     : counted(seen_, "message");
  switch (ending) {
    case Ending::timeout:
      return "timed out after " + seconds_text(*options_.timeout) + " with " + messages;
    case Ending::duration:
      return "left after " + seconds_text(*options_.duration) + " with " + messages;
    case Ending::idle:
      return "no message for " + seconds_text(*options_.idle_timeout) + " after " + messages;
    case Ending::silence: {
      const auto quiet = std::min_element(heard_.begin(), heard_.end()) - heard_.begin();
      return "no message on " + escaped(options_.filters[static_cast<std::size_t>(quiet)]) +
             " for " + seconds_text(*options_.silence) + " after " + messages;
    }
    case Ending::forbidden:
      return violation_;
    case Ending::reader_left:
      return "the reader of stdout left after " + messages;
    case Ending::quit:
      return "quit with q after " + messages;
    case Ending::none:
    case Ending::enough:
      break;
  }
  return "left after " + messages;
}

bool RetainedEnd::advance(connection::Client& client, bool taking, Clock::time_point now) {
  if (!client.connected() && !client.failure()) return false;
  if (!taking) not_yet(now);
  if (wants_probe(client.probes(), client.ready(), now)) client.probe();
  // One that said nothing at all dropped nothing either: the client tells what it waits for.
  if (state_ == State::dropped && (granted_ || latest_ > 0 || heard_)) {
    throw RunError(ExitCode::failure,
                   escaped(client.broker()) +
                       " dropped messages, what is retained has not come in full "
                       "(Mosquitto: max_queued_messages)");
  }
  return state_ == State::complete;
}

bool RetainedEnd::wants_probe(const connection::Probes& probes, bool granted,
                              Clock::time_point now) {
  if (state_ != State::coming) return false;
  if (probes.sent == 0) {
    *this = RetainedEnd{limit_};
    quiet_since_ = now;
  }
  if (granted && !std::exchange(granted_, true)) quiet_since_ = now;
  if (std::exchange(latest_, probes.latest) != probes.latest) {
    const Duration trip = now - sent_[latest_ - 1];
    round_trip_ = round_trip_ == Duration{} ? trip : std::min(round_trip_, trip);
  }
  const auto quiet_until = quiet_since_ + shortest_quiet;
  const auto given_up_at = quiet_since_ + std::max(limit_, shortest_quiet);
  if (latest_ > 0 && sent_[latest_ - 1] >= quiet_until && granted_) {
    due_ = std::min(std::max(quiet_until, quiet_since_ + 3 * round_trip_), given_up_at);
    if (now < *due_) return false;
    state_ = probes.answered < latest_ ? State::dropped : State::complete;
    return false;
  }
  if (now >= given_up_at) {
    state_ = State::dropped;
    return false;
  }
  auto ask_at = now;
  if (!sent_.empty()) {
    const bool patient = latest_ < sent_.size() || !granted_;
    ask_at = std::max(sent_.back(), quiet_since_) + (patient ? answer_patience : shortest_quiet);
  }
  const bool asks = now >= ask_at;
  if (asks) sent_.push_back(now);
  due_ = std::min(asks ? now + answer_patience : ask_at, given_up_at);
  return asks;
}

}  // namespace mqtt_tools::run
