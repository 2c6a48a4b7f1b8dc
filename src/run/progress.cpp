// SPDX-License-Identifier: MIT
#include "run/progress.hpp"

#include "descriptor.hpp"
#include "run/log.hpp"
#include "text.hpp"

#include <sys/ioctl.h>
#include <unistd.h>
#include <algorithm>
#include <cmath>

namespace mqtt_tools::run {
namespace {

using namespace std::chrono_literals;
using Seconds = std::chrono::duration<double>;

constexpr Duration quiet_start = 1s;
constexpr Duration redraw = 200ms;
constexpr std::size_t usual_width = 80;
constexpr Duration patience = 1s;  ///< Of somebody who waits for a message.

/// "512 B", "1.2 GB"
std::string size_text(std::uint64_t bytes) {
  constexpr const char* units[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
  if (bytes < 1000) return std::to_string(bytes) + " B";
  auto value = static_cast<double>(bytes) / 1000;
  std::size_t unit = 0;
  while (value >= 999.95) {
    value /= 1000;
    ++unit;
  }
  return formatted("%.1f ", value) + units[unit];
}

/// "6 s", "2 min 5 s", "3 h 20 min"
std::string time_text(double seconds) {
  constexpr double longest = 1000 * 3600.0;
  const auto whole = static_cast<long>(std::ceil(std::min(seconds, longest)));
  if (whole < 60) return std::to_string(whole) + " s";
  if (whole < 3600) {
    return std::to_string(whole / 60) + " min " + std::to_string(whole % 60) + " s";
  }
  return std::to_string(whole / 3600) + " h " + std::to_string(whole % 3600 / 60) + " min";
}

std::size_t terminal_width() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col
                                                                           : usual_width;
}

}  // namespace

std::string progress_text(const PublishProgress& progress, Duration elapsed, std::size_t width) {
  const double seconds = Seconds{elapsed}.count();
  std::string text;
  const auto add = [&](const std::string& part) {
    // A line that fills its last column wraps, and then cannot be wiped.
    if (text.size() + 2 + part.size() < width) text += (text.empty() ? "" : ", ") + part;
  };
  add(std::to_string(progress.sent) + " sent");
  add(std::to_string(progress.taken) + " " + progress.taken_word);
  if (seconds > 0) {
    const double rate = static_cast<double>(progress.taken) / seconds;
    add(std::to_string(std::llround(rate)) + "/s");
  }
  const auto& total = progress.input.total;
  if (total && *total > 0) {
    const auto all = static_cast<double>(*total);
    const auto done = std::min(static_cast<double>(progress.input.bytes), all);
    add(std::to_string(static_cast<int>(100 * done / all)) + " % of " + size_text(*total));
    if (done > 0 && done < all) {
      add(time_text(seconds * (all - done) / done) + " left");
    }
  }
  return text;
}

ProgressLine::ProgressLine(bool wanted, Clock::time_point start)
    : on_(wanted && ::isatty(STDERR_FILENO) == 1), start_(start), next_(start + quiet_start) {}

void ProgressLine::show(const PublishProgress& progress, Clock::time_point now) {
  if (on_ && progress.input.typed) on_ = false;
  // Not started with `&`, nor sent to the background: there the line that is typed is the shell's.
  if (on_ && now >= next_ && in_foreground(STDERR_FILENO)) {
    show_status(progress_text(progress, now - start_, terminal_width()));
  }
  if (now >= next_) next_ = now + redraw;
}

std::optional<Clock::time_point> ProgressLine::due() const {
  return on_ ? std::optional{next_} : std::nullopt;
}

StatusLines::StatusLines(bool wanted, bool open_ended)
    : on_(wanted && ::isatty(STDERR_FILENO) == 1), open_ended_(open_ended) {}

void StatusLines::begin(const std::vector<std::string>& filters, const std::string& broker,
                        Clock::time_point now) {
  since_ = now;
  constexpr std::size_t most = 3;
  const auto list = filters.size() > most ? counted(filters.size(), "filter") : joined(filters);
  connected_ =
      "connected to " + broker + (list.empty() ? "" : ", subscribed to " + list) + "; Ctrl-C ends";
  if (on_) due_ = now + (open_ended_ ? 0s : patience);
  advance(0, now);
}

void StatusLines::advance(std::uint64_t messages, Clock::time_point now) {
  if (!due_) return;
  const bool quiet = messages == 0;
  if (quiet && now < *due_) return;
  if (quiet) log(connected_);
  due_.reset();
}

void StatusLines::end(std::uint64_t messages, Clock::time_point now, bool typed) {
  if (!on_ || !open_ended_ || now < since_ || now - since_ < 1s) return;
  // Not behind the ^C.
  if (typed && ::write(STDERR_FILENO, "\n", 1) < 0) return;
  log(count_text(messages, now - since_));
}

std::string count_text(std::uint64_t messages, Duration elapsed) {
  const double seconds = Seconds{elapsed}.count();
  return counted(messages, "message") + " in " +
         (seconds < 9.95 ? formatted("%.1f s", seconds) : time_text(std::floor(seconds + 0.5)));
}

void ProgressLine::clear() {
  if (on_) {
    show_status({});
  }
}

}  // namespace mqtt_tools::run
