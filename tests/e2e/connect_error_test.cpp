// SPDX-License-Identifier: MIT
//
// What the tools say when there is something else than a broker where they connect to.

#include "catch.hpp"
#include "support/programs.hpp"
#include "support/script_broker.hpp"
#include "support/server.hpp"

#include <poll.h>

using namespace mqtt_tools::support;

namespace {

/// Answers the first bytes with `answer`, and closes.
Server::Serve answer_with(const std::string& answer) {
  return [answer](Channel& client) {
    if (!client.wait(POLLIN)) return;
    client.take();
    client.give(answer);
    client.close();
  };
}

/// Runs both programs at once with `options` against 127.0.0.1 at `port`: they end with 3 and say
/// `message`.
void fails(int port, const std::vector<std::string>& options, const std::string& message) {
  auto publish = pub(port, {"topic", "-m", "hi", "--connect-timeout", "2"}).add(options);
  auto subscribe = sub(port, {"topic", "--connect-timeout", "2"}).add(options);
  Process publisher{publish};
  Process subscriber{subscribe};
  for (auto* process : {&publisher, &subscriber}) {
    CAPTURE((process == &publisher ? publish : subscribe).text());
    const auto result = process->wait();
    check_exit_within(result, 3, 4s);
    CAPTURE(result.err);
    CHECK(result.err.find(message) != std::string::npos);
  }
}

}  // namespace

TEST_CASE("a server that is no broker is quoted, with TLS and without") {
  const Server ssh{[](Channel& client) {
    client.give("SSH-2.0-OpenSSH_9.2p1\r\n");
    client.wait(POLLIN);
    client.close();
  }};
  const Server mail{answer_with("220 mail.example ESMTP\r\n")};
  fails(ssh.port(), {}, "the server said \"SSH-2.0-OpenSSH_9.2p1\": that is not an MQTT broker");
  fails(mail.port(), {"-V", "3.1.1"},
        "the server said \"220 mail.example ESMTP\": that is not an MQTT broker");
  fails(ssh.port(), {"--tls"},
        "does not speak TLS (a plain-text port?): it said \"SSH-2.0-OpenSSH_9.2p1\"");
}

TEST_CASE("a web server where a broker should be is told as such") {
  const Server web{answer_with("HTTP/1.1 400 Bad Request\r\n\r\n")};
  fails(web.port(), {}, "a web server answers on port " + std::to_string(web.port()));
}

TEST_CASE("a server that closes when it hears MQTT 5 is told with what needs MQTT 5") {
  const Server closes{answer_with("")};
  fails(closes.port(), {"-V", "5"}, "closed during CONNECT of MQTT 5, which -V 5 asks for");
  fails(closes.port(), {"--session-expiry", "10"},
        "closed during CONNECT of MQTT 5, which --session-expiry needs");
  fails(closes.port(), {}, "closed during CONNECT (TLS port spoken to in plain text?)");
}

TEST_CASE("a silent server is told by what it did not answer") {
  const Server silent{[](Channel& client) {
    while (client.wait(POLLIN) && !client.take().empty()) {
    }
  }};
  const auto port = std::to_string(silent.port());
  fails(silent.port(), {}, "no answer in time");
  fails(silent.port(), {"--tls"}, "no answer to the TLS handshake in time (does port " + port);
  fails(silent.port(), {"--http-proxy", "http://127.0.0.1:" + port},
        "no answer from the proxy 127.0.0.1:" + port + ": timed out");
}

TEST_CASE("a broker is told by the packet that it does not answer") {
  ScriptBroker broker{[](Session& session) {
    session.accept_subscription();
    session.stay_silent();
  }};
  const auto result = run(sub(broker.port(), {"t", "-U", "u", "-E", "--connect-timeout", "1"}));
  check_exit(result, 3);
  CHECK_THAT(result.err, Contains("did not answer UNSUBSCRIBE in time"));
}
