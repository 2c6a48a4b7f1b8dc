// SPDX-License-Identifier: MIT
#include "support/descriptor.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <cerrno>
#include <system_error>
#include <utility>

namespace mqtt_tools::support {

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = other.release();
  }
  return *this;
}

void Descriptor::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

int Descriptor::release() { return std::exchange(fd_, -1); }

Pipe make_pipe() {
  int ends[2];
  checked(pipe2(ends, O_CLOEXEC), "pipe2");
  return {Descriptor{ends[0]}, Descriptor{ends[1]}};
}

Bell::Bell() : fd_(checked(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")) {}

void Bell::raise() { eventfd_write(fd_.get(), 1); }

void Bell::clear() {
  eventfd_t value = 0;
  eventfd_read(fd_.get(), &value);
}

int checked(int result, const char* what) {
  if (result == -1) throw std::system_error{errno, std::generic_category(), what};
  return result;
}

void set_nonblocking(int fd) {
  const int flags = checked(fcntl(fd, F_GETFL), "fcntl");
  checked(fcntl(fd, F_SETFL, flags | O_NONBLOCK), "fcntl");
}

}  // namespace mqtt_tools::support
