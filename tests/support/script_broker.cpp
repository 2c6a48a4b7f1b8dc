// SPDX-License-Identifier: MIT
#include "support/script_broker.hpp"

#include <poll.h>
#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <utility>

namespace mqtt_tools::support {

ScriptBroker::ScriptBroker(std::vector<Script> scripts, Transport transport)
    : scripts_(std::move(scripts)),
      transport_(std::move(transport)),
      doorman_([this] { listen(); }) {}

ScriptBroker::~ScriptBroker() {
  leaving_.raise();
  doorman_.join();
  for (auto& player : players_) player.join();
}

void ScriptBroker::listen() {
  std::array<pollfd, 2> fds{{{listener_.fd(), POLLIN, 0}, {leaving_.fd(), POLLIN, 0}}};
  while (true) {
    poll(fds.data(), fds.size(), -1);
    if (fds[1].revents != 0) return;
    auto fd = listener_.accept();
    if (!fd) continue;
    int connection = 0;
    {
      const std::lock_guard lock{mutex_};
      connection = connections_++;
    }
    changed_.notify_all();
    players_.emplace_back(
        [this, connection, fd = std::move(fd)]() mutable { play(std::move(fd), connection); });
  }
}

void ScriptBroker::play(Descriptor fd, int connection) {
  const auto last = scripts_.size() - 1;
  const auto& script = scripts_[std::min(last, static_cast<std::size_t>(connection))];
  {
    Session session{*this, std::move(fd), connection};
    try {
      if (session.shake_hands()) script(session);
      session.close();
    } catch (const Session::Ended&) {
    } catch (const std::exception& error) {
      // The test that waits for more packets fails; this says why.
      std::fprintf(stderr, "script broker, connection %d: %s\n", connection, error.what());
      for (const auto& packet : received()) {
        if (packet.connection == connection) {
          std::fprintf(stderr, "  type %d, flags %d, %zu bytes\n", static_cast<int>(packet.type),
                       packet.flags, packet.body.size());
        }
      }
    }
  }
  {
    const std::lock_guard lock{mutex_};
    ++ended_;
  }
  changed_.notify_all();
}

void ScriptBroker::keep(const Packet& packet) {
  {
    const std::lock_guard lock{mutex_};
    received_.push_back(packet);
  }
  changed_.notify_all();
}

std::string ScriptBroker::url() const {
  const std::string scheme = transport_.web_socket ? "ws" : "mqtt";
  return scheme + (transport_.tls ? "s" : "") + "://127.0.0.1:" + port_text();
}

std::vector<Packet> ScriptBroker::received() const {
  const std::lock_guard lock{mutex_};
  return received_;
}

std::vector<Packet> ScriptBroker::received(PacketType type) const {
  auto packets = received();
  std::erase_if(packets, [type](const Packet& packet) { return packet.type != type; });
  return packets;
}

bool ScriptBroker::wait_for(PacketType type, std::size_t count, milliseconds limit) const {
  std::unique_lock lock{mutex_};
  return changed_.wait_for(lock, limit, [&] {
    const auto of_type = [type](const Packet& packet) { return packet.type == type; };
    return static_cast<std::size_t>(std::count_if(received_.begin(), received_.end(), of_type)) >=
           count;
  });
}

bool ScriptBroker::wait_for_end(int count, milliseconds limit) const {
  std::unique_lock lock{mutex_};
  return changed_.wait_for(lock, limit, [&] { return ended_ >= count; });
}

int ScriptBroker::connections() const {
  const std::lock_guard lock{mutex_};
  return connections_;
}

}  // namespace mqtt_tools::support
