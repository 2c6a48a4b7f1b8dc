// SPDX-License-Identifier: MIT
#include "connection/hooks/read_coalescing.hpp"

#include "catch.hpp"

using mqtt_tools::Clock;
using mqtt_tools::Duration;
using mqtt_tools::connection::hooks::ReadCoalescing;

namespace {

struct Input {
  ReadCoalescing read_coalescing{};
  Clock::time_point now{std::chrono::hours{1}};

  /// So many waits, so far apart, and whether there was a read_coalescing before any of them.
  bool waits(unsigned count, Duration apart, std::uint64_t written = 0) {
    bool fell = false;
    for (unsigned wait = 0; wait < count; ++wait) {
      now += apart;
      if (read_coalescing.falls(now, written)) fell = true;
    }
    return fell;
  }
};

constexpr Duration dense = ReadCoalescing::span / ReadCoalescing::drops;
constexpr Duration sparse = dense + std::chrono::microseconds{1};

}  // namespace

TEST_CASE("what comes alone is not left to gather") {
  Input input;
  CHECK_FALSE(input.waits(1000, sparse));
  CHECK_FALSE(input.waits(1000, std::chrono::seconds{1}));
}

TEST_CASE("a few drops are no read_coalescing") {
  Input input;
  input.waits(1, std::chrono::seconds{1});
  CHECK_FALSE(input.waits(ReadCoalescing::drops - 1, std::chrono::microseconds{10}));
  input.waits(1, std::chrono::seconds{1});
  CHECK_FALSE(input.waits(ReadCoalescing::drops - 1, std::chrono::microseconds{10}));
}

TEST_CASE("many drops are worth waiting for more") {
  Input input;
  input.waits(1, std::chrono::seconds{1});
  CHECK_FALSE(input.waits(ReadCoalescing::drops - 1, dense));
  CHECK(input.waits(1, dense));

  SECTION("also when the time of gathering lies between them") {
    for (int i = 0; i < 100; ++i) CHECK(input.waits(1, 2 * ReadCoalescing::gathering));
  }
  SECTION("until they become fewer") {
    input.waits(ReadCoalescing::drops, sparse);
    CHECK_FALSE(input.waits(1000, sparse));
  }
  SECTION("until a pause") {
    CHECK_FALSE(input.waits(1, ReadCoalescing::span + std::chrono::microseconds{1}));
    CHECK_FALSE(input.waits(ReadCoalescing::drops - 1, dense));
  }
  SECTION("until we write") {
    CHECK_FALSE(input.waits(1, dense, 1));
    CHECK_FALSE(input.waits(ReadCoalescing::drops - 1, dense, 1));
    CHECK(input.waits(1, dense, 1));
  }
}

TEST_CASE("what we acknowledge is not left to gather") {
  Input input;
  for (std::uint64_t written = 1; written < 100; ++written) {
    CHECK_FALSE(input.waits(1, std::chrono::microseconds{10}, written));
  }
}
