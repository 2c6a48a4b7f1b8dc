// SPDX-License-Identifier: MIT

// Part of the library, not of the hooks: --debug shows the counts, linked hooks or not.

#include "connection/fast_io.hpp"

namespace mqtt_tools::connection {

constinit FastIo fast_io;

}  // namespace mqtt_tools::connection
