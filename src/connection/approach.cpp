// SPDX-License-Identifier: MIT

#include "connection/approach.hpp"

#include "escape.hpp"

#include <utility>

namespace mqtt_tools::connection {

Approach::Approach(Shared& shared, Teller& teller)
    : shared_(shared),
      teller_(teller),
      sessions_(shared),
      retries_(shared.options),
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
      Attempt::Surroundings{shared_,
                            [this](const Endpoint& endpoint, Version v) -> Session& {
                              return sessions_.fit(endpoint, v);
                            },
                            [this] { return ++attempts_; },
                            [this](const std::string& text) { teller_.debug(text); }},
      version, may_fall_back, keep_alive_, now);
  look_at_attempt(now);
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
    teller_.debug(why.text);
    return;
  }
  told_ = true;
  teller_.warn(why.text + (first_ ? "; trying again, as --wait says" : "; trying again"));
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
