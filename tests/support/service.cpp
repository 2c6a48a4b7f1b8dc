// SPDX-License-Identifier: MIT
#include "support/service.hpp"

#include <poll.h>
#include <array>
#include <utility>

namespace mqtt_tools::support {

Service::Service(Serve serve) : serve_(std::move(serve)), doorman_([this] { listen(); }) {}

Service::~Service() {
  leaving_.raise();
  doorman_.join();
  for (auto& servant : servants_) servant.join();
}

void Service::listen() {
  while (true) {
    std::array<pollfd, 2> waited{pollfd{leaving_.fd(), POLLIN, 0},
                                 pollfd{listener_.fd(), POLLIN, 0}};
    poll(waited.data(), waited.size(), -1);
    if (waited[0].revents != 0) return;
    auto fd = listener_.accept();
    if (!fd) continue;
    servants_.emplace_back(
        [this, client = std::make_shared<Channel>(std::move(fd), leaving_)] { serve_(*client); });
  }
}

void join(Channel& client, Channel& broker, const Bell& leaving, const Change& toward_broker,
          const Change& toward_client) {
  while (!client.ended() && !broker.ended()) {
    // All that TLS holds was taken the last time: what comes next wakes poll().
    std::array<pollfd, 3> waited{pollfd{leaving.fd(), POLLIN, 0}, pollfd{client.fd(), POLLIN, 0},
                                 pollfd{broker.fd(), POLLIN, 0}};
    poll(waited.data(), waited.size(), -1);
    if (waited[0].revents != 0) return;
    if (waited[1].revents != 0) broker.give(toward_broker(client.take()));
    if (waited[2].revents != 0) client.give(toward_client(broker.take()));
  }
}

}  // namespace mqtt_tools::support
