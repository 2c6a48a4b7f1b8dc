// SPDX-License-Identifier: MIT
#pragma once

// What the fuzz targets share. Each tests/fuzz/NAME_fuzz.cpp feeds one reader of foreign bytes, and
// aborts where a property does not hold, with a stack that shows which.

#include <sys/mman.h>
#include <unistd.h>
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>

namespace fuzz {

inline void must(bool holds, int line = __builtin_LINE()) {
  if (holds) return;
  std::fprintf(stderr, "fuzz: what must hold in line %d does not\n", line);
  std::abort();
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Takes the input apart, front to back; zeros behind its end.
class Input {
 public:
  explicit Input(std::string_view bytes) : rest_(bytes) {}
  bool empty() const { return rest_.empty(); }
  unsigned byte() {
    if (rest_.empty()) return 0;
    const auto value = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }
  std::string_view take(std::size_t size) {
    const auto taken = rest_.substr(0, size);
    rest_.remove_prefix(taken.size());
    return taken;
  }

  /// Up to the next newline, which is left out: seeds can then be written with an editor.
  std::string_view line() {
    const auto taken = take(rest_.find('\n'));
    byte();
    return taken;
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

/// A file in memory, for what reads from a path.
class File {
 public:
  explicit File(std::string_view text) : fd_(::memfd_create("fuzz", MFD_CLOEXEC)) {
    if (fd_ < 0 || ::write(fd_, text.data(), text.size()) < 0 || ::lseek(fd_, 0, SEEK_SET) != 0) {
      throw std::runtime_error("no file in memory");
    }
  }
  ~File() { ::close(fd_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }

 private:
  int fd_;
};

/// Whether a terminal shows `text` and does nothing else: no control characters but newlines and
/// tabs.
inline bool harmless(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c == '\n' || c == '\t' || (static_cast<unsigned char>(c) >= ' ' && c != '\x7f');
  });
}

}  // namespace fuzz
