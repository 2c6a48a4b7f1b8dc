// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace mqtt_tools::cli {

/// Something about the options that their user should know, in one line.
struct Warning {
  std::string text{};
  bool always = false;  ///< Said also with --quiet.
  bool detail = false;  ///< Said with --verbose of mqtt-pub and with --debug only.
};

/// How much is said on stderr.
struct Talk {
  bool quiet = false;               ///< Errors only.
  bool verbose = false;             ///< -v of mqtt-pub
  bool debug = false;               ///< -d
  std::vector<Warning> warnings{};  ///< To be said before anything else.
};

}  // namespace mqtt_tools::cli
