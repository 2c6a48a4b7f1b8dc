// SPDX-License-Identifier: MIT
#pragma once

#include "support/command.hpp"
#include "support/descriptor.hpp"

#include <sys/types.h>

namespace mqtt_tools::support {

/// A program that runs, and our ends of its descriptors; those that it does not have are not open.
struct Launched {
  pid_t pid = -1;
  Descriptor exited{};  ///< A pidfd.
  Descriptor input{};
  Descriptor output{};
  Descriptor errors{};
};

/// The ends that the program gets; an fd below 0 is left closed.
struct Ends {
  int input = -1;
  int output = -1;
  int errors = -1;
  bool terminal = false;  ///< One of them is a terminal, to be the program's own.
};

/// Everything that must be made before the fork: after it, only simple system calls are allowed.
struct Prepared {
  explicit Prepared(const Command& command);

  std::string program;
  std::vector<std::string> words;
  std::vector<std::string> variables;
  std::string directory;
  std::vector<int> ignored;
  std::vector<int> inherited;
};

/// Starts `prepared` in a process group of its own that dies with this process.
Launched launch(const Prepared& prepared, const Ends& ends);

}  // namespace mqtt_tools::support
