// SPDX-License-Identifier: MIT
#include "support/programs.hpp"

#include "catch.hpp"

namespace mqtt_tools::support {
namespace {

std::string description(const Result& result) {
  return "ended: " + std::string{result.ended ? "yes" : "no"} + ", signal " +
         std::to_string(result.signal) + ", after " + std::to_string(result.duration.count()) +
         " ms\nstdout: " + result.out.substr(0, 1000) + "\nstderr: " + result.err.substr(0, 4000);
}

}  // namespace

Command pub(int port, std::initializer_list<std::string> words) {
  return Command{"mqtt-pub", "-h", "127.0.0.1", "-p", std::to_string(port)}.add(words);
}

Command sub(int port, std::initializer_list<std::string> words) {
  return Command{"mqtt-sub", "-h", "127.0.0.1", "-p", std::to_string(port)}.add(words);
}

Command python(const std::string& program, std::initializer_list<std::string> words) {
  return Command{"/usr/bin/python3", "-u", "-c", program}.add(words);
}

Witness::Witness(Broker& broker, int count, const std::string& format,
                 std::initializer_list<std::string> words)
    : process_(broker
                   .command("/usr/bin/mosquitto_sub", {"-V", "5", "-q", "2", "-t", "t", "-F",
                                                       format, "-C", std::to_string(count)})
                   .add(words)) {
  REQUIRE(broker.wait_for_subscription("t"));
}

void check_exit(const Result& result, int code) {
  INFO(description(result));
  if (code > 128) {
    CHECK(result.signal == code - 128);
  } else {
    CHECK(result.code == code);
  }
}

void check_exit_within(const Result& result, int code, milliseconds promised) {
  INFO(description(result));
  CHECK(result.code == code);
  CHECK(result.duration <= within(promised));
}

std::string sequence(int first, int last) {
  std::string lines;
  for (int i = first; i <= last; ++i) lines += std::to_string(i) + "\n";
  return lines;
}

}  // namespace mqtt_tools::support
