// SPDX-License-Identifier: MIT
#include "output/printer.hpp"

#include "output/pretty.hpp"
#include "output/style.hpp"
#include "output/template.hpp"
#include "timestamp.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

namespace mqtt_tools::output {

namespace {

/// What a format says (-F); the shorter forms have one of ours.
class TemplatePrinter : public Printer {
 public:
  TemplatePrinter(const PrinterOptions& options, std::string_view format)
      : Printer(options), template_(format) {}

  bool print(const payload::Decoded& decoded, std::string& out) override {
    template_.render(out, decoded, options_.terminal);
    append_delimiter(out);
    return true;
  }

 private:
  Template template_;
};

/// Values out of each payload that has one of them, with tabs between them.
class SelectPrinter : public Printer {
 public:
  explicit SelectPrinter(const PrinterOptions& options)
      : Printer(options), pointers_(options.select.begin(), options.select.end()) {}

  bool print(const payload::Decoded& decoded, std::string& out) override {
    if (!select(decoded)) return false;
    if (options_.topic) {
      append_untrusted(out, decoded.message().topic, options_.terminal);
      out += ' ';
    }
    std::string line;
    for (const auto& value : values_) line += value.value_or("") + '\t';
    line.pop_back();
    append_untrusted(out, line, options_.terminal, Lines::keep);
    append_delimiter(out);
    return true;
  }

 protected:
  /// Finds the value of each pointer. False if there is none.
  bool select(const payload::Decoded& decoded) {
    values_.clear();
    for (const auto& pointer : pointers_) values_.push_back(pointer.select(decoded));
    return std::ranges::any_of(values_, [](const auto& value) { return value.has_value(); });
  }

  std::vector<std::optional<std::string>> values_{};

 private:
  std::vector<payload::JsonPointer> pointers_;
};

/// A line of RFC 4180 for each payload that has one of the values: time, topic, values.
class CsvPrinter : public SelectPrinter {
 public:
  using SelectPrinter::SelectPrinter;

  void print_header(std::string& out) override {
    out += "time,topic";
    for (const auto& pointer : options_.select) append_cell(out, pointer);
    out += line_end;
  }

  bool print(const payload::Decoded& decoded, std::string& out) override {
    if (!select(decoded)) return false;
    out += to_rfc3339(decoded.message().time, 6);
    append_cell(out, decoded.message().topic);
    for (const auto& value : values_) append_cell(out, value.value_or(""));
    out += line_end;
    return true;
  }

 private:
  static constexpr const char* line_end = "\r\n";

  void append_cell(std::string& out, std::string_view text) const {
    out += ',';
    std::string shown;
    append_untrusted(shown, text, options_.terminal, Lines::keep);
    if (shown.find_first_of(",\"\r\n") == std::string::npos) {
      out += shown;
      return;
    }
    out += '"';
    for (const char letter : shown) out.append(letter == '"' ? 2 : 1, letter);
    out += '"';
  }
};

}  // namespace

void Printer::append_delimiter(std::string& out) const {
  if (options_.delimiter == PrinterOptions::Delimiter::newline) {
    out += '\n';
  } else if (options_.delimiter == PrinterOptions::Delimiter::null) {
    out += '\0';
  }
}

std::unique_ptr<Printer> make_printer(const PrinterOptions& options) {
  if (options.form == PrinterOptions::Form::csv) return std::make_unique<CsvPrinter>(options);
  if (!options.select.empty()) return std::make_unique<SelectPrinter>(options);
  switch (options.form) {
    case PrinterOptions::Form::pretty:
      return make_pretty_printer(options);
    case PrinterOptions::Form::json:
      return std::make_unique<TemplatePrinter>(options, "%j");
    case PrinterOptions::Form::format:
      return std::make_unique<TemplatePrinter>(options, options.format);
    case PrinterOptions::Form::raw:
    case PrinterOptions::Form::csv:
      break;
  }
  return std::make_unique<TemplatePrinter>(options, options.topic ? "%t %p" : "%p");
}

}  // namespace mqtt_tools::output
