// SPDX-License-Identifier: MIT

#include "connection/paho/client.hpp"

#include "connection/paho/library.hpp"
#include "connection/paho/options.hpp"
#include "connection/paho/properties.hpp"
#include "error.hpp"
#include "memory.hpp"
#include "text.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace mqtt_tools::connection::paho {

namespace {

/// Our own window is the limit; Paho refuses what goes beyond this.
constexpr int most_buffered = 70000;

/// Makes calls to Paho: at once, or on a thread of its own (see Calls).
///
/// The main thread calls it; work() is its own thread. `mutex_` guards the calls.
class CallQueue {
 public:
  explicit CallQueue(Calls calls) : direct_(calls == Calls::direct) {}

  /// A call that is made now is made at once, on this thread. The main thread asks.
  bool direct() const { return direct_ && waiting_.load(std::memory_order_acquire) == 0; }

  /// Makes `call`, now or soon. It must not throw, and what it uses must live on. The main thread.
  void make(std::function<void()> call);

  /// The same for a call that may wait: always on the other thread. Calls that come after it are
  /// made after it. Throws RunError when there is no such thread; the call waits for one then.
  void call_apart(std::function<void()> call);

 private:
  void work();

  const bool direct_;
  std::atomic<std::size_t> waiting_{0};  ///< Calls not made yet, with the one being made.
  bool started_ = false;
  std::mutex mutex_{};
  std::condition_variable news_{};
  std::deque<std::function<void()>> calls_{};
};

void CallQueue::make(std::function<void()> call) {
  if (direct()) {
    call();
  } else {
    call_apart(std::move(call));
  }
}

void CallQueue::call_apart(std::function<void()> call) {
  const std::lock_guard lock(mutex_);
  calls_.push_back(std::move(call));
  ++waiting_;
  if (!started_) {
    start_thread([this] { work(); });  // lives as long as the process
    started_ = true;
  }
  news_.notify_one();
}

void CallQueue::work() {
  for (;;) {
    std::unique_lock lock(mutex_);
    news_.wait(lock, [this] { return !calls_.empty(); });
    auto call = std::move(calls_.front());
    calls_.pop_front();
    lock.unlock();
    call();
    call = nullptr;  // what it owned goes before the next call
    --waiting_;
  }
}

/// The context to pass with a call for subscription or filter `index`.
void* context_of(std::size_t index) {
  return reinterpret_cast<void*>(static_cast<std::uintptr_t>(index + 1));
}

std::size_t index_of(const mqtt::token& token) {
  return reinterpret_cast<std::uintptr_t>(token.get_user_context()) - 1;
}

/// What Paho C++ tells the results of subscribe and unsubscribe to, on threads of its own.
/// Nothing is thrown back at Paho.
class ResultListener : public mqtt::iaction_listener {
 public:
  explicit ResultListener(ConnectionEvents& events) : events_(events) {}

  void on_success(const mqtt::token& token) override {
    try {
      if (token.get_type() == mqtt::token::SUBSCRIBE) {
        // One filter was asked for: the guard has seen to it that there is one code.
        const auto code = token.get_subscribe_response().get_reason_codes().at(0);
        subscribed(token, static_cast<int>(code));
      } else {
        unsubscribed(token);
      }
    } catch (...) {
      // No memory for the event: the limit on the wait for an answer ends the run.
    }
  }

  void on_failure(const mqtt::token& token) override {
    try {
      int code = token.get_return_code();
      // Under MQTT 3 there is no reason code, which Paho C++ writes as 0xFF.
      const auto given = token.get_reason_code();
      const int reason = given == mqtt::MQTTPP_V3_CODE ? 0 : static_cast<int>(given);
      if (reason >= 0x80 && reason < 0x100) code = reason;
      if (code < 0) return;  // The connection is gone, which another event tells.
      if (token.get_type() == mqtt::token::SUBSCRIBE) {
        subscribed(token, code == 0 ? 0x80 : code);
      } else {
        unsubscribed(token);
      }
    } catch (...) {
      // As above.
    }
  }

 private:
  void subscribed(const mqtt::token& token, int code) {
    const auto remark = events_.remark(hooks::PacketType::suback, token.get_message_id());
    events_.post(Event::Kind::subscribed, code, remark.text(), index_of(token));
  }

  /// Paho C++ does not tell the code of an UNSUBACK.
  void unsubscribed(const mqtt::token& token) {
    const auto remark = events_.remark(hooks::PacketType::unsuback, token.get_message_id());
    events_.post(Event::Kind::unsubscribed, remark.code, remark.text(), index_of(token));
  }

