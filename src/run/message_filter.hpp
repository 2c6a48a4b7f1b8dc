// SPDX-License-Identifier: MIT
#pragma once

#include "message.hpp"
#include "payload/decode.hpp"
#include "run/options.hpp"

#include <memory>

namespace mqtt_tools::run {

/// Tells which messages the user wants to see (-T, -R, --retained-only, --match, --grep).
class MessageFilter {
 public:
  /// Throws UsageError for JSON or a regular expression that cannot be understood.
  explicit MessageFilter(const MessageFilterOptions& options);
  ~MessageFilter();

  bool operator()(const payload::Decoded& decoded) const;

 private:
  struct Conditions;
  std::unique_ptr<Conditions> conditions_;
};

}  // namespace mqtt_tools::run
