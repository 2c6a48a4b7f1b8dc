// SPDX-License-Identifier: MIT
#include "support/process.hpp"

#include "catch.hpp"
#include "support/system.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>
#include <cerrno>

using namespace mqtt_tools::support;

TEST_CASE("support: a program's output, errors and exit code are caught", "[support]") {
  const auto result = run(Command::shell("cat; echo oops >&2; exit 7"), "given");
  CHECK(result.ended);
  CHECK(result.code == 7);
  CHECK(result.out == "given");
  CHECK(result.err == "oops\n");
}

TEST_CASE("support: a program sees no MQTT setting and an empty home", "[support]") {
  setenv("MQTT_HOST", "elsewhere", 1);
  const auto result = run(Command::shell(
      "env | grep ^MQTT_ | grep -vc ^MQTT_TOOLS_FAST_IO=; ls -A $HOME; ls -A $XDG_CONFIG_HOME"));
  unsetenv("MQTT_HOST");
  CHECK(result.out == "0\n");
}

TEST_CASE("support: text is waited for while the program runs", "[support]") {
  Process process{Command{"cat"}.open_input()};
  process.write("one\n");
  CHECK(process.wait_for_out("one\n"));
  CHECK(process.running());
  CHECK_FALSE(process.wait_for_out("two", 20ms));
  process.close_input();
  CHECK(process.wait().code == 0);
}

TEST_CASE("support: text that an ended program never wrote is not waited for", "[support]") {
  Process process{Command{"true"}};
  CHECK_FALSE(process.wait_for_out("text"));
  CHECK(process.wait().duration < patience);
}

TEST_CASE("support: a program that does not end is reported, and killed at last", "[support]") {
  pid_t pid = -1;
  {
    Process process{Command{"sleep", "1000"}};
    pid = process.pid();
    CHECK_FALSE(process.wait(10ms).ended);
  }
  CHECK(kill(pid, 0) == -1);
  CHECK(errno == ESRCH);
}

TEST_CASE("support: the signal that ended a program is told", "[support]") {
  Process process{Command{"sleep", "1000"}};
  process.signal(SIGTERM);
  CHECK(process.wait().signal == SIGTERM);
}

TEST_CASE("support: a signal may be ignored from the start", "[support]") {
  Process process{Command{"cat"}.open_input().ignoring(SIGHUP)};
  process.signal(SIGHUP);
  process.write("alive");
  CHECK(process.wait_for_out("alive"));
}

TEST_CASE("support: more output than any pipe holds is caught", "[support]") {
  const auto result = run(Command::shell("head -c 5000000 /dev/zero"));
  CHECK(result.out.size() == 5'000'000);
}

TEST_CASE("support: descriptors can be closed or given", "[support]") {
  CHECK(run(Command::shell("test -e /proc/self/fd/0").closed_input()).code == 1);
  CHECK(run(Command::shell("test -e /proc/$$/fd/1").closed_output()).code == 1);
  const Descriptor full{open("/dev/full", O_WRONLY | O_CLOEXEC)};
  CHECK(run(Command::shell("echo x").output_to(full.get())).code != 0);

  auto pipe = make_pipe();
  const auto number = std::to_string(pipe.write.get());
  Process process{Command{"bash", "-c", "echo ready >&" + number}.inherit(pipe.write.get())};
  pipe.write.close();
  char line[8]{};
  CHECK(read(pipe.read.get(), line, sizeof line) == 6);
}

TEST_CASE("support: a program can be on a terminal", "[support]") {
  CHECK(run(Command::shell("test -t 1")).code == 1);
  Process process{Command::shell("test -t 0 && test -t 1 && test -t 2 && cat")
                      .terminal_input()
                      .terminal_output()
                      .terminal_errors()};
  process.write("typed\n");
  CHECK(process.wait_for_out("typed\n"));
}

TEST_CASE("support: memory and command line are read from proc", "[support]") {
  Process process{Command{"cat", "-"}.open_input()};
  CHECK(eventually(patience, [&] { return process.command_line() == std::string{"cat\0-\0", 6}; }));
  CHECK(process.resident() > 0);
  CHECK(process.peak_resident() >= process.resident());
}

TEST_CASE("support: a temporary directory goes with its content", "[support]") {
  std::string path;
  {
    const TemporaryDirectory directory;
    path = directory.write("file", "text");
    CHECK(read_file(path) == "text");
    CHECK(directory.names() == std::vector<std::string>{"file"});
  }
  CHECK(access(path.c_str(), F_OK) == -1);
}

TEST_CASE("support: whoever knows that something was written finds it", "[support]") {
  auto questions = make_pipe();
  auto answers = make_pipe();
  const auto number = std::to_string(answers.write.get());
  Process process{
      Command{"bash", "-c", "while read -r x; do echo $x >&2; echo $x >&" + number + "; done"}
          .input_from(questions.read.get())
          .inherit(answers.write.get())};
  char line[2]{};
  for (std::size_t lines = 1; lines <= 200; ++lines) {
    REQUIRE(write(questions.write.get(), "x\n", 2) == 2);
    REQUIRE(read(answers.read.get(), line, sizeof line) == 2);
    REQUIRE(process.err().size() == 2 * lines);
  }
}
