// SPDX-License-Identifier: MIT
#pragma once

#include "message.hpp"
#include "payload/decode.hpp"
#include "payload/json_pointer.hpp"
#include "timestamp.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace mqtt_tools::screen {

/// A number over time: the last value, or the messages, of each second that had any. The last 120.
class Series {
 public:
  enum class Kind { values, rate };

  void add_value(std::uint32_t second, double value) { add(Kind::values, second, value); }
  void count(std::uint32_t second) { add(Kind::rate, second, 1); }

  Kind kind() const { return kind_; }
  bool empty() const { return samples_.empty(); }

  /// The last `most` samples, oldest first.
  std::vector<double> last(std::size_t most) const;

  /// `columns` values from the second `from` up to `to`; a value holds until the next one. NaN
  /// before the first.
  std::vector<double> between(std::uint32_t from, std::uint32_t to, std::size_t columns) const;

  std::uint32_t first_second() const { return samples_.front().second; }

 private:
  struct Sample {
    std::uint32_t second;
    float value;
  };
  static constexpr std::size_t capacity = 120;

  void add(Kind kind, std::uint32_t second, double value);
  double value(std::size_t index) const;

  Kind kind_ = Kind::values;
  std::vector<Sample> samples_{};  ///< The oldest first.
};

/// A number in a payload: its place (a JSON pointer) and what it is.
struct Number {
  std::string place{};
  double value = 0;
};

/// The numbers in a payload, strings that are numbers included, in their order, at most `most`.
std::vector<Number> numbers_in(const payload::Decoded& decoded, std::size_t most);

/// What is known of one topic. Bounded, whatever was sent to it.
struct TopicEntry {
  Message last{};          ///< Of a large payload the beginning.
  std::size_t size = 0;    ///< Of the whole payload.
  std::string selected{};  ///< What --select gave, where the payload is not whole.
  std::uint64_t messages = 0;
  Clock::time_point latest{};  ///< When the last one came.
  std::string place{};         ///< Of the number chosen for the sparkline; empty: the first.
  bool rate_chosen = false;    ///< The sparkline shows the rate, whatever the payload holds.
  Series series{};

  bool whole() const { return size == last.payload.size(); }

  /// Messages a second: of the last seconds, or going by the usual interval.
  double rate(Clock::time_point now) const;

  /// No message for three times the usual interval, and a second.
  bool stale(Clock::time_point now) const;

  void arrived(Clock::time_point now, bool retained);

 private:
  std::optional<double> interval() const;

  static constexpr std::size_t remembered = 8;
  std::array<Clock::time_point, remembered> arrivals_{};  ///< Of live messages, going round.
  std::uint64_t live_ = 0;
  Clock::time_point first_{};
  double decayed_ = 0;  ///< Messages a second, each forgotten slowly; as of latest.
};

/// All topics that messages came for.
class TopicTable {
 public:
  static constexpr std::size_t longest_payload = std::size_t{64} * 1024;
  static constexpr std::size_t most_topics = 100'000;
  /// Bytes of all topics' names; what comes for others beyond it is left out.
  static constexpr std::size_t most_name_bytes = std::size_t{32} * 1024 * 1024;
  /// Bytes of all payloads and properties; beyond it only the first KiB of a payload is kept.
  static constexpr std::size_t most_content_bytes = std::size_t{64} * 1024 * 1024;

  /// `select` are JSON pointers: what they give is the value of a topic. Throws UsageError.
  TopicTable(const std::vector<std::string>& select, payload::DecodeAs decode_as,
             Clock::time_point start);

  void add(const payload::Decoded& decoded, Clock::time_point now);
  void clear();

  /// What is seen stays as it is until false; what comes is kept all the same.
  void freeze(bool frozen);

  /// In the order in which they came. While frozen, no more than there were.
  std::size_t size() const { return frozen_size_.value_or(entries_.size()); }
  const TopicEntry& operator[](std::size_t index) const;

  /// The value of a topic as text on one line, not escaped; at most some KiB.
  std::string value(const TopicEntry& entry) const;

  /// Records all numbers of this topic from now on, to choose from; nothing: none.
  void follow(std::optional<std::size_t> index);

  /// What can be chosen for the followed topic: places of numbers, and last the rate, whose place
  /// is empty.
  const std::vector<std::pair<std::string, Series>>& followed() const { return followed_; }

  /// Shows another number of the followed topic.
  void choose(std::size_t choice);

  payload::Decoded decode(const TopicEntry& entry) const {
    return payload::decode(entry.last, decode_as_);
  }
  std::uint32_t second(Clock::time_point now) const;
  double rate(Clock::time_point now) const { return all_.rate(now); }
  std::uint64_t messages() const { return all_.messages; }
  /// Messages of topics beyond most_topics and most_name_bytes.
  std::uint64_t left_out() const { return left_out_; }

 private:
  std::optional<std::string> select(const payload::Decoded& decoded) const;
  void keep(TopicEntry& entry, const payload::Decoded& decoded);
  void sample(TopicEntry& entry, const payload::Decoded& decoded, Clock::time_point now);
  void sample_all(const payload::Decoded& decoded, Clock::time_point now);
  std::vector<Number> numbers(const payload::Decoded& decoded, std::size_t most) const;

  std::vector<payload::JsonPointer> select_{};
  payload::DecodeAs decode_as_;
  Clock::time_point start_;
  std::deque<TopicEntry> entries_{};
  std::unordered_map<std::string_view, std::size_t> by_name_{};
  std::unordered_map<std::size_t, TopicEntry> frozen_{};  ///< As they were, those that changed.
  std::optional<std::size_t> frozen_size_{};
  std::size_t name_bytes_ = 0;
  std::size_t content_bytes_ = 0;
  std::optional<std::size_t> followed_index_{};
  std::vector<std::pair<std::string, Series>> followed_{};
  TopicEntry all_{};
  std::uint64_t left_out_ = 0;
};

}  // namespace mqtt_tools::screen
