// SPDX-License-Identifier: MIT
#pragma once

#include "support/command.hpp"
#include "support/system.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace mqtt_tools::support {

/// How a program ended.
struct Result {
  int code = -1;   ///< The exit code; -1 when a signal ended it, or a limit of the test.
  int signal = 0;  ///< The signal that ended it.
  bool ended = false;
  std::string out{};
  std::string err{};
  milliseconds duration{};
  long peak_resident = 0;  ///< Memory in KiB, at most.
};

/// A program that runs. What it writes is taken from it at once, on a thread of its own, so that it
/// never waits for the test. At the end of the object's life it is killed, with its children.
class Process {
 public:
  explicit Process(const Command& command);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  /// Whether `text` has appeared on stdout (stderr), so many times, waiting for it at most `limit`,
  /// and no longer than until the program has ended.
  bool wait_for_out(std::string_view text, milliseconds limit = patience, int times = 1);
  bool wait_for_err(std::string_view text, milliseconds limit = patience, int times = 1);

  /// Waits for the end. A program that does not end in time gives `ended` false and runs on.
  Result wait(milliseconds limit = patience);

  std::string out() const;  ///< All that it has written until now.
  std::string err() const;
  std::size_t out_size() const;

  void write(std::string_view text);  ///< To its stdin; does not wait.
  void close_input();                 ///< Once all is written.

  void signal(int number);        ///< To the program.
  void signal_group(int number);  ///< To it and its children.

  pid_t pid() const { return process_.pid; }
  bool running() const;

  /// Memory in KiB, from /proc: now, and at most since the start; 0 when it has ended.
  long resident() const { return status_number("VmRSS:"); }
  long peak_resident() const { return status_number("VmHWM:"); }
  std::string command_line() const;  ///< As ps sees it, with NULs between words.

 private:
  void attend();
  bool wait_for(const std::string& in, std::string_view text, milliseconds limit, int times);
  static const std::string& so_far(const Descriptor& from, std::string& text);
  long status_number(std::string_view name) const;

  Launched process_{};
  EventFd wakeup_{};
  bool input_closing_ = false;
  std::string input_{};
  mutable std::string out_{};
  mutable std::string err_{};
  std::optional<int> status_{};
  long peak_ = 0;
  std::chrono::steady_clock::time_point started_{};
  std::chrono::steady_clock::time_point ended_{};
  std::atomic<bool> leaving_ = false;
  mutable std::mutex mutex_{};
  std::condition_variable changed_{};
  std::thread attendant_{};
};

/// Runs to the end.
Result run(const Command& command, milliseconds limit = patience);

/// Runs to the end with `input` in a pipe as stdin.
Result run(Command command, std::string input, milliseconds limit = patience);

}  // namespace mqtt_tools::support
