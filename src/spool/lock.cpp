// SPDX-License-Identifier: MIT
#include "spool/lock.hpp"

#include "error.hpp"
#include "memory.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <mutex>
#include <utility>

namespace mqtt_tools::spool {

/// A wait for the lock: shared with the thread that waits, which may outlive it.
struct FileLock::Request {
  Descriptor file{};  ///< Of its own: what is locked is the open file, not the descriptor.
  Descriptor done{};  ///< An eventfd, readable when the wait is over.
  std::mutex mutex{};
  bool locked = false;     ///< Guarded by mutex, as the next.
  bool abandoned = false;  ///< Nobody wants it any more.
};

FileLock::FileLock(const std::string& path) : path_(path), file_(open()) {}

FileLock::~FileLock() { unlock(); }

Descriptor FileLock::open() const {
  Descriptor file{::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (file.get() < 0) throw failed_call("cannot open " + path_);
  return file;
}

bool FileLock::try_lock() {
  if (held_) return true;
  if (request_ != nullptr) {
    const std::lock_guard guard(request_->mutex);
    if (!request_->locked) return false;
    file_ = std::move(request_->file);
    held_ = true;
  } else {
    int result = -1;
    do {
      result = ::flock(file_.get(), LOCK_EX | LOCK_NB);
    } while (result < 0 && errno == EINTR);
    if (result < 0 && errno != EWOULDBLOCK) throw failed_call("cannot lock " + path_);
    held_ = result == 0;
  }
  if (held_) {
    request_.reset();
    touch();
  }
  return held_;
}

void FileLock::request() {
  if (held_ || request_ != nullptr) return;
  auto request = std::make_shared<Request>();
  request->file = open();
  request->done.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (request->done.get() < 0) throw failed_call("cannot wait for " + path_);
  start_thread([request] {
    int result = -1;
    do {
      result = ::flock(request->file.get(), LOCK_EX);
    } while (result < 0 && errno == EINTR);
    const std::lock_guard guard(request->mutex);
    if (request->abandoned || result < 0) {
      request->file.reset();
    } else {
      request->locked = true;
      ::eventfd_write(request->done.get(), 1);
    }
  });
  request_ = std::move(request);
}

int FileLock::fd() const { return request_ == nullptr ? -1 : request_->done.get(); }

bool FileLock::lock(Clock::time_point deadline, int cancel) {
  if (try_lock()) return true;
  request();
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) break;
    std::array<pollfd, 2> fds{pollfd{fd(), POLLIN, 0}, pollfd{cancel, POLLIN, 0}};
    const auto most = std::min<std::int64_t>(left.count(), 3'600'000);
    ::poll(fds.data(), fds.size(), static_cast<int>(most));
    if (try_lock()) return true;
    if (fds[1].revents != 0) break;
  }
  unlock();
  return false;
}

void FileLock::unlock() {
  if (request_ != nullptr) {
    const std::lock_guard guard(request_->mutex);
    request_->abandoned = true;
    if (request_->locked) request_->file.reset();  // Else it is the thread's.
  }
  request_.reset();
  if (!held_) return;
  ::flock(file_.get(), LOCK_UN);
  held_ = false;
}

void FileLock::check_place() const {
  struct stat ours {};
  struct stat there {};
  if (::fstat(file_.get(), &ours) == 0 && ::lstat(path_.c_str(), &there) == 0 &&
      ours.st_ino == there.st_ino && ours.st_dev == there.st_dev) {
    return;
  }
  throw RunError(ExitCode::failure, path_ +
                                        " was deleted or replaced while this run used it: start "
                                        "again with the spool that is there now");
}

void FileLock::touch() {
  std::array<char, 16> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size() - 1, ::getpid()).ptr;
  *end = '\n';
  const auto size = static_cast<std::size_t>(end + 1 - text.data());
  // Nothing depends on the number; on a full disk it is an old one.
  [[maybe_unused]] const auto written = ::pwrite(file_.get(), text.data(), size, 0);
}

pid_t FileLock::holder() const {
  std::array<char, 16> text{};
  const auto size = ::pread(file_.get(), text.data(), text.size(), 0);
  pid_t number = 0;
  if (size > 0) std::from_chars(text.data(), text.data() + size, number);
  return number;
}

LockWatch::LockWatch(const FileLock& lock) : fd_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
  // Without it (a limit of the user's is reached) one waits for the lock alone.
  const std::uint32_t events = lock.held() ? IN_ATTRIB : IN_ATTRIB | IN_MODIFY;
  if (fd_.get() >= 0 && ::inotify_add_watch(fd_.get(), lock.path().c_str(), events) < 0) {
    fd_.reset();
  }
  const auto folder = lock.path().substr(0, lock.path().rfind('/'));
  ::inotify_add_watch(fd_.get(), folder.c_str(), IN_MOVE_SELF);
}

bool LockWatch::touched() {
  alignas(inotify_event) std::array<char, 4096> events;
  bool any = false;
  while (::read(fd_.get(), events.data(), events.size()) > 0) any = true;
  return any;
}

WakeFifo::WakeFifo(std::string path) : path_(std::move(path)) {
  if (::mkfifo(path_.c_str(), 0600) < 0 && errno != EEXIST) {
    throw failed_call("cannot make " + path_);
  }
}

void WakeFifo::listen() {
  // Open for writing, too: else the end of the last writer would be an end of file for ever.
  fd_.reset(::open(path_.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW));
  struct stat found {};
  if (fd_.get() < 0 || ::fstat(fd_.get(), &found) < 0) throw failed_call("cannot open " + path_);
  if (!S_ISFIFO(found.st_mode)) {
    throw RunError(ExitCode::failure, path_ + " is not a FIFO; remove it, and a new one is made");
  }
}

bool WakeFifo::clear() {
  std::array<char, 4096> bytes;
  bool any = false;
  while (::read(fd_.get(), bytes.data(), bytes.size()) > 0) any = true;
  return any;
}

void WakeFifo::wake() const {
  const Descriptor end{::open(path_.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW)};
  // Nobody listens (ENXIO), or the FIFO is full of wakes that were not seen yet: both are right.
  if (end.get() < 0) return;
  [[maybe_unused]] const auto written = ::write(end.get(), "", 1);
}

}  // namespace mqtt_tools::spool
