// SPDX-License-Identifier: MIT

#include "connection/connection.hpp"

#include "connection/url.hpp"
#include "text.hpp"

#include <algorithm>
#include <utility>

namespace mqtt_tools::connection {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr int session_taken_over = 0x8E;  // MQTT 5.0 §3.14.2.1

}  // namespace

Connection::Connection(paho::Shared& shared, const paho::MakeClient& make, Log& log,
                       Subscriptions& subscriptions)
    : shared_(shared),
      log_(log),
      subscriptions_(subscriptions),
      reconnector_(shared, make, log),
      keep_alive_(shared.options.keep_alive) {}

void Connection::end(RunError why) {
  failure_ = std::move(why);
  state_ = State::over;
  due_.reset();
}

// Connecting.

void Connection::start(Clock::time_point now) {
  now_ = now;
  state_ = State::connecting;
  reconnector_.set_out(now);
  look_at_approach(now);
}

void Connection::look_at_approach(Clock::time_point now) {
  due_ = reconnector_.due();
  if (reconnector_.state() == Reconnector::State::connected) {
    connected(now);
  } else if (reconnector_.state() == Reconnector::State::failed) {
    end(reconnector_.failure());
  }
}

void Connection::connected(Clock::time_point now) {
  client_ = reconnector_.take_client();
  connection_ = client_->number();
  limits_ = reconnector_.limits();
  const auto& endpoint = client_->endpoint();
  broker_ = with_port(endpoint.host, port_of(endpoint, options()));
  if (keep_alive_too_long()) {
    // Paho keeps to its own interval (paho: fixed in 1.3.14), so we connect once more with the
    // broker's: a subscriber before it misses anything, a publisher only if it stays that long.
    keep_alive_ = seconds{*limits_.server_keep_alive};
    if (subscriptions_.wanted()) {
      log_.debug("the broker wants a keep-alive of " + std::to_string(keep_alive_.count()) +
                 " s: connecting again with it");
      renew(now);
      return;
    }
    renew_at_ = now + keep_alive_ * 3 / 4;
  }
  const bool back = connections_ > 0;
  ++connections_;
  reconnector_.arrived();
  connected_at_ = now;
  progress_ = false;
  server_disconnect_ = {};
  log_.connected(broker_, reconnector_.version());
  if (limits_.assigned_client_id) {
    log_.debug("the broker calls us " + *limits_.assigned_client_id);
  }
  if (lost_at_) log_.back(broker_, now - *lost_at_);
  lost_at_.reset();
  begin_subscribing(now, back ? Subscriptions::Turn::back : Subscriptions::Turn::first);
}

bool Connection::keep_alive_too_long() const {
  return limits_.server_keep_alive && *limits_.server_keep_alive > 0 &&
         (keep_alive_.count() == 0 || seconds{*limits_.server_keep_alive} < keep_alive_);
}

void Connection::begin_subscribing(Clock::time_point now, Subscriptions::Turn turn) {
  if (subscriptions_.kept(turn, limits_.session_present)) {
    all_granted();
    return;
  }
  state_ = State::subscribing;
  due_ = now + options().connect_timeout;
  received_before_answer_ = shared_.received.received();
  subscriptions_.ask(turn, *client_, log_);
}

void Connection::all_granted() {
  state_ = State::up;
  if (subscriptions_.wanted()) log_.say(LogLine::Level::verbose, "subscribed");
  subscriptions_.settle();
  due_ = renew_at_;
}

// Losing.

/// Leaves the connection to make it again, without having lost anything.
void Connection::renew(Clock::time_point now) {
  renew_at_.reset();
  state_ = State::renewing;
  due_ = now + seconds{1};
  client_->disconnect();
}

void Connection::renewed(Clock::time_point now) {
  state_ = State::connecting;
  reconnector_.previous(client_->record());
  client_.reset();
  reconnector_.set_out_again(keep_alive_, now);
  look_at_approach(now);
}

void Connection::lost(const std::string& why, Clock::time_point now) {
  const auto text = "connection to " + broker_ + " lost" + (why.empty() ? "" : ": " + why);
  client_->take(last_deliveries_);
  reconnector_.previous(client_->record());
  renew_at_.reset();
  lost_at_ = now;
  // What came right before the loss counts: acknowledgements that nobody has taken yet, and
  // messages, whether they wait or are shown already.
  const auto received = shared_.received.received();
  if (std::exchange(received_, received) != received || !last_deliveries_.empty()) {
    progress_ = true;
  }
  losses_.add(connected_at_, now, progress_);
  if (auto server_disconnect = server_disconnect_.ending(broker_, why)) {
    end(std::move(*server_disconnect));
    return;
  }
  if (auto hopeless = losses_.ending(text, options())) {
    end(std::move(*hopeless));
    return;
  }
  client_.reset();
  log_.warn(text + "; reconnecting");
  state_ = State::connecting;
  reconnector_.set_out_after_loss(now - connected_at_ > seconds{5} || progress_, now);
  due_ = reconnector_.due();
}

