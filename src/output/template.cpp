// SPDX-License-Identifier: MIT
#include "output/template.hpp"

#include "bytes.hpp"
#include "error.hpp"
#include "output/style.hpp"
#include "payload/record.hpp"
#include "text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <utility>

namespace mqtt_tools::output {

namespace {

/// Fills up what was appended to `out` since `begin` to the width of the field.
void pad(std::string& out, std::size_t begin, const Field& field, char filler) {
  const std::size_t size = out.size() - begin;
  if (size >= field.width) return;
  if (field.left) {
    out.append(field.width - size, ' ');
  } else {
    out.insert(begin, field.width - size, filler);
  }
}

/// mosquitto_sub pads `%-p` and `%-x` without a width by as many blanks as the payload has bytes.
void pad_without_width(std::string& out, const Field& field, std::size_t size) {
  if (field.left && field.width == 0) out.append(size, ' ');
}

std::string in_hex(std::string_view bytes, char letter) {
  std::string digits = to_hex(bytes);
  if (letter == 'x') return digits;
  for (char& c : digits) c = c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c;
  return digits;
}

/// As mosquitto_sub 2.1: zeros and blanks before the digits are grouped with them.
void append_groups(std::string& out, const Field& field, std::string_view digits) {
  const std::size_t group = *field.precision;
  const std::size_t size = std::max(digits.size(), field.left ? 0 : field.width);
  const std::size_t blank = size - digits.size();
  for (std::size_t i = 0; i < size; ++i) {
    if (i > 0 && i % group == 0) out += field.separator;
    out += i < blank ? (field.zeros ? '0' : ' ') : digits[i - blank];
  }
  if (field.left && digits.size() < field.width) out.append(field.width - digits.size(), ' ');
}

/// The payload as the bytes of a float or double of this machine; nothing if they are not as many.
template <typename Float>
void append_float(std::string& out, const Field& field, std::string_view payload) {
  Float value = 0;
  if (payload.size() != sizeof value) return;
  std::memcpy(&value, payload.data(), sizeof value);
  const auto decimals = std::min<std::size_t>(field.precision.value_or(6), 100);
  const std::size_t begin = out.size();
  out += formatted(("%." + std::to_string(decimals) + "f").c_str(), value);
  if (field.zeros && !field.left && std::isfinite(value) && out.size() - begin < field.width) {
    const std::size_t sign = out[begin] == '-' ? 1 : 0;
    out.insert(begin + sign, field.width - (out.size() - begin), '0');
  } else {
    pad(out, begin, field, ' ');
  }
}

void append_text(std::string& out, const Field& field, std::string_view text, bool terminal) {
  const std::size_t begin = out.size();
  append_untrusted(out, text.substr(0, field.precision.value_or(text.size())), terminal);
  pad(out, begin, field, ' ');
}

/// A number that is not there is as many blanks (or zeros) as the field is wide.
template <typename Number>
void append_number(std::string& out, const Field& field, std::optional<Number> number) {
  const char filler = field.zeros ? '0' : ' ';
  const std::size_t begin = out.size();
  out += number ? std::to_string(*number) : std::string(field.width, filler);
  pad(out, begin, field, filler);
}

void append_user_properties(std::string& out, const Properties& properties, bool terminal) {
  bool first = true;
  for (const auto& [name, value] : properties.user) {
    if (!first) out += ' ';
    first = false;
    append_untrusted(out, name, terminal);
    out += ':';
    append_untrusted(out, value, terminal);
  }
}

void append_record(std::string& out, const payload::Decoded& decoded, payload::RecordForm form,
                   bool terminal) {
  if (!terminal) return payload::append_record(out, decoded, form);
  std::string record;
  payload::append_record(record, decoded, form);
  append_escaped(out, record);
}

void append_payload(std::string& out, const Field& field, std::string_view payload, bool terminal) {
  const std::size_t begin = out.size();
  append_untrusted(out, field.width > 0 ? payload.substr(0, field.width) : payload, terminal,
                   Lines::keep);
  pad(out, begin, field, field.zeros ? '0' : ' ');
  pad_without_width(out, field, payload.size());
}

/// Bytes are left out only where the digits of the field cannot hold them, as mosquitto_sub 2.1 has
/// it; 2.0 leaves half of them out, whatever the width.
void append_payload_in_hex(std::string& out, const Field& field, std::string_view payload) {
  const std::string_view shown = field.width > 0 ? payload.substr(0, field.width / 2) : payload;
  const std::string digits = in_hex(shown, field.letter);
  if (field.precision && *field.precision > 0) {
    append_groups(out, field, digits);
    return;
  }
  const std::size_t begin = out.size();
  out += digits;
  pad(out, begin, field, field.zeros ? '0' : ' ');
  pad_without_width(out, field, payload.size());
}

/// Whether this piece is made from the time of the message.
bool needs_time(const TemplatePiece& piece) {
  const auto* field = std::get_if<Field>(&piece);
  return std::holds_alternative<Conversion>(piece) ||
         (field != nullptr && (field->letter == 'I' || field->letter == 'U'));
}

/// The letters that append_field() knows.
constexpr std::string_view letters = "ACDdEFfIjJlmPpqRrStUxX";

/// Appends the part of the message that `field` names, as mosquitto_sub prints it; on a terminal
/// without its control characters. `time` is the message's, if a piece needs it.
void append_field(std::string& out, const Field& field, const payload::Decoded& decoded,
                  const LocalTime& time, bool terminal) {
  const Message& message = decoded.message();
  const Properties& properties = message.properties;
  switch (field.letter) {
    case 'A':
      return append_number(out, field, properties.topic_alias);
    case 'C':
      return append_text(out, field, properties.content_type.value_or(""), terminal);
    case 'D':
      return append_untrusted(out, properties.correlation_data.value_or(""), terminal);
    case 'd':
      return append_float<double>(out, field, message.payload);
    case 'E':
      return append_number(out, field, properties.expiry);
    case 'F':
      return append_number(out, field, properties.payload_format);
    case 'f':
      return append_float<float>(out, field, message.payload);
    case 'I': {
      std::string text;
      append_time(text, time.fields, "%FT%T%z");
      return append_text(out, field, text, terminal);
    }
    case 'j':
      return append_record(out, decoded, payload::RecordForm::exact, terminal);
    case 'J':
      return append_record(out, decoded, payload::RecordForm::value, terminal);
    case 'l':
      return append_number(out, field, std::optional{message.payload.size()});
    case 'm':
      return append_number(out, field, std::optional{message.id});
    case 'P':
      return append_user_properties(out, properties, terminal);
    case 'p':
      return append_payload(out, field, decoded.raw(), terminal);
    case 'q':
      out += static_cast<char>('0' + static_cast<int>(message.qos));
      return;
    case 'R':
      if (properties.response_topic) {  // no blanks in its place, unlike the others
        append_text(out, field, *properties.response_topic, terminal);
      }
      return;
    case 'r':
      out += message.retained ? '1' : '0';
      return;
    case 'S': {
      const auto& numbers = properties.subscription_identifiers;
      return append_number(out, field, numbers.empty() ? std::nullopt : std::optional{numbers[0]});
    }
    case 't':
      return append_text(out, field, message.topic, terminal);
    case 'U':
      out += std::to_string(time.seconds) + '.' + time.decimals(9);
      return;
    default:  // x, X
      return append_payload_in_hex(out, field, message.payload);
  }
}

/// Wider than any line; a typing error beyond.
constexpr std::size_t widest = 100'000;

/// What may stand between groups of hex digits.
constexpr std::string_view separators = " !\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~";

void append_conversion(std::string& out, Conversion conversion, const LocalTime& time) {
  if (conversion.letter == 'N') {
    out += time.decimals(9);
    return;
  }
  const std::array<char, 3> format{'%', conversion.letter, '\0'};
  append_time(out, time.fields, format.data());
}

/// Reads a format from left to right.
class TemplateParser {
 public:
  explicit TemplateParser(std::string_view format) : format_(format) {}

