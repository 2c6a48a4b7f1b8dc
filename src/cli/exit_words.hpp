// SPDX-License-Identifier: MIT
#pragma once

#include "error.hpp"

#include <string_view>
#include <vector>

namespace mqtt_tools::cli {

/// What one exit code is called and means.
struct ExitCodeWords {
  ExitCode code{};
  std::string_view name{};
  std::string_view meaning{};
};

/// All of them, in the order of --help and the manual.
const std::vector<ExitCodeWords>& exit_codes();

}  // namespace mqtt_tools::cli
