// SPDX-License-Identifier: MIT

#include "connection/session.hpp"

#include "connection/fast_io.hpp"
#include "connection/paho.hpp"
#include "connection/reason.hpp"
#include "utf8.hpp"

#include <atomic>
#include <deque>
#include <mutex>
#include <utility>

namespace mqtt_tools::connection {

namespace {

using Clocks = std::chrono::system_clock;

/// Our own window is the limit; Paho refuses what goes beyond this.
constexpr int most_buffered = 70000;

/// Where Paho finds its way back from a message's acknowledgement.
struct Flight {
  void* session = nullptr;
  std::uint64_t id = 0;
  Clock::time_point since{};  ///< Only when each message is told of.
};

struct Landing {
  Flight* flight = nullptr;
  bool came_back = false;  ///< Neither taken nor denied: the connection is gone.
  bool denied = false;
  std::string words{};
};

/// A reason code and the broker's own string, as words.
std::string puback_text(int code, const MQTTProperties* properties) {
  auto words = puback_words(code);
  if (properties != nullptr) {
    if (const auto reason = paho::reason_string(*properties); !reason.empty()) {
      words += ": " + reason;
    }
  }
  return words;
}

}  // namespace

struct Session::Impl : mqtt::iaction_listener {
  Impl(Shared& shared_, const Endpoint& endpoint, Version version)
      : shared(shared_),
        v5(paho::version_number(version) == MQTTVERSION_5),
        client(paho::server_uri(shared_.options, endpoint), shared_.options.client_id,
               mqtt::create_options(paho::version_number(version), most_buffered)),
        handle(paho::handle_of(client)) {}

  Shared& shared;
  const bool v5;
  std::unique_ptr<paho::Connect> connect{};  ///< Paho C++ points into it while it lives.

  std::atomic<std::uint64_t> connection{0};
  std::atomic<bool> pending{false};

  std::deque<Flight> flights{};   ///< The app's thread; addresses are stable.
  std::vector<Flight*> unused{};  ///< The app's thread.
  std::mutex landing_mutex{};
  std::atomic<std::size_t> in_flight{0};  ///< Given to Paho, not yet taken from the landings.
  std::vector<Landing> landings{};
  std::vector<Landing> landed{};  ///< The app's thread; swapped with landings to keep its memory.

  // Last, so that it goes first: going, it still calls back with flights.
  mqtt::async_client client;
  const MQTTAsync handle;

  void post(Event::Kind kind, int code = 0, std::string text = {}, std::size_t index = 0) noexcept {
    Event event;
    event.kind = kind;
    event.connection = connection.load(std::memory_order_acquire);
    event.code = code;
    event.text = std::move(text);
    event.index = index;
    shared.mailbox.post(std::move(event));
  }

  /// The app is woken when half of what is in flight came back: to wake it for each would cost more
  /// than the message. The last one in flight always wakes it.
  void land(Landing landing) noexcept {
    bool tell = true;
    try {
      const std::lock_guard lock(landing_mutex);
      const bool taken = !landing.came_back && !landing.denied;
      landings.push_back(std::move(landing));
      // Without the hooks the broker's Nagle waits for our delayed acknowledgement, and a window
      // that is refilled in bunches stands still for 40 ms each time.
      tell = !taken || !fast_io.active || shared.options.tell_messages ||
             2 * landings.size() >= in_flight;
    } catch (...) {
      // No memory for an acknowledgement: --ack-timeout ends the run.
    }
    if (tell) shared.mailbox.wake();
  }

  // The listener of connect, subscribe and unsubscribe. The context is an index + 1, 0 for connect.

  static std::size_t index_of(const mqtt::token& token) {
    return reinterpret_cast<std::uintptr_t>(token.get_user_context()) - 1;
  }

  void on_success(const mqtt::token& token) override {
    try {
      switch (token.get_type()) {
        case mqtt::token::CONNECT:
          // Paho C++ calls this twice; the second time there is no response.
          if (pending.exchange(false)) {
            const auto response = token.get_connect_response();
            connected(response.get_properties().c_struct(), response.is_session_present());
          }
          break;
        case mqtt::token::SUBSCRIBE: {
          const auto codes = token.get_subscribe_response().get_reason_codes();
          const int code = codes.empty() ? 0xFF : static_cast<int>(codes.front());
          post(code <= 2 && code >= 0 ? Event::Kind::granted : Event::Kind::not_granted,
               code < 0 || code > 0xFF ? 0xFF : code, {}, index_of(token));
          break;
        }
        case mqtt::token::UNSUBSCRIBE:
          post(Event::Kind::unsubscribed, 0, {}, index_of(token));
          break;
        default:
          break;
      }
    } catch (...) {
      // No exception may cross Paho. An answer that cannot be read is one that MQTT does not allow.
      if (token.get_type() == mqtt::token::SUBSCRIBE) {
        post(Event::Kind::not_granted, 0xFF, {}, index_of(token));
      }
    }
  }

