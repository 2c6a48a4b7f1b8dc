// SPDX-License-Identifier: MIT

#include "connection/client.hpp"

#include "connection/connection.hpp"
#include "connection/cpu_affinity.hpp"
#include "connection/hooks/hooks.hpp"
#include "connection/log.hpp"
#include "connection/paho/library.hpp"
#include "connection/server_limits.hpp"
#include "connection/subscriptions.hpp"
#include "connection/tls/context.hpp"

#include <algorithm>
#include <utility>

namespace mqtt_tools::connection {

struct Client::Impl {
  Impl(Options options, LogSink tell, paho::MakeClients make_clients_)
      : shared{std::move(options)},
        make_clients(std::move(make_clients_)),
        log(shared.options, std::move(tell)) {
    const auto& settings = shared.options;
    shared.received.let_past_every(
        std::max<Duration>(settings.keep_alive / 3, std::chrono::seconds{1}));
    if (settings.count) shared.received.limit(*settings.count);
  }

  void set_up_libraries() {
    const auto& settings = shared.options;
    if (!hooks::in_effect()) {
      throw RunError(ExitCode::failure,
                     "cannot check what a broker sends: this program was linked with a static Paho "
                     "library; build it with the shared one (libpaho-mqtt3as)");
    }
    if (settings.tls.on) {
      check_tls_files(settings.tls);
      prepare_tls(settings.tls);
    }
    set_up_paho(settings.debug, shared.events);
  }

  paho::Shared shared;
  paho::MakeClients make_clients;
  paho::MakeClient make{};  ///< From start() on.
  Log log;
  Subscriptions subscriptions{};
  Connection connection{shared, make, log, subscriptions};
  std::vector<Delivery> deliveries{};
  CpuAffinity cpu_affinity{};
};

Client::Client(Options options, LogSink tell)
    : Client(std::move(options), std::move(tell), paho::make_clients) {
  impl_->set_up_libraries();
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

void Client::start(Clock::time_point now) {
  impl_->cpu_affinity.begin(now);
  impl_->log.debug(std::string{"Paho's waits are "} + hooks::short_waits_message());
  impl_->make = impl_->make_clients(
      impl_->shared, impl_->subscriptions.wanted() ? paho::Calls::own_thread : paho::Calls::direct);
  impl_->connection.start(now);
}

void Client::advance(Clock::time_point now) {
  impl_->cpu_affinity.turn(now);
  impl_->connection.advance(now);
}

const std::optional<RunError>& Client::failure() const { return impl_->connection.failure(); }

int Client::fd() const { return impl_->shared.events.fd(); }

std::optional<Clock::time_point> Client::due() const { return impl_->connection.due(); }

bool Client::connected() const { return impl_->connection.connected(); }

bool Client::ready() const { return impl_->connection.ready(); }

std::uint64_t Client::connections() const { return impl_->connection.connections(); }

std::optional<std::string> Client::over_limits(const Message& message) const {
  return connection::over_limits(message, impl_->connection.limits(), impl_->connection.broker());
}

std::size_t Client::window(std::size_t wanted) const {
  return std::max<std::size_t>(
      1, std::min<std::size_t>(wanted, impl_->connection.limits().receive_maximum));
}

bool Client::send(std::uint64_t id, const Message& message) {
  if (!impl_->connection.send(id, message)) return false;
  impl_->log.published(id, message);
  return true;
}

const std::vector<Delivery>& Client::deliveries() {
  impl_->deliveries = impl_->connection.deliveries();
  impl_->log.completed(impl_->deliveries);
  return impl_->deliveries;
}

Message* Client::receive() { return impl_->shared.received.get(); }

void Client::let_go() { impl_->shared.received.let_go(); }

void Client::give_back() {
  if (impl_->shared.options.count) impl_->shared.received.give_back();
}

std::size_t Client::waiting() const { return impl_->shared.received.waiting(); }

void Client::leave(Clock::time_point) {
  impl_->shared.received.hurry();
  impl_->connection.leave();
}

bool Client::stop_receiving() { return impl_->shared.received.close(); }

void Client::refuse_surplus() { impl_->shared.received.refuse_surplus(); }

bool Client::blocked() const { return impl_->shared.received.parked(); }

std::uint64_t Client::dropped() const { return impl_->shared.received.dropped(); }

bool Client::left() const { return impl_->connection.left() || impl_->shared.received.parked(); }

}  // namespace mqtt_tools::connection
