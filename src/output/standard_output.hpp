// SPDX-License-Identifier: MIT
#pragma once

#include "message.hpp"
#include "timestamp.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace mqtt_tools::output {

/// stdout as a stream of records that never blocks the run: what the reader does not take yet waits
/// in `buffer()`. Nothing is written before flush(). A file takes everything at once. SIGPIPE must
/// be ignored.
///
/// A run can end at any time, and its reader may read on afterwards: so what has been written ends
/// with a whole record whenever that can be had. A pipe gets records whole where they fit into what
/// it is sure to take: up to 4096 bytes always, more (64 KiB in all) only while it is as good as
/// empty, up to its size. Of a record that is larger than the pipe, or for a socket or a terminal,
/// a part may be out.
class StandardOutput {
 public:
  /// closed: the reader went away (EPIPE). Once it is not open, what is appended is thrown away.
  enum class State { open, closed, failed };

  /// Takes over file descriptor `fd` (1). It is not changed for other processes that share it. Make
  /// it before anything else is opened: a stdout that is closed (`>&-`) is noticed here, later its
  /// number may belong to a socket.
  explicit StandardOutput(int fd);
  ~StandardOutput();
  StandardOutput(const StandardOutput&) = delete;
  StandardOutput& operator=(const StandardOutput&) = delete;

  /// Printers append here, and end_record() follows.
  std::string& buffer() { return buffer_; }

  /// What was appended since the last call is one record (which may be empty), of a message that
  /// came with `qos`. With QoS 0 whoever sent it expects losses; else nobody will send it again.
  void end_record(Qos qos);

  /// Records with QoS 1 and 2 that are not written, or only in part; also once the reader went away
  /// or writing failed.
  std::uint64_t unwritten() const;

  /// Writes as much as can be written without waiting. Throws RunError (code 1), once, when writing
  /// fails for a reason other than a reader that left (no space, I/O error).
  State flush();

  State state() const { return state_; }
  bool closed() const { return state_ == State::closed; }

  /// poll told that the reader went away.
  void close() { state_ = State::closed; }

  std::size_t pending() const { return buffer_.size() - written_; }

  /// Not so much waits for the reader that no more should be made.
  bool room() const { return pending() < std::size_t{64} * 1024; }

  /// The descriptor to poll with events(): POLLOUT while something is pending that can go out as
  /// soon as there is any room; else 0, where POLLERR or POLLHUP tells that the reader left. -1,
  /// which poll passes over, when stdout is closed.
  int fd() const { return state_ == State::open ? fd_ : -1; }
  short events() const;

  /// After which time to call flush() again though poll has nothing to tell: a record waits for
  /// more room than poll asks for.
  std::optional<Duration> retry_after() const { return retry_after_; }

 private:
  /// How to write without waiting.
  enum class Way {
    none,      ///< stdout is closed.
    file,      ///< A file or device that never makes anybody wait.
    own,       ///< A pipe or terminal through an open file description of our own.
    borrowed,  ///< A pipe or terminal that others share: ask before each small piece.
    socket,
  };

  struct Record {
    std::uint64_t end;  ///< Bytes up to its end, since the start.
    Qos qos;
  };

  /// Like write(2). A terminal that hung up is a reader that left: EPIPE.
  std::ptrdiff_t write_some(std::string_view text);

  /// As much of what is pending as may be given to the kernel now. Nothing while the next record
  /// does not fit into the pipe.
  std::string_view next_piece();
  std::size_t free_pages();
  void wrote(std::size_t size);

  /// Gives up the part of the buffer that is out.
  void tidy();

  int fd_;  ///< Its own open file description where the kernel gives one.
  Way way_ = Way::file;
  State state_ = State::open;
  bool terminal_ = false;
  std::string buffer_{};
  std::size_t written_ = 0;  ///< Bytes of buffer_ already out.

  std::uint64_t out_ = 0;         ///< Bytes out since the start.
  std::uint64_t boundary_ = 0;    ///< Up to the end of the last record that is out.
  std::deque<Record> records_{};  ///< Those that are not out.

  // Of a pipe.
  std::size_t capacity_ = 0;           ///< Pages that it holds; 0: no pipe of our own.
  std::deque<std::size_t> in_pipe_{};  ///< Sizes of our last writes, which may still be in it.
  std::size_t in_pipe_bytes_ = 0;      ///< Their sum.
  int unread_ = 0;                     ///< What it held at the last look.
  std::optional<Duration> retry_after_{};
};

}  // namespace mqtt_tools::output
