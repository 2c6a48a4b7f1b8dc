// SPDX-License-Identifier: MIT
#include "output/pretty.hpp"

#include "bytes.hpp"
#include "output/style.hpp"
#include "payload/json.hpp"
#include "payload/json_scalar.hpp"
#include "text.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace mqtt_tools::output {

namespace {

using payload::JsonToken;
using payload::unquoted;

constexpr std::string_view margin = "  ";  ///< Before each line below a header.

std::string size_text(std::size_t size) {
  const double kibibytes = static_cast<double>(size) / 1024;
  return kibibytes < 1024 ? formatted("%.1f KiB", kibibytes)
                          : formatted("%.1f MiB", kibibytes / 1024);
}

/// What is unusual about a message, with commas between: a QoS other than 1, retained, a large
/// payload, a binary encoding, MQTT 5 properties. What others wrote is not escaped.
std::string annotations(const payload::Decoded& decoded) {
  constexpr std::size_t large = 1024;         // From here on the size is told.
  constexpr std::size_t longest_value = 120;  // Bytes of a property that are shown.
  const Message& message = decoded.message();
  const Properties& properties = message.properties;
  std::vector<std::string> all;
  const auto add = [&all](const char* name, const std::string& value) {
    all.push_back(name + shortened(value, longest_value));
  };

  if (message.qos == Qos::at_most_once) all.emplace_back("qos 0");
  if (message.qos == Qos::exactly_once) all.emplace_back("qos 2");
  if (message.retained) all.emplace_back("retained");
  if (message.duplicate) all.emplace_back("duplicate");
  if (message.payload.size() >= large) all.push_back(size_text(message.payload.size()));
  if (decoded.kind() == payload::Kind::cbor) all.emplace_back("CBOR");
  if (decoded.kind() == payload::Kind::msgpack) all.emplace_back("MessagePack");
  if (properties.content_type) add("content-type ", *properties.content_type);
  if (properties.expiry) all.push_back("expires in " + std::to_string(*properties.expiry) + " s");
  if (properties.response_topic) add("response-topic ", *properties.response_topic);
  if (const auto& bytes = properties.correlation_data) {
    add("correlation-data ", first_invalid_utf8(*bytes) ? to_hex(*bytes) : *bytes);
  }
  for (const auto& [name, value] : properties.user) {
    all.push_back(shortened(name, longest_value) + "=" + shortened(value, longest_value));
  }
  return joined(all);
}

/// The wire format of the tools, `{"msg":…,"data":"<time>",…}`, taken apart. All parts are JSON
/// text, as written.
struct EnvelopeView {
  std::string_view message{};
  std::string_view time = "\"\"";                                       ///< A string.
  std::vector<std::pair<std::string_view, std::string_view>> fields{};  ///< Key and value.
};

bool is_string(std::string_view json) { return !json.empty() && json.front() == '"'; }

/// Nothing if `json` (valid JSON) is something else.
std::optional<EnvelopeView> view_envelope(std::string_view json) {
  payload::JsonTokens tokens{json};
  JsonToken key;
  if (tokens.next().kind != JsonToken::Kind::begin_object) return std::nullopt;
  if (!tokens.next_key(key) || key.text != "\"msg\"") return std::nullopt;
  EnvelopeView view{tokens.next_value().text};
  bool more = tokens.next_key(key);
  const bool will = !more || key.text == "\"command\"";  // Of --presence, --wrap: without a time.
  if (!will) {
    view.time = tokens.next_value().text;
    if (key.text != "\"data\"" || !is_string(view.time)) return std::nullopt;
    more = tokens.next_key(key);
  }
  for (; more; more = tokens.next_key(key)) {
    view.fields.emplace_back(key.text, tokens.next_value().text);
  }
  if (will && (!is_string(view.message) || view.fields.size() > 1)) return std::nullopt;
  return view;
}

/// Ends the header line before a block.
void break_line(std::string& out) {
  out.resize(out.find_last_not_of(' ') + 1);
  out += '\n';
}

class PrettyPrinter : public Printer {
 public:
  explicit PrettyPrinter(const PrinterOptions& options)
      : Printer(options), styler_(options.colour) {}

