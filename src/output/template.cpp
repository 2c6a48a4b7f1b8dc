// SPDX-License-Identifier: MIT
#include "output/template.hpp"

#include "error.hpp"
#include "text.hpp"

#include <array>
#include <cstdio>
#include <utility>

namespace mqtt_tools::output {

namespace {

/// Wider than any line; a typing error beyond.
constexpr std::size_t widest = 100'000;

/// What strftime of glibc converts.
constexpr std::string_view conversions = "aAbBcCdDeFgGhHIjklmMnNpPrRsStTuUVwWxXyYzZ%";

/// What may stand between groups of hex digits.
constexpr std::string_view separators = " !\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

/// Reads a format from left to right.
class TemplateParser {
 public:
  TemplateParser(Template& result, std::string_view format) : result_(&result), format_(format) {}

  void parse() {
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
  }

 private:
  void parse_field() {
    Field field;
    field.left = skip('-');
    field.zeros = skip('0');
    field.width = number();
    if (skip('.')) {
      field.precision = number();
    }
    const bool separated = field.precision && at_ < format_.size() &&
                           separators.find(format_[at_]) != std::string_view::npos;
    if (separated) {
      field.separator = format_[at_++];
    }
    const char letter = next();
    if (letter == '%' && !separated) {
      text_ += '%';
      return;
    }
    const auto part = field_part(letter);
    if (!part || (separated && letter != 'x' && letter != 'X')) {
      fail("unknown");
    }
    field.part = *part;
    add(field, needs_time(*part));
  }

  void parse_conversion() {
    const char letter = next();
    if (letter == '@' || letter == '%') {
      text_ += letter;
    } else if (conversions.find(letter) == std::string_view::npos) {
      fail("unknown");
    } else {
      add(Template::Conversion{letter}, true);
    }
  }

  void parse_escape() {
    constexpr std::string_view names = "\\0aenrtv";
    constexpr std::string_view values{"\\\0\a\x1b\n\r\t\v", names.size()};
    const std::size_t index = names.find(next());
    if (index == std::string_view::npos) {
      fail("unknown");
    }
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
      if (value > widest) {
        fail("too wide");
      }
    }
    return value;
  }

  char next() {
    if (at_ == format_.size()) {
      fail("unfinished");
    }
    return format_[at_++];
  }

  void add(Template::Piece piece, bool needs_time) {
    finish_text();
    result_->pieces_.push_back(std::move(piece));
    result_->needs_time_ = result_->needs_time_ || needs_time;
  }

  void finish_text() {
    if (!text_.empty()) {
      result_->pieces_.emplace_back(std::move(text_));
      text_.clear();
    }
  }

  [[noreturn]] void fail(const char* what) const {
    // The last character whole, should it take several bytes.
    const std::size_t last = at_ - 1;
    const std::size_t end = last + code_point_at(format_, last).length;
    throw UsageError(std::string{"format: "} + what + " `" +
                     escaped(format_.substr(begin_, end - begin_)) + "` at position " +
                     std::to_string(begin_ + 1) +
                     " (write %% @@ \\\\ for the characters themselves)");
  }

  Template* result_;
  std::string_view format_;
  std::size_t at_ = 0;
  std::size_t begin_ = 0;  ///< Of what is being read.
  std::string text_{};
};

Template::Template(std::string_view format) { TemplateParser{*this, format}.parse(); }

void Template::render(std::string& out, const payload::Decoded& decoded, bool terminal) const {
  const LocalTime time = needs_time_ ? local_time(decoded.message().time) : LocalTime{};
  for (const Piece& piece : pieces_) {
    if (const auto* text = std::get_if<std::string>(&piece)) {
      out += *text;
    } else if (const auto* field = std::get_if<Field>(&piece)) {
      append_field(out, *field, decoded, time, terminal);
    } else {
      append_conversion(out, *std::get_if<Conversion>(&piece), time);
    }
  }
}

void Template::append_conversion(std::string& out, Conversion conversion, const LocalTime& time) {
  if (conversion.letter == 'N') {
    std::array<char, 16> text;
    const int size = std::snprintf(text.data(), text.size(), "%09d", time.nanoseconds);
    out.append(text.data(), static_cast<std::size_t>(size));
    return;
  }
  const std::array<char, 3> format{'%', conversion.letter, '\0'};
  append_time(out, time, format.data());
}

}  // namespace mqtt_tools::output
