// SPDX-License-Identifier: MIT
#pragma once

#include "message.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace mqtt_tools::payload {

/// What the user asked the payload to be read as (`--decode`).
enum class DecodeAs { automatic, json, text, hex, base64, cbor, msgpack, binary };

/// What a content type says about the payload; `automatic` if nothing.
DecodeAs meaning_of(std::string_view content_type);

/// What a payload turned out to be.
enum class Kind { empty, json, text, cbor, msgpack, binary };

/// A payload and what it means. Nothing is decoded before it is asked for, so that a run that only
/// passes bytes on pays nothing. Refers to the message that it was made from.
class Decoded {
 public:
  Decoded(const Message& message, DecodeAs as) : message_(&message), as_(as) {}

  Kind kind() const;

  /// The value as JSON text, if the payload is JSON (then its own bytes, numbers as written), CBOR
  /// or MessagePack (then text made from it). Valid JSON, nested at most max_depth levels.
  std::optional<std::string_view> json() const;

  /// What is shown for the payload: its bytes; for CBOR and MessagePack their JSON text; with
  /// DecodeAs::hex and base64 the bytes written that way.
  std::string_view shown() const;

  /// What raw output and `%p` give: the bytes as they came, whatever the content type says; what is
  /// shown() only if DecodeAs asked for it.
  std::string_view raw() const;

  const Message& message() const { return *message_; }

 private:
  void decode() const;
  bool fits(DecodeAs as) const;

  const Message* message_;
  DecodeAs as_;
  mutable bool done_ = false;
  mutable Kind kind_ = Kind::empty;
  mutable std::string made_{};  ///< Text made from the payload, when it is not the payload itself.
};

/// Reads the payload of `message`: as `as` says, else as its content type says, else JSON, else
/// UTF-8 text, else binary. Never fails: what does not fit is binary. `message` must outlive it.
inline Decoded decode(const Message& message, DecodeAs as = DecodeAs::automatic) {
  return Decoded{message, as};
}

}  // namespace mqtt_tools::payload
