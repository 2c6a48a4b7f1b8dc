// SPDX-License-Identifier: MIT
#include "support/transports.hpp"

#include "catch.hpp"

namespace mqtt_tools::support {

const std::string cut_property = bytes_of({0x30, 6, 0, 1, 't', 3, 0x23, 0});

Transports::Transports()
    : tls(make_tls_context(files.addresses(), files.server_key())),
      all{{}, {tls, false}, {{}, true}, {tls, true}} {}

Command Transports::command(Program program, const ScriptBroker& broker,
                            std::initializer_list<std::string> words) {
  const auto url = broker.url();
  const bool secure = url.rfind("mqtts:", 0) == 0 || url.rfind("wss:", 0) == 0;
  auto command = program == Program::publisher
                     ? Command{"mqtt-pub", "-L", url, "t", "hi", "--ack-timeout", "5"}
                     : Command{"mqtt-sub", "-L", url, "t", "-W", "20"};
  // Of the same option the last counts.
  command.add({"--connect-timeout", "5"}).add(words);
  return secure ? command.add({"--cafile", files.ca()}) : command;
}

void check_violation(const ScriptBroker& broker, const Result& result, int code,
                     const std::string& words) {
  check_exit_within(result, code, 2s);
  CHECK(result.out.empty());
  INFO(result.err);
  CHECK(result.err.find(words) != std::string::npos);
  CHECK(broker.connections() == 1);
}

std::string bytes_of(std::initializer_list<int> numbers) {
  std::string bytes;
  for (const int number : numbers) bytes += encode_byte(number);
  return bytes;
}

}  // namespace mqtt_tools::support
