// SPDX-License-Identifier: MIT
#pragma once

#include "connection/options.hpp"
#include "error.hpp"

#include <optional>
#include <string>

namespace mqtt_tools::connection {

/// What the broker said in DISCONNECT (MQTT 5.0 §3.14), if it did. The Keeper owns it; it is used
/// from the app's thread.
class Dismissal {
 public:
  /// Nothing was said.
  Dismissal() = default;

  /// `code` was said, with the broker's own `reason` or none.
  Dismissal(int code, const std::string& reason, const Options& options);

  /// In words; empty when nothing was said.
  const std::string& words() const { return words_; }

  /// Why the run cannot go on, if what `broker` said means that; `why` is the reason to tell.
  std::optional<RunError> ending(const std::string& broker, const std::string& why) const;

 private:
  std::string words_{};
  ExitCode outcome_ = ExitCode::ok;
};

}  // namespace mqtt_tools::connection
