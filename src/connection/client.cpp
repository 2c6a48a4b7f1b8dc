// SPDX-License-Identifier: MIT

#include "connection/client.hpp"

#include "connection/attempt.hpp"
#include "connection/backoff.hpp"
#include "connection/losses.hpp"
#include "connection/packet_trace.hpp"
#include "connection/reason.hpp"
#include "connection/session.hpp"
#include "connection/tls.hpp"
#include "escape.hpp"

#include <algorithm>
#include <random>
#include <utility>

namespace mqtt_tools::connection {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

/// An upper bound for the PUBLISH that carries `message`: fixed header, topic and its length,
/// packet identifier, properties.
std::size_t packet_size(const Message& message) {
  std::size_t size = message.topic.size() + message.payload.size() + 5 + 2 + 2 + 1;
  if (const auto& properties = message.properties; !properties.empty()) {
    size += 32 + properties.content_type.value_or("").size() +
            properties.response_topic.value_or("").size() +
            properties.correlation_data.value_or("").size();
    for (const auto& [key, value] : properties.user) size += 5 + key.size() + value.size();
  }
  return size;
}

}  // namespace

void check_size(const Message& message) {
  constexpr std::size_t most = 268435455 + 5;  // the fixed header does not count
  if (packet_size(message) > most) {
    throw UsageError("the message of " + std::to_string(message.payload.size()) +
                     " bytes is larger than MQTT allows (268,435,455 bytes with its header)");
  }
}

struct Client::Impl {
  enum class State { idle, attempting, pausing, subscribing, up, renewing, leaving, over };

  Impl(Options options, NoticeSink tell_) : tell(std::move(tell_)) {
    shared.options = std::move(options);
    if (shared.options.tls.on) {
      check_tls_files(shared.options.tls);
      prepare_tls(shared.options.tls);
    }
    set_up_paho(shared.options.debug, shared.mailbox);
    keep_alive = shared.options.keep_alive;
    backoff = Backoff(shared.options.reconnect_max);
    shared.ring.let_past_every(std::max<Duration>(keep_alive / 3, seconds{1}));
    if (shared.options.count) shared.ring.limit(*shared.options.count);
  }

  Shared shared{};
  NoticeSink tell;
  std::vector<Subscription> subscriptions{};
  std::vector<std::string> unsubscribe{};

  State state = State::idle;
  std::optional<RunError> failure{};
  std::optional<Clock::time_point> due{};

  std::vector<std::unique_ptr<Session>> sessions{};
  Session* session = nullptr;  ///< The one that is connected.
  std::unique_ptr<Attempt> attempt{};
  std::optional<Version> settled{};  ///< The version that this broker turned out to speak.
  std::uint64_t attempts = 0;        ///< Numbers of connect() calls.
  std::uint64_t connection = 0;      ///< The number of the connection that is up.
  Limits limits{};

  std::uint64_t connections = 0;
  Clock::time_point started{};
  Clock::time_point connected_at{};
  Clock::time_point lost_at{};
  bool progress = false;
  Losses losses{};
  std::chrono::seconds keep_alive{};
  std::optional<Clock::time_point> renew_at{};
  std::string broker{};     ///< host:port of the connection, for people.
  std::string dismissal{};  ///< What the broker said in DISCONNECT.
  ExitCode dismissed = ExitCode::ok;

  std::vector<bool> granted{};
  std::vector<bool> unsubscribed{};
  bool was_ready = false;
  bool told_waiting = false;
  bool going = false;  ///< Leave as soon as the attempt under way is decided.

  Backoff backoff{seconds{30}};
  std::minstd_rand random{std::random_device{}()};
  std::vector<Completion> completions{};
  std::vector<Completion> last_completions{};  ///< Of a connection that is gone.

  const Options& options() const { return shared.options; }

  void say(Notice::Level level, const std::string& text) { tell({level, escaped(text)}); }
  void debug(const std::string& text) {
    if (options().debug) say(Notice::Level::debug, text);
  }

  void end(ExitCode code, const std::string& text) {
    failure.emplace(code, escaped(text));
    state = State::over;
    due.reset();
  }

