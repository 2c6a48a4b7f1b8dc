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

  /// More was asked for than there was, or what was there cannot be. Nothing is left then, numbers
  /// are 0 and bytes none.
  bool failed() const { return failed_; }

  void fail() {
    failed_ = true;
    rest_ = {};
  }

  bool take(std::uint8_t byte) {
    if (rest_.empty() || static_cast<std::uint8_t>(rest_.front()) != byte) return false;
    rest_.remove_prefix(1);
    return true;
  }

  std::string_view bytes(std::uint64_t count) {
    if (rest_.size() < count) {
      fail();
      return {};
    }
    const std::string_view taken = rest_.substr(0, static_cast<std::size_t>(count));
    rest_.remove_prefix(taken.size());
    return taken;
  }

  /// An unsigned number of `size` (at most 8) bytes, the highest first.
  std::uint64_t number(std::size_t size) {
    std::uint64_t value = 0;
    for (const char c : bytes(size)) value = value << 8 | static_cast<unsigned char>(c);
    return value;
  }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

/// Reads an item of a binary encoding and writes it as JSON text, for as long as that is possible.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : in_(bytes) {}
  virtual ~Reader() = default;

  /// All of the bytes as one item.
  std::optional<std::string> json() {
    value();
    if (in_.failed() || !in_.at_end()) return std::nullopt;
    return std::move(out_);
  }

 protected:
  virtual void value() = 0;

  void word(std::string_view json) { out_ += json; }

  /// A floating-point number of `size` bytes: 4 or 8.
  void real(std::uint64_t bits, std::size_t size) {
    append_real(out_, size == 4 ? double{std::bit_cast<float>(static_cast<std::uint32_t>(bits))}
                                : std::bit_cast<double>(bits));
  }

  /// What should be UTF-8.
  std::string_view text(std::uint64_t length) {
    const auto content = in_.bytes(length);
    if (first_invalid_utf8(content)) in_.fail();
    return content;
  }

  /// Reads one value after another while `goes_on(index)` holds, no deeper than may be read.
  template <typename GoesOn>
  void array(const GoesOn& goes_on) {
    list('[', ']', goes_on, [this] { value(); });
  }

  /// The same with a key before each value; keys that are no text become text.
  template <typename GoesOn>
  void object(const GoesOn& goes_on) {
    list('{', '}', goes_on, [this] {
      key();
      out_ += ':';
      value();
    });
  }

  ByteReader in_;
  std::string out_{};

 private:
  template <typename GoesOn, typename Entry>
  void list(char open, char close, const GoesOn& goes_on, const Entry& entry) {
    if (++depth_ > max_depth) return in_.fail();
    out_ += open;
    for (std::uint64_t i = 0; !in_.failed() && goes_on(i); ++i) {
      if (i > 0) out_ += ',';
      entry();
    }
    out_ += close;
    --depth_;
  }

  void key() {
    const std::size_t begin = out_.size();
    value();
    if (in_.failed() || out_[begin] == '"') return;
    if (out_[begin] == '[' || out_[begin] == '{') return in_.fail();
    out_.insert(begin, 1, '"');
    out_ += '"';
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
  Head head() {
    const auto first = static_cast<unsigned>(in_.number(1));
    Head head{first >> 5, first & 0x1F, first & 0x1F, (first & 0x1F) == 31};
    if (head.info >= 24 && head.info < 28) {
      head.argument = in_.number(std::size_t{1} << (head.info - 24));
    } else if (head.info >= 28 && !head.indefinite) {
      in_.fail();
    }
    return head;
  }

  void value() override {
    Head head = this->head();
    while (head.major == Major::tag && !head.indefinite) head = this->head();
    const bool has_length = head.major >= Major::bytes && head.major <= Major::map;
    if (head.indefinite && !has_length) return in_.fail();
    switch (head.major) {
      case Major::unsigned_integer:
        return word(std::to_string(head.argument));
      case Major::negative_integer:
        return negative(head.argument);
      case Major::bytes:
      case Major::text:
        return string(head);
      case Major::array:
      case Major::map:
        return container(head);
      default:
        return simple(head);
    }
  }

  /// -1 - `argument`, which may be less than 64 bits can hold.
  void negative(std::uint64_t argument) {
    const bool fits = argument < std::numeric_limits<std::uint64_t>::max();
    word('-' + (fits ? std::to_string(argument + 1) : "18446744073709551616"));
  }

  void string(const Head& head) {
    std::string whole;
    const auto add = [&](const Head& chunk) {
      whole += head.major == Major::text ? text(chunk.argument) : in_.bytes(chunk.argument);
    };
    if (!head.indefinite) add(head);
    while (head.indefinite && !in_.failed() && !in_.take(end)) {
      const Head chunk = this->head();
      if (chunk.major != head.major || chunk.indefinite) return in_.fail();
      add(chunk);
    }
    append_string(out_, head.major == Major::text ? whole : to_base64(whole));
  }

  void container(const Head& head) {
    const auto goes_on = [&](std::uint64_t index) {
      return head.indefinite ? !in_.take(end) : index < head.argument;
    };
    head.major == Major::array ? array(goes_on) : object(goes_on);
  }

  void simple(const Head& head) {
    switch (head.info) {
      case 20:
        return word("false");
      case 21:
        return word("true");
      case 22:
      case 23:  // Undefined.
        return word("null");
      case 25:
        return append_real(out_, from_half(head.argument));
      case 26:
        return real(head.argument, 4);
      case 27:
        return real(head.argument, 8);
      default:  // A value that nobody has given a meaning.
        return in_.fail();
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
    seconds = static_cast<std::int64_t>(reader.number(4));
  } else if (data.size() == 8) {
    const std::uint64_t both = reader.number(8);
    nanoseconds = both >> 34;
    seconds = static_cast<std::int64_t>(both & 0x3FFFFFFFF);
  } else if (data.size() == 12) {
    nanoseconds = reader.number(4);
    seconds = static_cast<std::int64_t>(reader.number(8));
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
  void value() override {
    const std::uint64_t type = in_.number(1);
    if (type <= 0x7F) return word(std::to_string(type));
    if (type <= 0x8F) return members(type & 0xF);
    if (type <= 0x9F) return elements(type & 0xF);
    if (type <= 0xBF) return append_string(out_, text(type & 0x1F));
    if (type >= 0xE0) return signed_integer(type, 1);
    other(type);
  }

  void other(std::uint64_t type) {
    // Of each kind the types stand in a row, each for twice the size of the one before.
    const auto size_from = [type](std::uint64_t first, std::size_t size) {
      return size << (type - first);
    };
    const auto number_from = [&](std::uint64_t first, std::size_t size) {
      return in_.number(size_from(first, size));
    };
    if (type == 0xC0) return word("null");
    if (type == 0xC1) return in_.fail();  // Never used.
    if (type == 0xC2) return word("false");
    if (type == 0xC3) return word("true");
    if (type <= 0xC6) return binary(in_.bytes(number_from(0xC4, 1)));
    if (type <= 0xC9) return extension(number_from(0xC7, 1));
    if (type <= 0xCB) return real(number_from(0xCA, 4), size_from(0xCA, 4));
    if (type <= 0xCF) return word(std::to_string(number_from(0xCC, 1)));
    if (type <= 0xD3) return signed_integer(number_from(0xD0, 1), size_from(0xD0, 1));
    if (type <= 0xD8) return extension(size_from(0xD4, 1));
    if (type <= 0xDB) return append_string(out_, text(number_from(0xD9, 1)));
    if (type <= 0xDD) return elements(number_from(0xDC, 2));
    members(number_from(0xDE, 2));
  }

  void binary(std::string_view bytes) { append_string(out_, to_base64(bytes)); }

  void signed_integer(std::uint64_t bits, std::size_t size) {
    const std::size_t unused = 64 - 8 * size;
    out_ += std::to_string(static_cast<std::int64_t>(bits << unused) >> unused);
  }

  void extension(std::uint64_t length) {
    constexpr std::uint64_t timestamp = 0xFF;  // Type -1.
    const auto type = in_.number(1);
    const auto data = in_.bytes(length);
    const auto time = type == timestamp ? read_timestamp(data) : std::nullopt;
    append_string(out_, time ? to_rfc3339(*time, decimals(*time)) : to_base64(data));
  }

  void elements(std::uint64_t count) {
    array([count](std::uint64_t index) { return index < count; });
  }

  void members(std::uint64_t count) {
    object([count](std::uint64_t index) { return index < count; });
  }
};

}  // namespace

std::optional<std::string> cbor_to_json(std::string_view bytes) { return CborReader{bytes}.json(); }

std::optional<std::string> msgpack_to_json(std::string_view bytes) {
  return MsgpackReader{bytes}.json();
}

}  // namespace mqtt_tools::payload