void Connection::handle(const Event& event, Clock::time_point now) {
  if (event.kind == Event::Kind::traced) {
    log_.debug(event.text);
    return;
  }
  if (state_ == State::connecting && reconnector_.state() == Reconnector::State::attempting) {
    reconnector_.handle(event, now);
    look_at_approach(now);
    return;
  }
  if (event.connection != connection_ || state_ == State::over) return;
  handle_connected(event, now);
}

/// Something happened to the connection that is up, or was.
void Connection::handle_connected(const Event& event, Clock::time_point now) {
  switch (event.kind) {
    case Event::Kind::server_disconnect:
      server_disconnect_ = ServerDisconnect(event.code, event.text, options());
      log_.debug("<- DISCONNECT " + server_disconnect_.words());
      if (connected() && event.code == session_taken_over &&
          reconnector_.taken_over_by_ourselves()) {
        server_disconnect_ = {};
        lost("an earlier attempt of ours came late and took it over", now);
        break;
      }
      if (connected()) lost(server_disconnect_.words(), now);
      break;
    case Event::Kind::lost:
      if (connected()) {
        lost(server_disconnect_.words(), now);
      } else if (state_ == State::renewing) {
        renewed(now);
      } else if (state_ == State::leaving) {
        finish_leaving();
      }
      break;
    case Event::Kind::closed:
      if (state_ == State::renewing) renewed(now);
      if (state_ == State::leaving) finish_leaving();
      break;
    case Event::Kind::malformed:
      end({ExitCode::lost, escaped(broker_ + " sent " + event.text)});
      break;
    case Event::Kind::no_memory:
      end({ExitCode::failure, escaped(event.text)});
      break;
    case Event::Kind::granted:
    case Event::Kind::not_granted:
    case Event::Kind::unsubscribed:
      if (state_ != State::subscribing) return;
      if (auto refusal = subscriptions_.answer(event, broker_, log_)) {
        end(std::move(*refusal));
      } else if (subscriptions_.complete()) {
        all_granted();
      }
      break;
    default:
      break;
  }
}

void Connection::advance(Clock::time_point now) {
  now_ = now;
  shared_.events.clear();
  for (const auto& event : shared_.events.take()) handle(event, now);
  if (state_ == State::connecting) {
    reconnector_.advance(now);
    look_at_approach(now);
  }
  if (state_ == State::subscribing) {
    // The answer comes behind the messages that the broker has kept for our session: as long as
    // they come, it is under way.
    const auto received = shared_.received.received();
    if (std::exchange(received_before_answer_, received) != received) {
      due_ = now + options().connect_timeout;
    }
  }
  if (!due_ || now < *due_) return;
  switch (state_) {
    case State::subscribing:
      if (connections_ == 1 && shared_.received.holds_back()) {
        // The answer is behind messages that our reader does not take, which is no fault of the
        // broker's. Later connections are given up all the same: that costs nothing.
        due_ = now + options().connect_timeout;
      } else if (connections_ == 1) {
        end({ExitCode::no_connection, escaped(broker_ + " did not answer SUBSCRIBE in time")});
      } else {
        client_->disconnect();
        lost("no answer to SUBSCRIBE in time", now);
      }
      break;
    case State::up:
      if (renew_at_ && now >= *renew_at_) {
        if (client_->outstanding() == 0) {
          renew(now);
        } else {
          due_ = now + milliseconds{20};
        }
      }
      break;
    case State::renewing:
      renewed(now);
      break;
    default:
      due_.reset();
  }
}

// Publishing.

bool Connection::send(std::uint64_t id, const Message& message) {
  if (state_ != State::up || renew_at_.value_or(Clock::time_point::max()) <= now_) {
    return false;
  }
  return client_->send(id, message);
}

std::vector<Delivery> Connection::deliveries() {
  auto deliveries = std::exchange(last_deliveries_, {});
  if (client_ != nullptr) client_->take(deliveries);
  if (!deliveries.empty()) progress_ = true;
  return deliveries;
}

// Leaving.

void Connection::leave() {
  if (connected()) {
    state_ = State::leaving;
    due_.reset();
    client_->disconnect();
  } else if (state_ == State::renewing) {
    // DISCONNECT is asked for; before it is written, the end of the process would fire the will.
    state_ = State::leaving;
    due_.reset();
  } else if (const auto given_up =
                 state_ == State::connecting ? reconnector_.give_up() : std::nullopt) {
    // The broker may have our CONNECT; without a DISCONNECT it would publish the will.
    connection_ = *given_up;
    broker_ = reconnector_.broker();
    state_ = State::leaving;
    due_.reset();
  } else {
    finish_leaving();
  }
}

void Connection::finish_leaving() {
  state_ = State::over;
  left_ = std::move(client_);
  due_.reset();
}

}  // namespace mqtt_tools::connection
