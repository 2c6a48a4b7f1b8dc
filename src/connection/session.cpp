// SPDX-License-Identifier: MIT

#include "connection/session.hpp"

#include "connection/arrivals.hpp"
#include "connection/dispatch.hpp"
#include "connection/flights.hpp"
#include "connection/hooks/connection_record.hpp"
#include "connection/listener.hpp"
#include "connection/memory.hpp"
#include "connection/paho.hpp"
#include "connection/paho_connect.hpp"
#include "connection/paho_properties.hpp"
#include "connection/psk_connect.hpp"
#include "connection/reporter.hpp"
#include "error.hpp"

#include <memory>
#include <string>
#include <utility>

namespace mqtt_tools::connection {

namespace {

/// Our own window is the limit; Paho refuses what goes beyond this.
constexpr int most_buffered = 70000;

}  // namespace

struct Session::Impl {
  Impl(Shared& shared_, const Endpoint& endpoint, Version version, std::string client_id_,
       std::uint64_t connection)
      : shared(shared_),
        v5(paho::version_number(version) == MQTTVERSION_5),
        uri(paho::server_uri(shared_.options, endpoint)),
        client_id(std::move(client_id_)),
        create(paho::version_number(version), most_buffered),
        record(std::make_shared<hooks::ConnectionRecord>(limits(shared_.options))),
        last(shared_.last),
        reporter(shared_.mailbox, connection, *record) {
    record->on_released([this](std::uint16_t id, hooks::PacketGuard::Unreleased message) {
      arrivals.put_released(id, std::move(message));
    });
  }

  static hooks::PacketGuard::Limits limits(const Options& options) {
    hooks::PacketGuard::Limits limits;
    limits.max_packet = options.max_packet;
    limits.memory_for = [](std::size_t size) { return memory_for(size, copies_of_a_message); };
    return limits;
  }

  Shared& shared;
  const bool v5;
  const std::string uri;
  const std::string client_id;
  const mqtt::create_options create;
  const std::shared_ptr<hooks::ConnectionRecord> record;
  const std::shared_ptr<const hooks::ConnectionRecord> last;  ///< Of the connection before.
  Reporter reporter;
  paho::Connect connect{};  ///< Paho C++ points into it while it lives.
  Flights flights{shared.mailbox,
                  shared.options.tell_messages ? Flights::Tell::now : Flights::Tell::in_bunches};
  Arrivals arrivals{shared, reporter, v5 ? Arrivals::Properties::read : Arrivals::Properties::none,
                    *record};
  const std::unique_ptr<mqtt::iaction_listener> results = listener(reporter);

  // Last, so that it goes first: going, it still calls back with flights. Made and destroyed where
  // calls to Paho are made (Courier), as both take Paho's lock.
  std::unique_ptr<mqtt::async_client> client{};
  MQTTAsync handle = nullptr;

  void open() {
    client = std::make_unique<mqtt::async_client>(uri, client_id, create);
    handle = paho::handle_of(*client);
    client->set_connection_lost_handler(
        [this](const std::string&) { reporter.post(Event::Kind::lost); });
    client->set_disconnected_handler(
        [this](const mqtt::properties& properties, mqtt::ReasonCode code) {
          try {
            reporter.post(Event::Kind::dismissed, static_cast<int>(code),
                          paho::reason_string(properties.c_struct()));
          } catch (...) {
            reporter.post(Event::Kind::dismissed, static_cast<int>(code));
          }
        });
    // Not set_message_callback(): the wrapper copies each payload once more and allocates a token.
    arrivals.await(handle);
  }

  void begin(Version version, std::chrono::seconds keep_alive,
             std::chrono::seconds limit) noexcept {
    if (record->given_up()) return;
    hooks::expect(record);
    try {
      open();
      // Not before there is a client: the properties take memory of Paho's.
      paho::fill(connect, shared.options, version, keep_alive, limit);
      // Not before the last one is destroyed: until then messages come over it.
      if (last && !shared.options.clean_start) record->resume(last->unreleased());
      if (shared.options.tls.psk) {
        connect_with_psk(handle, v5, connect, shared.options.tls, reporter);
      } else {
        client->connect(connect.options, nullptr, *results);
      }
    } catch (const mqtt::exception& error) {
      reporter.not_connected(error.get_return_code(), 0);
    } catch (...) {
      reporter.not_connected(MQTTASYNC_FAILURE, 0);
    }
  }

