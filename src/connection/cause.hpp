// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace mqtt_tools::connection {

/// Why a connection to a broker did not come about. No words: nothing was found to be wrong.
struct Cause {
  std::string words{};   ///< "connection refused (is a broker listening there?)", …
  bool lasting = false;  ///< Trying again cannot help: a certificate, a wrong protocol on the port.
};

}  // namespace mqtt_tools::connection
