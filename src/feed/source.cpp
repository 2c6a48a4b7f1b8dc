// SPDX-License-Identifier: MIT
#include "feed/source.hpp"

#include "feed/line_feed.hpp"
#include "feed/paced.hpp"
#include "feed/replay.hpp"
#include "feed/single.hpp"

#include <algorithm>
#include <chrono>

namespace mqtt_tools::feed {
namespace {

/// The least time between two messages; none: as fast as they go.
Duration gap(const SourceOptions& options) {
  using Seconds = std::chrono::duration<double>;
  constexpr Seconds longest = std::chrono::hours{24 * 365};  // Far from overflow.

  Duration gap = options.repeat_delay.value_or(Duration::zero());
  if (options.rate && *options.rate > 0) {
    const Seconds between = std::min(Seconds{1 / *options.rate}, longest);
    gap = std::max(gap, std::chrono::duration_cast<Duration>(between));
  }
  return gap;
}

std::unique_ptr<Feed> open_unpaced(const SourceOptions& options) {
  switch (options.kind) {
    case SourceOptions::Kind::argument:
    case SourceOptions::Kind::null:
    case SourceOptions::Kind::whole:
      break;
    case SourceOptions::Kind::lines:
      return std::make_unique<LineFeed>(options);
    case SourceOptions::Kind::replay:
      return std::make_unique<Replay>(options);
  }
  return std::make_unique<Single>(options);
}

}  // namespace

std::unique_ptr<Feed> open(const SourceOptions& options) {
  auto feed = open_unpaced(options);
  const Duration between = gap(options);
  if (between > Duration::zero()) {
    return std::make_unique<Paced>(std::move(feed), between);
  }
  return feed;
}

}  // namespace mqtt_tools::feed
