// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>

namespace mqtt_tools::connection {

/// Makes calls to Paho. A message callback that waits for room (Ring) holds Paho's lock, and any
/// call would wait with it: so a subscriber's calls are made on a thread of their own, in order,
/// and the app's thread goes on printing, which makes the room. A publisher calls directly.
class Courier {
 public:
  /// From now on calls are made on a thread of their own. Before the first.
  void own_thread() { direct_ = false; }

  bool direct() const { return direct_; }

  /// Makes `call`, now or soon. It must not throw, and what it uses must live on.
  void carry(std::function<void()> call);

 private:
  void work();

  bool direct_ = true;
  bool started_ = false;
  std::mutex mutex_{};
  std::condition_variable news_{};
  std::deque<std::function<void()>> calls_{};
};

}  // namespace mqtt_tools::connection
