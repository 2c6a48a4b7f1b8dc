// SPDX-License-Identifier: MIT
#pragma once

#include "cli/environment.hpp"
#include "cli/pub_options.hpp"
#include "cli/sub_options.hpp"
#include "error.hpp"

#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace mqtt_tools::cli {

using Words = std::vector<std::string>;

/// An environment that a test sets up: no variables, no home, stdin silent, stdout a pipe.
struct FakeEnvironment {
  std::map<std::string, std::string> variables{};
  bool stdin_gives = false;
  bool terminal = false;
  bool mosquitto = false;
  std::ostringstream out{};

  Environment environment() {
    Environment made;
    made.variable = [this](const std::string& name) -> std::optional<std::string> {
      const auto found = variables.find(name);
      return found == variables.end() || found->second.empty()
                 ? std::nullopt
                 : std::optional<std::string>{found->second};
    };
    made.line_of_stdin = [] { return std::string{"from-stdin"}; };
    made.ask_password = [] { return std::string{"asked"}; };
    made.stdin_gives = stdin_gives;
    made.stdout_terminal = terminal;
    made.columns = [] { return 100; };
    made.mosquitto = mosquitto;
    made.process = 4'194'303;
    made.random = 1;
    made.out = &out;
    return made;
  }

  PubOptions pub(const Words& words) { return read_pub(words, environment()).value(); }
  SubOptions sub(const Words& words) { return read_sub(words, environment()).value(); }

  /// The text of the UsageError for `words`; empty if there is none.
  std::string pub_error(const Words& words) {
    try {
      read_pub(words, environment());
    } catch (const UsageError& error) {
      return error.what();
    }
    return "";
  }

  std::string sub_error(const Words& words) {
    try {
      read_sub(words, environment());
    } catch (const UsageError& error) {
      return error.what();
    }
    return "";
  }
};

}  // namespace mqtt_tools::cli
