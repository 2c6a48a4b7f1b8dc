// SPDX-License-Identifier: MIT

#include "connection/courier.hpp"

#include "error.hpp"

#include <system_error>
#include <thread>
#include <utility>

namespace mqtt_tools::connection {

void Courier::carry(std::function<void()> call) {
  if (direct()) {
    call();
  } else {
    carry_apart(std::move(call));
  }
}

void Courier::carry_apart(std::function<void()> call) {
  const std::lock_guard lock(mutex_);
  calls_.push_back(std::move(call));
  ++waiting_;
  if (!started_) {
    try {
      std::thread([this] { work(); }).detach();  // lives as long as the process
    } catch (const std::system_error& error) {
      throw RunError(ExitCode::failure,
                     "cannot start a thread: " + error.code().message() + " (ulimit -v, -u?)");
    }
    started_ = true;
  }
  news_.notify_one();
}

void Courier::work() {
  for (;;) {
    std::unique_lock lock(mutex_);
    news_.wait(lock, [this] { return !calls_.empty(); });
    auto call = std::move(calls_.front());
    calls_.pop_front();
    lock.unlock();
    call();
    call = nullptr;  // what it owned goes before the next call
    --waiting_;
  }
}

}  // namespace mqtt_tools::connection
