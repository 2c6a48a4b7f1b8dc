// SPDX-License-Identifier: MIT
#pragma once

#include "cli/configuration.hpp"

#include <optional>
#include <string>

namespace mqtt_tools::cli {

/// A small file, read whole.
struct WholeFile {
  std::string text{};
  bool open_to_others = false;  ///< A regular file that group or others may read.
};

/// Reads `path`; nothing when it need not be there and is not, or may not be read: services run
/// with a home that is shut to them. Throws RunError (code 1, path and reason), also for more than
/// 1 MiB.
std::optional<WholeFile> read_whole_file(const std::string& path, Presence presence);

/// Its first line, without its end.
std::string first_line(const std::string& text);

}  // namespace mqtt_tools::cli