  void on_failure(const mqtt::token& token) override {
    try {
      int code = token.get_return_code();
      const int reason = static_cast<int>(token.get_reason_code());
      if (code >= 0 && reason >= 0x80 && reason < 0x100) code = reason;
      switch (token.get_type()) {
        case mqtt::token::CONNECT:
          pending = false;
          post(Event::Kind::failed, code);
          break;
        case mqtt::token::SUBSCRIBE:
          // Below zero the connection is gone, which another event tells.
          if (reason >= 0x80 && reason < 0x100) code = reason;
          if (code >= 0)
            post(Event::Kind::not_granted, code == 0 ? 0x80 : code, {}, index_of(token));
          break;
        case mqtt::token::UNSUBSCRIBE:
          post(Event::Kind::unsubscribed, code, {}, index_of(token));
          break;
        default:
          break;
      }
    } catch (...) {
      pending = false;
    }
  }

  void connected(const MQTTProperties& properties, bool session_present) {
    Event event;
    event.kind = Event::Kind::connected;
    event.connection = connection.load(std::memory_order_acquire);
    event.limits = paho::limits_from_paho(properties, session_present);
    shared.mailbox.post(std::move(event));
  }

  void not_connected(int code, int reason) noexcept {
    pending = false;
    post(Event::Kind::failed, code >= 0 && reason >= 0x80 ? reason : code);
  }

  /// The C call: only a pre-shared key needs it.
  void connect_with_psk() {
    auto call = paho::with_psk(*connect, shared.options.tls);
    call.context = this;
    if (v5) {
      call.onSuccess5 = [](void* self, MQTTAsync_successData5* data) {
        static_cast<Impl*>(self)->accepted(data->properties, data->alt.connect.sessionPresent != 0);
      };
      call.onFailure5 = [](void* self, MQTTAsync_failureData5* data) {
        static_cast<Impl*>(self)->not_connected(data->code, static_cast<int>(data->reasonCode));
      };
    } else {
      call.onSuccess = [](void* self, MQTTAsync_successData* data) {
        const MQTTProperties none = MQTTProperties_initializer;
        static_cast<Impl*>(self)->accepted(none, data->alt.connect.sessionPresent != 0);
      };
      call.onFailure = [](void* self, MQTTAsync_failureData* data) {
        static_cast<Impl*>(self)->not_connected(data->code, 0);
      };
    }
    if (const int code = MQTTAsync_connect(handle, &call); code != MQTTASYNC_SUCCESS) {
      not_connected(code, 0);
    }
  }

  void accepted(const MQTTProperties& properties, bool session_present) noexcept {
    try {
      if (pending.exchange(false)) connected(properties, session_present);
    } catch (...) {
      // No memory for the event: the limit on the wait ends the attempt.
    }
  }

  // Called by Paho C with a Flight.

  static void on_sent(void* context, MQTTAsync_successData*) noexcept {
    auto* flight = static_cast<Flight*>(context);
    static_cast<Impl*>(flight->session)->land({flight});
  }

  static void on_sent5(void* context, MQTTAsync_successData5* data) noexcept {
    auto* flight = static_cast<Flight*>(context);
    auto* self = static_cast<Impl*>(flight->session);
    const int code = data != nullptr ? static_cast<int>(data->reasonCode) : 0;
    try {
      if (code >= 0x80) {
        self->land({flight, false, true, puback_text(code, &data->properties)});
        return;
      }
    } catch (...) {
    }
    self->land({flight});
  }

  static void on_not_sent(void* context, MQTTAsync_failureData*) noexcept {
    auto* flight = static_cast<Flight*>(context);
    static_cast<Impl*>(flight->session)->land({flight, true, false, {}});
  }

