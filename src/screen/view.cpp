// SPDX-License-Identifier: MIT
#include "screen/view.hpp"

#include "text.hpp"

#include <algorithm>
#include <utility>

namespace mqtt_tools::screen {

namespace {

constexpr std::size_t longest_filter = 200;
constexpr std::size_t most_values = 1'000;  ///< Texts that are kept; a screen has some hundred.

std::string with_commas(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3;) text.insert(at -= 3, ",");
  return text;
}

/// Appends a column, at its right end the text, and a blank before it; nothing if it has no width.
void append_cell(std::string& line, std::string_view text, std::size_t width) {
  if (width > 0) line += " " + fit_right(text, width);
}

/// What `?` shows.
constexpr std::string_view help[] = {
    "Keys",
    "",
    "Up Down     one topic up, down",
    "PgUp PgDn   one page; Home, End",
    "/           only topics whose name has",
    "            this; Enter keeps, Esc ends",
    "s           sort: topic, rate, age",
    "space       pause, and go on",
    "Enter       details of the topic",
    "  Tab       chart another number",
    "  Esc       back to all topics",
    "c           clear: forget all topics",
    "q           quit",
    "",
    "A topic marked ! had no message for",
    "three times its usual interval.",
};

}  // namespace

/// How wide each column of the list is; 0: left out.
struct View::Columns {
  std::size_t all = 0;
  std::size_t topic = 0;
  std::size_t messages = 0;
  std::size_t rate = 6;
  std::size_t age = 5;
  std::size_t value = 0;
  std::size_t sparkline = 0;
};

void View::press(const Key& key, Clock::time_point now) {
  if (page_ == Page::help) {
    page_ = Page::list;
    if (key.kind == Key::Kind::character && key.character == 'q') quit_ = true;
  } else if (typing_) {
    type(key);
  } else if (key.kind == Key::Kind::character) {
    command(key.character, now);
  } else if (page_ == Page::details) {
    press_in_details(key);
  } else {
    press_in_list(key);
  }
}

void View::command(char32_t letter, Clock::time_point now) {
  switch (letter) {
    case 'q':
      quit_ = true;
      break;
    case ' ':
      if (paused_) {
        paused_.reset();
      } else {
        paused_ = now;
      }
      table_.freeze(paused_.has_value());
      sorted_ = {};
      break;
    case 'c':
      close_details();
      table_.clear();
      rebuild_order_ = true;
      break;
    case 's':
      if (page_ != Page::list) break;
      sort_ = sort_ == Sort::topic ? Sort::rate : sort_ == Sort::rate ? Sort::age : Sort::topic;
      rebuild_order_ = true;
      selected_ = top_ = 0;
      break;
    case '/':
      close_details();
      typing_ = true;
      set_filter("");
      break;
    case '?':
    case 'h':
      close_details();
      page_ = Page::help;
      break;
    default:
      break;
  }
}

void View::type(const Key& key) {
  std::string filter = filter_;
  switch (key.kind) {
    case Key::Kind::character:
      append_utf8(filter, key.character);
      if (filter.size() <= longest_filter) set_filter(std::move(filter));
      break;
    case Key::Kind::backspace:
      if (filter.empty()) {
        typing_ = false;
        break;
      }
      // All bytes of the last character.
      while (filter.size() > 1 && (static_cast<unsigned char>(filter.back()) & 0xC0) == 0x80) {
        filter.pop_back();
      }
      filter.pop_back();
      set_filter(std::move(filter));
      break;
    case Key::Kind::escape:
      typing_ = false;
      set_filter("");
      break;
    case Key::Kind::enter:
      typing_ = false;
      break;
    default:
      press_in_list(key);
      break;
  }
}

void View::press_in_list(const Key& key) {
  if (const auto rows = rows_of(key)) return move(*rows);
  if (key.kind == Key::Kind::enter) open_details();
  if (key.kind == Key::Kind::escape) set_filter("");
}

/// By how many rows a key moves, if it is one that does.
std::optional<std::ptrdiff_t> View::rows_of(const Key& key) const {
  const auto page = static_cast<std::ptrdiff_t>(std::max<std::size_t>(page_rows_, 2) - 1);
  constexpr std::ptrdiff_t all = 1'000'000'000;
  switch (key.kind) {
    case Key::Kind::up:
      return -1;
    case Key::Kind::down:
      return 1;
    case Key::Kind::page_up:
      return -page;
    case Key::Kind::page_down:
      return page;
    case Key::Kind::home:
      return -all;
    case Key::Kind::end:
      return all;
    default:
      return std::nullopt;
  }
}

void View::move(std::ptrdiff_t rows) {
  const auto last = std::max<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(order_.size()) - 1, 0);
  const auto wanted = static_cast<std::ptrdiff_t>(selected_) + rows;
  selected_ = static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(wanted, 0, last));
}

