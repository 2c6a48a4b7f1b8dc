// SPDX-License-Identifier: MIT
#pragma once

namespace mqtt_tools::cli {

/// How much is said on stderr.
struct Talk {
  bool quiet = false;    ///< Errors only.
  bool verbose = false;  ///< -v of mqtt-pub
  bool debug = false;    ///< -d
};

}  // namespace mqtt_tools::cli
