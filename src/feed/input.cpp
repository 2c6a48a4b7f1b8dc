// SPDX-License-Identifier: MIT
#include "feed/input.hpp"

#include "error.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>

namespace mqtt_tools::feed {
namespace {

/// What is left of a regular file; stdin may be somewhere in its middle. Files of /proc have a size
/// of 0 and tell nothing.
std::optional<std::uint64_t> size_left(int fd, off_t size) {
  const off_t at = ::lseek(fd, 0, SEEK_CUR);
  if (size == 0 || at < 0 || at > size) {
    return {};
  }
  return static_cast<std::uint64_t>(size - at);
}

}  // namespace

Input::Input(const std::optional<std::string>& path)
    : name_(path.value_or("stdin")), fd_(STDIN_FILENO), owned_(path.has_value()) {
  if (path) {
    // Not to wait for the writer of a FIFO; poll() says nothing about it until one has come.
    fd_ = ::open(path->c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd_ < 0) {
      fail(errno);
    }
  }
  struct stat status = {};
  const int error = ::fstat(fd_, &status) < 0 ? errno : S_ISDIR(status.st_mode) ? EISDIR : 0;
  if (error != 0) {
    if (owned_) {
      ::close(fd_);
    }
    fail(error);
  }
  regular_ = S_ISREG(status.st_mode);
  if (regular_) {
    progress_.total = size_left(fd_, status.st_size);
  }
}

Input::~Input() {
  if (owned_) {
    ::close(fd_);
  }
}

Supply Input::read(char* to, std::size_t size, std::size_t& got) {
  got = 0;
  waiting_ = false;
  while (!ended_) {
    // stdin is shared with other processes: it cannot be made non-blocking, only asked first.
    pollfd readable{fd_, POLLIN, 0};
    const ssize_t count =
        !regular_ && ::poll(&readable, 1, 0) == 0 ? (errno = EAGAIN, -1) : ::read(fd_, to, size);
    if (count > 0) {
      got = static_cast<std::size_t>(count);
      progress_.bytes += got;
      return Supply::message;
    }
    if (count == 0) {
      ended_ = true;
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      waiting_ = true;
      return Supply::not_yet;
    } else if (errno != EINTR) {
      fail(errno);
    }
  }
  return Supply::end;
}

void Input::fail(int error) const {
  throw RunError{ExitCode::failure, "cannot read " + name_ + ": " + std::strerror(error)};
}

}  // namespace mqtt_tools::feed