void View::set_filter(std::string filter) {
  if (filter == filter_) return;
  filter_ = std::move(filter);
  rebuild_order_ = true;
  selected_ = top_ = 0;
}

void View::open_details() {
  if (selected_ >= order_.size()) return;
  page_ = Page::details;
  detailed_ = order_[selected_];
  scroll_ = 0;
  payload_of_ = 0;
  table_.follow(detailed_);
  // The number that the sparkline shows.
  const TopicEntry& entry = table_[detailed_];
  const auto& numbers = table_.followed();
  const bool rate = entry.series.kind() == Series::Kind::rate || numbers.size() == 1;
  choice_ = rate ? numbers.size() - 1 : 0;
  for (std::size_t i = 0; !rate && i + 1 < numbers.size(); ++i) {
    if (!entry.place.empty() && numbers[i].first == entry.place) choice_ = i;
  }
}

void View::close_details() {
  if (page_ == Page::details) table_.follow({});
  page_ = Page::list;
}

/// Brings the list up to date: what is new, what the filter leaves, in which order.
void View::arrange(Clock::time_point now) {
  const bool by_topic = sort_ == Sort::topic;
  const std::size_t size = table_.size();
  if (size < seen_) rebuild_order_ = true;
  std::optional<std::size_t> kept;
  if (by_topic && !rebuild_order_ && selected_ < order_.size()) kept = order_[selected_];
  const bool again = rebuild_order_;
  if (std::exchange(rebuild_order_, false)) {
    order_.clear();
    values_.clear();
    seen_ = 0;
  }
  const std::size_t old_size = order_.size();
  for (; seen_ < size; ++seen_) {
    if (matches(seen_)) order_.push_back(seen_);
  }
  if (by_topic) {
    if (order_.size() > old_size) sort_by_topic(old_size);
    // The one that is selected stays so, wherever new ones stand.
    if (kept && order_.size() > old_size) {
      const auto place = std::find(order_.begin(), order_.end(), *kept);
      const auto moved = place - order_.begin() - static_cast<std::ptrdiff_t>(selected_);
      if (selected_ > 0) {
        selected_ += static_cast<std::size_t>(moved);
        top_ += static_cast<std::size_t>(moved);
      }
    }
  } else if (again || (!paused_ && now - sorted_ >= std::chrono::seconds{1})) {
    sort_by_number(now);
    sorted_ = now;
  }
  move(0);
}

/// Whether the name of the topic holds the filter, in whatever case.
bool View::matches(std::size_t index) const {
  if (filter_.empty()) return true;
  return lower_case(table_[index].last.topic).find(lower_case(filter_)) != std::string::npos;
}

void View::sort_by_topic(std::size_t old_size) {
  const auto before = [this](std::size_t one, std::size_t other) {
    return table_[one].last.topic < table_[other].last.topic;
  };
  const auto middle = order_.begin() + static_cast<std::ptrdiff_t>(old_size);
  std::sort(middle, order_.end(), before);
  std::inplace_merge(order_.begin(), middle, order_.end(), before);
}

/// The most, or the youngest, first.
void View::sort_by_number(Clock::time_point now) {
  std::vector<std::pair<double, std::size_t>> keyed;
  keyed.reserve(order_.size());
  for (const std::size_t index : order_) {
    const TopicEntry& entry = table_[index];
    const double key = sort_ == Sort::rate
                           ? -entry.rate(now)
                           : std::chrono::duration<double>(now - entry.latest).count();
    keyed.emplace_back(key, index);
  }
  std::sort(keyed.begin(), keyed.end());
  for (std::size_t i = 0; i < keyed.size(); ++i) order_[i] = keyed[i].second;
}

