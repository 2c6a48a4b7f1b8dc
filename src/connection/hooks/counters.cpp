// SPDX-License-Identifier: MIT

// Part of the library, not of the hooks: others ask, linked hooks or not.

#include "connection/hooks/hooks.hpp"

#include <cstdlib>
#include <cstring>

namespace mqtt_tools::connection {

constinit FastIo fast_io;

bool fast_io_wanted() {
  const char* const wish = std::getenv("MQTT_TOOLS_FAST_IO");
  return wish == nullptr || std::strcmp(wish, "0") != 0;
}

}  // namespace mqtt_tools::connection