  bool print(const payload::Decoded& decoded, std::string& out) override {
    const int width = options_.columns ? options_.columns() : options_.width;
    width_ = static_cast<std::size_t>(std::max(width, 1));
    append_payload(out, append_header(out, decoded), decoded);
    append_delimiter(out);
    return true;
  }

 private:
  /// Appends what stands before the payload, and two blanks; how many columns they take. Topics
  /// take as many columns as the widest so far, so that payloads stand in line; a topic wider than
  /// a third of the terminal moves nobody else.
  std::size_t append_header(std::string& out, const payload::Decoded& decoded) {
    const Message& message = decoded.message();
    const LocalTime received = local_time(message.time);
    std::string time;
    append_time(time, received.fields, "%H:%M:%S");
    const auto decimals = static_cast<std::size_t>(options_.decimals);
    if (decimals > 0) time += '.' + received.decimals(decimals);
    styler_.append(out, Style::dim, time);

    out += "  ";
    styler_.append_topic(out, message.topic);
    const std::size_t widest_allowed = std::max<std::size_t>(width_, 48) / 3;
    topic_columns_ = std::min(topic_columns_, widest_allowed);
    std::size_t topic = columns(escaped(message.topic));
    if (topic <= widest_allowed) {
      topic_columns_ = std::max(topic_columns_, topic);
      out.append(topic_columns_ - topic, ' ');
      topic = topic_columns_;
    }
    out += "  ";
    const std::size_t sum = time.size() + 2 + topic + 2;

    const std::string unusual = annotations(decoded);
    if (unusual.empty()) return sum;
    styler_.append(out, Style::notice, "[" + unusual + "]");
    out += "  ";
    return sum + columns(escaped(unusual)) + 4;
  }

  void append_payload(std::string& out, std::size_t column, const payload::Decoded& decoded) const {
    const Message& message = decoded.message();
    if (decoded.kind() == payload::Kind::empty) {
      styler_.append(out, Style::dim, "(empty)");
    } else if (const auto json = decoded.json()) {
      const auto envelope = view_envelope(*json);
      if (envelope && (is_string(envelope->message) || json->size() <= width_)) {
        append_envelope(out, *envelope, message.time);
      } else {
        append_json(out, column, *json);
      }
    } else if (const std::string_view shown = decoded.shown();
               decoded.kind() == payload::Kind::binary && shown == message.payload) {
      break_line(out);
      append_hexdump(out, message.payload, margin, width_);
    } else {
      append_text(out, shown);
    }
  }

  void append_json(std::string& out, std::size_t column, std::string_view json) const {
    // JSON text that may fit on a line when its blanks are gone is not much longer than this.
    constexpr std::size_t try_on_line = 4096;
    if (json.size() <= try_on_line) {
      std::string plain;
      output::append_json(plain, json, Styler{false});
      if (column + columns(plain) <= width_) return output::append_json(out, json, styler_);
    }
    break_line(out);
    output::append_json(out, json, styler_, margin);
  }

  void append_envelope(std::string& out, const EnvelopeView& envelope, Timestamp received) const {
    std::optional<std::string> block;
    std::string_view gap = "   ";  // Between the message and what follows it.
    if (!is_string(envelope.message)) {
      output::append_json(out, envelope.message, styler_);
    } else if (std::string text = unquoted(envelope.message);
               text.find('\n') != std::string::npos) {
      block = std::move(text);
      gap = "";
    } else {
      styler_.append(out, Style::plain, text, Lines::keep);
    }
    const std::string sent = unquoted(envelope.time);
    if (!sent.empty() && !told_by_arrival(sent, received)) {
      out += gap;
      gap = "  ";
      styler_.append(out, Style::dim, "sent " + sent);
      const auto time = read_time(sent);
      const std::string since = time ? age(*time, received) : "";
      if (!since.empty()) styler_.append(out, Style::notice, " (" + since + ")");
    }
    for (const auto& [key, value] : envelope.fields) {  // Spelt as --field has them.
      out += gap;
      gap = "  ";
      styler_.append(out, Style::key, unquoted(key));
      if (is_string(value)) {
        out += '=';
        styler_.append(out, Style::string, unquoted(value));
      } else {
        out += ":=";
        output::append_json(out, value, styler_);
      }
    }
    if (block) append_block(out, *block);
  }