Frame View::frame(Size size, Clock::time_point now, const StatusText& status) {
  if (paused_) now = *paused_;
  const auto width = static_cast<std::size_t>(std::clamp(size.columns, 1, 1'000));
  const auto rows = static_cast<std::size_t>(std::clamp(size.rows, 1, 1'000));
  arrange(now);
  Frame frame;
  frame.push_back(header(width, now, status));
  const std::size_t middle = rows > 2 ? rows - 2 : 0;
  if (page_ == Page::list) {
    list(frame, width, middle, now);
  } else if (page_ == Page::details) {
    details(frame, width, middle, now);
  } else {
    for (const auto line : help) frame.push_back({fit(line, width)});
  }
  frame.resize(middle + 1, {std::string(width, ' ')});
  if (rows > 1) frame.push_back(bottom(width, status));
  return frame;
}

Line View::header(std::size_t width, Clock::time_point now, const StatusText& status) const {
  // What matters most is what a narrow screen still has.
  const std::string left = " " + status.connection + "  " + status.broker;
  std::string right = with_commas(table_.size()) + (table_.size() == 1 ? " topic  " : " topics  ") +
                      short_number(table_.rate(now)) + "/s ";
  if (paused_) right = "PAUSED  " + right;
  const std::size_t rest = width > right.size() ? width - right.size() : 0;
  if (rest < 12) return {fit(right, width), bold | reverse};
  return {fit(left, rest - 1) + " " + right, bold | reverse};
}

Line View::bottom(std::size_t width, const StatusText& status) const {
  if (typing_) return {fit("/" + filter_ + "_", width), bold};
  if (!status.last_line.empty()) return {fit(status.last_line, width), bold};
  if (page_ == Page::help) return {fit("any key: back  q quit", width), dim};
  if (page_ == Page::details) {
    return {fit("Tab number  arrows scroll  Esc back  space pause  q quit", width), dim};
  }
  std::string keys = "? help  / filter  s sort  space pause  Enter details  c clear  q quit";
  if (!filter_.empty()) keys = "filter: " + filter_ + "  (Esc: none)  " + keys;
  if (table_.left_out() > 0) {
    keys = with_commas(table_.left_out()) + " messages of further topics are not shown";
  }
  return {fit(keys, width), dim};
}

/// The topic gets what it needs, but leaves two fifths of what there is to the value.
View::Columns View::layout(std::size_t width) const {
  Columns columns;
  columns.all = width;
  if (width >= 60) columns.messages = 8;
  columns.sparkline = width >= 160 ? 40 : width >= 110 ? 24 : width >= 70 ? 10 : 0;
  std::size_t used = 1;  // The mark.
  for (const std::size_t column :
       {columns.messages, columns.rate, columns.age, columns.sparkline}) {
    used += column > 0 ? column + 1 : 0;
  }
  const std::size_t rest = width > used + 1 ? width - used - 1 : 0;
  std::size_t longest = 6;  // The heading, with its mark.
  for (std::size_t i = top_; i < order_.size() && i < top_ + page_rows_; ++i) {
    longest = std::max(longest,
                       mqtt_tools::columns(escaped(table_[order_[i]].last.topic.substr(0, 500))));
  }
  columns.topic = std::min(longest, rest * 3 / 5);
  columns.value = rest - columns.topic;
  return columns;
}

void View::list(Frame& frame, std::size_t width, std::size_t rows, Clock::time_point now) {
  if (rows == 0) return;
  page_rows_ = rows - 1;
  if (selected_ < top_) top_ = selected_;
  if (page_rows_ > 0 && selected_ >= top_ + page_rows_) top_ = selected_ - page_rows_ + 1;
  const std::size_t last_top = order_.size() > page_rows_ ? order_.size() - page_rows_ : 0;
  top_ = std::min(top_, last_top);
  const Columns columns = layout(width);

  const auto heading = [this](std::string_view text, Sort sort) {
    return std::string(text) + (sort_ == sort ? "▾" : "");
  };
  std::string titles = " " + fit(heading("topic", Sort::topic), columns.topic);
  append_cell(titles, "messages", columns.messages);
  append_cell(titles, heading("/s", Sort::rate), columns.rate);
  append_cell(titles, heading("age", Sort::age), columns.age);
  titles += " " + fit("value", columns.value);
  append_cell(titles, "", columns.sparkline);
  frame.push_back({fit(titles, width), bold | underline});

  for (std::size_t i = top_; i < order_.size() && i < top_ + page_rows_; ++i) {
    frame.push_back(row(columns, order_[i], i == selected_, now));
  }
  if (order_.empty() && page_rows_ > 0) {
    frame.push_back({fit(table_.size() == 0 ? " no message yet"
                                            : " no topic has \"" + filter_ + "\" in its name",
                         width),
                     dim});
  }
}

Line View::row(const Columns& columns, std::size_t index, bool selected, Clock::time_point now) {
  const TopicEntry& entry = table_[index];
  const bool stale = entry.stale(now);
  const unsigned attributes = (stale ? dim : plain) | (selected ? reverse : plain);
  std::string text = stale ? "!" : " ";
  text += fit(entry.last.topic, columns.topic, Cut::front);
  const auto exact = std::to_string(entry.messages);
  append_cell(
      text,
      exact.size() <= columns.messages ? exact : short_number(static_cast<double>(entry.messages)),
      columns.messages);
  append_cell(text, short_number(entry.rate(now)), columns.rate);
  append_cell(text, short_age(now - entry.latest), columns.age);
  text += " " + fit(value(index), columns.value);
  append_cell(text, bars(entry.series.last(columns.sparkline), 1).front(), columns.sparkline);
  if (mqtt_tools::columns(text) != columns.all) text = fit(text, columns.all);
  return {std::move(text), attributes};
}

/// Made once for each message that is seen.
const std::string& View::value(std::size_t index) {
  if (values_.size() > most_values) values_.clear();
  const TopicEntry& entry = table_[index];
  CachedText& cached = values_[index];
  if (cached.messages != entry.messages) {
    cached.messages = entry.messages;
    cached.text = table_.value(entry);
    std::replace_if(
        cached.text.begin(), cached.text.end(),
        [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
  }
  return cached.text;
}

}  // namespace mqtt_tools::screen