  ConnectionEvents& events_;
};

/// A client of Paho's with all that its callbacks use; calls that are still to be made keep it.
///
/// It is made on the main thread. open(), begin(), disconnect() and the end of `client` run where
/// calls to Paho are made (CallQueue), Paho's callbacks on threads of Paho's. The members that both
/// use have locks of their own or are constant.
struct Handle {
  Handle(Shared& shared_, CallQueue& calls_, const Connection& connection_)
      : shared(shared_), calls(calls_), connection(connection_) {
    record->on_arrived(
        [this](hooks::PacketGuard::Arrived message) { receiver.put(std::move(message)); });
  }

  static hooks::PacketGuard::Limits limits(Shared& shared) {
    hooks::PacketGuard::Limits limits;
    limits.max_packet = shared.options.max_packet;
    limits.memory_for = [](std::size_t size) { return memory_for(size, copies_of_a_message); };
    if (shared.options.debug) {
      limits.tell = [&events = shared.events](bool ours, hooks::PacketType type, std::uint16_t id) {
        events.post_packet(ours, type, id);
      };
    }
    return limits;
  }

  Shared& shared;
  CallQueue& calls;
  const Connection connection;
  const bool v5 = version_number(connection.version) == MQTTVERSION_5;
  const std::shared_ptr<hooks::ConnectionRecord> record =
      std::make_shared<hooks::ConnectionRecord>(limits(shared), connection.address, shared.options);
  ConnectionEvents events{shared.events, connection.number, *record};
  Connect connect{};  ///< Paho may point into it while `client` lives.
  Deliveries deliveries{
      shared.events, *record,
      shared.options.tell_messages ? Deliveries::Wake::for_each : Deliveries::Wake::seldom};
  MessageReceiver receiver{shared.options, shared.received, events, *record};
  ResultListener results{events};

  // Last, so that it goes first: going, it still calls back with deliveries. Made and destroyed
  // where calls to Paho are made (CallQueue), as both take Paho's lock.
  std::unique_ptr<mqtt::async_client> client{};
  MQTTAsync handle = nullptr;

  void open() {
    client = std::make_unique<mqtt::async_client>(
        server_uri(shared.options, connection.endpoint), connection.client_id,
        mqtt::create_options(version_number(connection.version), most_buffered));
    handle = handle_of(*client);
    client->set_connection_lost_handler(
        [this](const std::string&) { events.post(Event::Kind::lost); });
    client->set_disconnected_handler([this](const mqtt::properties&, mqtt::ReasonCode code) {
      std::string text;
      try {
        text = events.remark(hooks::PacketType::disconnect).text();
      } catch (...) {
        // No memory for the words: the code says the most.
      }
      events.post(Event::Kind::server_disconnect, static_cast<int>(code), std::move(text));
    });
    // Not set_message_callback(): the wrapper copies each payload once more and allocates a token.
    receiver.await(handle);
  }

  void begin(std::chrono::seconds keep_alive, std::chrono::seconds limit) noexcept {
    if (record->given_up()) return;
    hooks::expect(record);
    try {
      open();
      // Not before there is a client: the properties take memory of Paho's.
      fill(connect, shared.options, connection.version, keep_alive, limit);
      // Not before the last one is destroyed: until then messages come over it.
      if (connection.previous && !shared.options.clean_start) {
        auto unreleased = connection.previous->guard()->unreleased();
        record->guard()->resume(std::move(unreleased));
      }
      call_connect();
    } catch (const mqtt::exception& error) {
      events.not_connected(error.get_return_code(), 0);
    } catch (...) {
      events.not_connected(MQTTASYNC_FAILURE, 0);
    }
  }

  void call_connect() {
    auto& call = connect.call;
    call.context = &events;
    on_end(
        call, v5,
        [](void* self, auto* data) {
          MQTTProperties properties = MQTTProperties_initializer;
          if constexpr (requires { data->properties; }) properties = data->properties;
          try {
            static_cast<ConnectionEvents*>(self)->connected(
                limits_from_paho(properties, data->alt.connect.sessionPresent != 0));
          } catch (...) {
            // No memory for the event: the limit on the wait ends the attempt.
          }
        },
        [](void* self, auto* data) {
          static_cast<ConnectionEvents*>(self)->not_connected(data->code, reason_in(data));
        });
    if (const int code = MQTTAsync_connect(handle, &call); code != MQTTASYNC_SUCCESS) {
      events.not_connected(code, 0);
    }
  }

