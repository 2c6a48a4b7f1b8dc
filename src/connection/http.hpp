// SPDX-License-Identifier: MIT
#pragma once

#include "connection/options.hpp"
#include "connection/stream.hpp"

#include <string>

namespace mqtt_tools::connection {

/// What an HTTP server answered, as far as it did.
struct HttpAnswer {
  int status = 0;       ///< 0: that was no HTTP.
  std::string words{};  ///< "404 Not Found", terminal-safe.
  std::string start{};  ///< What came first, whatever it is.
  Received::End end = Received::End::open;
};

/// Sends `request` and reads the head of the answer.
HttpAnswer ask_http(Stream& stream, const std::string& request, Clock::time_point deadline);

/// Asks a proxy for a connection to `target` ("host:port").
std::string connect_request(const Proxy& proxy, const std::string& target);

/// Asks for the WebSocket that MQTT goes through (RFC 6455 §4.1).
std::string upgrade_request(const Options& options, const std::string& target);

}  // namespace mqtt_tools::connection
