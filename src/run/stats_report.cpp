// SPDX-License-Identifier: MIT
//
// How the figures of --stats are shown.

#include "output/style.hpp"
#include "payload/json_scalar.hpp"
#include "run/stats.hpp"
#include "screen/frame.hpp"
#include "text.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

namespace mqtt_tools::run {

/// One line of the table.
struct Stats::Row {
  std::string_view name{};
  const Topic* topic = nullptr;
  double rate = 0;  ///< Messages a second.
  std::uint64_t gaps = 0;
};

namespace {

/// Longer topics move the columns of their own line only.
constexpr std::size_t widest_topic = 60;

/// Four digits and more: 0.412, 12.35, 1234.5, 123457.
std::string short_fixed(double value) {
  const double size = std::fabs(value);
  return formatted(size < 9.9995     ? "%.3f"
                   : size < 99.995   ? "%.2f"
                   : size < 9'999.95 ? "%.1f"
                                     : "%.0f",
                   value);
}

double mean_of(std::uint64_t sum, std::uint64_t count) {
  return count == 0 ? 0 : static_cast<double>(sum) / static_cast<double>(count);
}

double milliseconds(std::int64_t microseconds) { return static_cast<double>(microseconds) / 1e3; }

/// The time of the day; of another day, the date, too.
std::string short_time(Timestamp time, Timestamp now) {
  std::string text;
  const bool today = now - time < std::chrono::hours{20} && time - now < std::chrono::hours{1};
  append_time(text, local_time(time).fields, today ? "%H:%M:%S" : "%m-%d %H:%M");
  return text;
}

void append_real(payload::JsonObject& object, std::string_view name, double value) {
  object.key(name) += formatted("%.3f", value);
}

void append_latency(std::string& out, const Histogram& latency, std::uint64_t negative) {
  payload::JsonObject latencies{out};
  latencies.number("messages", latency.count());
  append_real(latencies, "min", milliseconds(latency.least()));
  for (const unsigned percent : {50U, 95U, 99U}) {
    append_real(latencies, "p" + std::to_string(percent),
                milliseconds(latency.percentile(percent)));
  }
  append_real(latencies, "max", milliseconds(latency.greatest()));
  if (negative > 0) latencies.number("negative", negative);
}

}  // namespace

struct Stats::Column {
  std::string_view title{};
  std::string (*cell)(const Row& row, Timestamp now) = nullptr;
  int dropped_as = 0;    ///< When it goes on a terminal that is too narrow; 0: never.
  bool stamped = false;  ///< Of messages with stamps only.
};

const std::vector<Stats::Column>& Stats::table_columns() {
  static const auto latency = [](const Row& row, std::int64_t value) {
    return row.topic->latency.count() == 0 ? "-" : short_fixed(milliseconds(value));
  };
  static const auto percentile = [](const Row& row, unsigned percent) {
    const Histogram& all = row.topic->latency;
    return latency(row, all.count() == 0 ? 0 : all.percentile(percent));
  };
  static const auto numbered = [](const Row& row, std::uint64_t value) {
    return row.topic->numbered ? std::to_string(value) : "-";
  };
  static const std::vector<Column> all{
      {"messages", [](const Row& row, auto) { return std::to_string(row.topic->messages); }},
      {"bytes", [](const Row& row, auto) { return std::to_string(row.topic->bytes); }, 5},
      {"rate", [](const Row& row, auto) { return short_fixed(row.rate); }, 11},
      {"last",
       [](const Row& row, auto now) {
         return row.topic->messages == 0 ? "-" : short_time(row.topic->last, now);
       },
       7},
      {"min B", [](const Row& row, auto) { return std::to_string(row.topic->smallest); }, 1},
      {"mean B",
       [](const Row& row, auto) {
         return short_fixed(mean_of(row.topic->bytes, row.topic->messages));
       },
       4},
      {"max B", [](const Row& row, auto) { return std::to_string(row.topic->largest); }, 2},
      {"p50 ms", [](const Row& row, auto) { return percentile(row, 50); }, 8, true},
      {"p95 ms", [](const Row& row, auto) { return percentile(row, 95); }, 3, true},
      {"p99 ms", [](const Row& row, auto) { return percentile(row, 99); }, 10, true},
      {"max ms", [](const Row& row, auto) { return latency(row, row.topic->latency.greatest()); },
       6, true},
      {"gaps", [](const Row& row, auto) { return numbered(row, row.gaps); }, 12, true},
      {"repeats", [](const Row& row, auto) { return numbered(row, row.topic->repeats); }, 9, true}};
  return all;
}

/// Cells as text: all that is known of widths is found before a line is written.
class Stats::Table {
 public:
  Table(const std::vector<Row>& rows, double seconds, Timestamp now, bool stamped)
      : rows_(rows), now_(now), heading_(formatted("topic (%.1f s)", seconds)) {
    topic_width_ = columns(heading_);
    for (const Row& row : rows_) {
      const auto name = std::min(row.name.size(), 16 * widest_topic);
      const auto width = columns(escaped(row.name.substr(0, name)));
      if (width <= widest_topic) topic_width_ = std::max(topic_width_, width);
    }
    for (const Column& column : table_columns()) {
      if (column.stamped && !stamped) continue;
      std::size_t width = column.title.size();
      for (const Row& row : rows_) width = std::max(width, column.cell(row, now_).size());
      shown_.emplace_back(&column, width);
    }
  }

