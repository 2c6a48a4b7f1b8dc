// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>

namespace mqtt_tools::output {

/// stdout as a stream of bytes that never blocks the run: what the reader does not take yet waits
/// in `buffer()`. Nothing is written before flush().
class StandardOutput {
 public:
  enum class State { open, closed };  ///< closed: the reader went away (EPIPE).

  /// Takes over file descriptor `fd` (1). It is not changed for other processes that share it.
  explicit StandardOutput(int fd);
  ~StandardOutput();
  StandardOutput(const StandardOutput&) = delete;
  StandardOutput& operator=(const StandardOutput&) = delete;

  /// Printers append here.
  std::string& buffer() { return buffer_; }

  /// Writes as much as can be written without waiting. Throws RunError (code 1) when writing fails
  /// for a reason other than a reader that left (no space, I/O error).
  State flush();

  std::size_t pending() const { return buffer_.size() - written_; }

  /// The descriptor to poll: for POLLOUT while something is pending; else with events = 0, where
  /// POLLERR tells that the reader left.
  int fd() const { return fd_; }

 private:
  int fd_;  ///< Its own open file description where the kernel gives one.
  int original_;
  bool owned_ = false;
  std::size_t chunk_ = 0;
  std::string buffer_{};
  std::size_t written_ = 0;  ///< Bytes of buffer_ already out.
};

}  // namespace mqtt_tools::output
