// SPDX-License-Identifier: MIT

#include "connection/reconnector.hpp"

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

Reconnector::Reconnector(paho::Shared& shared, const paho::MakeClient& make, Log& log)
    : shared_(shared),
      make_(make),
      log_(log),
      pauses_(shared.options),
      client_id_(shared.options.client_id),
      keep_alive_(shared.options.keep_alive) {}

void Reconnector::set_out(Clock::time_point now) {
  since_ = now;
  begin_attempt(now);
}

void Reconnector::set_out_again(std::chrono::seconds keep_alive, Clock::time_point now) {
  keep_alive_ = keep_alive;
  if (!first_) since_ = now;
  begin_attempt(now);
}

void Reconnector::set_out_after_loss(bool fruitful, Clock::time_point now) {
  since_ = now;
  if (fruitful) pauses_.reset();
  state_ = State::pausing;
  due_ = now + pauses_.after_loss();
}

void Reconnector::begin_attempt(Clock::time_point now) {
  const auto version =
      options().version == Version::automatic ? settled_.value_or(Version::v5) : options().version;
  const bool may_fall_back =
      options().version == Version::automatic && !settled_ && options().version_5_only.empty();
  state_ = State::attempting;
  connector_ = std::make_unique<Connector>(
      Connector::Surroundings{options(),
                              [this](const Endpoint& endpoint, Version spoken) {
                                return make_client(endpoint, spoken);
                              },
                              [&events = shared_.events] { events.wake(); },
                              [this] { answered_ = true; },
                              [this](const std::string& text) { log_.debug(text); }},
      version, may_fall_back, keep_alive_, now);
  look_at_attempt(now);
}

std::unique_ptr<paho::Client> Reconnector::make_client(const Endpoint& endpoint, Version version) {
  auto client = make_({endpoint, version, next_client_id(), ++attempts_, previous_});
  last_ = client->record();
  return client;
}

/// The same until it was sent and not answered: such a CONNECT may come late, and would take over
/// the connection that was made after it (MQTT 5.0 §3.1.4).
std::string Reconnector::next_client_id() {
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

bool Reconnector::taken_over_by_ourselves() {
  if (late_ == 0) return false;
  --late_;
  return true;
}

std::optional<std::uint64_t> Reconnector::give_up() {
  if (state_ != State::attempting || !connect_sent()) return std::nullopt;
  return connector_->give_up();
}

void Reconnector::look_at_attempt(Clock::time_point now) {
  due_ = connector_->due();
  if (connector_->state() == Connector::State::connected) {
    settled_ = connector_->version();
    state_ = State::connected;
  } else if (connector_->state() == Connector::State::failed) {
    connector_failed(now);
  }
}

void Reconnector::connector_failed(Clock::time_point now) {
  const Failure why = connector_->failure();
  connector_.reset();
  if (why.violation) {
    fail(first_ ? ExitCode::no_connection : ExitCode::lost, why.text);
    return;
  }
  if (why.code != ExitCode::no_connection || (first_ && why.lasting)) {
    fail(why.code, why.text);
    return;
  }
  const auto pause = first_ ? pauses_.before_first(since_, now) : pauses_.before_next(since_, now);
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
void Reconnector::tell(const Failure& why) {
  if (told_ || !(first_ || why.lasting)) {
    log_.debug(why.text);
    return;
  }
  told_ = true;
  log_.warn(why.text + (first_ ? "; trying again, as --wait says" : "; trying again"));
}

void Reconnector::fail(ExitCode code, const std::string& text) {
  failure_.emplace(code, escaped(text));
  state_ = State::failed;
  due_.reset();
}

void Reconnector::handle(const Event& event, Clock::time_point now) {
  connector_->handle(event, now);
  look_at_attempt(now);
}

void Reconnector::advance(Clock::time_point now) {
  if (state_ == State::attempting) {
    connector_->advance(now);
    look_at_attempt(now);
  }
  if (state_ == State::pausing && now >= *due_) begin_attempt(now);
}

}  // namespace mqtt_tools::connection