  // Connecting.

  Session& session_for(const Endpoint& endpoint, Version version) {
    for (auto& known : sessions) {
      std::vector<Completion> too_late;
      known->take(too_late);
      // One with messages on their way is not used again: Paho might send them again beside us.
      if (known->endpoint() == endpoint && known->version() == version && !known->pending() &&
          known->outstanding() == 0) {
        return *known;
      }
    }
    // Abandoned sessions are rare (a broker that does not answer); the oldest go, but for the
    // newest.
    for (auto old = sessions.begin(); old != sessions.end() && sessions.size() > 4;) {
      old = !(*old)->pending() ? sessions.erase(old) : old + 1;
    }
    sessions.push_back(std::make_unique<Session>(shared, endpoint, version));
    return *sessions.back();
  }

  void begin_attempt(Clock::time_point now) {
    const auto version =
        options().version == Version::automatic ? settled.value_or(Version::v5) : options().version;
    const bool may_fall_back =
        options().version == Version::automatic && !settled && options().version_5_only.empty();
    state = State::attempting;
    attempt = std::make_unique<Attempt>(
        Attempt::Surroundings{shared,
                              [this](const Endpoint& endpoint, Version v) -> Session& {
                                return session_for(endpoint, v);
                              },
                              [this] { return ++attempts; },
                              [this](const std::string& text) { debug(text); }},
        version, may_fall_back, keep_alive, now);
    look_at_attempt(now);
  }

  void look_at_attempt(Clock::time_point now) {
    due = attempt->due();
    if (attempt->state() == Attempt::State::connected) {
      connected(now);
    } else if (attempt->state() == Attempt::State::failed) {
      attempt_failed(now);
    }
  }

  void attempt_failed(Clock::time_point now) {
    const Failure why = attempt->failure();
    attempt.reset();
    if (going) {
      finish_leaving();
      return;
    }
    const bool first = connections == 0;
    if (why.code != ExitCode::no_connection || (first && why.lasting)) {
      end(why.code, why.text);
      return;
    }
    const auto since = first ? started : lost_at;
    const auto patience = first ? std::optional<Duration>(options().wait) : options().reconnect_for;
    auto pause = first ? std::min<Duration>(milliseconds{200}, options().reconnect_max)
                       : backoff.next(chance());
    if (patience && now + pause - since >= *patience &&
        now - since + milliseconds{50} >= *patience) {
      end(first ? ExitCode::no_connection : ExitCode::lost,
          first && options().wait > Duration{} ? why.text + " (kept trying as --wait says)"
                                               : why.text);
      return;
    }
    if (patience) pause = std::min<Duration>(pause, *patience - (now - since));
    if (first && !told_waiting) {
      say(Notice::Level::warning, why.text + "; trying again, as --wait says");
      told_waiting = true;
    } else {
      debug(why.text);
    }
    state = State::pausing;
    due = now + pause;
  }

  double chance() { return std::uniform_real_distribution<double>(0, 1)(random); }

  void connected(Clock::time_point now) {
    session = attempt->session();
    connection = attempt->connection();
    limits = attempt->limits();
    settled = attempt->version();
    attempt.reset();
    const auto& endpoint = session->endpoint();
    const int port = endpoint.port != 0 ? endpoint.port : default_port(options());
    const bool v6 = endpoint.host.find(':') != std::string::npos;
    broker = (v6 ? "[" + endpoint.host + "]" : endpoint.host) + ":" + std::to_string(port);
    if (going) {
      begin_leaving(now);
      return;
    }

    if (limits.server_keep_alive && *limits.server_keep_alive > 0 &&
        (keep_alive.count() == 0 || seconds{*limits.server_keep_alive} < keep_alive)) {
      // Paho keeps to its own interval (paho: fixed in 1.3.14), so we connect once more with the
      // broker's: a subscriber before it misses anything, a publisher only if it stays that long.
      keep_alive = seconds{*limits.server_keep_alive};
      if (!subscriptions.empty()) {
        debug("the broker wants a keep-alive of " + std::to_string(keep_alive.count()) +
              " s: connecting again with it");
        renew(now);
        return;
      }
      renew_at = now + keep_alive * 3 / 4;
    }
    const bool back = connections > 0;
    ++connections;
    connected_at = now;
    progress = false;
    dismissal.clear();
    dismissed = ExitCode::ok;
    const std::string as = std::string(", MQTT ") + (settled == Version::v5     ? "5"
                                                     : settled == Version::v3_1 ? "3.1"
                                                                                : "3.1.1");
    say(Notice::Level::verbose, "connected to " + broker + as);
    if (limits.assigned_client_id) debug("the broker calls us " + *limits.assigned_client_id);
    if (back) {
      const auto away = std::chrono::duration<double>(now - lost_at).count();
      char text[64];
      std::snprintf(text, sizeof text, "%.1f s", away);
      say(Notice::Level::warning, "connection to " + broker + " is back after " + text);
    }
    begin_subscribing(now, back);
  }

