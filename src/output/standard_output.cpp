// SPDX-License-Identifier: MIT
#include "output/standard_output.hpp"

#include "error.hpp"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mqtt_tools::output {

namespace {

/// A pipe that poll calls writable takes this much at once (PIPE_BUF on Linux).
constexpr std::size_t small_piece = 4096;

/// A buffer beyond this was needed for a large message; it is not kept.
constexpr std::size_t usual_capacity = std::size_t{1} << 20;

/// The same pipe or terminal, but with flags of its own: O_NONBLOCK on stdout itself would also
/// hold for the shell and everybody else who has it. -1 if there is no way.
int reopen(int fd) {
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  return open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
}

bool writable_now(int fd) {
  pollfd asked{fd, POLLOUT, 0};
  return poll(&asked, 1, 0) == 1;
}

}  // namespace

StandardOutput::StandardOutput(int fd) : fd_(fd) {
  struct stat status {};
  const int flags = fcntl(fd, F_GETFL);
  if (flags == -1 || (flags & O_ACCMODE) == O_RDONLY || fstat(fd, &status) != 0) {
    fd_ = -1;
    way_ = Way::none;
    return;
  }
  terminal_ = isatty(fd) == 1;
  if (S_ISSOCK(status.st_mode)) {
    way_ = Way::socket;
  } else if (S_ISFIFO(status.st_mode) || terminal_) {
    const int own = reopen(fd);
    way_ = own == -1 ? Way::borrowed : Way::own;
    fd_ = own == -1 ? fd : own;
  }
}

StandardOutput::~StandardOutput() {
  if (way_ == Way::own) {
    close(fd_);
  }
}

StandardOutput::State StandardOutput::flush() {
  while (pending() > 0) {
    const std::ptrdiff_t size = write_some(std::string_view{buffer_}.substr(written_));
    if (size >= 0) {
      written_ += static_cast<std::size_t>(size);
      continue;
    }
    if (errno == EINTR) {
      continue;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      break;
    }
    const int error = errno;
    written_ = buffer_.size();
    tidy();
    if (error == EPIPE || error == ECONNRESET) {
      return State::closed;
    }
    throw RunError(ExitCode::failure,
                   "cannot write to stdout: " + std::generic_category().message(error));
  }
  tidy();
  return State::open;
}

std::ptrdiff_t StandardOutput::write_some(std::string_view text) {
  if (way_ == Way::none) {
    errno = EBADF;
    return -1;
  }
  if (way_ == Way::socket) {
    return send(fd_, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  }
  if (way_ == Way::borrowed) {
    if (!writable_now(fd_)) {
      errno = EAGAIN;
      return -1;
    }
    text = text.substr(0, small_piece);
  }
  const std::ptrdiff_t size = write(fd_, text.data(), text.size());
  if (size == -1 && errno == EIO && terminal_) {
    errno = EPIPE;
  }
  return size;
}

void StandardOutput::tidy() {
  if (pending() == 0) {
    buffer_.clear();
    written_ = 0;
    if (buffer_.capacity() > usual_capacity) {
      buffer_ = std::string{};
    }
  } else if (written_ >= buffer_.size() / 2) {
    // Each byte that moves down makes room for one that is out: linear however small the pieces.
    if (buffer_.capacity() > usual_capacity) {
      buffer_ = buffer_.substr(written_);
    } else {
      buffer_.erase(0, written_);
    }
    written_ = 0;
  }
}

}  // namespace mqtt_tools::output
