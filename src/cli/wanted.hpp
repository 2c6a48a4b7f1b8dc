// SPDX-License-Identifier: MIT
#pragma once

#include "cli/sub_options.hpp"
#include "message.hpp"
#include "payload/decode.hpp"

#include <memory>

namespace mqtt_tools::cli {

/// Tells which messages the user wants to see (-T, -R, --retained-only, --match, --grep).
class Wanted {
 public:
  /// Throws UsageError for JSON or a regular expression that cannot be understood.
  explicit Wanted(const WantedOptions& options);
  ~Wanted();

  bool operator()(const payload::Decoded& decoded) const;

 private:
  struct Conditions;
  std::unique_ptr<Conditions> conditions_;
};

}  // namespace mqtt_tools::cli
