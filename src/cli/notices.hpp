// SPDX-License-Identifier: MIT
#pragma once

#include "cli/talk.hpp"
#include "connection/client.hpp"

namespace mqtt_tools::cli {

/// Says the client's notices on stderr, as much as the user wants to hear.
connection::Client::NoticeSink notices(const Talk& talk);

}  // namespace mqtt_tools::cli