  /// Leaves columns out, and shortens topics, until lines are as wide. The titles of the former.
  std::string fit(std::size_t width) {
    std::string left_out;
    const auto least = std::min(topic_width_, std::max<std::size_t>(width / 3, 8));
    for (int order = 1; numbers_width() + least > width && shown_.size() > 1; ++order) {
      const auto last =
          std::ranges::find(shown_, order, [](auto& entry) { return entry.first->dropped_as; });
      if (last == shown_.end()) continue;
      left_out += (left_out.empty() ? "" : ", ") + std::string{last->first->title};
      shown_.erase(last);
    }
    const auto room = width - std::min(width, numbers_width());
    topic_width_ = std::clamp<std::size_t>(room, 1, topic_width_);
    cut_ = true;
    return left_out;
  }

  void append(std::string& out, const output::Styler& styler) const {
    std::string line = topic_text(heading_);
    for (const auto& [column, width] : shown_) line += screen::fit_right(column->title, width + 2);
    styler.append(out, output::Style::dim, line);
    out += '\n';
    for (const Row& row : rows_) {
      out += topic_text(row.name);
      for (const auto& [column, width] : shown_) {
        out += screen::fit_right(column->cell(row, now_), width + 2);
      }
      out += '\n';
    }
  }

 private:
  std::size_t numbers_width() const {
    std::size_t sum = 0;
    for (const auto& [column, width] : shown_) sum += width + 2;
    return sum;
  }

  /// In a pipe a topic is whole, however long.
  std::string topic_text(std::string_view name) const {
    if (cut_) return screen::fit(name, topic_width_);
    std::string text = escaped(name);
    const auto width = columns(text);
    text.append(topic_width_ - std::min(topic_width_, width), ' ');
    return text;
  }

  const std::vector<Row>& rows_;
  Timestamp now_;
  std::string heading_;
  std::vector<std::pair<const Column*, std::size_t>> shown_{};  ///< Columns and their widths.
  std::size_t topic_width_ = 0;
  bool cut_ = false;
};

/// Sorted by topic, and `all` of them at the end.
std::vector<Stats::Row> Stats::rows(Topic& all, double seconds, bool of_interval) const {
  std::vector<Row> rows;
  rows.reserve(topics_.size() + 1);
  for (const auto& [name, topic] : topics_) {
    if (topic.messages > 0) rows.push_back({name, &topic, 0, topic.all_gaps()});
  }
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.name < b.name; });
  std::uint64_t gaps = 0;
  for (const Row& row : rows) {
    all.latency.add(row.topic->latency);
    all.negative += row.topic->negative;
    all.numbered = all.numbered || row.topic->numbered;
    all.repeats += row.topic->repeats;
    all.unusable += row.topic->unusable;
    gaps += row.gaps;
  }
  rows.push_back({"total", &all, 0, gaps});
  for (Row& row : rows) {
    const auto messages = row.topic->messages - (of_interval ? row.topic->before : 0);
    row.rate = seconds > 0 ? static_cast<double>(messages) / seconds : 0;
  }
  return rows;
}

void Stats::append(std::string& out, Rate rate, Clock::time_point now, Timestamp time) {
  const auto since = [&](Clock::time_point begin) {
    return std::chrono::duration<double>(now - begin).count();
  };
  const bool of_interval = rate == Rate::of_interval;
  const double seconds = since_ ? since(*since_) : 0;
  const double interval = of_interval ? since(interval_since_) : seconds;
  Topic all = total_;
  const auto lines = rows(all, interval, of_interval);
  if (options_.output.form == output::PrinterOptions::Form::json) {
    append_json(out, lines, seconds, interval, time);
  } else {
    if (std::exchange(any_table_, true)) out += '\n';
    append_table(out, lines, seconds, time);
  }
  if (!of_interval) return;
  for (auto& [name, topic] : topics_) topic.before = topic.messages;
  total_.before = total_.messages;
  interval_since_ = now;
  *next_ += *options_.interval;
  if (*next_ <= now) next_ = now + *options_.interval;
}

