// SPDX-License-Identifier: MIT
#pragma once

#include "descriptor.hpp"
#include "feed/feed.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace mqtt_tools::feed {

/// A file or stdin, read without ever waiting for it.
class Input {
 public:
  /// Opens `path`, or takes stdin. Throws RunError (code 1) for what cannot be read; a FIFO does
  /// not have to have a writer yet.
  explicit Input(const std::optional<std::string>& path);

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
  std::string name_;
  Descriptor own_{};  ///< Of the path.
  int fd_;
  bool regular_ = false;  ///< Always readable; poll() has nothing to say about it.
  bool waiting_ = false;
  bool ended_ = false;  ///< A terminal would go on after its end.
  Progress progress_{};
};

/// The lines of a file or of stdin, as they come.
class Lines {
 public:
  /// `limit` is the most bytes that a line may have.
  Lines(const std::optional<std::string>& path, std::size_t limit);

  /// The next line, without its "\n" or "\r\n"; the last one needs none. Valid until the next call.
  /// Throws UsageError for a line above the limit, without reading all of it.
  Supply next(std::string_view& line);

  std::uint64_t number() const { return number_; }  ///< Of the last line, from 1.
  const Input& input() const { return input_; }

  /// How much of the input the lines so far took: what was read ahead does not count.
  Progress progress() const;

 private:
  Supply fill();
  void make_room();
  void take(std::string_view& line, std::size_t length, std::size_t consumed);

  Input input_;
  std::size_t limit_;
  std::size_t capacity_;
  std::unique_ptr<char[]> block_;
  std::size_t begin_ = 0;    ///< Where the next line begins in block_.
  std::size_t scanned_ = 0;  ///< No newline from begin_ up to here.
  std::size_t end_ = 0;      ///< Bytes in block_.
  std::uint64_t number_ = 0;
};

}  // namespace mqtt_tools::feed
