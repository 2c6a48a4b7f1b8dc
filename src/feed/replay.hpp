// SPDX-License-Identifier: MIT
#pragma once

#include "feed/feed.hpp"
#include "feed/lines.hpp"
#include "feed/source.hpp"
#include "message.hpp"
#include "timestamp.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mqtt_tools::feed {

/// The messages that records tell of, at the speed at which they were recorded, another one, or at
/// once. A record whose time is before that of the one before it follows at once.
class Replay final : public Feed {
 public:
  explicit Replay(const SourceOptions& options);

  Supply next(Clock::time_point now, Message& message) override;
  int fd() const override { return held_ ? -1 : lines_.input().fd(); }
  std::optional<Clock::time_point> due() const override { return held_ ? due_ : std::nullopt; }
  std::string where() const override;
  bool final() const override { return true; }
  Progress progress() const override { return lines_.progress(); }
  Remarks remarks() const override { return remarks_; }

 private:
  Supply read_ahead();
  Message read(std::string_view line);
  void plan(Clock::time_point now);

  double speed_;
  std::string topic_prefix_;
  bool keep_retain_;
  bool skip_bad_lines_;
  Lines lines_;
  std::uint64_t record_ = 0;  ///< Number of the last record, from 1.
  Remarks remarks_{};

  Message ahead_{};
  bool held_ = false;  ///< ahead_ is a message that has not been given yet.
  std::optional<Timestamp> recorded_{};
  std::optional<Clock::time_point> due_{};
};

}  // namespace mqtt_tools::feed
