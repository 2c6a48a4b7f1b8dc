// SPDX-License-Identifier: MIT
#pragma once

#include <cerrno>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace mqtt_tools {

/// What a run tells the shell. Scripts rely on the numbers.
enum class ExitCode : int {
  ok = 0,
  failure = 1,        ///< A file could not be read or written, or anything not listed here.
  usage = 2,          ///< A wrong option, topic, payload or file format.
  no_connection = 3,  ///< Name not found, connection refused, TLS failed, no answer in time.
  refused = 4,        ///< The broker refused the connection.
  denied = 5,         ///< The broker refused a publish or a subscription.
  lost = 6,           ///< The connection went away; messages unacknowledged.
  unheard = 7,        ///< The broker took a message, but nobody subscribes to it.
  timeout = 27,       ///< --timeout ran out (mosquitto_sub's code).
  kept = 75,          ///< Not delivered, but safe in the spool (EX_TEMPFAIL of sysexits.h).
  hangup = 129,       ///< SIGHUP
  interrupted = 130,  ///< SIGINT
  quit = 131,         ///< SIGQUIT
  terminated = 143,   ///< SIGTERM
};

/// What one exit code is called and means.
struct ExitCodeMeaning {
  ExitCode code{};
  std::string_view name{};
  std::string_view meaning{};
};

/// All of them, in the order of --help and the manual.
const std::vector<ExitCodeMeaning>& exit_codes();

/// What the user asked cannot be: a wrong option, topic, payload or file format. Ends the run with
/// ExitCode::usage. The text is one line that names what is wrong and what would be right.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The run cannot go on. The text is one line: what was tried, what went wrong, what to do.
class RunError : public std::runtime_error {
 public:
  RunError(ExitCode code, const std::string& text) : std::runtime_error(text), code_(code) {}

  ExitCode code() const { return code_; }

 private:
  ExitCode code_;
};

/// Whether `signal` ends a process that neither handles nor ignores it.
bool ends_process(int signal);

/// Why a call of the system failed and, where that can be known, what to do.
std::string reason_for(int error);

/// A call of the system failed: `what` was tried, and `error` says why it could not be.
RunError failed_call(const std::string& what, int error = errno);

}  // namespace mqtt_tools
