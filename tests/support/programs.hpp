// SPDX-License-Identifier: MIT
#pragma once

#include "support/broker.hpp"
#include "support/process.hpp"

#include <initializer_list>
#include <string>

namespace mqtt_tools::support {

/// mqtt-pub and mqtt-sub for a broker, relay or script on a port of 127.0.0.1.
Command pub(int port, std::initializer_list<std::string> words);
Command sub(int port, std::initializer_list<std::string> words);

/// A program of Python with paho-mqtt, which reads sys.argv from 1 on.
Command python(const std::string& program, std::initializer_list<std::string> words);

/// A subscriber that is not ours (mosquitto_sub), subscribed to "t" when this returns. It prints
/// the messages in its -F format and ends after `count`.
class Witness {
 public:
  Witness(Broker& broker, int count, const std::string& format = "%p",
          std::initializer_list<std::string> words = {});

  std::string out(milliseconds limit = patience) { return process_.wait(limit).out; }

 private:
  Process process_;
};

/// Checks the exit code, or with 128 + n that signal n ended it, and shows what the program said when it is another.
void check_exit(const Result& result, int code);

/// The same, for a run that was to end within `promised`.
void check_exit_within(const Result& result, int code, milliseconds promised);

/// "0\n1\n…": what seq prints.
std::string sequence(int first, int last);

}  // namespace mqtt_tools::support