  static void on_not_sent5(void* context, MQTTAsync_failureData5* data) noexcept {
    auto* flight = static_cast<Flight*>(context);
    auto* self = static_cast<Impl*>(flight->session);
    const int code = data != nullptr ? static_cast<int>(data->reasonCode) : 0;
    try {
      if (code >= 0x80) {
        self->land({flight, false, true, puback_text(code, &data->properties)});
        return;
      }
    } catch (...) {
    }
    self->land({flight, true, false, {}});
  }

  bool send(Flight* flight, const Message& message) {
    MQTTAsync_message out = MQTTAsync_message_initializer;
    out.payload = const_cast<char*>(message.payload.data());
    out.payloadlen = static_cast<int>(message.payload.size());
    out.qos = static_cast<int>(message.qos);
    out.retained = message.retained ? 1 : 0;
    MQTTAsync_responseOptions call = MQTTAsync_responseOptions_initializer;
    call.context = flight;
    if (v5) {
      call.onSuccess5 = on_sent5;
      call.onFailure5 = on_not_sent5;
      if (!message.properties.empty()) paho::to_paho(message.properties, out.properties);
    } else {
      call.onSuccess = on_sent;
      call.onFailure = on_not_sent;
    }
    const int code = MQTTAsync_sendMessage(handle, message.topic.c_str(), &out, &call);
    MQTTProperties_free(&out.properties);
    return code == MQTTASYNC_SUCCESS;
  }

  void disconnect() {
    MQTTAsync_disconnectOptions call = MQTTAsync_disconnectOptions_initializer;
    MQTTProperties properties = MQTTProperties_initializer;
    // Not by Paho C++: its options never carry reason or properties.
    if (v5) {
      call = MQTTAsync_disconnectOptions_initializer5;
      paho::to_paho(shared.options.disconnect_properties, properties);
      call.properties = properties;
      call.onSuccess5 = [](void* self, MQTTAsync_successData5*) { on_closed(self); };
      call.onFailure5 = [](void* self, MQTTAsync_failureData5*) { on_closed(self); };
    } else {
      call.onSuccess = [](void* self, MQTTAsync_successData*) { on_closed(self); };
      call.onFailure = [](void* self, MQTTAsync_failureData*) { on_closed(self); };
    }
    call.context = this;
    call.timeout = 0;  // own messages are waited for before; with any left this must not take 3 s
    const int code = MQTTAsync_disconnect(handle, &call);
    MQTTProperties_free(&properties);
    if (code != MQTTASYNC_SUCCESS) on_closed(this);
  }

  static void on_closed(void* context) noexcept {
    static_cast<Impl*>(context)->post(Event::Kind::closed);
  }

  static int on_message(void* context, char* topic, int topic_size,
                        MQTTAsync_message* message) noexcept {
    auto* self = static_cast<Impl*>(context);
    try {
      self->receive(topic, topic_size, *message);
    } catch (...) {
      // Not enough memory for this message. Returning acknowledges it: better than a dead process.
    }
    MQTTAsync_freeMessage(&message);
    MQTTAsync_free(topic);
    return 1;
  }

