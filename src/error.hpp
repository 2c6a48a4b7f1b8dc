// SPDX-License-Identifier: MIT
#pragma once

#include "exit_code.hpp"

#include <stdexcept>
#include <string>

namespace mqtt_tools {

/// What the user asked cannot be: a wrong option, topic, payload or file format. Ends the run with
/// ExitCode::usage. The text is one line that names what is wrong and what would be right.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The run cannot go on. The text is one line: what was tried, what went wrong, what to do.
class RunError : public std::runtime_error {
 public:
  RunError(ExitCode code, const std::string& text) : std::runtime_error(text), code_(code) {}

  ExitCode code() const { return code_; }

 private:
  ExitCode code_;
};

}  // namespace mqtt_tools
