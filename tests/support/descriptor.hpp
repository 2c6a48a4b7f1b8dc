// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace mqtt_tools::support {

/// An open file descriptor, closed at the end of its life.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() { close(); }
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  void close();
  int release();

 private:
  int fd_ = -1;
};

struct Pipe {
  Descriptor read;
  Descriptor write;
};

/// Close-on-exec, as every descriptor that tests open: children get theirs by name.
Pipe make_pipe();

/// A descriptor that becomes readable, and stays so, when raise() is called.
class Bell {
 public:
  Bell();
  int fd() const { return fd_.get(); }
  void raise();
  void clear();

 private:
  Descriptor fd_;
};

/// `result`, or std::system_error that names `what` when it is -1.
int checked(int result, const char* what);

void set_nonblocking(int fd);

}  // namespace mqtt_tools::support
