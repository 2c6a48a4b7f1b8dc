// SPDX-License-Identifier: MIT
#include "run/readiness.hpp"

#include "error.hpp"
#include "run/log.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

namespace mqtt_tools::run {
namespace {

constexpr std::string_view line = "ready\n";

/// A descriptor that the user opened for us came through exec(), so it is not close-on-exec; all of
/// ours are. One of ours by that number is not what the user meant.
void check_descriptor(int fd) {
  const int flags = ::fcntl(fd, F_GETFD);
  if (flags < 0 || (flags & FD_CLOEXEC) != 0) {
    throw UsageError{"--ready-fd " + std::to_string(fd) + ": no such descriptor is open"};
  }
  if ((::fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY) {
    throw UsageError{"--ready-fd " + std::to_string(fd) + ": it is open for reading only"};
  }
}

void check_file(const std::string& path) {
  const auto folder = std::filesystem::path{path}.parent_path() / ".";  // It must be one.
  if (::access(folder.c_str(), W_OK | X_OK) != 0) {
    throw failed_call("cannot write " + path, errno);
  }
  struct stat status = {};
  if (::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) {
    throw failed_call("cannot write " + path, EISDIR);
  }
}

/// 0, or why `path` could not be written.
int write_line(const std::string& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_WRONLY | O_CLOEXEC | O_NOCTTY, 0666);
  if (fd < 0) return errno;
  int error =
      ::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size()) ? 0 : errno;
  if (::close(fd) != 0 && error == 0) error = errno;
  return error;
}

/// A FIFO or a device: to put a file in its place would be a bad surprise.
bool special(const std::string& path) {
  struct stat status = {};
  return ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
}

/// The line of an earlier run would be taken for ours. Nothing else is taken away before its time.
void remove_stale(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return;
  std::string content(line.size() + 1, '\0');
  const auto size = ::read(fd, content.data(), content.size());
  ::close(fd);
  const bool ours = size == static_cast<ssize_t>(line.size()) && content.starts_with(line);
  if (ours && ::unlink(path.c_str()) != 0) throw failed_call("cannot write " + path, errno);
}

}  // namespace

Readiness::Readiness(ReadinessOptions options) : options_(std::move(options)) {
  if (options_.fd) check_descriptor(*options_.fd);
  if (!options_.file.empty()) {
    check_file(options_.file);
    if (!special(options_.file)) remove_stale(options_.file);
  }
}

void Readiness::announce(const std::vector<Variable>& environment) {
  if (!options_.file.empty()) write_file();
  if (options_.fd) write_descriptor();
  if (options_.command.empty()) return;
  child_.emplace(ChildCommand{.shell_command = options_.command,
                              .environment = environment,
                              .output = STDERR_FILENO});  // stdout is for messages only.
}

void Readiness::advance() {
  const auto status = child_ ? child_->status() : std::nullopt;
  if (!status) return;
  const bool failed = *status != 0 && !child_->terminated();
  child_.reset();
  if (failed) {
    failed_ = true;
    log("--on-ready command ended with " + std::to_string(*status));
  }
}

void Readiness::stop() {
  if (child_) child_->terminate();
}

/// Whoever waits for the file must not find it half written: it is written aside and renamed.
void Readiness::write_file() const {
  const std::string& path = options_.file;
  if (special(path)) {
    if (const int error = write_line(path, O_NONBLOCK)) {
      throw failed_call("cannot write " + path, error);
    }
    return;
  }
  const std::string aside = path + '.' + std::to_string(::getpid()) + ".new";
  ::unlink(aside.c_str());  // Of a process by the same number that was killed in the middle.
  int error = write_line(aside, O_CREAT | O_EXCL);
  if (error == 0 && std::rename(aside.c_str(), path.c_str()) != 0) error = errno;
  if (error != 0) {
    ::unlink(aside.c_str());
    throw failed_call("cannot write " + path, error);
  }
}

void Readiness::write_descriptor() {
  const int fd = *options_.fd;
  if (::write(fd, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    throw failed_call("cannot write descriptor " + std::to_string(fd), errno);
  }
  if (fd > STDERR_FILENO) {  // The number of stdout or stderr must not fall to a socket.
    ::close(fd);
  }
}

}  // namespace mqtt_tools::run