  std::vector<TemplatePiece> parse() {
    while (at_ < format_.size()) {
      begin_ = at_;
      switch (const char c = format_[at_++]) {
        case '%':
          parse_field();
          break;
        case '@':
          parse_conversion();
          break;
        case '\\':
          parse_escape();
          break;
        default:
          text_ += c;
      }
    }
    finish_text();
    return std::move(pieces_);
  }

 private:
  void parse_field() {
    Field field;
    field.left = skip('-');
    field.zeros = skip('0');
    field.width = number();
    if (skip('.')) field.precision = number();
    const bool separated = field.precision && at_ < format_.size() &&
                           separators.find(format_[at_]) != std::string_view::npos;
    if (separated) field.separator = format_[at_++];
    field.letter = next();
    if (field.letter == '%' && !separated) {
      text_ += '%';
      return;
    }
    const std::string_view known = separated ? "xX" : letters;
    if (known.find(field.letter) == std::string_view::npos) fail("unknown");
    add(field);
  }

  void parse_conversion() {
    const char letter = next();
    if (letter == '@' || letter == '%') {
      text_ += letter;
    } else if (letter != 'N' && strftime_letters.find(letter) == std::string_view::npos) {
      fail("unknown");
    } else {
      add(Conversion{letter});
    }
  }

