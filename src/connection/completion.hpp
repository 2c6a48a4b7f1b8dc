// SPDX-License-Identifier: MIT
#pragma once

#include "timestamp.hpp"

#include <cstdint>
#include <string>

namespace mqtt_tools::connection {

/// What became of one message that was sent.
struct Completion {
  enum class Outcome {
    taken,   ///< Acknowledged (QoS 0: written to the socket).
    denied,  ///< The broker said no; `words` say why. Sending it again cannot help.
  };

  std::uint64_t id = 0;
  Outcome outcome = Outcome::taken;
  std::string words{};
  Clock::time_point since{};  ///< When it was sent; only with Options::tell_messages.
};

}  // namespace mqtt_tools::connection
