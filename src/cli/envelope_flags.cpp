// SPDX-License-Identifier: MIT
#include "cli/envelope_flags.hpp"

#include "error.hpp"
#include "escape.hpp"

namespace mqtt_tools::cli {

namespace {

using payload::EnvelopeOptions;
using payload::Field;

/// The first of `=` and `:=` splits.
Field read_field(const Setting& setting, const std::string& text) {
  const std::size_t equals = text.find('=');
  const bool json = equals != std::string::npos && equals > 0 && text[equals - 1] == ':';
  const std::size_t end = json ? equals - 1 : equals;
  if (equals == std::string::npos || end == 0) {
    reject(setting, text, "KEY=TEXT or KEY:=JSON");
  }
  return {text.substr(0, end), text.substr(equals + 1),
          json ? Field::Form::json : Field::Form::text};
}

void check_without_envelope(const Settings& settings) {
  const std::vector<std::string_view> ours{"field",       "message-key", "time-key",
                                           "time-format", "utc",         "encode"};
  if (settings.on("raw")) {
    refuse(settings, ours, "belongs to the envelope, which --raw leaves out");
  }
  std::vector<std::string_view> all = ours;
  all.insert(all.end(), {"json", "from"});
  if (settings.on("null-message") || settings.on("clear-retained")) {
    refuse(settings, all, "has no meaning for an empty payload");
  }
  if (settings.find("replay") != nullptr) {
    refuse(settings, all, "has no meaning with --replay, which publishes payloads as they were");
  }
}

}  // namespace

EnvelopeOptions read_envelope(const Settings& settings) {
  check_without_envelope(settings);
  EnvelopeOptions envelope;
  envelope.raw = settings.on("raw");
  if (settings.on("json")) {
    refuse(settings, {"from"}, "and --json exclude each other, use one of them");
    envelope.input = EnvelopeOptions::Input::json;
  }
  if (const Setting* from = settings.find("from")) {
    envelope.input = choice<EnvelopeOptions::Input>(
        *from, {{"hex", EnvelopeOptions::Input::hex}, {"base64", EnvelopeOptions::Input::base64}});
    if (!envelope.raw) {
      throw UsageError("--from needs --raw: an envelope holds text, not bytes");
    }
  }
  if (const Setting* encode = settings.find("encode")) {
    envelope.encoding = choice<EnvelopeOptions::Encoding>(
        *encode, {{"json", EnvelopeOptions::Encoding::json},
                  {"cbor", EnvelopeOptions::Encoding::cbor},
                  {"msgpack", EnvelopeOptions::Encoding::msgpack}});
    envelope.announce = true;
  }
  envelope.message_key = settings.text("message-key").value_or(envelope.message_key);
  envelope.time_key = settings.text("time-key").value_or(envelope.time_key);
  if (settings.find("time-format") != nullptr || settings.on("utc")) {
    const Setting* format = settings.find("time-format");
    const std::string name = format == nullptr ? "%Y-%m-%d %H-%M-%S" : format->value();
    envelope.time_format = TimeFormat{name, settings.on("utc") ? Zone::utc : Zone::local};
  }
  if (const Setting* fields = settings.find("field")) {
    for (const std::string& field : fields->values) {
      envelope.fields.push_back(read_field(*fields, field));
    }
  }
  return envelope;
}

}  // namespace mqtt_tools::cli
