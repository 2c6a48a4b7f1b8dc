// SPDX-License-Identifier: MIT

// A file for --replay. Each record is a message that can be published, and what is recorded of it
// gives the same message again; a line that is none is told in one harmless line of text.

#include "error.hpp"
#include "feed/feed.hpp"
#include "fuzz.hpp"
#include "payload/json.hpp"
#include "payload/record.hpp"
#include "text.hpp"
#include "topic.hpp"

using namespace mqtt_tools;
using fuzz::must;

namespace {

void check(const Message& message) {
  check_topic(message.topic);
  std::string record;
  payload::append_record(record, payload::decode(message));
  must(payload::is_json(record, payload::max_depth + 1));
  must(record.find('\n') == std::string::npos);
  auto again = payload::parse_record(record);
  // Of older files times are read to the nanosecond, and written to the microsecond.
  again.time = message.time;
  if (message.qos == Qos::at_most_once) again.id = message.id;  // It is of no use.
  must(again == message);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  const fuzz::File file{text};
  feed::SourceOptions options;
  options.kind = feed::SourceOptions::Kind::replay;
  options.file = file.path();
  options.skip_bad_lines = true;
  options.keep_retain = true;
  const auto feed = feed::open(options);
  Message message;
  const auto now = Clock::time_point{std::chrono::hours{1}};
  while (feed->next(now, message) == feed::Supply::message) check(message);

  try {
    check(payload::parse_record(fuzz::Input{text}.line()));
  } catch (const UsageError& error) {
    must(!std::string_view{error.what()}.empty() && fuzz::harmless(error.what()));
  }
  return 0;
}
