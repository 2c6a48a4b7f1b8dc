// SPDX-License-Identifier: MIT
#pragma once

#include "feed/feed.hpp"
#include "timestamp.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace mqtt_tools::run {

/// How far a publisher has come.
struct Advance {
  std::uint64_t sent = 0;
  std::uint64_t taken = 0;
  feed::Progress input{};
  const char* taken_word = "acknowledged";  ///< See DeliveryStats.
};

/// "5000 sent, 4990 acknowledged, 2495/s, 25 % of 1.2 GB, 6 s left": what of it fits `width`
/// columns. `elapsed` is the time since the run began to publish.
std::string progress_text(const Advance& advance, Duration elapsed, std::size_t width);

/// The progress line of a run on a terminal: from its second second on, five times a second. Not
/// where somebody types on that terminal: lines for us, or commands while we are in the background.
class ProgressLine {
 public:
  /// `wanted`: neither --no-progress nor --quiet. Without a terminal on stderr it shows nothing.
  ProgressLine(bool wanted, Clock::time_point start);
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// Shows how far the run has come, unless that was shown just now.
  void update(const Advance& advance, Clock::time_point now);

  /// When update() would show something; nothing if never.
  std::optional<Clock::time_point> due() const;

  void clear();

 private:
  bool on_;
  Clock::time_point start_;
  Clock::time_point next_;
};

}  // namespace mqtt_tools::run
