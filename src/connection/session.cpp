// SPDX-License-Identifier: MIT

#include "connection/session.hpp"

#include "connection/arrivals.hpp"
#include "connection/dispatch.hpp"
#include "connection/flights.hpp"
#include "connection/hooks/connection_record.hpp"
#include "connection/listener.hpp"
#include "connection/paho.hpp"
#include "connection/paho_connect.hpp"
#include "connection/paho_properties.hpp"
#include "connection/psk_connect.hpp"
#include "connection/reporter.hpp"

#include <utility>

namespace mqtt_tools::connection {

namespace {

/// Our own window is the limit; Paho refuses what goes beyond this.
constexpr int most_buffered = 70000;

}  // namespace

struct Session::Impl {
  Impl(Shared& shared_, const Endpoint& endpoint, Version version)
      : shared(shared_),
        v5(paho::version_number(version) == MQTTVERSION_5),
        client(paho::server_uri(shared_.options, endpoint), shared_.options.client_id,
               mqtt::create_options(paho::version_number(version), most_buffered)),
        handle(paho::handle_of(client)) {}

  Shared& shared;
  const bool v5;
  Reporter reporter{shared.mailbox};
  std::shared_ptr<hooks::ConnectionRecord> record{};  ///< Of the connection made last.
  std::unique_ptr<paho::Connect> connect{};           ///< Paho C++ points into it while it lives.
  Flights flights{shared.mailbox,
                  shared.options.tell_messages ? Flights::Tell::now : Flights::Tell::in_bunches};
  Arrivals arrivals{shared, reporter, v5 ? Arrivals::Properties::read : Arrivals::Properties::none};
  const std::unique_ptr<mqtt::iaction_listener> results = listener(reporter);

  // Last, so that it goes first: going, it still calls back with flights.
  mqtt::async_client client;
  const MQTTAsync handle;

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

Session::Session(Shared& shared, Endpoint endpoint, Version version)
    : endpoint_(std::move(endpoint)),
      version_(version),
      impl_(std::make_unique<Impl>(shared, endpoint_, version)) {
  auto& self = *impl_;
  self.client.set_connection_lost_handler(
      [&self](const std::string&) { self.reporter.post(Event::Kind::lost); });
  self.client.set_disconnected_handler(
      [&self](const mqtt::properties& properties, mqtt::ReasonCode code) {
        try {
          self.reporter.post(Event::Kind::dismissed, static_cast<int>(code),
                             paho::reason_string(properties.c_struct()));
        } catch (...) {
          self.reporter.post(Event::Kind::dismissed, static_cast<int>(code));
        }
      });
  // Not set_message_callback(): the wrapper copies each payload once more and allocates a token.
  self.arrivals.await(self.handle);
}

Session::~Session() = default;

void Session::connect(std::uint64_t connection, std::chrono::seconds keep_alive,
                      std::chrono::seconds limit) {
  auto& self = *impl_;
  self.connect = std::make_unique<paho::Connect>();
  paho::fill(*self.connect, self.shared.options, version_, keep_alive, limit);
  hooks::PacketGuard::Limits limits;
  limits.max_packet = self.shared.options.max_packet;
  self.record = std::make_shared<hooks::ConnectionRecord>(limits);
  if (!self.shared.options.clean_start) self.record->resume(self.shared.unreleased);
  self.record->on_released([&self](std::uint16_t id, hooks::PacketGuard::Unreleased message) {
    self.arrivals.put_released(id, std::move(message));
  });
  self.arrivals.from(self.record);
  self.reporter.begin(connection, self.record);
  self.shared.courier.carry([&self] {
    hooks::expect(self.record);
    try {
      if (self.shared.options.tls.psk) {
        connect_with_psk(self.handle, self.v5, *self.connect, self.shared.options.tls,
                         self.reporter);
        return;
      }
      self.client.connect(self.connect->options, nullptr, *self.results);
    } catch (const mqtt::exception& error) {
      self.reporter.settle();
      self.reporter.post(Event::Kind::failed, error.get_return_code());
    }
  });
}

void Session::subscribe(std::size_t index, const Subscription& subscription) {
  impl_->shared.courier.carry([&self = *impl_, index, subscription] {
    auto* context = context_of(index);
    try {
      if (self.v5) {
        self.client.subscribe(subscription.filter, static_cast<int>(subscription.qos), context,
                              *self.results, paho::to_paho(subscription),
                              paho::to_paho(self.shared.options.subscribe_properties));
      } else {
        self.client.subscribe(subscription.filter, static_cast<int>(subscription.qos), context,
                              *self.results);
      }
    } catch (const mqtt::exception&) {
      // Not connected any more: the loss is told by its own event.
    }
  });
}

void Session::unsubscribe(std::size_t index, const std::string& filter) {
  impl_->shared.courier.carry([&self = *impl_, index, filter] {
    auto* context = context_of(index);
    try {
      if (self.v5) {
        self.client.unsubscribe(filter, context, *self.results,
                                paho::to_paho(self.shared.options.unsubscribe_properties));
      } else {
        self.client.unsubscribe(filter, context, *self.results);
      }
    } catch (const mqtt::exception&) {
      // As above.
    }
  });
}

bool Session::send(std::uint64_t id, const Message& message) {
  auto& self = *impl_;
  const bool told = self.shared.options.tell_messages;
  auto* flight = self.flights.start(id, told ? Clock::now() : Clock::time_point{});
  if (self.shared.courier.direct()) {
    if (dispatch(self.handle, self.v5, flight, message)) return true;
    self.flights.cancel(flight);
    return false;
  }
  self.shared.courier.carry([&self, flight, message] {
    if (!dispatch(self.handle, self.v5, flight, message)) {
      self.flights.land({flight, true, false, {}});
    }
  });
  return true;
}

void Session::take(std::vector<Completion>& out) { impl_->flights.take(out); }

void Session::disconnect() {
  impl_->shared.courier.carry([self = impl_.get()] { self->disconnect(); });
}

bool Session::pending() const { return impl_->reporter.pending(); }

hooks::PacketGuard::UnreleasedById Session::unreleased() const {
  return impl_->record ? impl_->record->unreleased() : hooks::PacketGuard::UnreleasedById{};
}

std::size_t Session::outstanding() const { return impl_->flights.outstanding(); }

}  // namespace mqtt_tools::connection
