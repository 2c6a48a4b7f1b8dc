// SPDX-License-Identifier: MIT
#pragma once

#include "support/certificates.hpp"
#include "support/programs.hpp"
#include "support/script_broker.hpp"

#include <string>
#include <vector>

namespace mqtt_tools::support {

enum class Program { publisher, subscriber };

/// TCP, TLS, WebSocket and both, each for one script, and the programs that use them.
struct Transports {
  Transports();

  /// `program` with broker, a topic, and limits of 5 s and more; the publisher with a message.
  Command command(Program program, const ScriptBroker& broker,
                  std::initializer_list<std::string> words);

  Certificates files{};
  TlsContext tls;
  std::vector<Transport> all;
};

/// The run ended soon, with words that name what was wrong, showed nothing, and tried nothing
/// again.
void check_violation(const ScriptBroker& broker, const Result& result, int code,
                     const std::string& words);

std::string bytes_of(std::initializer_list<int> numbers);

/// A PUBLISH to "t" with a property that is cut short; under 3.1.1 its bytes are a payload.
extern const std::string cut_property;

}  // namespace mqtt_tools::support
