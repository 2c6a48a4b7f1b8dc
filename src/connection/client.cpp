// SPDX-License-Identifier: MIT

#include "connection/client.hpp"

#include "connection/connector.hpp"
#include "connection/hooks/hooks.hpp"
#include "connection/log.hpp"
#include "connection/paho/library.hpp"
#include "connection/reason_code.hpp"
#include "connection/reconnect_policy.hpp"
#include "connection/server_limits.hpp"
#include "connection/subscriptions.hpp"
#include "connection/url.hpp"
#include "text.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace mqtt_tools::connection {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// The one state machine of a connection: what Connector, ReconnectPolicy and Subscriptions say is
/// put together here. The main thread calls it; what happens on Paho's threads comes as events.
class Client::Impl {
 public:
  enum class State {
    idle,
    connecting,
    pausing,
    subscribing,
    ready,
    renewing,
    failed,  ///< Connected still, but for disconnect() only: `failure` says why.
    disconnecting,
    closed
  };

  Impl(Options options, LogSink tell, paho::MakeClients make_clients_)
      : shared{std::move(options)},
        make_clients(std::move(make_clients_)),
        log(shared.options, std::move(tell)),
        keep_alive_(shared.options.keep_alive) {
    shared.received.let_past_every(std::max<Duration>(keep_alive_ / 3, seconds{1}));
    if (shared.options.count) shared.received.limit(*shared.options.count);
  }

  void start(Clock::time_point at) {
    now = at;
    log.debug(std::string{"Paho's waits are "} + hooks::short_waits_message());
    make = make_clients(shared,
                        subscriptions.wanted() ? paho::Calls::own_thread : paho::Calls::direct);
    policy.begin(now);
    connect();
  }

  void advance(Clock::time_point at) {
    now = at;
    shared.events.clear();
    for (const auto& event : shared.events.take()) on(event);
    if (state == State::connecting) take(connector.advance(now));
    if (state == State::subscribing) {
      // The answer comes behind the messages that the broker has kept for our session: as long as
      // they come, it is under way.
      if (received_more()) due = now + options().connect_timeout;
    }
    if (is_over(due, now)) on_due();
  }

  void restart(Clock::time_point at) {
    now = at;
    if (connected() || state == State::failed) {
      failure.reset();
      renew();
    } else if (state == State::closed || state == State::pausing) {
      failure.reset();
      policy.forget_losses();
      renewed();
    }
  }

  bool send(std::uint64_t id, const Message& message) {
    if (state != State::ready || renew_at_.value_or(Clock::time_point::max()) <= now) return false;
    if (!client->send(id, message)) return false;
    log.published(id, message);
    return true;
  }

  std::vector<Delivery> take_deliveries() {
    auto taken = std::exchange(last_deliveries_, {});
    if (client != nullptr) client->take(taken);
    if (!taken.empty()) policy.made_progress();
    log.completed(taken);
    return taken;
  }

  void disconnect() {
    if (state == State::disconnecting) return;
    shared.received.hurry();
    due.reset();
    if (connected() || state == State::failed) {
      state = State::disconnecting;
      client->disconnect();
    } else if (state == State::renewing) {
      // DISCONNECT is asked for; before it is written, the end of the process would fire the will.
      state = State::disconnecting;
    } else if (const auto given_up =
                   state == State::connecting ? connector.give_up() : std::nullopt) {
      // The broker may have our CONNECT; without a DISCONNECT it would publish the will.
      number = *given_up;
      broker = connector.name();
      state = State::disconnecting;
    } else {
      finish_disconnecting();
    }
  }

  bool connected() const { return state == State::ready || state == State::subscribing; }
  bool blocked() const { return client != nullptr && client->record()->given_up(); }
  bool disconnected() const { return state == State::closed || state == State::idle; }
  std::optional<Clock::time_point> when_due() const {
    return state == State::connecting ? connector.due() : due;
  }

  paho::Shared shared;
  paho::MakeClients make_clients;
  paho::MakeClient make{};  ///< From start() on.
  Log log;
  Subscriptions subscriptions{};
  Connector connector{shared.options, shared.events, make, log};
  ReconnectPolicy policy{shared.options};

  State state = State::idle;
  std::optional<RunError> failure{};       ///< Why the run cannot go on.
  std::optional<Clock::time_point> due{};  ///< In all states but connecting.
  Clock::time_point now{};                 ///< Told last.

  std::uint64_t connections = 0;  ///< That were made, without those left at once.
  bool broker_left = false;       ///< See Client::broker_left().
  std::unique_ptr<paho::Client> client{};
  std::uint64_t number = 0;  ///< Of the connection whose events count.
  ServerLimits limits{};
  std::string broker{};  ///< host:port, for people.

 private:
  void connect() {
    state = State::connecting;
    take(connector.start(keep_alive_, now));
  }

