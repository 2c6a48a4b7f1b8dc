// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

namespace mqtt_tools::connection {

/// Something that may take long and cannot be hurried (a name look-up, a hand-shake), done on a
/// thread of its own. Whoever loses patience drops the task; its thread ends when it can.
template <class Result>
class BackgroundTask {
 public:
  /// `work` must own all it uses; `wake` is called when the result is there and must stay callable
  /// as long as the process lives.
  void start(std::function<Result()> work, std::function<void()> wake) {
    state_ = std::make_shared<State>();
    std::thread([state = state_, work = std::move(work), wake = std::move(wake)] {
      try {
        state->result = work();
      } catch (...) {
        state->result = Result{};
      }
      state->done.store(true, std::memory_order_release);
      wake();
    }).detach();
  }

  bool under_way() const { return state_ != nullptr; }

  /// The result, once.
  std::optional<Result> take() {
    if (!state_ || !state_->done.load(std::memory_order_acquire)) return std::nullopt;
    auto result = std::move(state_->result);
    state_.reset();
    return result;
  }

  void drop() { state_.reset(); }

 private:
  struct State {
    std::optional<Result> result{};
    std::atomic<bool> done{false};
  };

  std::shared_ptr<State> state_{};
};

}  // namespace mqtt_tools::connection
