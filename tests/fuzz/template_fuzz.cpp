// SPDX-License-Identifier: MIT

// A format of -F on the first line, and the payload. What the message brings does not act on a
// terminal, and the format alone cannot make the output huge.

#include "output/template.hpp"

#include "error.hpp"
#include "fuzz.hpp"

using namespace mqtt_tools;
using fuzz::must;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input{fuzz::text_of(data, size)};
  const auto format = input.line();
  Message message;
  message.topic = "a/b";
  message.payload = input.rest();
  message.properties.content_type = std::string{input.rest().substr(0, 20)};
  message.properties.user = {{"a\x1b", "b\n"}};
  try {
    const output::Template made{format};
    std::string plain;
    made.render(plain, payload::decode(message), false);
    must(plain.size() <= 100'000 * (format.size() + 1) + format.size() * size * 16);
    std::string shown;
    made.render(shown, payload::decode(message), true);
    // A backslash in the format may ask for a control character, and so may its own bytes.
    if (format.find('\\') == std::string_view::npos && fuzz::harmless(format)) {
      must(fuzz::harmless(shown) || format.find('@') != std::string_view::npos);
    }
  } catch (const UsageError& error) {
    must(fuzz::harmless(error.what()));
  }
  return 0;
}
