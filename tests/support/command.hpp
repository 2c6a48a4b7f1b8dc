// SPDX-License-Identifier: MIT
#pragma once

#include "support/system.hpp"

#include <sys/types.h>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace mqtt_tools::support {

/// What to run, and in which surroundings. PATH begins with the built programs, HOME and
/// XDG_CONFIG_HOME are an empty directory, no MQTT_* variable is set, and stdin is /dev/null,
/// unless said otherwise.
class Command {
 public:
  Command(std::initializer_list<std::string> words) : words_(words) {}
  explicit Command(std::vector<std::string> words) : words_(std::move(words)) {}

  /// `line`, understood by sh.
  static Command shell(std::string line) { return Command{{"/bin/sh", "-c", std::move(line)}}; }

  Command& add(std::initializer_list<std::string> words);
  Command& add(const std::vector<std::string>& words);
  Command& environment(const std::string& name, std::string value);
  Command& unset(const std::string& name);
  Command& directory(std::string path);
  Command& ignoring(int signal);  ///< Ignored from the start, as nohup does.

  Command& input(std::string text);  ///< A pipe that gives `text` and ends.
  Command& open_input();             ///< A pipe for Process::write() and close_input().
  Command& input_from(int fd);
  Command& output_to(int fd);  ///< Instead of being captured.
  Command& errors_to(int fd);
  Command& inherit(int fd);  ///< Also open in the program, under the same number.

  /// Without the descriptor: `<&-`, `>&-`.
  Command& closed_input() { return input_from(closed); }
  Command& closed_output() { return output_to(closed); }

  /// A pseudo-terminal as stdin, stdout, stderr. What is written to it is captured as
  /// Process::out() if stdout is among them, else as Process::err(); newlines stay as they are.
  Command& terminal_input() { return input_from(terminal); }
  Command& terminal_output() { return output_to(terminal); }
  Command& terminal_errors() { return errors_to(terminal); }

  std::string text() const;  ///< For people.

 private:
  friend class Process;
  friend struct Prepared;

  enum : int { captured = -1, closed = -2, terminal = -3, null = -4, pipe = -5 };

  std::vector<std::string> words_;
  std::map<std::string, std::optional<std::string>> environment_{};
  std::string directory_{};
  std::vector<int> ignored_{};
  std::vector<int> inherited_{};
  std::string input_text_{};
  bool input_stays_open_ = false;
  int input_ = null;
  int output_ = captured;
  int errors_ = captured;
};

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
