// SPDX-License-Identifier: MIT
#pragma once

#include "message.hpp"
#include "payload/decode.hpp"

#include <string>
#include <string_view>

namespace mqtt_tools::payload {

/// Which member of a record holds the payload: its exact text with the decoded value beside it, or
/// the value itself (mosquitto_sub's %J).
enum class RecordForm { exact, value };

/// Appends `decoded`'s message as one line of JSON, without a newline. Always valid JSON. The
/// format is described in docs/formats.md.
void append_record(std::string& out, const Decoded& decoded, RecordForm form = RecordForm::exact);

/// The message that `line` records, in either form. Throws UsageError that says what is wrong with
/// the line (without the line's number, which the caller knows).
Message parse_record(std::string_view line);

}  // namespace mqtt_tools::payload
