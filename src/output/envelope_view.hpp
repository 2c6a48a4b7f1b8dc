// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace mqtt_tools::output {

/// The wire format of the tools, `{"msg":…,"data":"<time>",…}`, taken apart. All parts are JSON
/// text, as written.
struct EnvelopeView {
  std::string_view message{};
  std::string_view time{};                                              ///< A string.
  std::vector<std::pair<std::string_view, std::string_view>> fields{};  ///< Key and value.
};

/// Nothing if `json` (valid JSON) is something else.
std::optional<EnvelopeView> view_envelope(std::string_view json);

/// Whether a JSON value is a string.
inline bool is_string(std::string_view json) { return !json.empty() && json.front() == '"'; }

}  // namespace mqtt_tools::output
