// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>
#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace mqtt_tools::support {

using std::chrono::milliseconds;
using std::chrono::seconds;
using namespace std::chrono_literals;

#if defined(__SANITIZE_ADDRESS__)
inline constexpr int slowness = 4;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
inline constexpr int slowness = 4;
#else
inline constexpr int slowness = 1;
#endif
#else
inline constexpr int slowness = 1;
#endif

/// For what must come and whose time is not the point of the test.
inline constexpr milliseconds patience = slowness * milliseconds{15'000};

/// Whether the programs shorten Paho's waits: built in, and not switched off by the environment of
/// the tests.
bool shortened_waits();

/// What a promised duration is under the sanitizers, and while more runs than there are processors:
/// up to five times as long. On a machine of our own it is what was promised. Without
/// shortened_waits() a second and more is added: Paho sleeps that long on its way to a connection.
milliseconds within(milliseconds promised);

/// Asks until `predicate` holds; false when it still does not after `limit`. Only for what tells
/// nobody when it changes: /proc and files.
bool eventually(milliseconds limit, const std::function<bool()>& predicate);

/// A new, empty directory, removed with all that is in it at the end of its life.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }

  /// The path of `name` in it, whether it exists or not.
  std::string operator/(std::string_view name) const { return (path_ / name).string(); }

  /// Writes a file, in folders that it makes, and returns its path.
  std::string write(std::string_view name, std::string_view text, mode_t mode = 0600) const;

  /// The names in it, sorted.
  std::vector<std::string> names() const;

 private:
  std::filesystem::path path_;
};

/// All of a file, or nothing if it cannot be read. Works in /proc.
std::string read_file(const std::string& path);

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
class EventFd {
 public:
  EventFd();
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
