// SPDX-License-Identifier: MIT
#include "output/printer.hpp"

#include "output/pretty.hpp"
#include "output/style.hpp"
#include "output/template.hpp"
#include "payload/record.hpp"
#include "timestamp.hpp"

#include <optional>
#include <string_view>
#include <utility>

namespace mqtt_tools::output {

namespace {

/// The payload as it is, or its text where --decode asked for it.
class RawPrinter : public Printer {
 public:
  explicit RawPrinter(const PrinterOptions& options)
      : topic_(options.topic), terminal_(options.terminal), delimiter_(options.delimiter) {}

  bool print(const payload::Decoded& decoded, std::string& out) override {
    print(decoded, decoded.raw(), out);
    return true;
  }

 protected:
  void print(const payload::Decoded& decoded, std::string_view text, std::string& out) const {
    if (topic_) {
      append_untrusted(out, decoded.message().topic, terminal_);
      out += ' ';
    }
    append_untrusted(out, text, terminal_, Lines::keep);
    append_delimiter(out, delimiter_);
  }

 private:
  bool topic_;
  bool terminal_;
  PrinterOptions::Delimiter delimiter_;
};

/// The values of --select, in their order.
class Selection {
 public:
  explicit Selection(const std::vector<std::string>& pointers)
      : pointers_(pointers.begin(), pointers.end()) {}

  /// Calls `add` with each value, an empty text for one that is not there. False, and nothing is
  /// added, when none is.
  template <typename Add>
  bool each(const payload::Decoded& decoded, Add add) {
    bool any = false;
    values_.clear();
    for (const auto& pointer : pointers_) {
      const auto& value = values_.emplace_back(pointer.select(decoded));
      any = any || value.has_value();
    }
    if (!any) return false;
    for (const auto& value : values_) add(value.value_or(std::string{}));
    return true;
  }

 private:
  std::vector<payload::JsonPointer> pointers_;
  std::vector<std::optional<std::string>> values_{};
};

/// Values out of each payload that has one of them, with tabs between them.
class SelectPrinter : public RawPrinter {
 public:
  explicit SelectPrinter(const PrinterOptions& options)
      : RawPrinter(options), selection_(options.select) {}

  bool print(const payload::Decoded& decoded, std::string& out) override {
    std::string line;
    bool first = true;
    const bool any = selection_.each(decoded, [&](const std::string& value) {
      if (!std::exchange(first, false)) line += '\t';
      line += value;
    });
    if (any) RawPrinter::print(decoded, line, out);
    return any;
  }

 private:
  Selection selection_;
};

/// A line of RFC 4180 for each payload that has one of the values: time, topic, values.
class CsvPrinter : public Printer {
 public:
  explicit CsvPrinter(const PrinterOptions& options)
      : selection_(options.select), pointers_(options.select), terminal_(options.terminal) {}

  void print_header(std::string& out) override {
    out += "time,topic";
    for (const auto& pointer : pointers_) append_cell(out, pointer);
    out += line_end;
  }

  bool print(const payload::Decoded& decoded, std::string& out) override {
    const auto begin = out.size();
    out += to_rfc3339(decoded.message().time, 6);
    append_cell(out, decoded.message().topic);
    const bool any =
        selection_.each(decoded, [&](const std::string& value) { append_cell(out, value); });
    if (any) {
      out += line_end;
    } else {
      out.resize(begin);
    }
    return any;
  }

 private:
  static constexpr const char* line_end = "\r\n";

  void append_cell(std::string& out, std::string_view text) const {
    out += ',';
    std::string shown;
    append_untrusted(shown, text, terminal_, Lines::keep);
    if (shown.find_first_of(",\"\r\n") == std::string::npos) {
      out += shown;
      return;
    }
    out += '"';
    for (const char letter : shown) out.append(letter == '"' ? 2 : 1, letter);
    out += '"';
  }

  Selection selection_;
  std::vector<std::string> pointers_;
  bool terminal_;
};

/// One line of JSON.
class RecordPrinter : public Printer {
 public:
  explicit RecordPrinter(const PrinterOptions& options)
      : terminal_(options.terminal), delimiter_(options.delimiter) {}

  bool print(const payload::Decoded& decoded, std::string& out) override {
    if (terminal_) {
      record_.clear();
      payload::append_record(record_, decoded);
      append_escaped(out, record_);
    } else {
      payload::append_record(out, decoded);
    }
    append_delimiter(out, delimiter_);
    return true;
  }

 private:
  bool terminal_;
  PrinterOptions::Delimiter delimiter_;
  std::string record_{};
};

/// What -F says.
class TemplatePrinter : public Printer {
 public:
  explicit TemplatePrinter(const PrinterOptions& options)
      : template_(options.format), terminal_(options.terminal), delimiter_(options.delimiter) {}

  bool print(const payload::Decoded& decoded, std::string& out) override {
    template_.render(out, decoded, terminal_);
    append_delimiter(out, delimiter_);
    return true;
  }

 private:
  Template template_;
  bool terminal_;
  PrinterOptions::Delimiter delimiter_;
};

}  // namespace

std::unique_ptr<Printer> make_printer(const PrinterOptions& options) {
  if (options.form == PrinterOptions::Form::csv) return std::make_unique<CsvPrinter>(options);
  if (!options.select.empty()) return std::make_unique<SelectPrinter>(options);
  switch (options.form) {
    case PrinterOptions::Form::pretty:
      return make_pretty_printer(options);
    case PrinterOptions::Form::json:
      return std::make_unique<RecordPrinter>(options);
    case PrinterOptions::Form::format:
      return std::make_unique<TemplatePrinter>(options);
    case PrinterOptions::Form::raw:
    case PrinterOptions::Form::csv:
      break;
  }
  return std::make_unique<RawPrinter>(options);
}

}  // namespace mqtt_tools::output
