// SPDX-License-Identifier: MIT
#pragma once

#include "message.hpp"
#include "payload/decode.hpp"
#include "payload/expectation.hpp"
#include "run/options.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

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

/// Reads what `option` (--match, --expect) was given. Throws UsageError, which names the option,
/// for what is not JSON.
std::vector<payload::Expectation> read_expectations(std::string_view option,
                                                    const std::vector<std::string>& json);

}  // namespace mqtt_tools::run
