// SPDX-License-Identifier: MIT
#pragma once

#include "feed/feed.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace mqtt_tools::feed {

/// The most bytes that a message can carry (MQTT 5.0 §1.5.5: the remaining length).
constexpr std::size_t max_payload = 268'435'455;

/// A file or stdin, read without ever waiting for it.
class Input {
 public:
  /// Opens `path`, or takes stdin. Throws RunError (code 1) for what cannot be read; a FIFO does
  /// not have to have a writer yet.
  explicit Input(const std::optional<std::string>& path);
  ~Input();
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  /// Reads up to `size` bytes to `to` and sets `got`, which is not 0 for Supply::message. Throws
  /// RunError when reading fails.
  Supply read(char* to, std::size_t size, std::size_t& got);

  /// The descriptor to poll after "not yet"; -1 if the last read() gave something.
  int fd() const { return waiting_ ? fd_ : -1; }

  /// Whether it can be read without ever waiting.
  bool regular() const { return regular_; }

  const std::string& name() const { return name_; }  ///< The path, or "stdin".
  Progress progress() const { return progress_; }

 private:
  [[noreturn]] void fail(int error) const;

  std::string name_;
  int fd_;
  bool owned_;
  bool regular_ = false;  ///< Always readable; poll() has nothing to say about it.
  bool waiting_ = false;
  bool ended_ = false;  ///< A terminal would go on after its end.
  Progress progress_{};
};

}  // namespace mqtt_tools::feed
