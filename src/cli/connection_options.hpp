// SPDX-License-Identifier: MIT
#pragma once

#include "cli/environment.hpp"
#include "cli/precedence.hpp"
#include "connection/options.hpp"
#include "run/options.hpp"

#include <optional>
#include <string>
#include <vector>

namespace mqtt_tools::cli {

/// What is said about the connection and has to be seen together before it is an option of it.
struct ConnectionInput {
  std::vector<std::string> hosts{};
  int port = 0;  ///< 0: the default.
  std::string socket_path{};
  std::optional<std::string> id_prefix{};
  std::vector<std::string> headers{};     ///< --ws-header
  std::vector<std::string> properties{};  ///< -D, the words of each joined to one.
  Properties message_properties{};        ///< What -D publish says of each message.
  std::optional<std::string> password{};
  bool ask_password = false;
  bool mosquitto = false;   ///< --insecure concerns the name only, as in mosquitto's clients.
  bool websocket = false;   ///< --ws
  connection::Tls tls{};    ///< As long as it is not known whether TLS is on.
  bool tls_on = false;      ///< --tls
  connection::Will will{};  ///< As long as it is not known whether it has a topic.
  connection::Presence presence{};
};

/// Declares section 2 of the interface: what both programs take to reach a broker, and where else
/// options are.
void declare_connection(Declarations& in, connection::Options& options, run::Verbosity& verbosity,
                        ConnectionInput& input);

/// The group of --tls, a part of the above.
void declare_tls(Declarations& in, ConnectionInput& input);

/// Reads all settings and makes `options` of what they say about the connection: the one check of
/// what belongs together. Passwords and keys are not read yet, so that nothing is asked for a run
/// that will be refused: see read_secrets(). Adds to the warnings of `verbosity` what is no error.
/// Nothing if --help and the like, or --print-config, was asked for, and is written. Throws
/// UsageError and RunError.
std::optional<Settings> read_connection(const Declarations& in,
                                        const std::vector<std::string>& arguments,
                                        const Environment& environment, ConnectionInput& input,
                                        connection::Options& options, run::Verbosity& verbosity);

/// The part of it that decides whether TLS is on. Above all, nothing that asks for TLS ever ends in
/// plain text.
connection::Tls checked_tls(const Settings& settings, const ConnectionInput& input,
                            const std::vector<connection::Endpoint>& endpoints);

/// The part of it that puts each -D where it belongs.
void check_properties(const Settings& settings, ConnectionInput& input,
                      connection::Options& options);

/// Puts presence into `options`, as far as the run stays connected for it: what comes and goes with
/// one message is refused on the command line, and left out of a file.
void check_presence(const Settings& settings, const ConnectionInput& input, bool stays,
                    connection::Options& options);

/// What --print-config writes: each option in effect as a line of TOML, with where it comes from.
/// Given as --config it has the same effect. Secrets, masked, and what stands on a command line
/// only are comments.
std::string print_config(const Settings& settings, const connection::Options& connection);

/// Reads the password, the passphrase of the key and the pre-shared key, from wherever the settings
/// say, and warns of what endangers them. Throws UsageError, and RunError for files.
void read_secrets(const Settings& settings, const Environment& environment,
                  const ConnectionInput& input, connection::Options& options,
                  std::vector<run::Warning>& warnings);

/// Takes note of options that only MQTT 5 has (`keys`, with blanks between), if they were given: no
/// fall-back to 3.1.1, and a UsageError when an older version was asked for.
void need_version_5(connection::Options& options, const Settings& settings, std::string_view keys);

}  // namespace mqtt_tools::cli
