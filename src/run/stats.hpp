// SPDX-License-Identifier: MIT
#pragma once

#include "message.hpp"
#include "output/standard_output.hpp"
#include "run/options.hpp"
#include "timestamp.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace mqtt_tools::run {

/// How often which values came, in buckets of which none is wider than a 64th of its values, so
/// that what it says of them is right to 1 %, without keeping them. The idea is that of
/// HdrHistogram, for which Debian has libraries of Java and Go only.
class Histogram {
 public:
  void add(std::int64_t value);
  void add(const Histogram& other);

  std::uint64_t count() const { return count_; }
  std::int64_t least() const { return least_; }
  std::int64_t greatest() const { return greatest_; }

  /// By nearest rank: the least value that at least `percent` of them do not exceed. There must be
  /// one.
  std::int64_t percentile(unsigned percent) const;

  /// Buckets in use: its memory.
  std::size_t size() const { return buckets_.size(); }

 private:
  struct Bucket {
    std::int32_t index;  ///< Below 0 for values below 0.
    std::uint64_t count;
  };

  void add(std::int32_t index, std::uint64_t count);

  std::vector<Bucket> buckets_{};  ///< Sorted.
  std::uint64_t count_ = 0;
  std::int64_t least_ = 0;
  std::int64_t greatest_ = 0;
};

/// The numbers (`seq`) that came of one stream: what one run published to one topic.
///
/// A gap is a number between the smallest and the largest that came which did not come: what was
/// sent before we listened is none, and one that comes late fills its gap. A repeat is a number
/// that came before. Of the gaps as many stay open as there is room for; beyond that the oldest is
/// closed, and a number that comes for it counts as a repeat.
class Sequence {
 public:
  /// A number further than this from all others may be anything: it does not count before another
  /// comes that follows it as closely (RFC 3550 §A.1 does alike).
  static constexpr std::uint64_t longest_jump = 1'000;

  /// Then what lies between is a gap, up to this; beyond, the stream begins anew.
  static constexpr std::uint64_t longest_gap = 1'000'000;

  static constexpr std::size_t most_ranges = 1'000;

  enum class Seen {
    fresh,
    repeat,
    jump,    ///< It does not count, or not yet.
    landed,  ///< It counts, and the jump before it: they made a gap.
  };

  Seen add(std::uint64_t number, std::size_t most = most_ranges);

  std::uint64_t gaps() const;

  /// Ranges kept: its memory.
  std::size_t size() const { return seen_.size(); }

 private:
  struct Range {
    std::uint64_t from;
    std::uint64_t to;
  };

  std::uint64_t distance(std::uint64_t number) const;
  Seen insert(std::uint64_t number, std::size_t most);

  std::vector<Range> seen_{};  ///< Sorted, with gaps between them.
  std::uint64_t closed_ = 0;   ///< Gaps that can no longer be filled.
  std::uint64_t jumped_ = 0;   ///< The last number that was too far away.
};

/// What mqtt-sub --stats counts, and its table. Main thread only.
///
/// Its memory is bounded whatever is sent: beyond `most_topics`, `most_runs` and `most_memory`
/// messages count in the total only, streams are forgotten or not followed, latencies not measured;
/// notes() says so.
class Stats {
 public:
  static constexpr std::size_t most_topics = 100'000;
  static constexpr std::size_t most_runs = 1'000;  ///< Streams of a topic.
  static constexpr std::size_t most_memory = std::size_t{64} * 1024 * 1024;

  explicit Stats(const StatsOptions& options) : options_(options) {}

  /// The subscriptions are granted: rates count from here, or from the first message if that came
  /// before. Told again, it changes nothing.
  void subscribed(Clock::time_point now);

  /// A message came. One that is not wanted (--match and so on) is not counted, but no gap either.
  void add(const Message& message, bool wanted, Clock::time_point now);

  /// When the next table is due; nothing without an interval.
  std::optional<Clock::time_point> due() const { return next_; }

  enum class Rate { of_all_time, of_interval };

  /// Appends what has come so far, as a table or as a line of JSON; `time` is now. With
  /// Rate::of_interval an interval ends here, and the next begins.
  void append(std::string& out, Rate rate, Clock::time_point now, Timestamp time);

  /// Appends the table that is due, and one that is asked for (SIGUSR1); none while the reader has
  /// not taken the last one. Whether there was one.
  bool append_due(output::StandardOutput& out, bool asked, Clock::time_point now);

  /// Appends the last table, once; none if the subscriptions were never granted.
  void finish(output::StandardOutput& out, Clock::time_point now);

  /// What to say on stderr beside the tables (clock skew, what was left out): each kind of it once,
  /// and `at_end` all of it with its last figures.
  std::vector<std::string> notes(bool at_end);

 private:
  struct Stream {
    Sequence sequence{};
    std::uint64_t used = 0;  ///< Of several, the one with the greatest was heard of last.
  };

  struct Topic {
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
    std::uint64_t smallest = 0;  ///< Payload.
    std::uint64_t largest = 0;
    std::uint64_t before = 0;  ///< Messages in earlier intervals.
    Timestamp last{};
    Histogram latency{};         ///< Microseconds.
    std::uint64_t negative = 0;  ///< Of the latencies.
    bool numbered = false;       ///< It has, or had, streams.
    std::uint64_t gaps = 0;      ///< Of streams forgotten.
    std::uint64_t repeats = 0;
    std::uint64_t unusable = 0;                           ///< Stamps that say nothing.
    std::unordered_map<std::uint32_t, Stream> streams{};  ///< By run.

    void count(const Message& message);
    std::uint64_t all_gaps() const;
  };

  /// What notes() may say.
  enum Note : std::size_t {
    skew,
    unusable,
    jump,
    left_out,
    forgotten,
    no_memory,
    narrow,
    notes_end
  };

  struct NoteState {
    std::uint64_t count = 0;
    std::string example{};   ///< The first topic.
    std::uint64_t said = 0;  ///< The count that was told.
  };

  struct Row;
  struct Column;
  class Table;

  bool room() const { return used_ < most_memory; }
  void note(Note kind, std::string_view topic);
  std::string text(Note kind) const;
  Topic* find(const std::string& name);
  void measure(const std::string& name, Topic& topic, const Message& message, bool wanted);
  bool add_latency(const std::string& name, Topic& topic, Timestamp sent, Timestamp came);
  void add_number(const std::string& name, Topic& topic, std::uint32_t run, std::uint64_t number);
  Stream* stream(const std::string& name, Topic& topic, std::uint32_t run);
  void forget_streams(const std::string& name, Topic& topic);
  static const std::vector<Column>& table_columns();
  std::vector<Row> rows(Topic& all, double seconds, bool of_interval) const;
  void add_record(output::StandardOutput& out, Rate rate, Clock::time_point now);
  void append_table(std::string& out, const std::vector<Row>& rows, double seconds, Timestamp time);
  void append_json(std::string& out, const std::vector<Row>& rows, double seconds, double interval,
                   Timestamp time) const;

  StatsOptions options_;
  std::optional<Clock::time_point> since_{};
  Clock::time_point interval_since_{};
  std::optional<Clock::time_point> next_{};
  std::unordered_map<std::string, Topic> topics_{};
  Topic total_{};
  std::uint64_t uses_ = 0;  ///< For Stream::used.
  std::size_t used_ = 0;    ///< Bytes, about.
  std::int64_t most_negative_ = 0;
  bool any_table_ = false;
  bool asked_ = false;  ///< For a table that is still to come.
  bool finished_ = false;
  std::array<NoteState, notes_end> notes_{};
};

}  // namespace mqtt_tools::run
