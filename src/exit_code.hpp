// SPDX-License-Identifier: MIT
#pragma once

namespace mqtt_tools {

/// What a run tells the shell. Scripts rely on the numbers; the words stand in cli/exit_code.
enum class ExitCode : int {
  ok = 0,
  failure = 1,        ///< A file could not be read or written, or anything not listed here.
  usage = 2,          ///< A wrong option, topic, payload or file format.
  no_connection = 3,  ///< Name not found, connection refused, TLS failed, no answer in time.
  refused = 4,        ///< The broker refused the connection.
  denied = 5,         ///< The broker refused a publish or a subscription.
  lost = 6,           ///< The connection went away; messages unacknowledged.
  timeout = 27,       ///< --timeout ran out (mosquitto_sub's code).
  hangup = 129,       ///< SIGHUP
  interrupted = 130,  ///< SIGINT
  terminated = 143,   ///< SIGTERM
};

}  // namespace mqtt_tools
