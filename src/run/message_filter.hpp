// SPDX-License-Identifier: MIT
#pragma once

#include "message.hpp"
#include "payload/decode.hpp"
#include "run/options.hpp"

#include <memory>

namespace mqtt_tools::run {

/// Tells which messages the user wants to see (-T, -R, --retained-only, --match, --grep,
/// --changes).
class MessageFilter {
 public:
  /// Throws UsageError for JSON or a regular expression that cannot be understood.
  explicit MessageFilter(const MessageFilterOptions& options);
  ~MessageFilter();

  bool operator()(const payload::Decoded& decoded) const;

  /// Whether a message that passed the above says something else than the last one of its topic
  /// (--changes), which it is from now on. A selected value that is not there is a value, too.
  bool changed(const payload::Decoded& decoded);

 private:
  struct Conditions;
  std::unique_ptr<Conditions> conditions_;
};

}  // namespace mqtt_tools::run
