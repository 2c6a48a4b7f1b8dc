// SPDX-License-Identifier: MIT
#pragma once

#include "feed/feed.hpp"
#include "feed/lines.hpp"
#include "feed/source.hpp"
#include "message.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace mqtt_tools::feed {

/// Each line is a message, or TOPIC<tab>MESSAGE.
class LineFeed final : public Feed {
 public:
  explicit LineFeed(const SourceOptions& options);

  Supply next(Clock::time_point now, Message& message) override;
  int fd() const override { return lines_.input().fd(); }
  std::string where() const override;
  Progress progress() const override { return lines_.progress(); }

 private:
  void take_topic(std::string_view& line);

  Message form_;  ///< With topic_from_line, its topic is that of the last line.
  bool topic_from_line_;
  Lines lines_;
};

}  // namespace mqtt_tools::feed