  /// How often Paho holds what is sent: TLS takes a packet in one piece.
  std::size_t copies_on_the_way_out() const { return shared.options.tls.on ? 2 : 1; }

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
    call.context = &reporter;
    call.timeout = 0;  // own messages are waited for before; with any left this must not take 3 s
    const int code = MQTTAsync_disconnect(handle, &call);
    MQTTProperties_free(&properties);
    if (code != MQTTASYNC_SUCCESS) on_closed(&reporter);
  }

  static void on_closed(void* context) noexcept {
    static_cast<Reporter*>(context)->post(Event::Kind::closed);
  }
};

Session::Session(Shared& shared, Endpoint endpoint, Version version, std::string client_id,
                 std::uint64_t connection)
    : endpoint_(std::move(endpoint)),
      version_(version),
      connection_(connection),
      impl_(std::make_shared<Impl>(shared, endpoint_, version, std::move(client_id), connection)) {}

Session::~Session() { give_up(); }

void Session::connect(std::chrono::seconds keep_alive, std::chrono::seconds limit) {
  impl_->shared.courier.carry([self = impl_, version = version_, keep_alive, limit] {
    self->begin(version, keep_alive, limit);
  });
}

void Session::give_up() {
  if (!impl_) return;
  impl_->record->give_up();
  impl_->shared.ring.wake();
  auto& courier = impl_->shared.courier;
  try {
    courier.carry_apart([self = std::move(impl_)] {
      paho::keep_running();
      self->client.reset();
      self->reporter.post(Event::Kind::closed);
    });
  } catch (const RunError&) {
    // Whoever has the next call to make is told. Nothing leaves on the connection meanwhile.
  }
}

void Session::subscribe(std::size_t index, const Subscription& subscription) {
  impl_->shared.courier.carry([shared_self = impl_, index, subscription] {
    auto& self = *shared_self;
    auto* context = context_of(index);
    try {
      if (self.v5) {
        self.client->subscribe(subscription.filter, static_cast<int>(subscription.qos), context,
                               *self.results, paho::to_paho(subscription),
                               paho::to_paho(self.shared.options.subscribe_properties));
      } else {
        self.client->subscribe(subscription.filter, static_cast<int>(subscription.qos), context,
                               *self.results);
      }
    } catch (const mqtt::exception&) {
      // Not connected any more: the loss is told by its own event.
    }
  });
}

void Session::unsubscribe(std::size_t index, const std::string& filter) {
  impl_->shared.courier.carry([shared_self = impl_, index, filter] {
    auto& self = *shared_self;
    auto* context = context_of(index);
    try {
      if (self.v5) {
        self.client->unsubscribe(filter, context, *self.results,
                                 paho::to_paho(self.shared.options.unsubscribe_properties));
      } else {
        self.client->unsubscribe(filter, context, *self.results);
      }
    } catch (const mqtt::exception&) {
      // As above.
    }
  });
}

bool Session::send(std::uint64_t id, const Message& message) {
  auto& self = *impl_;
  const bool told = self.shared.options.tell_messages;
  if (!memory_for(message.payload.size(), self.copies_on_the_way_out())) {
    self.reporter.post(Event::Kind::no_memory, 0,
                       "no memory to send a message of " + std::to_string(message.payload.size()) +
                           " bytes to " + message.topic);
    return false;
  }
  auto* flight = self.flights.start(id, told ? Clock::now() : Clock::time_point{});
  if (self.shared.courier.direct()) {
    if (dispatch(self.handle, self.v5, flight, message)) return true;
    self.flights.cancel(flight);
    return false;
  }
  self.shared.courier.carry([shared_self = impl_, flight, message] {
    if (!dispatch(shared_self->handle, shared_self->v5, flight, message)) {
      shared_self->flights.land({flight, true, false, {}});
    }
  });
  return true;
}

void Session::take(std::vector<Completion>& out) { impl_->flights.take(out); }

void Session::disconnect() {
  impl_->shared.courier.carry([self = impl_] { self->disconnect(); });
}

std::shared_ptr<const hooks::ConnectionRecord> Session::record() const { return impl_->record; }

std::size_t Session::outstanding() const { return impl_->flights.outstanding(); }

}  // namespace mqtt_tools::connection
