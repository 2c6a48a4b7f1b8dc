// SPDX-License-Identifier: MIT
#pragma once

#include "connection/hooks/connection_record.hpp"
#include "connection/options.hpp"
#include "connection/resolver.hpp"
#include "error.hpp"
#include "timestamp.hpp"

#include <string>

namespace mqtt_tools::connection {

/// Why a connection to a broker did not come about.
struct ConnectError {
  /// How far it came; the further, the more it says about the endpoint.
  enum class Kind {
    unreachable,  ///< Nobody answers, or not now: trying again may help.
    closed,       ///< All went well up to CONNECT; then the broker closed. Perhaps it speaks
                  ///< another version of MQTT.
    lasting,      ///< Trying again cannot help: a certificate, a wrong protocol on the port.
    violation,    ///< The server sent what MQTT or WebSocket does not allow.
  };

  Kind kind = Kind::unreachable;
  /// "connection refused (is a broker listening there?)": fits behind the name of the endpoint and
  /// a colon; that of a violation behind the name alone. Terminal-safe, never empty.
  std::string message{};
};

/// Why no candidate gave a connection.
struct Failure {
  ExitCode code = ExitCode::no_connection;
  std::string text{};      ///< One line, with host and port.
  bool lasting = false;    ///< Trying again cannot help.
  bool violation = false;  ///< The server sent what is not allowed: it is not tried again, ever.
};

/// What `facts` about the connection to `endpoint` mean. Waits for nothing.
ConnectError explain(const hooks::ConnectionFacts& facts, const Options& options,
                     const Endpoint& endpoint);

/// As above, and where a plain connection was closed without a byte, with the answer to the one
/// question that its facts leave open: whether TLS is spoken there. For that, connects to `address`
/// once more and sends a ClientHello, and no byte of MQTT; waits two seconds at most, and not
/// beyond `deadline`. So call it on a thread of its own.
ConnectError explain(const hooks::ConnectionFacts& facts, const Options& options,
                     const Endpoint& endpoint, const Address& address, Clock::time_point deadline);

}  // namespace mqtt_tools::connection
