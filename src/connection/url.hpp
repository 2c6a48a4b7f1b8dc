// SPDX-License-Identifier: MIT
#pragma once

#include "connection/options.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace mqtt_tools::connection {

/// A broker's URL taken apart. Members that the URL did not have are empty.
struct Url {
  std::string scheme{};  ///< mqtt mqtts ws wss (tcp, ssl and tls are read as the first two)
  std::string host{};    ///< Without brackets.
  std::optional<int> port{};
  std::optional<std::string> username{};  ///< %-decoded, as the next two.
  std::optional<std::string> password{};
  std::string path{};  ///< Without the leading slash for mqtt(s): a topic; with it for ws(s).

  bool tls() const { return scheme == "mqtts" || scheme == "wss"; }
  bool websocket() const { return scheme == "ws" || scheme == "wss"; }
};

/// Throws UsageError that says what is wrong with `text`; a password in it is never repeated.
Url read_url(std::string_view text);

/// Reads `HOST`, `HOST:PORT`, `[IPv6]:PORT` or a bare IPv6 address. Throws UsageError.
Endpoint read_endpoint(std::string_view text);

/// Reads `http://[user:password@]host[:port]`. Throws UsageError.
Proxy read_proxy(std::string_view text);

}  // namespace mqtt_tools::connection