  void parse_escape() {
    constexpr std::string_view names = "\\0aenrtv";
    constexpr std::string_view values{"\\\0\a\x1b\n\r\t\v", names.size()};
    const std::size_t index = names.find(next());
    if (index == std::string_view::npos) fail("unknown");
    text_ += values[index];
  }

  bool skip(char c) {
    const bool there = at_ < format_.size() && format_[at_] == c;
    at_ += there ? 1 : 0;
    return there;
  }

  std::size_t number() {
    std::size_t value = 0;
    while (at_ < format_.size() && is_digit(format_[at_])) {
      value = value * 10 + static_cast<std::size_t>(format_[at_++] - '0');
      if (value > widest) fail("too wide");
    }
    return value;
  }

  char next() {
    if (at_ == format_.size()) fail("unfinished");
    return format_[at_++];
  }

  void add(TemplatePiece piece) {
    finish_text();
    pieces_.push_back(std::move(piece));
  }

  void finish_text() {
    if (!text_.empty()) pieces_.emplace_back(std::exchange(text_, {}));
  }

  [[noreturn]] void fail(const char* what) const {
    // The last character whole, should it take several bytes.
    const std::size_t last = at_ - 1;
    const std::size_t end = last + code_point_at(format_, last).length;
    throw UsageError(std::string{"--format: "} + what + " `" +
                     escaped(format_.substr(begin_, end - begin_)) + "` at position " +
                     std::to_string(begin_ + 1) +
                     " (man mqtt-sub lists what there is; %% is %, @@ is @, \\\\ is \\)");
  }

  std::string_view format_;
  std::size_t at_ = 0;
  std::size_t begin_ = 0;  ///< Of what is being read.
  std::string text_{};
  std::vector<TemplatePiece> pieces_{};
};

}  // namespace

Template::Template(std::string_view format)
    : pieces_(TemplateParser{format}.parse()),
      needs_time_(std::ranges::any_of(pieces_, needs_time)) {}

void Template::render(std::string& out, const payload::Decoded& decoded, bool terminal) const {
  const LocalTime time = needs_time_ ? local_time(decoded.message().time) : LocalTime{};
  for (const TemplatePiece& piece : pieces_) {
    if (const auto* text = std::get_if<std::string>(&piece)) {
      out += *text;
    } else if (const auto* field = std::get_if<Field>(&piece)) {
      append_field(out, *field, decoded, time, terminal);
    } else {
      append_conversion(out, *std::get_if<Conversion>(&piece), time);
    }
  }
}

}  // namespace mqtt_tools::output
