// SPDX-License-Identifier: MIT
#include "feed/pace.hpp"

#include "feed/feed.hpp"
#include "feed/given.hpp"

#include "catch.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace mqtt_tools::feed {
namespace {

using namespace std::chrono_literals;

/// Whether the next message may go.
bool open(const Pace& pace, Clock::time_point now) { return !pace.due() || now >= *pace.due(); }

TEST_CASE("a pace does not drift when messages go a little late") {
  Pace pace{100ms};
  REQUIRE(open(pace, at(1s)));
  pace.took(at(1s));
  CHECK_FALSE(open(pace, at(1099ms)));
  CHECK(pace.due() == at(1100ms));

  pace.took(at(1130ms));
  CHECK(pace.due() == at(1200ms));
  pace.took(at(1299ms));
  CHECK(pace.due() == at(1300ms));
}

TEST_CASE("after a stall one message catches up and no more") {
  Pace pace{100ms};
  pace.took(at(0s));
  pace.took(at(5s));
  CHECK(open(pace, at(5s)));
  pace.took(at(5s));
  CHECK_FALSE(open(pace, at(5s)));
  CHECK(pace.due() == at(5100ms));
}

TEST_CASE("a pace faster than timers makes up for what they miss") {
  Pace pace{1ms};
  pace.took(at(1000ms));
  int together = 0;
  while (open(pace, at(1004ms))) {
    pace.took(at(1004ms));
    ++together;
  }
  CHECK(together == 4);

  together = 0;
  while (open(pace, at(9000ms))) {
    pace.took(at(9000ms));
    ++together;
  }
  CHECK(together <= 12);
}

TEST_CASE("with a rate the end is known when the last message goes") {
  SourceOptions options;
  options.text = "hello";
  options.repeat = 2;
  options.rate = 0.5;
  const auto feed = open(options);

  Message message;
  CHECK(feed->next(at(10s), message) == Supply::message);
  CHECK(message.payload == "hello");
  CHECK(feed->next(at(11s), message) == Supply::not_yet);
  CHECK(feed->due() == at(12s));
  CHECK(feed->fd() == -1);
  CHECK(feed->next(at(12s), message) == Supply::message);
  CHECK(message.payload == "hello");
  CHECK(feed->next(at(12s), message) == Supply::end);
}

TEST_CASE("the slower of rate and repeat delay holds") {
  SourceOptions options;
  options.repeat = 3;
  options.rate = 1;
  options.repeat_delay = 3s;
  const auto feed = open(options);

  CHECK(all_of(*feed, at(0s)).size() == 1);
  CHECK(feed->due() == at(3s));
  CHECK(all_of(*feed, at(3s)).size() == 1);
  CHECK(feed->due() == at(6s));
}

TEST_CASE("a rate slows lines down and says what it waits for") {
  GivenStdin input;
  SourceOptions options;
  options.kind = SourceOptions::Kind::lines;
  options.rate = 1;
  const auto feed = open(options);

  input.write("a\nb\n");
  CHECK(payloads(all_of(*feed, at(0s))) == std::vector<std::string>{"a"});
  CHECK(feed->fd() == -1);
  CHECK(feed->due() == at(1s));
  CHECK(payloads(all_of(*feed, at(1s))) == std::vector<std::string>{"b"});
  CHECK(feed->fd() == STDIN_FILENO);
  CHECK_FALSE(feed->due());
}

TEST_CASE("a rate next to nothing does not overflow") {
  SourceOptions options;
  options.repeat = 2;
  options.rate = 1e-300;
  const auto feed = open(options);
  CHECK(all_of(*feed, at(1s)).size() == 1);
  CHECK(feed->due() > at(24h));
}

}  // namespace
}  // namespace mqtt_tools::feed
