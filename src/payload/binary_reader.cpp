// SPDX-License-Identifier: MIT
#include "payload/binary.hpp"

#include "bytes.hpp"
#include "payload/json.hpp"
#include "payload/json_scalar.hpp"
#include "text.hpp"
#include "timestamp.hpp"

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace mqtt_tools::payload {

namespace {

/// Takes bytes apart from their front, never past their end. For CBOR and MessagePack.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  bool at_end() const { return rest_.empty(); }

  bool take(std::uint8_t byte) {
    if (rest_.empty() || static_cast<std::uint8_t>(rest_.front()) != byte) return false;
    rest_.remove_prefix(1);
    return true;
  }

  /// An unsigned number of `size` (at most 8) bytes, the highest first.
  std::optional<std::uint64_t> number(std::size_t size) {
    if (rest_.size() < size) return std::nullopt;
    std::uint64_t value = 0;
    for (const char c : rest_.substr(0, size)) value = value << 8 | static_cast<unsigned char>(c);
    rest_.remove_prefix(size);
    return value;
  }

  std::optional<std::string_view> bytes(std::uint64_t count) {
    if (rest_.size() < count) return std::nullopt;
    const std::string_view taken = rest_.substr(0, static_cast<std::size_t>(count));
    rest_.remove_prefix(taken.size());
    return taken;
  }

 private:
  std::string_view rest_;
};

/// JSON text that grows as a binary encoding is read. Functions that are handed over write to
/// text() and say whether what they read was well-formed; so do the ones here.
class JsonWriter {
 public:
  std::string& text() { return text_; }

  /// Writes one `value()` after another while `goes_on(index)` holds, no deeper than may be read.
  template <typename GoesOn, typename Value>
  bool array(const GoesOn& goes_on, const Value& value) {
    return list('[', ']', goes_on, value);
  }

  /// The same with a key before each value; keys that are no text become text.
  template <typename GoesOn, typename Value>
  bool object(const GoesOn& goes_on, const Value& value) {
    return list('{', '}', goes_on, [&] {
      if (!key(value)) return false;
      text_ += ':';
      return value();
    });
  }

 private:
  template <typename GoesOn, typename Entry>
  bool list(char open, char close, const GoesOn& goes_on, const Entry& entry) {
    if (++depth_ > max_depth) return false;
    text_ += open;
    for (std::uint64_t i = 0; goes_on(i); ++i) {
      if (i > 0) text_ += ',';
      if (!entry()) return false;
    }
    text_ += close;
    --depth_;
    return true;
  }

  template <typename Value>
  bool key(const Value& value) {
    const std::size_t begin = text_.size();
    if (!value() || text_[begin] == '[' || text_[begin] == '{') return false;
    if (text_[begin] != '"') {
      text_.insert(begin, 1, '"');
      text_ += '"';
    }
    return true;
  }

  std::string text_{};
  std::size_t depth_ = 0;
};

enum Major : unsigned { unsigned_integer, negative_integer, bytes, text, array, map, tag, other };

/// How an item begins.
struct Head {
  unsigned major = 0;
  unsigned info = 0;           ///< The low five bits of the first byte.
  std::uint64_t argument = 0;  ///< A value, a length or a count.
  bool indefinite = false;     ///< No length: the item goes on to a break.
};

double from_half(std::uint64_t bits) {
  const int exponent = static_cast<int>(bits >> 10 & 0x1F);
  const double fraction = static_cast<double>(bits & 0x3FF);
  const double size = exponent == 0    ? std::ldexp(fraction, -24)
                      : exponent == 31 ? std::numeric_limits<double>::infinity()
                                       : std::ldexp(fraction + 1024, exponent - 25);
  return (bits & 0x8000) != 0 ? -size : size;
}

/// CBOR: reads items and writes them as JSON text. Not nlohmann's, whose calls nest with tags and
/// with chunks of strings before its handler is asked: a payload could take all of the stack.
/// Every function says whether that was possible.
class CborReader {
 public:
  explicit CborReader(std::string_view bytes) : in_(bytes) {}

  bool document() { return value() && in_.at_end(); }
  std::string& json() { return out_; }

 private:
  std::optional<Head> head() {
    const auto first = in_.number(1);
    if (!first) return std::nullopt;
    Head head{static_cast<unsigned>(*first >> 5), static_cast<unsigned>(*first & 0x1F)};
    head.argument = head.info;
    if (head.info == 31) {
      head.indefinite = true;
    } else if (head.info >= 28) {
      return std::nullopt;
    } else if (head.info >= 24) {
      const auto argument = in_.number(std::size_t{1} << (head.info - 24));
      if (!argument) return std::nullopt;
      head.argument = *argument;
    }
    return head;
  }

  bool value() {
    std::optional<Head> head = this->head();
    while (head && head->major == Major::tag && !head->indefinite) head = this->head();
    if (!head) return false;
    switch (head->major) {
      case Major::unsigned_integer:
        append_integer(out_, head->argument);
        return !head->indefinite;
      case Major::negative_integer:
        negative(head->argument);
        return !head->indefinite;
      case Major::bytes:
      case Major::text:
        return string(*head);
      case Major::array:
      case Major::map:
        return container(*head);
      case Major::other:
        return simple(*head);
      default:
        return false;
    }
  }

  /// -1 - `argument`, which may be less than 64 bits can hold.
  void negative(std::uint64_t argument) {
    out_ += '-';
    if (argument == std::numeric_limits<std::uint64_t>::max()) {
      out_ += "18446744073709551616";
    } else {
      append_integer(out_, argument + 1);
    }
  }

  bool string(const Head& head) {
    std::string whole;
    if (!head.indefinite) {
      if (!chunk(head, whole)) return false;
    } else {
      while (!in_.take(end)) {
        const auto part = this->head();
        if (!part || part->major != head.major || part->indefinite) return false;
        if (!chunk(*part, whole)) return false;
      }
    }
    append_string(out_, head.major == Major::text ? whole : to_base64(whole));
    return true;
  }

  bool chunk(const Head& head, std::string& whole) {
    const auto content = in_.bytes(head.argument);
    if (!content) return false;
    if (head.major == Major::text && first_invalid_utf8(*content)) return false;
    whole += *content;
    return true;
  }

  bool container(const Head& head) {
    const auto goes_on = [&](std::uint64_t index) {
      return head.indefinite ? !in_.take(end) : index < head.argument;
    };
    const auto next = [this] { return value(); };
    return head.major == Major::array ? json_.array(goes_on, next) : json_.object(goes_on, next);
  }

  bool simple(const Head& head) {
    switch (head.info) {
      case 20:
        out_ += "false";
        return true;
      case 21:
        out_ += "true";
        return true;
      case 22:
      case 23:  // Undefined.
        out_ += "null";
        return true;
      case 25:
        append_real(out_, from_half(head.argument));
        return true;
      case 26:
        append_real(out_, double{std::bit_cast<float>(static_cast<std::uint32_t>(head.argument))});
        return true;
      case 27:
        append_real(out_, std::bit_cast<double>(head.argument));
        return true;
      default:  // A value that nobody has given a meaning, or a break where none may be.
        return false;
    }
  }

  static constexpr std::uint8_t end = 0xFF;

  ByteReader in_;
  JsonWriter json_{};
  std::string& out_ = json_.text();
};

/// The time that the data of extension -1 stands for.
std::optional<Timestamp> read_timestamp(std::string_view data) {
  constexpr std::int64_t farthest = 9000000000;  // Seconds; near what the clock can count.
  ByteReader reader{data};
  std::uint64_t nanoseconds = 0;
  std::int64_t seconds = 0;
  if (data.size() == 4) {
    seconds = static_cast<std::int64_t>(*reader.number(4));
  } else if (data.size() == 8) {
    const std::uint64_t both = *reader.number(8);
    nanoseconds = both >> 34;
    seconds = static_cast<std::int64_t>(both & 0x3FFFFFFFF);
  } else if (data.size() == 12) {
    nanoseconds = *reader.number(4);
    seconds = static_cast<std::int64_t>(*reader.number(8));
  } else {
    return std::nullopt;
  }
  if (nanoseconds > 999999999 || seconds > farthest || seconds < -farthest) return std::nullopt;
  return Timestamp{std::chrono::seconds{seconds}} +
         std::chrono::nanoseconds{static_cast<std::int64_t>(nanoseconds)};
}

/// As many decimals as the time has, in steps of three.
int decimals(Timestamp time) {
  const auto fraction = time.time_since_epoch() % std::chrono::seconds{1};
  if (fraction.count() == 0) return 0;
  if (fraction % std::chrono::milliseconds{1} == decltype(fraction)::zero()) return 3;
  return fraction % std::chrono::microseconds{1} == decltype(fraction)::zero() ? 6 : 9;
}

/// MessagePack: reads objects and writes them as JSON text. Not nlohmann's, which refuses a map
/// whose keys are no text. Every function says whether that was possible.
class MsgpackReader {
 public:
  explicit MsgpackReader(std::string_view bytes) : in_(bytes) {}

  bool document() { return value() && in_.at_end(); }
  std::string& json() { return out_; }

 private:
  bool value() {
    const auto first = in_.number(1);
    if (!first) return false;
    const std::uint64_t type = *first;
    if (type <= 0x7F) return integer(type);
    if (type <= 0x8F) return members(type & 0xF);
    if (type <= 0x9F) return elements(type & 0xF);
    if (type <= 0xBF) return text(type & 0x1F);
    if (type >= 0xE0) return signed_integer(type, 1);
    return other(type);
  }

  bool other(std::uint64_t type) {
    switch (type) {
      case 0xC0:
        return word("null");
      case 0xC2:
        return word("false");
      case 0xC3:
        return word("true");
      case 0xC4:
      case 0xC5:
      case 0xC6:
        return binary(in_.number(std::size_t{1} << (type - 0xC4)));
      case 0xC7:
      case 0xC8:
      case 0xC9:
        return extension(in_.number(std::size_t{1} << (type - 0xC7)));
      case 0xCA:
      case 0xCB:
        return real(in_.number(type == 0xCA ? 4 : 8), type == 0xCA);
      case 0xCC:
      case 0xCD:
      case 0xCE:
      case 0xCF:
        return integer(in_.number(std::size_t{1} << (type - 0xCC)));
      case 0xD0:
      case 0xD1:
      case 0xD2:
      case 0xD3: {
        const std::size_t size = std::size_t{1} << (type - 0xD0);
        return signed_integer(in_.number(size), size);
      }
      case 0xD4:
      case 0xD5:
      case 0xD6:
      case 0xD7:
      case 0xD8:
        return extension(std::uint64_t{1} << (type - 0xD4));
      case 0xD9:
      case 0xDA:
      case 0xDB:
        return text(in_.number(std::size_t{1} << (type - 0xD9)));
      case 0xDC:
      case 0xDD:
        return elements(in_.number(type == 0xDC ? 2 : 4));
      case 0xDE:
      case 0xDF:
        return members(in_.number(type == 0xDE ? 2 : 4));
      default:  // 0xC1 is never used.
        return false;
    }
  }

  bool word(std::string_view json) {
    out_ += json;
    return true;
  }

  bool integer(std::optional<std::uint64_t> value) {
    if (value) append_integer(out_, *value);
    return value.has_value();
  }

  bool signed_integer(std::optional<std::uint64_t> bits, std::size_t size) {
    if (!bits) return false;
    const std::size_t unused = 64 - 8 * size;
    append_integer(out_, static_cast<std::int64_t>(*bits << unused) >> unused);
    return true;
  }

  bool real(std::optional<std::uint64_t> bits, bool is_float) {
    if (!bits) return false;
    if (is_float) {
      append_real(out_, double{std::bit_cast<float>(static_cast<std::uint32_t>(*bits))});
    } else {
      append_real(out_, std::bit_cast<double>(*bits));
    }
    return true;
  }

  bool text(std::optional<std::uint64_t> length) {
    const auto content = length ? in_.bytes(*length) : std::nullopt;
    if (!content || first_invalid_utf8(*content)) return false;
    append_string(out_, *content);
    return true;
  }

  bool binary(std::optional<std::uint64_t> length) {
    const auto content = length ? in_.bytes(*length) : std::nullopt;
    if (!content) return false;
    append_string(out_, to_base64(*content));
    return true;
  }

  bool extension(std::optional<std::uint64_t> length) {
    constexpr std::uint64_t timestamp = 0xFF;  // Type -1.
    const auto type = in_.number(1);
    const auto data = length && type ? in_.bytes(*length) : std::nullopt;
    if (!data) return false;
    const auto time = *type == timestamp ? read_timestamp(*data) : std::nullopt;
    append_string(out_, time ? to_rfc3339(*time, decimals(*time)) : to_base64(*data));
    return true;
  }

  bool elements(std::optional<std::uint64_t> count) {
    return count && json_.array([count](std::uint64_t index) { return index < *count; },
                                [this] { return value(); });
  }

  bool members(std::optional<std::uint64_t> count) {
    return count && json_.object([count](std::uint64_t index) { return index < *count; },
                                 [this] { return value(); });
  }

  ByteReader in_;
  JsonWriter json_{};
  std::string& out_ = json_.text();
};

}  // namespace

std::optional<std::string> cbor_to_json(std::string_view bytes) {
  CborReader reader{bytes};
  if (!reader.document()) return std::nullopt;
  return std::move(reader.json());
}

std::optional<std::string> msgpack_to_json(std::string_view bytes) {
  MsgpackReader reader{bytes};
  if (!reader.document()) return std::nullopt;
  return std::move(reader.json());
}

}  // namespace mqtt_tools::payload
