// SPDX-License-Identifier: MIT
#include "run/output_batching.hpp"

#include "catch.hpp"

using mqtt_tools::Clock;
using mqtt_tools::Duration;
using mqtt_tools::run::OutputBatching;

namespace {

struct Stream {
  OutputBatching batching{};
  Clock::time_point now{std::chrono::hours{1}};

  /// So many turns, each of so many messages, so far apart.
  void turns(std::size_t count, std::size_t messages, Duration apart) {
    for (std::size_t turn = 0; turn < count; ++turn) {
      now += apart;
      batching.count_turn(messages, now);
    }
  }
};

}  // namespace

TEST_CASE("a message that comes alone is not held back") {
  Stream stream;
  stream.turns(1000, 1, OutputBatching::length);  // 2,500 a second
  CHECK_FALSE(stream.batching.until());
}

TEST_CASE("one burst is not enough to hold messages back") {
  Stream stream;
  stream.turns(1, 1000, OutputBatching::length);
  CHECK_FALSE(stream.batching.until());
}

TEST_CASE("when many messages come they wait a little, from the moment the turn ends") {
  Stream stream;
  stream.turns(1, 0, OutputBatching::length);
  stream.turns(8, 4, OutputBatching::length);
  CHECK(stream.batching.until() == stream.now + OutputBatching::length);

  SECTION("also when it comes in single messages") {
    Stream single;
    single.turns(200, 1, OutputBatching::length / 5);
    CHECK(single.batching.until() == single.now + OutputBatching::length);
  }
  SECTION("also when turns are late, as long as the messages are as many") {
    stream.turns(3, 400, 100 * OutputBatching::length);
    CHECK(stream.batching.until() == stream.now + OutputBatching::length);
  }
  SECTION("also when it has gaps") {
    stream.turns(1, 2, OutputBatching::length);
    CHECK(stream.batching.until() == stream.now + OutputBatching::length);
  }
  SECTION("and no longer than they are many") {
    stream.turns(2, 2, OutputBatching::length);
    CHECK_FALSE(stream.batching.until());
  }
  SECTION("a pause ends it") {
    stream.turns(1, 10, std::chrono::seconds{1});
    CHECK_FALSE(stream.batching.until());
  }
}
