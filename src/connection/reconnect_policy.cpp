// SPDX-License-Identifier: MIT

#include "connection/reconnect_policy.hpp"

#include "connection/reason_code.hpp"
#include "text.hpp"

#include <algorithm>
#include <chrono>
#include <random>
#include <utility>

namespace mqtt_tools::connection {

using std::chrono::milliseconds;

namespace {

constexpr std::size_t most_with_progress = 15;

/// One loss so soon after CONNACK may be bad luck; three in a row are not.
constexpr Duration early = std::chrono::seconds{5};

/// Even who asks for no pause at all must not keep a processor busy while the broker is away.
constexpr Duration shortest = std::chrono::milliseconds{10};

constexpr Duration pause_before_first = std::chrono::milliseconds{200};  // While --wait lasts.

constexpr int most_doublings = 16;  // 18 hours, beyond any sensible limit.

/// `pause`, cut so that the last attempt is made when `patience` ends; nothing when it has.
std::optional<Duration> within(std::optional<Duration> patience, Duration pause,
                               Clock::time_point since, Clock::time_point now) {
  if (!patience) return pause;
  if (now + pause - since >= *patience && now - since + milliseconds{50} >= *patience) return {};
  return std::min<Duration>(pause, *patience - (now - since));
}

/// In [0, 1). Most runs never ask, so nothing is set up for it.
double chance() {
  std::random_device device;
  return std::uniform_real_distribution<double>(0, 1)(device);
}

}  // namespace

void LossHistory::add(Clock::time_point since, Clock::time_point now, bool progress) {
  const bool is_early = now - since < early;
  in_a_row_ = is_early && !progress ? in_a_row_ + 1 : 0;
  if (!is_early) early_.clear();
  if (is_early) early_.push_back(now);
  while (early_.size() > most_with_progress) early_.pop_front();
}

bool LossHistory::frequent() const {
  return early_.size() == most_with_progress &&
         early_.back() - early_.front() < std::chrono::minutes{1};
}

bool LossHistory::rivalry() const {
  if (in_a_row_ >= 3 && early_.back() - early_[early_.size() - 3] < std::chrono::seconds{10}) {
    return true;
  }
  return frequent();
}

std::optional<RunError> LossHistory::ending(const std::string& text, const std::string& why,
                                            const Options& options) const {
  const auto end = [](const std::string& words) {
    return RunError(ExitCode::lost, escaped(words));
  };
  if (options.client_id_given && rivalry()) {
    return end(text + " three times within 10 s" + (why.empty() ? "" : " (" + why + ")") +
               ": another client may be using id " + options.client_id);
  }
  if (hopeless()) {
    return end(text + " three times in a row soon after connecting: " +
               (!why.empty() ? why
                             : "not allowed on this topic, a message too large, or one that the "
                               "broker or we cannot read?"));
  }
  return std::nullopt;
}

Duration pause_after(int attempts, Duration longest, double random) {
  if (attempts == 0) return Duration{};
  const auto doublings = std::min(attempts - 1, most_doublings);
  const Duration doubled = std::chrono::seconds{1 << doublings};
  const auto pause = std::min(doubled, std::max(longest, shortest));
  return std::chrono::duration_cast<Duration>(pause * (0.9 + 0.2 * random));
}

std::string disconnect_words(int code, const std::string& reason, const Options& options) {
  const auto words = with_text(disconnect_message(code), reason);
  const bool rival = code == 0x8E && options.client_id_given;
  return words + (rival ? ": another client is using id " + options.client_id : "");
}

void ReconnectPolicy::begin(Clock::time_point now) {
  if (!since_ || !first_) since_ = now;
}

Duration ReconnectPolicy::next_pause() {
  return pause_after(attempts_++, options_.reconnect_max, chance());
}

ReconnectPolicy::Decision ReconnectPolicy::after(const Failure& why, Clock::time_point now) {
  const auto give_up = [](ExitCode code, const std::string& text) {
    return Decision{.give_up = RunError(code, escaped(text))};
  };
  const auto no_connection = first_ ? ExitCode::no_connection : ExitCode::lost;
  if (why.violation) return give_up(no_connection, why.text);
  if (why.code != ExitCode::no_connection || (first_ && why.lasting)) {
    return give_up(why.code, why.text);
  }
  const auto since = since_.value_or(now);
  const auto pause =
      first_ ? within(options_.wait, std::min<Duration>(pause_before_first, options_.reconnect_max),
                      since, now)
             : within(options_.reconnect_for, next_pause(), since, now);
  if (!pause) {
    const bool waited = first_ && options_.wait > Duration{};
    return give_up(no_connection, waited ? why.text + " (kept trying as --wait says)" : why.text);
  }
  // The first reason while we wait for a connection; after a loss, which was told, only what
  // somebody has to mend.
  const bool tell = !told_ && (first_ || why.lasting);
  told_ = told_ || tell;
  return {.retry_at = now + *pause, .warning = tell ? why.text + "; trying again" : ""};
}

ReconnectPolicy::Decision ReconnectPolicy::after_loss(const std::string& broker,
                                                      const std::string& why, ExitCode outcome,
                                                      Clock::time_point now) {
  const auto lost = "connection to " + broker + " lost";
  const auto text = lost + (why.empty() ? "" : ": " + why);
  since_ = lost_at_ = now;
  losses_.add(connected_at_, now, progress_);
  Decision decision;
  if (outcome != ExitCode::ok) {
    decision.give_up = RunError(outcome, escaped(broker + " ended the connection: " + why));
  }
  if (!decision.give_up) decision.give_up = losses_.ending(lost, why, options_);
  if (!decision.give_up && !options_.reconnect) {
    decision.give_up = RunError(ExitCode::lost, escaped(text));
  }
  if (decision.give_up) return decision;
  const bool fruitful = now - connected_at_ > early || progress_;
  // Without a pause it would be a loop that keeps broker and processor busy.
  if (fruitful) attempts_ = losses_.frequent() ? 1 : 0;
  // "At once" leaves Paho's receive thread time to be done with the old socket: a new one with
  // the same number would be taken for it.
  const bool rival = options_.client_id_given && losses_.suspects_rival();
  decision.retry_at = now + std::max<Duration>(next_pause(), milliseconds{15});
  decision.warning =
      text + (rival ? "; is another client using id " + options_.client_id + "? Reconnecting"
                    : "; reconnecting");
  return decision;
}

void ReconnectPolicy::connected(Clock::time_point now) {
  first_ = told_ = progress_ = false;
  connected_at_ = now;
  lost_at_.reset();
}

}  // namespace mqtt_tools::connection
