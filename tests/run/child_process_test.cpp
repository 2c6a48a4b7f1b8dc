// SPDX-License-Identifier: MIT
#include "run/child_process.hpp"

#include "run/forked.hpp"
#include "run/signals.hpp"

#include "catch.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>
#include <csignal>
#include <cstdlib>
#include <string>

namespace mqtt_tools::run {
namespace {

int ended(Child& child) {
  pollfd entry{child.fd(), POLLIN, 0};
  ::poll(&entry, 1, 10'000);
  return child.status().value_or(-1);
}

/// What a process tells that starts `command` and waits for it.
Told told_by(const ShellCommand& command) {
  return forked([&] {
    ignore_broken_pipes();
    const Signals signals;
    Child child{command};
    ::_exit(ended(child));
  });
}

ShellCommand shell(const std::string& text) {
  ShellCommand command;
  command.text = text;
  return command;
}

TEST_CASE("a command's status is known once it has ended") {
  Child running{shell("sleep 30")};
  CHECK_FALSE(running.status());
  running.terminate();
  CHECK(ended(running) == 143);

  Child failed{shell("exit 7")};
  CHECK(ended(failed) == 7);
  CHECK(failed.status() == 7);

  Child missing{shell("/no/such/command 2>/dev/null")};
  CHECK(ended(missing) == 127);
}

TEST_CASE("a command reads nothing and writes where it was told to") {
  ShellCommand command = shell("cat; echo out; echo error >&2");
  CHECK(told_by(command).out == "out\n");
  CHECK(told_by(command).error == "error\n");

  command.output = 2;
  CHECK(told_by(command).out.empty());
  CHECK(told_by(command).error == "out\nerror\n");
}

TEST_CASE("variables are added to the environment, replaced and taken away") {
  ::setenv("MQTT_TOOLS_A", "ours", 1);
  ::setenv("MQTT_TOOLS_B", "ours", 1);
  ::setenv("MQTT_TOOLS_C", "ours", 1);
  ShellCommand command =
      shell("echo \"${MQTT_TOOLS_A-unset} ${MQTT_TOOLS_B-unset} ${MQTT_TOOLS_C-unset} $NEW\"");
  command.environment = {
      {"MQTT_TOOLS_A", "theirs"}, {"MQTT_TOOLS_B", {}}, {"NEW", "$(echo not run) 'as it is'"}};
  CHECK(told_by(command).out == "theirs unset ours $(echo not run) 'as it is'\n");
  for (const char* name : {"MQTT_TOOLS_A", "MQTT_TOOLS_B", "MQTT_TOOLS_C"}) {
    ::unsetenv(name);
  }
}

TEST_CASE("a command has no descriptors of ours") {
  const int leak = ::fcntl(STDIN_FILENO, F_DUPFD, 100);  // Not close-on-exec, as Paho's sockets.
  REQUIRE(leak >= 100);
  const Told told = told_by(shell("ls /proc/self/fd"));
  ::close(leak);
  CHECK(told.out == "0\n1\n2\n3\n");  // 3 is the folder that ls reads.
}

TEST_CASE("a command can be interrupted and dies of a broken pipe") {
  CHECK(told_by(shell("kill -INT $$; exit 0")).code == 128 + SIGINT);
  CHECK(told_by(shell("kill -PIPE $$; exit 0")).code == 128 + SIGPIPE);
}

TEST_CASE("a command leads a process group of its own") {
  const Told told = told_by(shell("echo $$; cut -d' ' -f5 /proc/$$/stat"));
  const auto middle = told.out.find('\n');
  REQUIRE(middle != std::string::npos);
  CHECK(told.out.substr(0, middle + 1) == told.out.substr(middle + 1));
}

}  // namespace
}  // namespace mqtt_tools::run