  void receive(const char* topic, int topic_size, const MQTTAsync_message& in) {
    auto& ring = shared.ring;
    if (const auto put = ring.claim(); put != Ring::Put::taken) {
      // Returning acknowledges. What is more than --count is never acknowledged; what finds no room
      // at the end is not if a session is left to keep it.
      if (in.qos > 0 && (put == Ring::Put::surplus || !shared.options.clean_start)) ring.park();
      return;
    }
    auto& out = ring.slot();
    if (topic_size > 0) {
      out.topic.assign(topic, static_cast<std::size_t>(topic_size));
    } else {
      out.topic.assign(topic);
    }
    if (first_invalid_utf8(out.topic)) {  // MQTT 5.0 §1.5.4; Paho passes it on
      post(Event::Kind::malformed, 0, "a message whose topic is not UTF-8: " + out.topic);
      return;
    }
    out.payload.assign(static_cast<const char*>(in.payload),
                       in.payloadlen > 0 ? static_cast<std::size_t>(in.payloadlen) : 0);
    out.qos = static_cast<Qos>(in.qos & 3);
    out.retained = in.retained != 0;
    out.duplicate = in.dup != 0;
    out.id = in.qos > 0 ? static_cast<std::uint16_t>(in.msgid) : std::uint16_t{0};
    out.properties = {};
    if (v5 && in.properties.count > 0) paho::from_paho(in.properties, out.properties);
    out.time = Clocks::now();
    ring.publish();
    shared.mailbox.wake();
  }
};

Session::Session(Shared& shared, Endpoint endpoint, Version version)
    : endpoint_(std::move(endpoint)),
      version_(version),
      impl_(std::make_unique<Impl>(shared, endpoint_, version)) {
  auto& self = *impl_;
  self.client.set_connection_lost_handler(
      [&self](const std::string&) { self.post(Event::Kind::lost); });
  self.client.set_disconnected_handler(
      [&self](const mqtt::properties& properties, mqtt::ReasonCode code) {
        try {
          self.post(Event::Kind::dismissed, static_cast<int>(code),
                    paho::reason_string(properties.c_struct()));
        } catch (...) {
          self.post(Event::Kind::dismissed, static_cast<int>(code));
        }
      });
  // Not set_message_callback(): the wrapper copies each payload once more and allocates a token.
  MQTTAsync_setMessageArrivedCallback(self.handle, impl_.get(), Impl::on_message);
}

Session::~Session() = default;

void Session::connect(std::uint64_t connection, std::chrono::seconds keep_alive,
                      std::chrono::seconds limit) {
  auto& self = *impl_;
  self.connection.store(connection, std::memory_order_release);
  self.connect = std::make_unique<paho::Connect>();
  paho::fill(*self.connect, self.shared.options, version_, keep_alive, limit);
  self.pending = true;
  self.shared.courier.carry([&self] {
    try {
      if (self.shared.options.tls.psk) {
        self.connect_with_psk();
        return;
      }
      self.client.connect(self.connect->options, nullptr, self);
    } catch (const mqtt::exception& error) {
      self.pending = false;
      self.post(Event::Kind::failed, error.get_return_code());
    }
  });
}

void Session::subscribe(std::size_t index, const Subscription& subscription) {
  impl_->shared.courier.carry([&self = *impl_, index, subscription] {
    auto* context = reinterpret_cast<void*>(static_cast<std::uintptr_t>(index + 1));
    try {
      if (self.v5) {
        self.client.subscribe(subscription.filter, static_cast<int>(subscription.qos), context,
                              self, paho::to_paho(subscription),
                              paho::to_paho(self.shared.options.subscribe_properties));
      } else {
        self.client.subscribe(subscription.filter, static_cast<int>(subscription.qos), context,
                              self);
      }
    } catch (const mqtt::exception&) {
      // Not connected any more: the loss is told by its own event.
    }
  });
}

void Session::unsubscribe(std::size_t index, const std::string& filter) {
  impl_->shared.courier.carry([&self = *impl_, index, filter] {
    auto* context = reinterpret_cast<void*>(static_cast<std::uintptr_t>(index + 1));
    try {
      if (self.v5) {
        self.client.unsubscribe(filter, context, self,
                                paho::to_paho(self.shared.options.unsubscribe_properties));
      } else {
        self.client.unsubscribe(filter, context, self);
      }
    } catch (const mqtt::exception&) {
      // As above.
    }
  });
}

bool Session::send(std::uint64_t id, const Message& message) {
  auto& self = *impl_;
  if (self.unused.empty()) self.unused.push_back(&self.flights.emplace_back());
  auto* flight = self.unused.back();
  *flight = {&self, id, {}};
  if (self.shared.options.tell_messages) flight->since = Clock::now();
  ++self.in_flight;  // before it can land
  if (self.shared.courier.direct()) {
    if (!self.send(flight, message)) {
      --self.in_flight;
      return false;
    }
  } else {
    self.shared.courier.carry([&self, flight, message] {
      if (!self.send(flight, message)) self.land({flight, true, false, {}});
    });
  }
  self.unused.pop_back();
  return true;
}

void Session::take(std::vector<Completion>& out) {
  auto& self = *impl_;
  {
    const std::lock_guard lock(self.landing_mutex);
    std::swap(self.landed, self.landings);
    self.in_flight -= self.landed.size();
  }
  for (auto& landing : self.landed) {
    if (!landing.came_back) {
      out.push_back({landing.flight->id,
                     landing.denied ? Completion::Outcome::denied : Completion::Outcome::taken,
                     std::move(landing.words), landing.flight->since});
    }
    self.unused.push_back(landing.flight);
  }
  self.landed.clear();
}

void Session::disconnect() {
  impl_->shared.courier.carry([self = impl_.get()] { self->disconnect(); });
}

bool Session::pending() const { return impl_->pending; }

std::size_t Session::outstanding() const { return impl_->flights.size() - impl_->unused.size(); }

}  // namespace mqtt_tools::connection