  void begin_subscribing(Clock::time_point now, bool back) {
    // A session that the broker kept has our subscriptions; asking again would bring the retained
    // messages again.
    const bool kept = back && limits.session_present && was_ready;
    granted.assign(subscriptions.size(), kept);
    unsubscribed.assign(unsubscribe.size(), back);
    if (kept || (subscriptions.empty() && unsubscribe.empty())) {
      all_granted();
      return;
    }
    state = State::subscribing;
    due = now + options().connect_timeout;
    if (!back) {
      for (std::size_t i = 0; i < unsubscribe.size(); ++i) {
        debug("-> UNSUBSCRIBE " + unsubscribe[i]);
        session->unsubscribe(i, unsubscribe[i]);
      }
    }
    for (std::size_t i = 0; i < subscriptions.size(); ++i) {
      debug("-> SUBSCRIBE " + subscriptions[i].filter + " qos " +
            std::to_string(static_cast<int>(subscriptions[i].qos)));
      session->subscribe(i, subscriptions[i]);
    }
  }

  void all_granted() {
    state = State::up;
    if (!subscriptions.empty()) say(Notice::Level::verbose, "subscribed");
    was_ready = true;
    due = renew_at;
  }

  void answered(const Event& event) {
    if (state != State::subscribing) return;
    if (event.kind == Event::Kind::unsubscribed) {
      if (event.index < unsubscribed.size()) unsubscribed[event.index] = true;
    } else if (event.kind == Event::Kind::granted) {
      if (event.index < granted.size()) granted[event.index] = true;
      debug("<- SUBACK qos " + std::to_string(event.code));
    } else {
      const auto& filter = subscriptions[std::min(event.index, subscriptions.size() - 1)].filter;
      if (event.code < 0x80 || event.code == 0xFF) {
        end(ExitCode::lost, broker + " answered the subscription to " + filter +
                                " with a SUBACK that MQTT does not allow");
      } else {
        end(ExitCode::denied, broker + " denied the subscription to " + filter + ": " +
                                  suback_words(event.code) +
                                  (event.text.empty() ? "" : " (" + event.text + ")"));
      }
      return;
    }
    const auto done = [](const std::vector<bool>& list) {
      return std::all_of(list.begin(), list.end(), [](bool b) { return b; });
    };
    if (done(granted) && done(unsubscribed)) all_granted();
  }

  // Losing.

  /// Leaves the connection to make it again, without having lost anything.
  void renew(Clock::time_point now) {
    renew_at.reset();
    state = State::renewing;
    due = now + seconds{1};
    session->disconnect();
  }

