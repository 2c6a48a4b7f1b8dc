// SPDX-License-Identifier: MIT
#include "cli/client_id.hpp"

#include "error.hpp"
#include "utf8.hpp"

namespace mqtt_tools::cli {

namespace {

/// `number` in base 36, its last `digits` digits.
std::string base36(std::uint64_t number, std::size_t digits) {
  std::string text(digits, '0');
  for (std::size_t at = digits; at > 0; --at) {
    text[at - 1] = "0123456789abcdefghijklmnopqrstuvwxyz"[number % 36];
    number /= 36;
  }
  return text;
}

}  // namespace

std::string unique_client_id(std::string_view prefix, const World& world) {
  // Five digits hold every process id of Linux (below 2^22).
  return std::string{prefix} + base36(world.process, 5) + base36(world.random, 11);
}

void check_text(const Setting& setting, std::size_t most) {
  const std::string& text = setting.value();
  if (text.size() > most || first_invalid_utf8(text) || first_unwelcome(text)) {
    reject(setting, text,
           "at most " + std::to_string(most) +
               " bytes of UTF-8 without control characters and noncharacters (brokers close the "
               "connection for them)");
  }
}

}  // namespace mqtt_tools::cli
