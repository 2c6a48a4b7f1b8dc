// SPDX-License-Identifier: MIT
#include "output/age.hpp"

#include <chrono>

namespace mqtt_tools::output {

std::string age(Timestamp then, Timestamp now) {
  using namespace std::chrono;
  // Not in nanoseconds, of which the distance between two hostile dates has more than can be
  // counted.
  const auto from = floor<milliseconds>(then);
  const auto to = floor<milliseconds>(now);
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
