// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mqtt_tools::output {

/// stdout as a stream of bytes that never blocks the run: what the reader does not take yet waits
/// in `buffer()`. Nothing is written before flush(). A file takes everything at once. SIGPIPE must
/// be ignored.
class StandardOutput {
 public:
  enum class State { open, closed };  ///< closed: the reader went away (EPIPE).

  /// Takes over file descriptor `fd` (1). It is not changed for other processes that share it. Make
  /// it before anything else is opened: a stdout that is closed (`>&-`) is noticed here, later its
  /// number may belong to a socket.
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
  /// POLLERR or POLLHUP tells that the reader left. -1, which poll passes over, when stdout is
  /// closed.
  int fd() const { return fd_; }

 private:
  /// How to write without waiting.
  enum class Way {
    none,      ///< stdout is closed.
    file,      ///< A file or device that never makes anybody wait.
    own,       ///< A pipe or terminal through an open file description of our own.
    borrowed,  ///< A pipe or terminal that others share: ask before each small piece.
    socket,
  };

  /// Like write(2). A terminal that hung up is a reader that left: EPIPE.
  std::ptrdiff_t write_some(std::string_view text);

  /// Gives up the part of the buffer that is out.
  void tidy();

  int fd_;  ///< Its own open file description where the kernel gives one.
  Way way_ = Way::file;
  bool terminal_ = false;
  std::string buffer_{};
  std::size_t written_ = 0;  ///< Bytes of buffer_ already out.
};

}  // namespace mqtt_tools::output
