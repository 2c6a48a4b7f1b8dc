// SPDX-License-Identifier: MIT
#pragma once

#include "output/colour.hpp"
#include "output/envelope_view.hpp"
#include "output/header.hpp"
#include "output/printer.hpp"
#include "timestamp.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace mqtt_tools::output {

/// Messages for people: a header, then the payload on the same line if it fits, else below it with
/// two blanks before each line, so that no payload can pass for a header. Nothing reaches the
/// output unescaped, also in a pipe.
class PrettyPrinter : public Printer {
 public:
  explicit PrettyPrinter(const PrinterOptions& options);

  bool print(const payload::Decoded& decoded, std::string& out) override;

 private:
  void append_payload(std::string& out, std::size_t column, const payload::Decoded& decoded) const;
  void append_json(std::string& out, std::size_t column, std::string_view json) const;
  void append_envelope(std::string& out, const EnvelopeView& envelope, Timestamp received) const;
  bool in_same_second(std::string_view sent, Timestamp received) const;
  void append_text(std::string& out, std::string_view text) const;
  void append_block(std::string& out, std::string_view text) const;

  PrinterOptions::Delimiter delimiter_;
  std::size_t width_;
  Brush brush_;
  Header header_;
  TimeFormat wire_time_{};  ///< As an envelope of ours would have it.
};

}  // namespace mqtt_tools::output
