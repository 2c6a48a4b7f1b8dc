// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
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

  /// A call that is made now is made at once, on this thread. The app's thread asks.
  bool direct() const { return direct_ && waiting_.load(std::memory_order_acquire) == 0; }

  /// Makes `call`, now or soon. It must not throw, and what it uses must live on. The app's thread.
  void carry(std::function<void()> call);

  /// The same for a call that may wait: always on the other thread. Calls that come after it are
  /// made after it. Throws RunError when there is no such thread; the call waits for one then.
  void carry_apart(std::function<void()> call);

 private:
  void work();

  bool direct_ = true;
  std::atomic<std::size_t> waiting_{0};  ///< Calls not made yet, with the one being made.
  bool started_ = false;
  std::mutex mutex_{};
  std::condition_variable news_{};
  std::deque<std::function<void()>> calls_{};
};

}  // namespace mqtt_tools::connection