  /// Whether the time in an envelope is less than a second from that in the header. A time without
  /// a zone is compared as text: what a sender in our zone would have written in the same second.
  bool told_by_arrival(std::string_view sent, Timestamp received) const {
    using namespace std::chrono;
    if (const auto time = read_time(sent)) {
      // Not in nanoseconds: see age().
      const auto apart = floor<milliseconds>(received) - floor<milliseconds>(*time);
      return apart > -seconds{1} && apart < seconds{1};
    }
    return sent == wire_time_.text(received);
  }

  void append_text(std::string& out, std::string_view text) const {
    if (text.ends_with('\n')) text.remove_suffix(1);
    if (text.find('\n') != std::string_view::npos) return append_block(out, text);
    styler_.append(out, Style::plain, text, Lines::keep);
  }

  void append_block(std::string& out, std::string_view text) const {
    break_line(out);
    for (const auto line : split(text, "\n")) {
      out += margin;
      styler_.append(out, Style::plain, line, Lines::keep);
      out += '\n';
    }
    out.pop_back();
  }

  Styler styler_;
  std::size_t width_ = 0;  ///< Of the terminal.
  std::size_t topic_columns_ = 0;
  TimeFormat wire_time_{};  ///< As an envelope of ours would have it.
};

void append_hexdump_row(std::string& out, std::size_t offset, std::string_view bytes,
                        std::size_t row) {
  append_hex(out, offset, 8);
  for (std::size_t i = 0; i < row; ++i) {
    out += i % 8 == 0 ? "  " : " ";
    if (i < bytes.size()) {
      append_hex(out, static_cast<unsigned char>(bytes[i]), 2);
    } else {
      out += "  ";
    }
  }
  out += "  |";
  for (const char c : bytes) out += c >= ' ' && c <= '~' ? c : '.';
  out += '|';
}

}  // namespace

std::unique_ptr<Printer> make_pretty_printer(const PrinterOptions& options) {
  return std::make_unique<PrettyPrinter>(options);
}

std::string age(Timestamp then, Timestamp now) {
  using namespace std::chrono;
  // Not in nanoseconds, of which the distance between two dates that anybody may have made up has
  // more than can be counted.
  const auto from = floor<milliseconds>(then);
  const auto to = floor<milliseconds>(now);
  const milliseconds apart = from <= to ? to - from : from - to;
  if (apart <= seconds{2}) return "";
  const auto rounded = [apart](milliseconds unit) { return (apart + unit / 2) / unit; };
  std::string text;
  if (rounded(seconds{1}) < 120) {
    text = std::to_string(rounded(seconds{1})) + " s";
  } else if (rounded(minutes{1}) < 120) {
    text = std::to_string(rounded(minutes{1})) + " min";
  } else if (rounded(hours{1}) < 48) {
    text = std::to_string(rounded(hours{1})) + " h";
  } else {
    text = std::to_string(rounded(days{1})) + " days";
  }
  return text + (from <= to ? " ago" : " ahead");
}

void append_hexdump(std::string& out, std::string_view bytes, std::string_view indent,
                    std::size_t width) {
  // Of n bytes: the offset, a blank and two digits for each, a blank more before each eight, two
  // blanks, and n letters between bars.
  std::size_t row = 32;
  while (row > 4 && indent.size() + 8 + 3 * row + (row + 7) / 8 + 4 + row > width) row /= 2;
  const std::string_view shown = bytes.substr(0, hexdump_limit);
  for (std::size_t offset = 0; offset < shown.size(); offset += row) {
    if (offset > 0) out += '\n';
    out += indent;
    append_hexdump_row(out, offset, shown.substr(offset, row), row);
  }
  if (const std::size_t more = bytes.size() - shown.size(); more > 0) {
    out += '\n';
    out += indent;
    out += "(" + std::to_string(more) + (more == 1 ? " byte more)" : " bytes more)");
  }
}

}  // namespace mqtt_tools::output