  void lost(const std::string& why, Clock::time_point now) {
    const auto text = "connection to " + broker + " lost" + (why.empty() ? "" : ": " + why);
    session->take(last_completions);
    session = nullptr;
    renew_at.reset();
    lost_at = now;
    losses.add(connected_at, now, progress);
    if (dismissed != ExitCode::ok) {
      end(dismissed, broker + " ended the connection: " + why);
      return;
    }
    if (options().client_id_given && losses.rivalry()) {
      end(ExitCode::lost,
          text + " three times within 10 s: another client may be using id " + options().client_id);
      return;
    }
    if (losses.hopeless()) {
      end(ExitCode::lost,
          text +
              " three times in a row soon after connecting: not allowed on this topic, a message "
              "too large, or one that the broker or we cannot read?");
      return;
    }
    if (!options().reconnect) {
      end(ExitCode::lost, text);
      return;
    }
    say(Notice::Level::warning, text + "; reconnecting");
    if (now - connected_at > seconds{5} || progress) backoff.reset();
    state = State::pausing;
    // "At once" leaves Paho's receive thread time to be done with the old socket: a new one with
    // the same number would be taken for it.
    due = now + std::max<Duration>(backoff.next(chance()), milliseconds{15});
  }

  void handle_dismissal(const Event& event) {
    dismissal = disconnect_words(event.code) + (event.text.empty() ? "" : " (" + event.text + ")");
    dismissed = disconnect_outcome(event.code);
    if (event.code == 0x8E) {
      dismissal +=
          options().client_id_given ? ": another client is using id " + options().client_id : "";
    }
    debug("<- DISCONNECT " + dismissal);
  }

  void handle(const Event& event, Clock::time_point now) {
    if (event.kind == Event::Kind::traced) {
      debug(event.text);
      return;
    }
    if (state == State::attempting) {
      attempt->handle(event, now);
      look_at_attempt(now);
      return;
    }
    if (event.connection != connection || state == State::over) return;
    switch (event.kind) {
      case Event::Kind::dismissed:
        handle_dismissal(event);
        if (state == State::subscribing || state == State::up) lost(dismissal, now);
        break;
      case Event::Kind::lost:
        if (state == State::subscribing || state == State::up) {
          lost(dismissal, now);
        } else if (state == State::renewing) {
          begin_attempt(now);
        } else if (state == State::leaving) {
          finish_leaving();
        }
        break;
      case Event::Kind::closed:
        if (state == State::renewing) begin_attempt(now);
        if (state == State::leaving) finish_leaving();
        break;
      case Event::Kind::malformed:
        end(ExitCode::lost, broker + " sent " + event.text);
        break;
      case Event::Kind::granted:
      case Event::Kind::not_granted:
      case Event::Kind::unsubscribed:
        answered(event);
        break;
      default:
        break;
    }
  }

  void tell_completions() {
    const auto now = Clock::now();
    for (const auto& completion : completions) {
      const auto took = std::chrono::duration<double, std::milli>(now - completion.since).count();
      char text[64];
      std::snprintf(text, sizeof text, " after %.1f ms", took);
      const bool taken = completion.outcome == Completion::Outcome::taken;
      say(Notice::Level::verbose, "message " + std::to_string(completion.id) +
                                      (taken ? " acknowledged" : " denied") + text);
    }
  }

  void begin_leaving(Clock::time_point now) {
    state = State::leaving;
    due = now + seconds{1};
    session->disconnect();
  }

  void finish_leaving() {
    state = State::over;
    session = nullptr;
    due.reset();
  }

  void advance(Clock::time_point now) {
    shared.mailbox.clear();
    for (const auto& event : shared.mailbox.take()) handle(event, now);
    if (!shared.ring.empty()) progress = true;
    if (state == State::attempting) {
      attempt->advance(now);
      look_at_attempt(now);
    }
    if (!due || now < *due) return;
    switch (state) {
      case State::pausing:
        begin_attempt(now);
        break;
      case State::subscribing:
        if (connections == 1) {
          end(ExitCode::no_connection, broker + " did not answer SUBSCRIBE in time");
        } else {
          session->disconnect();
          lost("no answer to SUBSCRIBE in time", now);
        }
        break;
      case State::up:
        if (renew_at && now >= *renew_at) {
          if (session->outstanding() == 0) {
            renew(now);
          } else {
            due = now + milliseconds{20};
          }
        }
        break;
      case State::renewing:
        begin_attempt(now);
        break;
      default:
        due.reset();
    }
  }
};

