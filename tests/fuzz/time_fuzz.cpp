// SPDX-License-Identifier: MIT

// Times: those of records and payloads, and the formats, times and sizes that a user gives. A time
// that was read is written so that it is read as the same.

#include "timestamp.hpp"

#include "cli/declarations.hpp"
#include "error.hpp"
#include "fuzz.hpp"

using namespace mqtt_tools;
using fuzz::must;

namespace {

void check_format(std::string_view text, Timestamp time) {
  try {
    const TimeFormat utc{text, Zone::utc};
    const auto written = utc.text(time);
    must(written == utc.text(time));
    (void)TimeFormat{text, Zone::local}.text(time);
  } catch (const UsageError&) {
  }
}

/// --timeout 1h30m, --max-packet 2MiB.
void check_values(const std::string& text) {
  const cli::Option option{.names = "--value"};
  const cli::Setting setting{.option = &option, .values = {text}};
  const auto each = [](const auto& read) {
    try {
      read();
    } catch (const UsageError& error) {
      must(fuzz::harmless(error.what()));
    }
  };
  each([&] { must(cli::seconds(setting) >= Duration::zero()); });
  each([&] { must(cli::more_than_no_seconds(setting) > Duration::zero()); });
  each([&] { must(cli::whole_seconds(setting, 0, 1000) <= 1000); });
  each([&] { must(cli::size(setting, 1, 1000) >= 1); });
  each([&] { must(cli::number(setting) >= 0); });
  each([&] { must(cli::whole_number(setting, -5, 5) >= -5); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  const auto time = from_rfc3339(text);
  if (time) {
    must(from_rfc3339(to_rfc3339(*time, 9)) == time);
    must(read_time(text) == time);
  }
  if (const auto other = read_time(text)) {
    must(read_time(to_rfc3339(*other, 9)) == other);
  }
  check_format(text, time.value_or(Timestamp{}));
  check_values(std::string{text});
  return 0;
}
