// SPDX-License-Identifier: MIT
#include "connection/hooks/desk.hpp"

#include "connection/hooks/hooks.hpp"

namespace mqtt_tools::connection::hooks::waits {

int Desk::wait(TimedWait* real, pthread_cond_t* condition, pthread_mutex_t* mutex,
               const timespec* limit) {
  mutex_ = mutex;
  condition_ = condition;
  if (!news_) {
    const int result = real(condition, mutex, limit);
    if (!news_) return result;
  }
  news_ = false;
  return 0;
}

void Desk::call() {
  auto* const condition = condition_.load();
  if (condition == nullptr) return;  // never waited: it will look by itself before it does
  ::pthread_mutex_lock(mutex_);
  news_ = true;
  ::pthread_cond_signal(condition);
  ::pthread_mutex_unlock(mutex_);
  counters.senders_woken.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace mqtt_tools::connection::hooks::waits
