// SPDX-License-Identifier: MIT

#include "cli/farewell.hpp"

#include <poll.h>

namespace mqtt_tools::cli {

void keep_going(connection::Client& client, Wait& wait, Clock::time_point deadline,
                const std::function<bool()>& done, const std::function<void()>& each_turn) {
  while (!done() && !client.failure() && Clock::now() < deadline) {
    wait.on(client.fd(), POLLIN);
    wait.until(client.due());
    wait.until(deadline);
    wait.now();
    client.advance(Clock::now());
    each_turn();
  }
}

void take_leave(connection::Client& client, Wait& wait, Clock::time_point deadline) {
  client.leave(Clock::now());
  keep_going(
      client, wait, deadline, [&] { return client.left(); }, [] {});
}

}  // namespace mqtt_tools::cli
