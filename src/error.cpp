// SPDX-License-Identifier: MIT
#include "error.hpp"

#include <csignal>
#include <cstring>
#include <utility>

namespace mqtt_tools {

const std::vector<ExitCodeMeaning>& exit_codes() {
  static const std::vector<ExitCodeMeaning> all{
      {ExitCode::ok, "ok", "all done; also: the reader of stdout went away"},
      {ExitCode::failure, "failure", "a file could not be read or written, and all else"},
      {ExitCode::usage, "usage", "a wrong option, topic, payload or file format"},
      {ExitCode::no_connection, "no connection", "name, network, TLS, no answer in time"},
      {ExitCode::refused, "refused", "by the broker: credentials, client id, version"},
      {ExitCode::denied, "denied", "the broker refused a publish or a subscription"},
      {ExitCode::lost, "lost", "the connection; messages unacknowledged"},
      {ExitCode::unheard, "unheard", "--require-subscriber: nobody subscribes to it"},
      {ExitCode::timeout, "timeout", "-W ran out before --count or --expect was met"},
      {ExitCode::kept, "kept", "not delivered, but safe in the spool"},
      {ExitCode::hangup, "hangup", "SIGHUP"},
      {ExitCode::interrupted, "interrupted", "SIGINT"},
      {ExitCode::quit, "quit", "SIGQUIT"},
      {ExitCode::terminated, "terminated", "SIGTERM"},
  };
  return all;
}

bool ends_process(int signal) {
  // Those of signal(7) with another default action.
  for (const int other : {SIGCHLD, SIGCONT, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG, SIGWINCH}) {
    if (signal == other) return false;
  }
  return signal != SIGSTOP;
}

std::string reason_for(int error) {
  static constexpr std::pair<int, std::string_view> advice[] = {
      {ENOENT, " (is the path right?)"},
      {ENOTDIR, " (a part of the path is a file)"},
      {EISDIR, " (name a file)"},
      {EACCES, " (ls -ld shows who may)"},
      {ELOOP, " (do they form a loop?)"},
      {EBADF, " (it is closed)"},
      {EMFILE, " (ulimit -n sets how many)"},
      {EFBIG, " (ulimit -f sets how large)"},
      {EROFS, " (name a place elsewhere)"},
      {ENOSPC, " (df shows where there is some)"}};
  std::string text = std::strerror(error);
  for (const auto& [of, words] : advice) text += of == error ? words : "";
  return text;
}

RunError failed_call(const std::string& what, int error) {
  return {ExitCode::failure, what + ": " + reason_for(error)};
}

}  // namespace mqtt_tools
