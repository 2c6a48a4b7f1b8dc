// SPDX-License-Identifier: MIT

#include "connection/dismissal.hpp"

#include "connection/reason_code.hpp"
#include "text.hpp"

namespace mqtt_tools::connection {

Dismissal::Dismissal(int code, const std::string& reason, const Options& options)
    : words_(disconnect_message(code) + (reason.empty() ? "" : " (" + reason + ")")),
      outcome_(disconnect_outcome(code)) {
  if (code == 0x8E && options.client_id_given) {
    words_ += ": another client is using id " + options.client_id;
  }
}

std::optional<RunError> Dismissal::ending(const std::string& broker, const std::string& why) const {
  if (outcome_ == ExitCode::ok) return std::nullopt;
  return RunError(outcome_, escaped(broker + " ended the connection: " + why));
}

}  // namespace mqtt_tools::connection
