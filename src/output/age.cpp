// SPDX-License-Identifier: MIT
#include "output/age.hpp"

#include <chrono>

namespace mqtt_tools::output {

std::string age(Timestamp then, Timestamp now) {
  using namespace std::chrono;
  // In seconds from the start: a hostile date may be further away than nanoseconds can count.
  const auto from = floor<seconds>(then).time_since_epoch();
  const auto to = floor<milliseconds>(now).time_since_epoch();
  const bool past = from <= to;
  const auto apart = past ? to - from : from - to;
  if (apart <= seconds{2}) {
    return "";
  }
  const auto whole = floor<seconds>(apart);
  std::string text;
  if (whole < minutes{2}) {
    text = std::to_string(whole.count()) + " s";
  } else if (whole < hours{2}) {
    text = std::to_string(floor<minutes>(whole).count()) + " min";
  } else if (whole < hours{48}) {
    text = std::to_string(floor<hours>(whole).count()) + " h";
  } else {
    text = std::to_string(floor<hours>(whole).count() / 24) + " days";
  }
  return text + (past ? " ago" : " ahead");
}

}  // namespace mqtt_tools::output
