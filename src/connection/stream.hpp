// SPDX-License-Identifier: MIT
#pragma once

#include "timestamp.hpp"

#include <string>
#include <string_view>

namespace mqtt_tools::connection {

/// What came from the other side; with nothing, why.
struct Received {
  enum class End {
    open,    ///< There are bytes.
    closed,  ///< The other side closed in order.
    reset,   ///< It broke the connection off.
    late,    ///< Nothing until the deadline.
  };

  std::string bytes{};
  End end = End::open;
};

/// Bytes to and from a peer, with a limit for each wait.
class Stream {
 public:
  virtual ~Stream() = default;

  /// False when not all of `bytes` could be sent until `deadline`.
  virtual bool send(std::string_view bytes, Clock::time_point deadline) = 0;

  /// Waits for the next bytes.
  virtual Received receive(Clock::time_point deadline) = 0;
};

}  // namespace mqtt_tools::connection
