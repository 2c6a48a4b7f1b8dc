// SPDX-License-Identifier: MIT
#include "cli/whole_file.hpp"

#include "error.hpp"
#include "escape.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <cstring>

namespace mqtt_tools::cli {

namespace {

constexpr std::size_t most = std::size_t{1} << 20;

/// An open file that closes itself.
struct Descriptor {
  explicit Descriptor(int number) : fd(number) {}
  ~Descriptor() { ::close(fd); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int fd;
};

[[noreturn]] void fail(const std::string& path, const std::string& reason) {
  throw RunError(ExitCode::failure, "cannot read " + escaped(path) + ": " + reason);
}

}  // namespace

std::optional<WholeFile> read_whole_file(const std::string& path, Presence presence) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    const bool absent = errno == ENOENT || errno == ENOTDIR || errno == EACCES || errno == ELOOP;
    if (presence == Presence::optional && absent) {
      return {};
    }
    fail(path, std::strerror(errno));
  }
  const Descriptor descriptor{fd};

  WholeFile file;
  struct stat status {};
  if (::fstat(fd, &status) == 0) {
    file.open_to_others = S_ISREG(status.st_mode) && (status.st_mode & (S_IRGRP | S_IROTH)) != 0;
  }
  std::array<char, 4096> block{};
  for (;;) {
    const ssize_t count = ::read(fd, block.data(), block.size());
    if (count == 0) {
      return file;
    }
    if (count < 0 && errno != EINTR) {
      fail(path, std::strerror(errno));
    }
    file.text.append(block.data(), count < 0 ? 0 : static_cast<std::size_t>(count));
    if (file.text.size() > most) {
      fail(path, "more than 1 MiB");
    }
  }
}

std::string first_line(const std::string& text) {
  std::string line = text.substr(0, text.find('\n'));
  if (!line.empty() && line.back() == '\r') {
    line.pop_back();
  }
  return line;
}

}  // namespace mqtt_tools::cli
