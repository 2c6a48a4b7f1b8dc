// SPDX-License-Identifier: MIT
#include "connection/hooks/read_coalescing.hpp"

#include <utility>

namespace mqtt_tools::connection::hooks {

bool ReadCoalescing::falls(Clock::time_point now, std::uint64_t written) {
  const bool paused = now - std::exchange(last_, now) > span;
  if (paused || written != written_) {
    falls_ = false;
  } else if (++counted_ < drops) {
    return falls_;
  } else {
    falls_ = now - since_ <= span;
  }
  counted_ = 0;
  since_ = now;
  written_ = written;
  return falls_;
}

}  // namespace mqtt_tools::connection::hooks
