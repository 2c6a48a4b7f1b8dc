// SPDX-License-Identifier: MIT

// A condition of --match, --expect and --forbid on the first line, and a payload. Where both can be
// compared, the operators agree with each other.

#include "run/condition.hpp"

#include "error.hpp"
#include "fuzz.hpp"

using namespace mqtt_tools;
using fuzz::must;
using run::Condition;

namespace {

void check_operators(const std::string& pointer, const std::string& value,
                     const payload::Decoded& decoded) {
  const auto holds = [&](std::string_view name) {
    return Condition{pointer + " " + std::string{name} + " " + value}.met_by(decoded);
  };
  const bool equal = holds("==");
  must(!(equal && holds("!=")));
  bool less = false;
  try {
    less = holds("<");
  } catch (const UsageError&) {
    return;  // Objects, arrays and words have no order.
  }
  const bool greater = holds(">");
  must(int{equal} + int{less} + int{greater} <= 1);
  must(holds("<=") == (less || equal) && holds(">=") == (greater || equal));
  must(holds("!=") == (less || greater));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input{fuzz::text_of(data, size)};
  const auto text = input.line();
  Message message;
  message.payload = input.rest();
  const auto decoded = payload::decode(message);
  try {
    const Condition condition{text};
    (void)condition.met_by(decoded);
    must(condition.text() == text);
    if (const auto at = text.find(" == "); at != std::string_view::npos) {
      const auto pointer = std::string{text.substr(0, at)};
      // A text in quotes may hold an operator as well.
      if (pointer.empty() || (pointer[0] == '/' && pointer.find(' ') == std::string::npos)) {
        check_operators(pointer, std::string{text.substr(at + 4)}, decoded);
      }
    }
  } catch (const UsageError& error) {
    must(fuzz::harmless(error.what()));
  }
  return 0;
}
