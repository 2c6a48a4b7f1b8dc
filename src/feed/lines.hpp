// SPDX-License-Identifier: MIT
#pragma once

#include "feed/feed.hpp"
#include "feed/input.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace mqtt_tools::feed {

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
