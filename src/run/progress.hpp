// SPDX-License-Identifier: MIT
#pragma once

#include "feed/feed.hpp"
#include "timestamp.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mqtt_tools::run {

/// How far a publisher has come.
struct PublishProgress {
  std::uint64_t sent = 0;
  std::uint64_t taken = 0;
  feed::Progress input{};
  const char* taken_word = "acknowledged";  ///< See DeliveryStats.
};

/// "5000 sent, 4990 acknowledged, 2495/s, 25 % of 1.2 GB, 6 s left": what of it fits `width`
/// columns. `elapsed` is the time since the run began to publish.
std::string progress_text(const PublishProgress& progress, Duration elapsed, std::size_t width);

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
  void show(const PublishProgress& progress, Clock::time_point now);

  /// When show() would show something; nothing if never.
  std::optional<Clock::time_point> due() const;

  void clear();

 private:
  bool on_;
  Clock::time_point start_;
  Clock::time_point next_;
};

/// What a subscriber says to somebody who reads along: that it is connected, as a broker that has
/// nothing to say must not look like one that does not answer, and in the end how many messages
/// came, after a run of a second or more.
class StatusLines {
 public:
  /// `wanted`: stdout is a terminal. Without one on stderr, too, nothing is said. `open_ended`: how
  /// many messages come is not known before. Of other runs there is no count, and whether they are
  /// connected is said only once they have waited for a while.
  StatusLines(bool wanted, bool open_ended);

  /// All `filters` are subscribed to.
  void begin(const std::vector<std::string>& filters, const std::string& broker,
             Clock::time_point now);

  /// Says that we are connected if that is due; not once a message was shown.
  void advance(std::uint64_t messages, Clock::time_point now);
  std::optional<Clock::time_point> due() const { return due_; }

  /// `typed`: Ctrl-C ended the run, and the terminal shows it.
  void end(std::uint64_t messages, Clock::time_point now, bool typed = false);

 private:
  bool on_;
  bool open_ended_;
  std::string connected_{};
  Clock::time_point since_ = Clock::time_point::max();
  std::optional<Clock::time_point> due_{};
};

/// "12 messages in 3 min 20 s"
std::string count_text(std::uint64_t messages, Duration elapsed);

}  // namespace mqtt_tools::run