  void take(Connector::Result result) {
    if (auto* made = std::get_if<Connector::Connected>(&result)) {
      take_connection(std::move(*made));
    } else if (const auto* why = std::get_if<Failure>(&result)) {
      auto decision = policy.after(*why, now);
      if (decision.retry_at && decision.warning.empty()) log.debug(why->text);
      take(std::move(decision));
    }
  }

  void take(ReconnectPolicy::Decision decision) {
    if (decision.give_up) {
      end(std::move(*decision.give_up));
      return;
    }
    if (!decision.warning.empty()) log.warn(decision.warning);
    state = State::pausing;
    due = decision.retry_at;
  }

  void take_connection(Connector::Connected made) {
    client = std::move(made.client);
    number = client->number();
    limits = std::move(made.limits);
    broker = name_of(client->endpoint(), options());
    if (wants_shorter(keep_alive_, limits)) {
      // Paho keeps to its own interval (paho: fixed in 1.3.14), so we connect once more with the
      // broker's: a subscriber before it misses anything, a publisher only if it stays that long.
      keep_alive_ = limits.server_keep_alive;
      if (subscriptions.wanted()) {
        log.debug("the broker wants a keep-alive of " + std::to_string(keep_alive_.count()) +
                  " s: connecting again with it");
        renew();
        return;
      }
      renew_at_ = now + Duration{keep_alive_} * 3 / 4;
    }
    const auto lost_at = policy.lost_at();
    policy.connected(now);
    log.connected(broker, made.version, made.said);
    if (const auto& id = limits.assigned_client_id; !id.empty()) {
      log.debug("the broker calls us " + id);
    }
    if (lost_at) log.back(broker, now - *lost_at);
    ++connections;
    broker_left = false;
    if (subscriptions.kept(limits.session_present)) {
      all_granted();
    } else {
      state = State::subscribing;
      due = now + options().connect_timeout;
      subscriptions.ask(*client, log);
    }
  }

  void all_granted() {
    state = State::ready;
    if (subscriptions.wanted()) log.say(LogLine::Level::verbose, "subscribed");
    subscriptions.settle();
    due = renew_at_;
  }

  void on(const Event& event) {
    if (event.kind == Event::Kind::packet) {
      log.debug(event.text);
      return;
    }
    if (state == State::connecting) {
      take(connector.on(event, now));
      return;
    }
    if (event.connection != number || state == State::closed) return;
    switch (event.kind) {
      case Event::Kind::server_disconnect: {
        const auto words = disconnect_words(event.code, event.text, options());
        log.debug("<- DISCONNECT " + words);
        if (!connected()) break;
        broker_left = disconnect_is_about_broker(event.code);
        if (event.code == 0x8E /* session taken over */ && connector.taken_over_by_ourselves()) {
          lost("an earlier attempt of ours came late and took it over");
        } else {
          lost(words, disconnect_outcome(event.code));
        }
        break;
      }
      case Event::Kind::lost:
        if (!connected()) {
          on_closed();
        } else if (!blocked()) {  // Else it was given up, and disconnect() is still to be called.
          lost(event.text);
        }
        break;
      case Event::Kind::closed:
        on_closed();
        break;
      case Event::Kind::malformed:
        end({ExitCode::lost, escaped(broker + " sent " + event.text)});
        break;
      case Event::Kind::no_memory:
        fail({ExitCode::failure, escaped(event.text)});
        break;
      case Event::Kind::subscribed:
      case Event::Kind::unsubscribed:
        if (!subscriptions.probed(event) && state == State::subscribing) on_subscribed(event);
        break;
      default:
        break;
    }
  }

  void on_subscribed(const Event& event) {
    if (auto refusal = subscriptions.answer(event, broker, log)) {
      fail(std::move(*refusal));
    } else if (subscriptions.complete()) {
      all_granted();
    }
  }

  /// The connection that was to be closed is closed.
  void on_closed() {
    if (state == State::renewing) {
      renewed();
    } else if (state == State::disconnecting || state == State::failed) {
      finish_disconnecting();
    }
  }

  void on_due() {
    due.reset();
    switch (state) {
      case State::pausing:
        connect();
        break;
      case State::subscribing:
        on_no_suback();
        break;
      case State::ready:
        if (client->outstanding() == 0) {
          renew();
        } else {
          due = now + milliseconds{20};
        }
        break;
      case State::renewing:
        renewed();
        break;
      default:
        break;
    }
  }

  void on_no_suback() {
    if (connections > 1) {
      client->disconnect();
      lost(std::string{"no answer to "} + subscriptions.unanswered() + " in time");
    } else if (shared.received.holds_back()) {
      // The answer is behind messages that our reader does not take, which is no fault of the
      // broker's. Later connections are given up all the same: that costs nothing.
      due = now + options().connect_timeout;
    } else {
      fail({ExitCode::no_connection,
            escaped(broker + " did not answer " + subscriptions.unanswered() + " in time")});
    }
  }

