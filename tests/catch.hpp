// SPDX-License-Identifier: MIT
#pragma once

// Catch2 2.13 and 3.x, whichever the system has.
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
using Catch::Approx;  // as it is with 2.13
#else
#include <catch2/catch.hpp>
#endif

#include <string>

namespace mqtt_tools::support {

/// Matches a text that holds `text`.
inline auto Contains(const std::string& text) {
#if __has_include(<catch2/catch_all.hpp>)
  return Catch::Matchers::ContainsSubstring(text);
#else
  return Catch::Matchers::Contains(text);
#endif
}

/// Says that the rest of a test is not run, for ctest to count it as skipped (Catch2 2.13 has no
/// SKIP of its own): `if (missing) return skip("there is no node");`. At the top of a test only:
/// one that is skipped after a failed check would not be counted as failed.
inline void skip(const std::string& why) { WARN("test skipped: " + why); }

}  // namespace mqtt_tools::support
