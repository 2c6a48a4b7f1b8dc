// SPDX-License-Identifier: MIT
#include "run/stats.hpp"

#include "text.hpp"

#include "catch.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <random>
#include <set>
#include <sstream>

namespace mqtt_tools::run {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using nlohmann::json;

const Timestamp noon = *from_rfc3339("2026-11-28T12:00:00Z");
const Clock::time_point start{1h};

struct Stamp {
  std::string sent{};
  std::string run{};
  std::string seq{};
};

/// What came, and when: the steady clock and the clock on the wall go together.
class Arrivals {
 public:
  explicit Arrivals(StatsOptions options = {}) : stats(options) { stats.subscribed(start); }

  void add(const std::string& topic, const std::string& payload = "x", const Stamp& stamp = {},
           bool wanted = true) {
    Message message;
    message.topic = topic;
    message.payload = payload;
    message.time = noon + std::chrono::duration_cast<Timestamp::duration>(now - start);
    message.retained = retained;
    if (!stamp.sent.empty()) message.properties.user.emplace_back("sent", stamp.sent);
    if (!stamp.run.empty()) message.properties.user.emplace_back("run", stamp.run);
    if (!stamp.seq.empty()) message.properties.user.emplace_back("seq", stamp.seq);
    stats.add(message, wanted, now);
  }

  /// Numbers of a run, sent `latency` ago.
  void number(const std::string& topic, const std::string& run, std::uint64_t number,
              std::chrono::microseconds latency = 1ms) {
    const auto sent = noon + std::chrono::duration_cast<Timestamp::duration>(now - start) - latency;
    add(topic, "x", {to_rfc3339(sent, 6), run, std::to_string(number)});
  }

  std::string text(Stats::Rate rate = Stats::Rate::of_all_time) {
    std::string out;
    stats.append(out, rate, now,
                 noon + std::chrono::duration_cast<Timestamp::duration>(now - start));
    return out;
  }

  std::string note(const std::string& part) {
    for (const auto& line : stats.notes(true)) {
      if (line.find(part) != std::string::npos) return line;
    }
    return "";
  }

