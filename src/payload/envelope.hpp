// SPDX-License-Identifier: MIT
#pragma once

#include "message.hpp"
#include "timestamp.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mqtt_tools::payload {

/// One more member of the envelope (`--field KEY=TEXT` or `KEY:=JSON`).
struct Field {
  enum class Form { text, json };

  std::string key{};
  std::string value{};
  Form form = Form::text;
};

/// How a text becomes a payload. Plain data; checked by Envelope's constructor.
struct EnvelopeOptions {
  enum class Input { text, json, hex, base64 };  ///< What the user's text is.
  enum class Encoding { json, cbor, msgpack };   ///< What the envelope is written as.

  bool raw = false;  ///< No envelope: the bytes as they are (checked when `input` is json).
  Input input = Input::text;
  Encoding encoding = Encoding::json;
  bool announce = false;  ///< Whether the encoding was asked for, and MQTT 5 carries it along.
  std::string message_key = "msg";
  std::string time_key = "data";
  TimeFormat time_format{};
  std::vector<Field> fields{};
};

/// Builds the payload of a message from what the user gave: the wire format of the tools,
/// `{"msg":"<text>","data":"<time>"}`, or the bytes as they are.
class Envelope {
 public:
  /// Throws UsageError for a member named twice or not at all, and for a field that is not JSON or
  /// not UTF-8. With `raw` there must be no fields, without it no bytes as `input`.
  explicit Envelope(EnvelopeOptions options);

  /// The payload for `text`, made at `now`; without its time if nobody knows that beforehand, as of
  /// a will. Throws UsageError when `text` is not UTF-8 (byte offset
  /// named), not JSON, not hex or base64, or has a number that the encoding cannot hold.
  std::string wrap(std::string text, std::optional<Timestamp> now) const;

  /// Adds the content type and payload format of what --encode asked for, where there are none yet.
  void announce(Properties& properties) const;

 private:
  void append_value(std::string& out, std::string_view text) const;
  std::string unwrapped(std::string text) const;

  EnvelopeOptions options_;      ///< The fields' values as JSON text, checked and written once.
  std::size_t fields_size_ = 0;  ///< Bytes that they take.
};

/// The retained message of --presence to `topic`, which says `word` in an envelope or, `raw`, as it
/// is. Without a time as a will: nobody knows when it will be published. Throws UsageError when
/// `word` is not UTF-8.
Message presence_message(std::string topic, std::string word, bool raw,
                         std::optional<Timestamp> now);

}  // namespace mqtt_tools::payload
