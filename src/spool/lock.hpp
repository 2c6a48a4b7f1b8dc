// SPDX-License-Identifier: MIT
#pragma once

#include "descriptor.hpp"
#include "timestamp.hpp"

#include <sys/types.h>
#include <memory>
#include <string>

// What keeps the processes that share a spool apart, and what wakes those that wait.

namespace mqtt_tools::spool {

/// A file that one process at a time has locked (flock). Those that wait for it get it in the order
/// in which they came. Its holder's process number stands in it, for those that wait. A process
/// that is killed gives it up; one that is stopped does not. Use it from one thread.
class FileLock {
 public:
  /// Makes the file if there is none. Throws RunError.
  explicit FileLock(const std::string& path);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

  /// Whether we have it, or can have it at once.
  bool try_lock();

  /// Waits in the background, on a thread of its own: flock() knows no time limit and no poll().
  /// fd() becomes readable when it is ours, and try_lock() then says so.
  void request();
  int fd() const;  ///< -1 while nothing is requested.

  /// Waits until it is ours. False when that is not so at `deadline`, or when `cancel`, a
  /// descriptor or -1, becomes readable before.
  bool lock(Clock::time_point deadline, int cancel);

  /// Gives it up, or no longer waits for it.
  void unlock();

  bool held() const { return held_; }

  /// Throws RunError when it is gone, or another has its name: those that come later do not know
  /// of us, nor of what is beside it.
  void check_place() const;

  /// Writes our process number into it, which those that watch the file notice (see LockWatch).
  void touch();

  /// The process that has it, or had it last; 0 if that is not known.
  pid_t holder() const;

  const std::string& path() const { return path_; }

 private:
  struct Request;

  Descriptor open() const;

  std::string path_;
  Descriptor file_;
  bool held_ = false;
  std::shared_ptr<Request> request_{};
};

/// Tells when the file of a lock, or its folder, may have gone from its place, and when the holder
/// touches it, which the holder itself does not want to know.
class LockWatch {
 public:
  explicit LockWatch(const FileLock& lock);

  int fd() const { return fd_.get(); }  ///< Readable after that; -1 if none can be told.
  bool touched();                       ///< Whether there was one since the last call.

 private:
  Descriptor fd_;
};

/// A FIFO by which those that store something wake the one that sends.
class WakeFifo {
 public:
  /// Makes the FIFO if there is none. Throws RunError.
  explicit WakeFifo(std::string path);

  void listen();                        ///< From now on fd() becomes readable by a wake().
  int fd() const { return fd_.get(); }  ///< -1 before listen().
  bool clear();                         ///< All wakes up to now are seen. Whether there were any.
  void wake() const;                    ///< Wakes who listens, if anybody does.

 private:
  std::string path_;
  Descriptor fd_{};
};

}  // namespace mqtt_tools::spool