  /// For the reason `why`, or none; `outcome` is what a DISCONNECT of the broker makes of the run.
  void lost(const std::string& why, ExitCode outcome = ExitCode::ok) {
    client->take(last_deliveries_);
    connector.set_previous(client->record());
    renew_at_.reset();
    // What came right before the loss counts: acknowledgements that nobody has taken yet, and
    // messages, whether they wait or are shown already.
    if (received_more() || !last_deliveries_.empty()) policy.made_progress();
    auto decision = policy.after_loss(broker, why, outcome, now);
    if (!decision.give_up) client.reset();
    take(std::move(decision));
  }

  /// Whether messages have come since it was asked last; they are progress.
  bool received_more() {
    const auto before = std::exchange(received_, shared.received.received());
    if (before != received_) policy.made_progress();
    return before != received_;
  }

  /// Leaves the connection to make it again, without having lost anything.
  void renew() {
    renew_at_.reset();
    state = State::renewing;
    due = now + seconds{1};
    client->disconnect();
  }

  void renewed() {
    due.reset();
    if (client != nullptr) connector.set_previous(client->record());
    client.reset();
    policy.begin(now);
    connect();
  }

  /// There is no connection any more, or none that may be used.
  void end(RunError why) {
    if (!failure) failure = std::move(why);
    state = State::closed;
    due.reset();
  }

  /// The run cannot go on, but the connection is still to be left: else the will would come.
  void fail(RunError why) {
    if (!failure) failure = std::move(why);
    due.reset();
    if (state == State::disconnecting || state == State::failed) return;
    state = connected() ? State::failed : State::closed;
  }

  void finish_disconnecting() {
    state = State::closed;
    left_ = std::move(client);
    due.reset();
  }

  const Options& options() const { return shared.options; }

  std::unique_ptr<paho::Client> left_{};  ///< The one that was left at the end: it ends with us.
  std::uint64_t received_ = 0;            ///< Messages, when it was looked at last.
  std::chrono::seconds keep_alive_;
  std::optional<Clock::time_point> renew_at_{};
  std::vector<Delivery> last_deliveries_{};  ///< Of a connection that is gone.
};

Client::Client(Options options, LogSink tell)
    : Client(std::move(options), std::move(tell), paho::make_clients) {
  set_up_libraries(impl_->shared.options);
}

Client::Client(Options options, LogSink tell, paho::MakeClients make_clients)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(tell), std::move(make_clients))) {}

Client::~Client() {
  // Paho's threads may be inside our callbacks and its destructor would wait for them: what they
  // use lives as long as the process does.
  static auto& kept = *new std::vector<Impl*>;  // and is not taken away by an orderly exit
  impl_->shared.received.hurry();
  kept.push_back(impl_.release());
}

void Client::subscribe(std::vector<Subscription> subscriptions,
                       std::vector<std::string> unsubscribe) {
  impl_->subscriptions.set(std::move(subscriptions), std::move(unsubscribe));
}

void Client::start(Clock::time_point now) { impl_->start(now); }

void Client::advance(Clock::time_point now) { impl_->advance(now); }
void Client::restart(Clock::time_point now) { impl_->restart(now); }
void Client::set_wait(Duration wait) { impl_->shared.options.wait = wait; }
const std::optional<RunError>& Client::failure() const { return impl_->failure; }
int Client::fd() const { return impl_->shared.events.fd(); }
std::optional<Clock::time_point> Client::due() const { return impl_->when_due(); }
bool Client::connected() const { return impl_->connected(); }
bool Client::ready() const { return impl_->state == Impl::State::ready; }
bool Client::subscribed() const { return impl_->subscriptions.settled(); }
const std::string& Client::broker() const { return impl_->broker; }
std::uint64_t Client::connections() const { return impl_->connections; }
bool Client::broker_left() const { return impl_->broker_left; }

const Probes& Client::probes() const { return impl_->subscriptions.probes(); }

void Client::probe() {
  if (connected()) impl_->subscriptions.probe(*impl_->client, impl_->log);
}

std::optional<std::string> Client::over_limits(const Message& message) const {
  return connection::over_limits(message, impl_->limits, impl_->broker);
}

std::size_t Client::window(std::size_t wanted) const {
  return std::max<std::size_t>(1, std::min<std::size_t>(wanted, impl_->limits.receive_maximum));
}

bool Client::send(std::uint64_t id, const Message& message) { return impl_->send(id, message); }
std::vector<Delivery> Client::deliveries() { return impl_->take_deliveries(); }
Message* Client::receive() { return impl_->shared.received.get(); }
void Client::let_go() { impl_->shared.received.let_go(); }
void Client::give_back() { impl_->shared.received.give_back(); }
std::size_t Client::waiting() const { return impl_->shared.received.waiting(); }
void Client::disconnect() { impl_->disconnect(); }
bool Client::stop_receiving() { return impl_->shared.received.close(); }
void Client::refuse_surplus() { impl_->shared.received.refuse_surplus(); }
bool Client::blocked() const { return impl_->blocked(); }
std::uint64_t Client::dropped() const { return impl_->shared.received.dropped(); }

bool Client::disconnected() const { return impl_->disconnected(); }

}  // namespace mqtt_tools::connection
