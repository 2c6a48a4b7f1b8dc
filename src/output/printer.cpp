// SPDX-License-Identifier: MIT
#include "output/printer.hpp"

#include "output/pretty.hpp"
#include "output/style.hpp"
#include "output/template.hpp"
#include "payload/record.hpp"

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

/// One value out of each payload that has it.
class SelectPrinter : public RawPrinter {
 public:
  explicit SelectPrinter(const PrinterOptions& options)
      : RawPrinter(options), pointer_(*options.select) {}

  bool print(const payload::Decoded& decoded, std::string& out) override {
    const auto value = pointer_.select(decoded);
    if (value) RawPrinter::print(decoded, *value, out);
    return value.has_value();
  }

 private:
  payload::JsonPointer pointer_;
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
  if (options.select) return std::make_unique<SelectPrinter>(options);
  switch (options.form) {
    case PrinterOptions::Form::pretty:
      return make_pretty_printer(options);
    case PrinterOptions::Form::json:
      return std::make_unique<RecordPrinter>(options);
    case PrinterOptions::Form::format:
      return std::make_unique<TemplatePrinter>(options);
    case PrinterOptions::Form::raw:
      break;
  }
  return std::make_unique<RawPrinter>(options);
}

}  // namespace mqtt_tools::output
