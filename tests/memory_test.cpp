// SPDX-License-Identifier: MIT

#include "memory.hpp"

#include "catch.hpp"

namespace mqtt_tools {
namespace {

TEST_CASE("there is memory for what fits into the address space, and for nothing above it") {
  CHECK(memory_for(0, 3));
  CHECK(memory_for(1000, 3));
  CHECK(memory_for(std::size_t{1} << 24, 3));
  CHECK_FALSE(memory_for(std::size_t{1} << 62, 1));
  // One would fit, as many as asked for do not.
  CHECK_FALSE(memory_for(std::size_t{1} << 46, 8));
}

TEST_CASE("a message for which there is no memory is named by its size and topic") {
  CHECK(no_memory_message("a/b", 80'000'000, true) ==
        "no memory for a message of 80000000 bytes on a/b; it was not acknowledged");
  CHECK(no_memory_message("", 5, false) == "no memory for a message of 5 bytes");
}

}  // namespace
}  // namespace mqtt_tools
