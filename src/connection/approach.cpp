// SPDX-License-Identifier: MIT

#include "connection/approach.hpp"

#include "connection/hooks/connection_record.hpp"
#include "text.hpp"

#include <utility>

namespace mqtt_tools::connection {

namespace {

/// The client id after `id`, whose end is a number in base 36 that no other process has.
std::string following(std::string id) {
  for (auto digit = id.rbegin(); digit != id.rend(); ++digit) {
    if (*digit == 'z') {
      *digit = '0';
      continue;
    }
    *digit = *digit == '9' ? 'a' : static_cast<char>(*digit + 1);
    break;
  }
  return id;
}

}  // namespace

Approach::Approach(paho::Shared& shared, const paho::MakeClient& make, Log& log)
    : shared_(shared),
      make_(make),
      log_(log),
      retries_(shared.options),
      client_id_(shared.options.client_id),
      keep_alive_(shared.options.keep_alive) {}

void Approach::set_out(Clock::time_point now) {
  since_ = now;
  begin_attempt(now);
}

void Approach::set_out_again(std::chrono::seconds keep_alive, Clock::time_point now) {
  keep_alive_ = keep_alive;
  if (!first_) since_ = now;
  begin_attempt(now);
}

void Approach::set_out_after_loss(bool fruitful, Clock::time_point now) {
  since_ = now;
  if (fruitful) retries_.reset();
  state_ = State::pausing;
  due_ = now + retries_.after_loss();
}

void Approach::begin_attempt(Clock::time_point now) {
  const auto version =
      options().version == Version::automatic ? settled_.value_or(Version::v5) : options().version;
  const bool may_fall_back =
      options().version == Version::automatic && !settled_ && options().version_5_only.empty();
  state_ = State::attempting;
  attempt_ = std::make_unique<Attempt>(
      Attempt::Surroundings{options(),
                            [this](const Endpoint& endpoint, Version spoken) {
                              return make_client(endpoint, spoken);
                            },
                            [&events = shared_.events] { events.wake(); },
                            [this] { answered_ = true; },
                            [this](const std::string& text) { log_.debug(text); }},
      version, may_fall_back, keep_alive_, now);
  look_at_attempt(now);
}

std::unique_ptr<paho::Client> Approach::make_client(const Endpoint& endpoint, Version version) {
  auto client = make_({endpoint, version, next_client_id(), ++attempts_, previous_});
  last_ = client->record();
  return client;
}

/// The same until it was sent and not answered: such a CONNECT may come late, and would take over
/// the connection that was made after it (MQTT 5.0 §3.1.4).
std::string Approach::next_client_id() {
  if (!answered_ && connect_sent()) {
    if (options().client_id_given) {
      ++late_;
    } else {
      client_id_ = following(std::move(client_id_));
    }
  }
  answered_ = false;
  return client_id_;
}

bool Approach::taken_over_by_ourselves() {
  if (late_ == 0) return false;
  --late_;
  return true;
}

std::optional<std::uint64_t> Approach::give_up() {
  if (state_ != State::attempting || !connect_sent()) return std::nullopt;
  return attempt_->give_up();
}

void Approach::look_at_attempt(Clock::time_point now) {
  due_ = attempt_->due();
  if (attempt_->state() == Attempt::State::connected) {
    settled_ = attempt_->version();
    state_ = State::connected;
  } else if (attempt_->state() == Attempt::State::failed) {
    attempt_failed(now);
  }
}

void Approach::attempt_failed(Clock::time_point now) {
  const Failure why = attempt_->failure();
  attempt_.reset();
  if (why.violation) {
    fail(first_ ? ExitCode::no_connection : ExitCode::lost, why.text);
    return;
  }
  if (why.code != ExitCode::no_connection || (first_ && why.lasting)) {
    fail(why.code, why.text);
    return;
  }
  const auto pause =
      first_ ? retries_.before_first(since_, now) : retries_.before_next(since_, now);
  if (!pause) {
    const bool waited = first_ && options().wait > Duration{};
    fail(first_ ? ExitCode::no_connection : ExitCode::lost,
         waited ? why.text + " (kept trying as --wait says)" : why.text);
    return;
  }
  tell(why);
  state_ = State::pausing;
  due_ = now + *pause;
}

/// Once that we wait for the first connection; after a loss, which was told, only what somebody has
/// to mend.
void Approach::tell(const Failure& why) {
  if (told_ || !(first_ || why.lasting)) {
    log_.debug(why.text);
    return;
  }
  told_ = true;
  log_.warn(why.text + (first_ ? "; trying again, as --wait says" : "; trying again"));
}

void Approach::fail(ExitCode code, const std::string& text) {
  failure_.emplace(code, escaped(text));
  state_ = State::failed;
  due_.reset();
}

void Approach::handle(const Event& event, Clock::time_point now) {
  attempt_->handle(event, now);
  look_at_attempt(now);
}

void Approach::advance(Clock::time_point now) {
  if (state_ == State::attempting) {
    attempt_->advance(now);
    look_at_attempt(now);
  }
  if (state_ == State::pausing && now >= *due_) begin_attempt(now);
}

}  // namespace mqtt_tools::connection
