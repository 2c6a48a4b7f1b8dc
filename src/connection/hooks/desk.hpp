// SPDX-License-Identifier: MIT
#pragma once

#include <pthread.h>
#include <atomic>

namespace mqtt_tools::connection::hooks::waits {

using TimedWait = int(pthread_cond_t*, pthread_mutex_t*, const timespec*);

/// Where Paho's sending thread waits for something to send, called there without delay. There is
/// one in the process, as there is one such thread.
class Desk {
 public:
  /// For pthread_cond_timedwait(), which is `real`.
  int wait(TimedWait* real, pthread_cond_t* condition, pthread_mutex_t* mutex,
           const timespec* limit);

  /// Ends a wait, or the next one: a call that comes before it is not lost. Any other thread.
  void call();

 private:
  std::atomic<pthread_cond_t*> condition_{nullptr};
  std::atomic<pthread_mutex_t*> mutex_{nullptr};
  bool news_ = false;  ///< Guarded by the mutex.
};

}  // namespace mqtt_tools::connection::hooks::waits
