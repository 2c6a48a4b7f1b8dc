// SPDX-License-Identifier: MIT
#pragma once

#include "feed/feed.hpp"
#include "feed/input.hpp"
#include "feed/source.hpp"
#include "message.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace mqtt_tools::feed {

/// One message, as often as the user asked: a word of the command line, nothing at all, or the
/// whole of a file or of stdin.
class Single final : public Feed {
 public:
  explicit Single(const SourceOptions& options);

  Supply next(Clock::time_point now, Message& message) override;
  int fd() const override { return input_ ? input_->fd() : -1; }
  bool final() const override { return null_; }
  Progress progress() const override { return input_ ? input_->progress() : Progress{}; }

 private:
  Supply read_whole();
  [[noreturn]] void refuse_size(std::uint64_t size) const;

  Message message_;
  std::optional<Input> input_{};  ///< Until it is read.
  bool null_;
  bool empty_is_nothing_;  ///< Nobody asked for stdin.
  bool keep_newline_;
  bool read_ = false;
  std::uint64_t left_;  ///< How often the message is still to be given.
};

}  // namespace mqtt_tools::feed
