// SPDX-License-Identifier: MIT

// A payload that may be CBOR or MessagePack. What it says is valid JSON, which can be encoded again
// and then says the same.

#include "error.hpp"
#include "fuzz.hpp"
#include "payload/binary.hpp"
#include "payload/expectation.hpp"
#include "payload/json.hpp"

using namespace mqtt_tools;
using namespace mqtt_tools::payload;
using fuzz::must;

namespace {

template <typename Read, typename Write>
void check(std::string_view bytes, const Read& read, const Write& write) {
  const auto json = read(bytes);
  if (!json) return;
  must(is_json(*json));
  must(json->size() <= 32 * bytes.size() + 32);
  std::string again;
  try {
    again = write(*json);
  } catch (const UsageError&) {
    return;  // Half a surrogate pair cannot come out, but a number may be out of range there.
  }
  const auto same = read(again);
  must(same && Expectation{*json}.equals(*same));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = fuzz::text_of(data, size);
  check(bytes, cbor_to_json, json_to_cbor);
  check(bytes, msgpack_to_json, json_to_msgpack);
  return 0;
}
