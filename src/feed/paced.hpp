// SPDX-License-Identifier: MIT
#pragma once

#include "feed/feed.hpp"
#include "feed/pace.hpp"
#include "message.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace mqtt_tools::feed {

/// Gives another feed's messages no faster than its pace. It looks one message ahead, so that the
/// end is known when the last message goes and not a gap later.
class Paced final : public Feed {
 public:
  Paced(std::unique_ptr<Feed> inner, Duration gap) : inner_(std::move(inner)), pace_(gap) {}

  Supply next(Clock::time_point now, Message& message) override;
  int fd() const override { return held_ ? -1 : inner_->fd(); }
  std::optional<Clock::time_point> due() const override {
    return held_ ? pace_.due() : inner_->due();
  }
  std::string where() const override { return inner_->where(); }
  bool final() const override { return inner_->final(); }
  Progress progress() const override { return inner_->progress(); }
  Remarks remarks() const override { return inner_->remarks(); }

 private:
  std::unique_ptr<Feed> inner_;
  Pace pace_;
  Message ahead_{};
  bool held_ = false;  ///< ahead_ is a message that has not been given yet.
};

}  // namespace mqtt_tools::feed