bool Stats::append_due(output::StandardOutput& out, bool asked, Clock::time_point now) {
  const bool due = next_ && *next_ <= now;
  asked_ = asked_ || asked;
  if ((!due && !asked_) || out.pending() > 0) return false;
  if (due) add_record(out, Rate::of_interval, now);
  if (std::exchange(asked_, false)) add_record(out, Rate::of_all_time, now);
  return true;
}

void Stats::finish(output::StandardOutput& out, Clock::time_point now) {
  if (since_ && !std::exchange(finished_, true)) add_record(out, Rate::of_all_time, now);
}

void Stats::add_record(output::StandardOutput& out, Rate rate, Clock::time_point now) {
  if (options_.output.columns) options_.output.width = options_.output.columns();
  append(out.buffer(), rate, now, std::chrono::system_clock::now());
  out.end_record(Qos::at_least_once);
}

void Stats::append_table(std::string& out, const std::vector<Row>& rows, double seconds,
                         Timestamp time) {
  const Topic& all = *rows.back().topic;
  Table table{rows, seconds, time, all.numbered || all.latency.count() > 0};
  if (options_.output.terminal) {
    const auto missing = table.fit(static_cast<std::size_t>(std::max(options_.output.width, 1)));
    if (!missing.empty() && notes_[narrow].count == 0) note(narrow, missing);
  }
  table.append(out, output::Styler{options_.output.colour});
}

/// Topics are UTF-8: the packet guard lets no other pass.
void Stats::append_json(std::string& out, const std::vector<Row>& rows, double seconds,
                        double interval, Timestamp time) const {
  std::string line;
  const auto figures = [&](payload::JsonObject& object, const Row& row) {
    const Topic& topic = *row.topic;
    object.number("messages", topic.messages);
    object.number("bytes", topic.bytes);
    append_real(object, "rate", row.rate);
    if (topic.messages > 0) {
      object.text("last", to_rfc3339(topic.last, 6));
      payload::JsonObject size{object.key("size")};
      size.number("min", topic.smallest);
      append_real(size, "mean", mean_of(topic.bytes, topic.messages));
      size.number("max", topic.largest);
    }
    if (topic.latency.count() > 0) {
      append_latency(object.key("latency"), topic.latency, topic.negative);
    }
    if (topic.numbered) {
      object.number("gaps", row.gaps);
      object.number("repeats", topic.repeats);
    }
    if (topic.unusable > 0) object.number("unusable", topic.unusable);
  };
  {
    payload::JsonObject object{line};
    object.text("tst", to_rfc3339(time, 6));
    append_real(object, "seconds", seconds);
    append_real(object, "interval", interval);
    figures(object, rows.back());
    if (notes_[left_out].count > 0) object.number("left_out", notes_[left_out].count);
    std::string& list = object.key("topics");
    list += '[';
    for (const Row& row : rows) {
      if (&row == &rows.back()) break;
      if (list.back() != '[') list += ',';
      payload::JsonObject entry{list};
      entry.text("topic", row.name);
      figures(entry, row);
    }
    list += ']';
  }
  output::append_untrusted(out, line, options_.output.terminal);
  out += '\n';
}

std::string Stats::text(Note kind) const {
  const auto& [count, example, said] = notes_[kind];
  const auto on = " (" + escaped(shortened(example, 60)) + ")";
  switch (kind) {
    case skew:
      return "clock skew: " + counted(count, "message") + " came before being sent, by up to " +
             short_fixed(-milliseconds(most_negative_)) + " ms" + on +
             "; the publisher's clock is ahead of the one here, and all its latencies are too "
             "small";
    case unusable:
      return counted(count, "stamp") + " could not be used" + on +
             ": its sent, run or seq is not what mqtt-pub --stamp writes";
    case jump:
      return counted(count, "number") + " (seq) lay further than " +
             std::to_string(Sequence::longest_jump) + " from all others of its run" + on +
             ", and made no gap";
    case left_out:
      return counted(count, "message") +
             " of more topics than can be kept count in the total only" + on;
    case forgotten:
      return counted(count, "run") + " of more than can be kept were forgotten" + on +
             ": what still comes of them counts as new";
    case no_memory:
      return counted(count, "message") + " could not be measured, as " +
             std::to_string(most_memory / 1024 / 1024) + " MiB are in use" + on;
    default:
      return "the terminal is too narrow for " + example + "; a pipe (| cat) gets all columns";
  }
}

std::vector<std::string> Stats::notes(bool at_end) {
  std::vector<std::string> lines;
  for (std::size_t kind = 0; kind < notes_end; ++kind) {
    NoteState& state = notes_[kind];
    const bool known = state.said == state.count || (state.said > 0 && !at_end);
    if (known) continue;
    state.said = state.count;
    lines.push_back(text(static_cast<Note>(kind)));
  }
  return lines;
}

}  // namespace mqtt_tools::run
