// SPDX-License-Identifier: MIT
#pragma once

// Catch2 2.13 and 3.x, whichever the system has.
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif

#include <string>

namespace mqtt_tools::support {

/// Says that the rest of a test is not run, for ctest to count it as skipped (Catch2 2.13 has no
/// SKIP of its own): `if (missing) return skip("there is no node");`. At the top of a test only:
/// one that is skipped after a failed check would not be counted as failed.
inline void skip(const std::string& why) { WARN("test skipped: " + why); }

}  // namespace mqtt_tools::support
