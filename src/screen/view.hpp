// SPDX-License-Identifier: MIT
#pragma once

#include "screen/frame.hpp"
#include "screen/topic_table.hpp"
#include "timestamp.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace mqtt_tools::screen {

/// What was typed.
struct Key {
  enum class Kind {
    character,
    up,
    down,
    page_up,
    page_down,
    home,
    end,
    enter,
    escape,
    tab,
    backspace
  };

  Kind kind = Kind::character;
  char32_t character = 0;
};

/// What the screen says besides the topics. Not escaped.
struct StatusText {
  std::string broker{};
  std::string connection{};  ///< "connected"
  std::string last_line{};   ///< That went to stderr; empty: which keys there are.
};

/// What is shown of a table of topics, and how keys change that. It is told the time, and knows no
/// terminal.
class View {
 public:
  explicit View(TopicTable& table) : table_(table) {}

  void press(const Key& key, Clock::time_point now);

  /// `q` was typed.
  bool quit() const { return quit_; }

  Frame frame(Size size, Clock::time_point now, const StatusText& status);

 private:
  enum class Sort { topic, rate, age };
  enum class Page { list, details, help };
  struct Columns;

  void press_in_list(const Key& key);
  void press_in_details(const Key& key);
  void type(const Key& key);
  void command(char32_t letter, Clock::time_point now);
  std::optional<std::ptrdiff_t> rows_of(const Key& key) const;
  void move(std::ptrdiff_t rows);
  void set_filter(std::string filter);
  void open_details();
  void close_details();

  void arrange(Clock::time_point now);
  void sort_by_topic(std::size_t old_size);
  void sort_by_number(Clock::time_point now);
  bool matches(std::size_t index) const;

  Line header(std::size_t width, Clock::time_point now, const StatusText& status) const;
  Line bottom(std::size_t width, const StatusText& status) const;
  void list(Frame& frame, std::size_t width, std::size_t rows, Clock::time_point now);
  Columns layout(std::size_t width) const;
  Line row(const Columns& columns, std::size_t index, bool selected, Clock::time_point now);
  const std::string& value(std::size_t index);
  void details(Frame& frame, std::size_t width, std::size_t rows, Clock::time_point now);
  void chart(Frame& frame, std::size_t width, std::size_t rows, Clock::time_point now) const;
  const std::vector<std::string>& payload_lines(const TopicEntry& entry, std::size_t width);

  TopicTable& table_;
  Page page_ = Page::list;
  Sort sort_ = Sort::topic;
  std::string filter_{};
  bool typing_ = false;
  bool quit_ = false;
  std::optional<Clock::time_point> paused_{};  ///< Since then.

  std::vector<std::size_t> order_{};  ///< Topics that are listed.
  std::size_t seen_ = 0;              ///< How many topics of the table were looked at.
  bool rebuild_order_ = true;         ///< All of them are to be looked at again.
  Clock::time_point sorted_{};
  std::size_t selected_ = 0;  ///< A place in order_.
  std::size_t top_ = 0;       ///< What the first line of the list shows.
  std::size_t page_rows_ = 10;

  std::size_t detailed_ = 0;  ///< The topic of the details.
  std::size_t choice_ = 0;    ///< Its number that the chart shows.
  std::size_t scroll_ = 0;    ///< Lines of its payload that are above.

  /// Texts made from payloads, each good as long as the topic has so many messages.
  struct CachedText {
    std::uint64_t messages = 0;
    std::string text{};
  };
  std::unordered_map<std::size_t, CachedText> values_{};
  std::uint64_t payload_of_ = 0;
  std::size_t payload_width_ = 0;
  std::vector<std::string> payload_lines_{};
};

}  // namespace mqtt_tools::screen
