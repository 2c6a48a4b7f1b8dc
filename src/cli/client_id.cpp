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

void check_client_id(const Setting& setting) {
  const std::string& id = setting.value();
  if (id.empty() || id.size() > 65'535 || first_invalid_utf8(id) ||
      id.find('\0') != std::string::npos) {
    reject(setting, id, "1 to 65535 bytes of UTF-8");
  }
}

}  // namespace mqtt_tools::cli
