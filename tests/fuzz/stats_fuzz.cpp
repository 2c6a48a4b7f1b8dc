// SPDX-License-Identifier: MIT

// Messages for --stats, a line each: the topic, a tab, and the stamps (sent, run, seq) that a
// publisher gave it. Whatever they say, both tables are whole and harmless; numbers that are near
// each other are counted as a set of all of them would.

#include "run/stats.hpp"

#include "fuzz.hpp"
#include "payload/json.hpp"
#include "text.hpp"

#include <set>

using namespace mqtt_tools;
using fuzz::must;

namespace {

void check_tables(std::string_view lines, bool json) {
  const Clock::time_point start{std::chrono::hours{1}};
  using Form = output::PrinterOptions::Form;
  run::Stats stats{{.interval = std::chrono::seconds{1},
                    .output = {.form = json ? Form::json : Form::pretty, .terminal = true}}};
  stats.subscribed(start);
  auto now = start;
  for (fuzz::Input input{lines}; !input.empty();) {
    fuzz::Input line{input.line()};
    Message message;
    const auto until = [&line](char end) {
      const auto word = line.take(line.rest().find(end));
      line.byte();
      return std::string{word};
    };
    message.topic = until('\t');
    if (first_invalid_utf8(message.topic)) continue;  // The guard has refused it.
    message.payload = message.topic;
    message.time = Timestamp{std::chrono::seconds{1'795'000'000}};
    message.properties.user = {{"sent", until(' ')}, {"run", until(' ')}, {"seq", until(' ')}};
    now += std::chrono::milliseconds{7};
    stats.add(message, !message.topic.empty(), now);
  }
  for (const auto rate : {run::Stats::Rate::of_interval, run::Stats::Rate::of_all_time}) {
    std::string out;
    stats.append(out, rate, now, Timestamp{std::chrono::seconds{1'795'000'100}});
    must(fuzz::harmless(out) && !first_invalid_utf8(out));
    must(!json || (payload::is_json(out) && out.find('\n') + 1 == out.size()));
  }
  for (const auto& note : stats.notes(true)) must(!note.empty());
}

void check_sequence(std::string_view steps) {
  run::Sequence sequence;
  std::set<std::uint64_t> all;
  for (const char step : steps) {
    const auto number =
        (all.empty() ? 1'000'000 : *all.rbegin()) - 128 + static_cast<unsigned char>(step);
    const auto seen = sequence.add(number);
    must((seen == run::Sequence::Seen::repeat) == !all.insert(number).second);
    must(sequence.gaps() == *all.rbegin() - *all.begin() + 1 - all.size());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  check_tables(text, false);
  check_tables(text, true);
  check_sequence(text.substr(0, 100));
  return 0;
}