  Stats stats;
  Clock::time_point now = start;
  bool retained = false;
};

StatsOptions as_json() {
  StatsOptions options;
  options.output.form = output::PrinterOptions::Form::json;
  return options;
}

json figures(Arrivals& arrivals, Stats::Rate rate = Stats::Rate::of_all_time) {
  return json::parse(arrivals.text(rate));
}

/// The figures of one topic; null when it is not there.
json topic(Arrivals& arrivals, const std::string& name) {
  const auto all = figures(arrivals);
  for (const auto& one : all["topics"]) {
    if (one["topic"] == name) return one;
  }
  return {};
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream in{text};
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

/// Nearest rank, of all values.
std::int64_t sorted_percentile(std::vector<std::int64_t> values, unsigned percent) {
  std::sort(values.begin(), values.end());
  const auto rank = (values.size() * percent + 99) / 100;
  return values[std::max<std::size_t>(rank, 1) - 1];
}

void check_percentiles(const std::vector<std::int64_t>& values) {
  Histogram histogram;
  for (const auto value : values) histogram.add(value);
  CHECK(histogram.count() == values.size());
  CHECK(histogram.least() == *std::min_element(values.begin(), values.end()));
  CHECK(histogram.greatest() == *std::max_element(values.begin(), values.end()));
  for (const unsigned percent : {0U, 1U, 50U, 95U, 99U, 100U}) {
    CAPTURE(percent);
    const auto exact = static_cast<double>(sorted_percentile(values, percent));
    const auto found = static_cast<double>(histogram.percentile(percent));
    CHECK(std::fabs(found - exact) <= std::fabs(exact) / 100);
  }
}

TEST_CASE("percentiles agree with those of a full sort to 1 %") {
  std::mt19937_64 random{7};
  const std::size_t count = GENERATE(1U, 2U, 3U, 99U, 100U, 101U, 20'000U);
  std::vector<std::int64_t> values(count);
  SECTION("uniform") {
    for (auto& value : values) value = static_cast<std::int64_t>(random() % 5'000'000);
  }
  SECTION("exponential, in microseconds") {
    std::exponential_distribution<double> spread{1.0 / 300};
    for (auto& value : values) value = static_cast<std::int64_t>(spread(random));
  }
  SECTION("over all orders of magnitude") {
    std::uniform_real_distribution<double> spread{0, 43};
    for (auto& value : values) value = static_cast<std::int64_t>(std::exp2(spread(random)));
  }
  SECTION("two heaps far apart") {
    for (auto& value : values) {
      value = static_cast<std::int64_t>(random() % 10 < 9 ? 100 + random() % 10 : 60'000'000);
    }
  }
  SECTION("around zero") {
    std::normal_distribution<double> spread{0, 100'000};
    for (auto& value : values) value = static_cast<std::int64_t>(spread(random));
  }
  SECTION("all the same") {
    for (auto& value : values) value = 123'457;
  }
  check_percentiles(values);
}

TEST_CASE("a histogram takes the least and the greatest number there is") {
  check_percentiles({std::numeric_limits<std::int64_t>::min() + 1,
                     std::numeric_limits<std::int64_t>::max(), 0, 1, -1, 127, 128, 129});
  Histogram histogram;
  histogram.add(std::numeric_limits<std::int64_t>::min());
  CHECK(histogram.percentile(50) == std::numeric_limits<std::int64_t>::min());
}

TEST_CASE("histograms added up are as one of all values") {
  std::mt19937_64 random{3};
  Histogram all;
  Histogram parts[3];
  Histogram sum;
  for (int i = 0; i < 3'000; ++i) {
    const auto value = static_cast<std::int64_t>(random() % 1'000'000) - 100;
    all.add(value);
    parts[i % 3].add(value);
  }
  for (const auto& part : parts) sum.add(part);
  sum.add(Histogram{});
  CHECK(sum.count() == all.count());
  CHECK(sum.size() == all.size());
  for (const unsigned percent : {1U, 50U, 99U}) {
    CHECK(sum.percentile(percent) == all.percentile(percent));
  }
}

struct Counted {
  std::uint64_t gaps = 0;
  int repeats = 0;
  int jumps = 0;

  bool operator==(const Counted&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Counted& counted) {
  return out << counted.gaps << " gaps, " << counted.repeats << " repeats, " << counted.jumps
             << " jumps";
}

Counted counted_of(const std::vector<std::uint64_t>& numbers) {
  Sequence sequence;
  Counted counted;
  for (const auto number : numbers) {
    const auto seen = sequence.add(number);
    if (seen == Sequence::Seen::repeat) ++counted.repeats;
    if (seen == Sequence::Seen::jump) ++counted.jumps;
    if (seen == Sequence::Seen::landed) --counted.jumps;
  }
  counted.gaps = sequence.gaps();
  return counted;
}

TEST_CASE("gaps are numbers that did not come, repeats are those that came before") {
  const auto most = std::numeric_limits<std::uint64_t>::max();
  CHECK(counted_of({1, 2, 3}) == Counted{});
  CHECK(counted_of({1, 2, 5}) == Counted{2});
  CHECK(counted_of({1, 2, 2, 3, 1}) == Counted{0, 2});
  CHECK(counted_of({1, 5, 3, 2, 4}) == Counted{});               // Late ones fill their gaps.
  CHECK(counted_of({1, 5, 3, 3, 2, 2, 4, 4}) == Counted{0, 3});  // And once more are repeats.
  CHECK(counted_of({500, 501, 503}) == Counted{1});              // We came in the middle.
  CHECK(counted_of({500, 498}) == Counted{1});                   // Late, of before we knew.
  CHECK(counted_of({500, 498, 499, 498}) == Counted{0, 1});
  CHECK(counted_of({most - 1, most}) == Counted{});
  CHECK(counted_of({most, most}) == Counted{0, 1});
}

TEST_CASE("one absurd number makes no gaps, and a stream may go on elsewhere") {
  const auto most = std::numeric_limits<std::uint64_t>::max();
  CHECK(counted_of({1, 2, most, 3}) == Counted{0, 0, 1});
  CHECK(counted_of({1, 2, most, most, 3}) == Counted{0, 1, 1});
  CHECK(counted_of({most, 1, 2, 3}) == Counted{0, 0, 1});  // The absurd one came first.
  CHECK(counted_of({1, 2, most, 3, most - 1, 4}) == Counted{0, 0, 2});
  CHECK(counted_of({1, 2, 5'000, 3, 4}) == Counted{0, 0, 1});
  CHECK(counted_of({5'000, 1, 9'000, 20'000}) == Counted{0, 0, 3});
  CHECK(counted_of({1, 1'001}) == Counted{999});
  // An outage: the next number tells that the stream goes on there.
  CHECK(counted_of({1, 2, 60'000, 60'001, 60'003}) == Counted{59'998});
  CHECK(counted_of({1, 2, 60'000, 60'000, 60'002}) == Counted{59'998, 1});
  CHECK(counted_of({1, 1'000'001, 1'000'002}) == Counted{999'999});
  // Of a longer one what lies between is no gap, and what was missing before stays.
  CHECK(counted_of({1, 3, 9'000'000, 9'000'001, 9'000'003}) == Counted{2, 0, 1});
}

TEST_CASE("whatever the order in which numbers come, gaps and repeats are those of a set") {
  std::mt19937_64 random{11};
  for (int round = 0; round < 50; ++round) {
    std::vector<std::uint64_t> numbers;
    for (std::uint64_t number = 1; number <= 400; ++number) {
      for (auto times = random() % 3; times > 0; --times) numbers.push_back(number);
    }
    std::shuffle(numbers.begin(), numbers.end(), random);
    const std::set<std::uint64_t> distinct(numbers.begin(), numbers.end());
    const auto counted = counted_of(numbers);
    CHECK(counted.gaps == *distinct.rbegin() - *distinct.begin() + 1 - distinct.size());
    CHECK(counted.repeats == static_cast<int>(numbers.size() - distinct.size()));
  }
}

TEST_CASE("more gaps than can be kept open stay gaps") {
  Sequence sequence;
  for (std::uint64_t number = 1; number <= 100'001; number += 2) sequence.add(number);
  CHECK(sequence.gaps() == 50'000);
  CHECK(sequence.size() <= Sequence::most_ranges);
  CHECK(sequence.add(100'000) == Sequence::Seen::fresh);  // Of the last ones, still open.
  CHECK(sequence.add(2) == Sequence::Seen::repeat);       // Closed.
  CHECK(sequence.gaps() == 49'999);
  CHECK(sequence.add(100'002, 1) == Sequence::Seen::fresh);
}

TEST_CASE("a line of JSON tells messages, bytes, rate, sizes and the last of each topic") {
  Arrivals arrivals{as_json()};
  arrivals.add("b", "12");
  arrivals.add("a", "");
  arrivals.now += 2s;
  arrivals.add("b", "1234");
  arrivals.now += 500ms;
  CHECK(figures(arrivals) == json::parse(R"({"tst":"2026-11-28T12:00:02.500000Z","seconds":2.5,
    "interval":2.5,"messages":3,"bytes":6,"rate":1.2,"last":"2026-11-28T12:00:02.000000Z",
    "size":{"min":0,"mean":2.0,"max":4},"topics":[
    {"topic":"a","messages":1,"bytes":0,"rate":0.4,"last":"2026-11-28T12:00:00.000000Z",
     "size":{"min":0,"mean":0.0,"max":0}},
    {"topic":"b","messages":2,"bytes":6,"rate":0.8,"last":"2026-11-28T12:00:02.000000Z",
     "size":{"min":2,"mean":3.0,"max":4}}]})"));
}

TEST_CASE("without a message the figures are zeros, and there is no last one") {
  Arrivals arrivals{as_json()};
  arrivals.now += 1s;
  CHECK(figures(arrivals) == json::parse(R"({"tst":"2026-11-28T12:00:01.000000Z","seconds":1.0,
    "interval":1.0,"messages":0,"bytes":0,"rate":0.0,"topics":[]})"));
  Arrivals table;
  const auto lines = lines_of(table.text());
  REQUIRE(lines.size() == 2);
  CHECK(lines[1].substr(0, 5) == "total");
}

TEST_CASE("the rate of a periodic table is that of its interval") {
  auto options = as_json();
  options.interval = 10s;
  Arrivals arrivals{options};
  CHECK(arrivals.stats.due() == start + 10s);
  for (int i = 0; i < 20; ++i) arrivals.add("a");
  arrivals.now += 10s;
  const auto first = figures(arrivals, Stats::Rate::of_interval);
  CHECK(first["topics"][0]["rate"] == 2.0);
  CHECK(arrivals.stats.due() == start + 20s);
  for (int i = 0; i < 5; ++i) arrivals.add("a");
  arrivals.now += 10s;
  const auto second = figures(arrivals, Stats::Rate::of_interval);
  CHECK(second["topics"][0]["rate"] == 0.5);
  CHECK(second["rate"] == 0.5);
  CHECK(second["interval"] == 10.0);
  CHECK(second["seconds"] == 20.0);
  CHECK(second["messages"] == 25);
  const auto all = figures(arrivals);
  CHECK(all["rate"] == 1.25);
  arrivals.now += 100s;  // Nobody asked in time.
  figures(arrivals, Stats::Rate::of_interval);
  CHECK(arrivals.stats.due() == arrivals.now + 10s);
}

TEST_CASE("stamped messages give latencies, gaps and repeats, run by run") {
  Arrivals arrivals{as_json()};
  for (const std::uint64_t number : {1U, 2U, 4U, 4U}) arrivals.number("t", "0000000a", number, 5ms);
  for (const std::uint64_t number : {7U, 8U, 11U}) arrivals.number("t", "0000000b", number, 250ms);
  arrivals.number("u", "0000000a", 1, 1s);
  const auto t = topic(arrivals, "t");
  CHECK(t["gaps"] == 3);
  CHECK(t["repeats"] == 1);
  CHECK(t["latency"]["messages"] == 7);
  CHECK(t["latency"]["min"] == 5.0);
  CHECK(t["latency"]["max"] == 250.0);
  CHECK(std::fabs(t["latency"]["p50"].get<double>() - 5) <= 0.05);
  CHECK(std::fabs(t["latency"]["p99"].get<double>() - 250) <= 2.5);
  CHECK(!t.contains("unusable"));
  const auto all = figures(arrivals);
  CHECK(all["gaps"] == 3);
  CHECK(all["repeats"] == 1);
  CHECK(all["latency"]["max"] == 1000.0);
  CHECK(arrivals.stats.notes(true).empty());
}

TEST_CASE("a message without a stamp has no latency, gaps or repeats") {
  Arrivals arrivals{as_json()};
  arrivals.add("t");
  const auto t = topic(arrivals, "t");
  CHECK(!t.contains("latency"));
  CHECK(!t.contains("gaps"));
}

TEST_CASE("a stamp that is no stamp is said, and measures nothing") {
  const std::string sent = "2026-11-28T11:59:59.000000Z";
  const std::vector<Stamp> stamps{
      {sent, "0000000a", "0"},
      {sent, "0000000a", "-1"},
      {sent, "0000000a", "+1"},
      {sent, "0000000a", "1.5"},
      {sent, "0000000a", "text"},
      {sent, "0000000a", " 1"},
      {sent, "0000000a", "18446744073709551616"},
      {sent, "0000000a", std::string(60'000, '1')},
      {sent, "0000000a", ""},
      {sent, "", "1"},
      {sent, "xyz", "1"},
      {sent, "0000000g", "1"},
      {sent, "-000000a", "1"},
      {sent, "00000000a", "1"},
      {sent, std::string(60'000, 'a'), "1"},
      {"yesterday", "0000000a", "5"},
      {"0001-01-01T00:00:00Z", "0000000a", "5"},
      {"1677-09-22T00:00:00Z", "0000000a", "5"},
      {"2262-04-10T00:00:00Z", "0000000a", "5"},
      {"9999-12-31T23:59:59.999999999Z", "0000000a", "5"},
      {"\x1b[2J\xff", "0000000a", "5"},
  };
  for (const auto& stamp : stamps) {
    CAPTURE(stamp.sent, stamp.run.substr(0, 20), stamp.seq.substr(0, 20));
    Arrivals arrivals{as_json()};
    arrivals.add("t", "x", stamp);
    const auto t = topic(arrivals, "t");
    CHECK(t["messages"] == 1);
    CHECK(t["unusable"] == 1);
    CHECK(t.value("gaps", 0) == 0);
    CHECK(!arrivals.note("1 stamp could not be used (t)").empty());
  }
}

TEST_CASE("a number of a stream that is absurd is said, and makes no absurd gaps") {
  Arrivals arrivals{as_json()};
  for (const std::uint64_t number : {1ULL, 2ULL, 18'446'744'073'709'551'615ULL, 4ULL}) {
    arrivals.number("t", "0000000a", number);
  }
  CHECK(topic(arrivals, "t")["gaps"] == 1);
  CHECK(topic(arrivals, "t")["repeats"] == 0);
  CHECK(!arrivals.note("1 number (seq) lay further than 1000 from").empty());
}

TEST_CASE("of stamps given twice the last one counts") {
  Arrivals arrivals{as_json()};
  Message message;
  message.topic = "t";
  message.time = noon;
  message.properties.user = {{"seq", "99"},
                             {"run", "0000000a"},
                             {"seq", "1"},
                             {"sent", "never"},
                             {"sent", "2026-11-28T11:59:59Z"}};
  arrivals.stats.add(message, true, start);
  CHECK(topic(arrivals, "t")["latency"]["max"] == 1000.0);
  CHECK(!topic(arrivals, "t").contains("unusable"));
}

TEST_CASE("clock skew is named when a latency is negative") {
  Arrivals arrivals{as_json()};
  arrivals.number("good", "0000000a", 1);
  arrivals.number("ahead\x1b", "0000000b", 1, -2'500ms);
  arrivals.number("ahead\x1b", "0000000b", 2, -1ms);
  CHECK(topic(arrivals, "ahead\x1b")["latency"]["min"] == -2500.0);
  CHECK(topic(arrivals, "ahead\x1b")["latency"]["negative"] == 2);
  CHECK(!topic(arrivals, "good")["latency"].contains("negative"));
  const auto note = arrivals.note("clock skew");
  CHECK(note.find("2 messages came before being sent, by up to 2500.0 ms (ahead\\x1b)") !=
        std::string::npos);
}

TEST_CASE("what a broker retained is counted, and measured by nothing") {
  Arrivals arrivals{as_json()};
  arrivals.number("t", "0000000a", 7);
  arrivals.retained = true;
  arrivals.number("t", "0000000a", 3, 1h);
  arrivals.number("t", "0000000a", 7, 1h);
  const auto t = topic(arrivals, "t");
  CHECK(t["messages"] == 3);
  CHECK(t["latency"]["messages"] == 1);
  CHECK(t["gaps"] == 0);
  CHECK(t["repeats"] == 0);
}

TEST_CASE("a message that is filtered out is no gap") {
  Arrivals arrivals{as_json()};
  arrivals.add("t", "x", {"", "0000000a", "1"});
  arrivals.add("t", "x", {"", "0000000a", "2"}, false);
  arrivals.add("t", "x", {"", "0000000a", "3"});
  arrivals.add("unwanted", "x", {"", "0000000a", "3"}, false);
  CHECK(topic(arrivals, "t")["messages"] == 2);
  CHECK(topic(arrivals, "t")["gaps"] == 0);
  CHECK(topic(arrivals, "unwanted").is_null());
  CHECK(figures(arrivals)["messages"] == 2);
}

TEST_CASE("endless topics and runs take bounded memory, which is said") {
  Arrivals arrivals{as_json()};
  for (std::size_t i = 0; i < Stats::most_topics + 10; ++i) arrivals.add("t" + std::to_string(i));
  const auto all = figures(arrivals);
  CHECK(all["messages"] == Stats::most_topics + 10);
  CHECK(all["topics"].size() == Stats::most_topics);
  CHECK(all["left_out"] == 10);
  CHECK(!arrivals.note("10 messages of more topics than can be kept").empty());
}

TEST_CASE("long topics end at the memory that they may take") {
  Arrivals arrivals{as_json()};
  const std::string end(60'000, 'x');
  for (int i = 0; i < 2'000; ++i) arrivals.add(std::to_string(i) + end);
  const auto all = figures(arrivals);
  CHECK(all["messages"] == 2'000);
  CHECK(all["topics"].size() * end.size() < Stats::most_memory + 2 * end.size());
  CHECK(all["left_out"].get<std::size_t>() + all["topics"].size() == 2'000);
}

std::string run_name(int number) {
  char text[9];
  std::snprintf(text, sizeof text, "%08x", number);
  return text;
}

TEST_CASE("of endless runs the ones heard of last are known, and the gaps of the others stay") {
  Arrivals arrivals{as_json()};
  for (int i = 0; i < 5'000; ++i) {
    arrivals.number("t", run_name(i), 1);
    arrivals.number("t", run_name(i), 3);
  }
  arrivals.number("t", run_name(4'999), 2);
  arrivals.number("t", run_name(4'998), 3);
  const auto t = topic(arrivals, "t");
  CHECK(t["gaps"] == 4'999);
  CHECK(t["repeats"] == 1);
  CHECK(!arrivals.note("were forgotten (t)").empty());
}

TEST_CASE("a run in use is not forgotten for runs that come once") {
  Arrivals arrivals{as_json()};
  std::uint64_t number = 0;
  for (int i = 1; i < 20'000; ++i) {
    arrivals.number("t", run_name(i), 1);
    if (i % 100 == 0) arrivals.number("t", "ffffffff", number += 2);
  }
  CHECK(topic(arrivals, "t")["gaps"] == number / 2 - 1);
}

TEST_CASE("when the memory is used up messages are counted on, and it is said") {
  Arrivals arrivals{as_json()};
  std::mt19937_64 random{1};
  // Each message a latency, a run, a hole of its own.
  for (int i = 0; i < 700'000; ++i) {
    const auto name = "t" + std::to_string(i % 1'000);
    arrivals.number(name, run_name(i), random() % 900'000 + 1,
                    std::chrono::microseconds(random() % 1'000'000'000));
  }
  const auto all = figures(arrivals);
  CHECK(all["messages"] == 700'000);
  CHECK(all["latency"]["messages"] < 700'000);
  CHECK(!arrivals.note("could not be measured, as 64 MiB are in use").empty());
}

TEST_CASE("a table has a line for each topic in their order, and the total at its end") {
  Arrivals arrivals;
  arrivals.add("b/long/topic", "12345");
  arrivals.add("a", "1");
  arrivals.now += 4s;
  arrivals.add("a", "123");
  CHECK(
      arrivals.text() ==
      "topic (4.0 s)  messages  bytes   rate      last  min B  mean B  max B\n"
      "a                     2      4  0.500  " +
          [] {
            std::string time;
            append_time(time, local_time(noon + 4s).fields, "%H:%M:%S");
            return time;
          }() +
          "      1   2.000      3\n"
          "b/long/topic          1      5  0.250  " +
          [] {
            std::string time;
            append_time(time, local_time(noon).fields, "%H:%M:%S");
            return time;
          }() +
          "      5   5.000      5\n"
          "total                 3      9  0.750  " +
          [] {
            std::string time;
            append_time(time, local_time(noon + 4s).fields, "%H:%M:%S");
            return time;
          }() +
          "      1   3.000      5\n");
  CHECK(arrivals.text().substr(0, 7) == "\ntopic ");  // A blank line between tables.
}

TEST_CASE("a table of stamped messages has their latencies, gaps and repeats") {
  Arrivals arrivals;
  arrivals.add("plain");
  arrivals.number("t", "0000000a", 1, 412us);
  arrivals.number("t", "0000000a", 3, 12'345us);
  arrivals.number("t", "0000000a", 3, 1'234'567us);
  const auto lines = lines_of(arrivals.text());
  REQUIRE(lines.size() == 4);
  CHECK(lines[0].find("p50 ms  p95 ms  p99 ms  max ms  gaps  repeats") != std::string::npos);
  CHECK(lines[1].find("-       -       -       -     -        -") != std::string::npos);
  CHECK(lines[2].find("1234.6     1        1") != std::string::npos);
  CHECK(lines[3].find("1234.6     1        1") != std::string::npos);
}

TEST_CASE("a table fits its terminal, and what is left out is said") {
  for (const int width : {1, 20, 40, 60, 80, 100, 200}) {
    CAPTURE(width);
    StatsOptions options;
    options.output.terminal = true;
    options.output.width = width;
    Arrivals arrivals{options};
    arrivals.number("sensors/a/very/long/topic/that/ends/late/temperature", "0000000a", 1);
    arrivals.number("房间/温度/很长的主题名称很长的主题名称很长的主题名称", "0000000a", 3);
    arrivals.number("e\u0301\u0301\u0301\u200d\u202e\x1b[31m\n", "0000000a", 9);
    const auto lines = lines_of(arrivals.text());
    CHECK(lines.size() == 5);
    for (const auto& line : lines) {
      CAPTURE(line);
      if (width >= 20) CHECK(columns(line) <= static_cast<std::size_t>(width));
      CHECK(escaped(line) == line);
    }
    CHECK(arrivals.note("too narrow").empty() == (width == 200));
    if (width >= 40) CHECK(lines[0].find("gaps") != std::string::npos);
  }
}

TEST_CASE("in a pipe a table is whole, and what is in a topic acts on nothing") {
  Arrivals arrivals;
  const std::string longest(65'000, 'x');
  arrivals.add(longest);
  arrivals.add("line\nfeed\x1b]0;title\x07");
  arrivals.add("short");
  const auto text = arrivals.text();
  CHECK(text.find(longest + "  ") != std::string::npos);
  CHECK(text.find("\nline\\x0afeed\\x1b]0;title\\x07 ") != std::string::npos);
  CHECK(text.size() < longest.size() + 1'000);  // No line is as wide as the widest.
  CHECK(arrivals.stats.notes(true).empty());
}

TEST_CASE("a topic with any characters is valid JSON") {
  Arrivals arrivals{as_json()};
  const std::string name = "quote\" back\\slash\x01\x7f\u202e/房间";
  arrivals.add(name);
  CHECK(topic(arrivals, name)["messages"] == 1);
  auto options = as_json();
  options.output.terminal = true;
  Arrivals terminal{options};
  terminal.add("\u202e\u009b");
  CHECK(escaped(lines_of(terminal.text()).at(0)) == lines_of(terminal.text()).at(0));
}

TEST_CASE("each kind of note is said once before the end") {
  Arrivals arrivals;
  arrivals.add("t", "x", {"never", "", ""});
  CHECK(arrivals.stats.notes(false).size() == 1);
  arrivals.add("t", "x", {"never", "", ""});
  CHECK(arrivals.stats.notes(false).empty());
  arrivals.number("t", "0000000a", 1, -1s);
  CHECK(arrivals.stats.notes(false).size() == 1);
  CHECK(arrivals.stats.notes(false).empty());
  arrivals.number("t", "0000000a", 5'000);
  arrivals.number("t", "0000000a", 5'001);
  const auto last = arrivals.stats.notes(true);
  REQUIRE(last.size() == 1);  // Of the others nothing new.
  CHECK(last[0].find("2 stamps could not be used") == 0);
}

}  // namespace
}  // namespace mqtt_tools::run
