// SPDX-License-Identifier: MIT
#pragma once

#include "payload/decode.hpp"
#include "payload/json_pointer.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace mqtt_tools::output {

/// How messages are shown, as the user asked. Plain data.
struct PrinterOptions {
  enum class Form { pretty, raw, json, csv, format };  ///< `auto` is settled before.
  enum class Delimiter { newline, none, null };

  Form form = Form::raw;
  std::string format{};                      ///< -F, for Form::format.
  bool topic = false;                        ///< -v: topic before payload.
  Delimiter delimiter = Delimiter::newline;  ///< newline, -N, -0
  std::vector<std::string> select{};         ///< JSON pointers; only their values are shown.
  bool colour = false;                       ///< Settled before: --color, terminal, NO_COLOR.
  bool terminal = false;                     ///< stdout is a terminal: escape control characters.
  int width = 80;                            ///< Columns of the terminal at the start.
  std::function<int()> columns{};            ///< Of one that may be resized: its columns now.
  int decimals = 0;                          ///< Of the second, in the header of pretty.
};

/// Shows messages, one after another.
class Printer {
 public:
  explicit Printer(const PrinterOptions& options) : options_(options) {}
  virtual ~Printer() = default;

  /// Appends what is shown for the message to `out`, with its delimiter. False when the message has
  /// nothing to show (--select without any of its values); then nothing was appended.
  virtual bool print(const payload::Decoded& decoded, std::string& out) = 0;

  /// Appends what stands above all messages.
  virtual void print_header(std::string&) {}

 protected:
  /// Appends what ends a message: a newline, nothing (-N) or a NUL (-0).
  void append_delimiter(std::string& out) const;

  PrinterOptions options_;
};

/// Throws UsageError for a format or pointer that cannot be understood.
std::unique_ptr<Printer> make_printer(const PrinterOptions& options);

}  // namespace mqtt_tools::output
