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

/// Reads an item of a binary encoding and writes it as JSON text. Every function that gives a truth
/// value says whether that was possible.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : in_(bytes) {}
  virtual ~Reader() = default;

  /// All of the bytes as one item.
  std::optional<std::string> json() {
    if (!value() || !in_.at_end()) return std::nullopt;
    return std::move(out_);
  }

 protected:
  virtual bool value() = 0;

  bool word(std::string_view json) {
    out_ += json;
    return true;
  }

  /// A floating-point number of `size` bytes: 4 or 8.
  bool real(std::uint64_t bits, std::size_t size) {
    append_real(out_, size == 4 ? double{std::bit_cast<float>(static_cast<std::uint32_t>(bits))}
                                : std::bit_cast<double>(bits));
    return true;
  }

  /// Reads one value after another while `goes_on(index)` holds, no deeper than may be read.
  template <typename GoesOn>
  bool array(const GoesOn& goes_on) {
    return list('[', ']', goes_on, [this] { return value(); });
  }

  /// The same with a key before each value; keys that are no text become text.
  template <typename GoesOn>
  bool object(const GoesOn& goes_on) {
    return list('{', '}', goes_on, [this] {
      if (!key()) return false;
      out_ += ':';
      return value();
    });
  }

  ByteReader in_;
  std::string out_{};

 private:
  template <typename GoesOn, typename Entry>
  bool list(char open, char close, const GoesOn& goes_on, const Entry& entry) {
    if (++depth_ > max_depth) return false;
    out_ += open;
    for (std::uint64_t i = 0; goes_on(i); ++i) {
      if (i > 0) out_ += ',';
      if (!entry()) return false;
    }
    out_ += close;
    --depth_;
    return true;
  }

  bool key() {
    const std::size_t begin = out_.size();
    if (!value() || out_[begin] == '[' || out_[begin] == '{') return false;
    if (out_[begin] != '"') {
      out_.insert(begin, 1, '"');
      out_ += '"';
    }
    return true;
  }

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

/// Not nlohmann's, whose calls nest with tags and with chunks of strings before its handler is
/// asked: a payload could take all of the stack.
class CborReader : public Reader {
 public:
  using Reader::Reader;

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

  bool value() override {
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
    return head.major == Major::array ? array(goes_on) : object(goes_on);
  }

  bool simple(const Head& head) {
    switch (head.info) {
      case 20:
        return word("false");
      case 21:
        return word("true");
      case 22:
      case 23:  // Undefined.
        return word("null");
      case 25:
        append_real(out_, from_half(head.argument));
        return true;
      case 26:
        return real(head.argument, 4);
      case 27:
        return real(head.argument, 8);
      default:  // A value that nobody has given a meaning, or a break where none may be.
        return false;
    }
  }

  static constexpr std::uint8_t end = 0xFF;
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

/// Not nlohmann's, which refuses a map whose keys are no text.
class MsgpackReader : public Reader {
 public:
  using Reader::Reader;

 private:
  bool value() override {
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
    // Of each kind the types stand in a row, each for twice the size of the one before.
    const auto size_from = [type](std::uint64_t first, std::size_t size) {
      return size << (type - first);
    };
    if (type == 0xC0) return word("null");
    if (type == 0xC1) return false;  // Never used.
    if (type == 0xC2) return word("false");
    if (type == 0xC3) return word("true");
    if (type <= 0xC6) return binary(in_.number(size_from(0xC4, 1)));
    if (type <= 0xC9) return extension(in_.number(size_from(0xC7, 1)));
    if (type <= 0xCB) return real(size_from(0xCA, 4));
    if (type <= 0xCF) return integer(in_.number(size_from(0xCC, 1)));
    if (type <= 0xD3) return signed_integer(size_from(0xD0, 1));
    if (type <= 0xD8) return extension(size_from(0xD4, 1));
    if (type <= 0xDB) return text(in_.number(size_from(0xD9, 1)));
    if (type <= 0xDD) return elements(in_.number(size_from(0xDC, 2)));
    return members(in_.number(size_from(0xDE, 2)));
  }

  bool integer(std::optional<std::uint64_t> value) {
    if (value) append_integer(out_, *value);
    return value.has_value();
  }

  bool signed_integer(std::size_t size) { return signed_integer(in_.number(size), size); }

  bool signed_integer(std::optional<std::uint64_t> bits, std::size_t size) {
    if (!bits) return false;
    const std::size_t unused = 64 - 8 * size;
    append_integer(out_, static_cast<std::int64_t>(*bits << unused) >> unused);
    return true;
  }

  bool real(std::size_t size) {
    const auto bits = in_.number(size);
    return bits && Reader::real(*bits, size);
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
    return count && array([count](std::uint64_t index) { return index < *count; });
  }

  bool members(std::optional<std::uint64_t> count) {
    return count && object([count](std::uint64_t index) { return index < *count; });
  }
};

}  // namespace

std::optional<std::string> cbor_to_json(std::string_view bytes) { return CborReader{bytes}.json(); }

std::optional<std::string> msgpack_to_json(std::string_view bytes) {
  return MsgpackReader{bytes}.json();
}

}  // namespace mqtt_tools::payload