Client::Client(Options options, NoticeSink tell)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(tell))) {}

Client::~Client() {
  // Paho's threads may be inside our callbacks and its destructor would wait for them: what they
  // use lives as long as the process does.
  static auto& kept = *new std::vector<Impl*>;  // and is not taken away by an orderly exit
  impl_->shared.ring.hurry();
  kept.push_back(impl_.release());
}

void Client::subscribe(std::vector<Subscription> subscriptions,
                       std::vector<std::string> unsubscribe) {
  impl_->subscriptions = std::move(subscriptions);
  impl_->unsubscribe = std::move(unsubscribe);
  if (!impl_->subscriptions.empty()) impl_->shared.courier.own_thread();
}

void Client::start(Clock::time_point now) {
  impl_->started = now;
  impl_->begin_attempt(now);
}

void Client::advance(Clock::time_point now) { impl_->advance(now); }

const std::optional<RunError>& Client::failure() const { return impl_->failure; }

int Client::fd() const { return impl_->shared.mailbox.fd(); }

std::optional<Clock::time_point> Client::due() const { return impl_->due; }

bool Client::connected() const {
  return impl_->state == Impl::State::up || impl_->state == Impl::State::subscribing;
}

bool Client::ready() const { return impl_->state == Impl::State::up; }

std::uint64_t Client::connections() const { return impl_->connections; }

std::optional<std::string> Client::objection(const Message& message) const {
  const auto& limits = impl_->limits;
  const auto& broker = impl_->broker;
  if (limits.maximum_packet_size && packet_size(message) > *limits.maximum_packet_size) {
    return "a message of " + std::to_string(message.payload.size()) + " bytes is larger than " +
           broker + " takes: at most " + std::to_string(*limits.maximum_packet_size) +
           " bytes a packet";
  }
  if (static_cast<int>(message.qos) > limits.maximum_qos) {
    const auto most = std::to_string(limits.maximum_qos);
    return broker + " takes messages with QoS " + most + " at most: use -q " + most;
  }
  if (message.retained && !limits.retain_available) {
    return broker + " does not keep retained messages: leave -r out";
  }
  return std::nullopt;
}

std::size_t Client::window(std::size_t wanted) const {
  return std::max<std::size_t>(1, std::min<std::size_t>(wanted, impl_->limits.receive_maximum));
}

bool Client::send(std::uint64_t id, const Message& message) {
  if (impl_->state != Impl::State::up ||
      impl_->renew_at.value_or(Clock::time_point::max()) <= Clock::now()) {
    return false;
  }
  if (!impl_->session->send(id, message)) return false;
  if (impl_->options().tell_messages) {
    impl_->say(Notice::Level::verbose, "published " + std::to_string(message.payload.size()) +
                                           " bytes to " + message.topic + " (message " +
                                           std::to_string(id) + ", QoS " +
                                           std::to_string(static_cast<int>(message.qos)) + ")");
  }
  return true;
}

const std::vector<Completion>& Client::completions() {
  impl_->completions = std::exchange(impl_->last_completions, {});
  if (impl_->session != nullptr) impl_->session->take(impl_->completions);
  if (!impl_->completions.empty()) impl_->progress = true;
  if (impl_->options().tell_messages) impl_->tell_completions();
  return impl_->completions;
}

Message* Client::receive() { return impl_->shared.ring.get(); }

void Client::give_back() {
  if (impl_->options().count) impl_->shared.ring.give_back();
}

bool Client::more() const { return !impl_->shared.ring.empty(); }

void Client::leave(Clock::time_point now) {
  auto& self = *impl_;
  self.shared.ring.hurry();
  if (connected()) {
    self.begin_leaving(now);
  } else if (self.state == Impl::State::attempting && self.options().will) {
    // The broker may have our CONNECT; without a DISCONNECT it would publish the will.
    self.going = true;
  } else {
    self.finish_leaving();
  }
}

bool Client::left() const {
  return impl_->state == Impl::State::over || impl_->state == Impl::State::idle ||
         impl_->shared.ring.parked();
}

}  // namespace mqtt_tools::connection