  void disconnect() {
    MQTTAsync_disconnectOptions call = MQTTAsync_disconnectOptions_initializer;
    MQTTProperties properties = MQTTProperties_initializer;
    // Not by Paho C++: its options never carry reason or properties.
    if (v5) {
      call = MQTTAsync_disconnectOptions_initializer5;
      to_paho(shared.options.disconnect_properties, properties);
      call.properties = properties;
    }
    const auto closed = [](void* self, auto*) {
      static_cast<ConnectionEvents*>(self)->post(Event::Kind::closed);
    };
    on_end(call, v5, closed, closed);
    call.context = &events;
    call.timeout = 0;  // own messages are waited for before; with any left this must not take 3 s
    const int code = MQTTAsync_disconnect(handle, &call);
    MQTTProperties_free(&properties);
    if (code != MQTTASYNC_SUCCESS) events.post(Event::Kind::closed);
  }
};

class PahoClient : public Client {
 public:
  PahoClient(Shared& shared, CallQueue& calls, Connection connection)
      : Client(std::move(connection)),
        handle_(std::make_shared<Handle>(shared, calls, connection_)) {}
  ~PahoClient() override { PahoClient::give_up(); }

  void connect(std::chrono::seconds keep_alive, std::chrono::seconds limit) override {
    handle_->calls.make([self = handle_, keep_alive, limit] { self->begin(keep_alive, limit); });
  }

  void give_up() override {
    if (!handle_) return;
    handle_->record->give_up();
    handle_->shared.received.wake();
    auto& calls = handle_->calls;
    try {
      calls.call_apart([self = std::move(handle_)] {
        keep_paho_running();
        self->client.reset();
        self->events.post(Event::Kind::closed);
      });
    } catch (const RunError&) {
      // Whoever has the next call to make is told. Nothing leaves on the connection meanwhile.
    }
  }

  void subscribe(std::size_t index, const Subscription& subscription) override {
    handle_->calls.make([self = handle_, index, subscription] {
      const auto qos = static_cast<int>(subscription.qos);
      auto* context = context_of(index);
      try {
        if (self->v5) {
          self->client->subscribe(subscription.filter, qos, context, self->results,
                                  to_paho(subscription),
                                  to_paho(self->shared.options.subscribe_properties));
        } else {
          self->client->subscribe(subscription.filter, qos, context, self->results);
        }
      } catch (const mqtt::exception&) {
        // Not connected any more: the loss is told by its own event.
      }
    });
  }

  void unsubscribe(std::size_t index, const std::string& filter) override {
    handle_->calls.make([self = handle_, index, filter] {
      auto* context = context_of(index);
      try {
        if (self->v5) {
          self->client->unsubscribe(filter, context, self->results,
                                    to_paho(self->shared.options.unsubscribe_properties));
        } else {
          self->client->unsubscribe(filter, context, self->results);
        }
      } catch (const mqtt::exception&) {
        // As above.
      }
    });
  }

  bool send(std::uint64_t id, const Message& message) override {
    auto& self = *handle_;
    const bool told = self.shared.options.tell_messages;
    // How often Paho holds what is sent: TLS takes a packet in one piece.
    const std::size_t copies = self.shared.options.tls.on ? 2 : 1;
    if (!memory_for(message.payload.size(), copies)) {
      self.events.post(Event::Kind::no_memory, 0,
                       "no memory to send a message of " + counted(message.payload.size(), "byte") +
                           " to " + message.topic);
      return false;
    }
    auto* entry = self.deliveries.start(id, message.qos, told ? Clock::now() : Clock::time_point{});
    if (self.calls.direct()) {
      if (send_message(self.handle, self.v5, entry, message)) return true;
      self.deliveries.cancel(entry);
      return false;
    }
    self.calls.make([shared_self = handle_, entry, message] {
      if (!send_message(shared_self->handle, shared_self->v5, entry, message)) {
        shared_self->deliveries.returned(entry);
      }
    });
    return true;
  }

  void take(std::vector<Delivery>& out) override { handle_->deliveries.take(out); }

  std::size_t outstanding() const override { return handle_->deliveries.outstanding(); }

  void disconnect() override {
    handle_->calls.make([self = handle_] { self->disconnect(); });
  }

  std::shared_ptr<const hooks::ConnectionRecord> record() const override { return handle_->record; }

 private:
  std::shared_ptr<Handle> handle_;  ///< With the calls that are still to be made; none: given up.
};

}  // namespace

MakeClient make_clients(Shared& shared, Calls calls) {
  return [&shared, queue = std::make_shared<CallQueue>(calls)](Connection connection) {
    return std::make_unique<PahoClient>(shared, *queue, std::move(connection));
  };
}

}  // namespace mqtt_tools::connection::paho
