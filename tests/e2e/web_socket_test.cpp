// SPDX-License-Identifier: MIT
//
// MQTT over WebSocket, with a server that minds what the specification says. Without shortened
// waits only what Paho alone can do: it does not read a second packet in one frame, nor a fragment
// that comes in several reads.

#include "support/web_socket.hpp"
#include "catch.hpp"
#include "support/certificates.hpp"
#include "support/programs.hpp"
#include "support/script_broker.hpp"

using namespace mqtt_tools::support;

namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// A million bytes of which no two places look alike.
std::string million() {
  std::string text;
  for (int i = 0; text.size() < 1'000'000; ++i) text += std::to_string(i) + ",";
  return text;
}

Command pub_by(const std::string& url, std::initializer_list<std::string> words) {
  return Command{"mqtt-pub", "-L", url, "t"}.add(words);
}

Command sub_by(const std::string& url, std::initializer_list<std::string> words) {
  return Command{"mqtt-sub", "-L", url, "t"}.add(words);
}

}  // namespace

TEST_CASE("a WebSocket may be asked for without a URL") {
  ScriptBroker broker{[](Session& session) { session.serve(); }, {{}, true}};
  check_exit(run(Command{"mqtt-pub", "-h", "127.0.0.1", "-p", broker.port_text(), "--ws", "t", "hi",
                         "--raw"}),
             0);
  CHECK(broker.received(PacketType::publish).at(0).payload() == "hi");
}

TEST_CASE("a WebSocket is asked for with path and headers, and used by both programs") {
  if (!shortened_waits()) return skip("Paho alone reads no more than a packet a frame");
  Broker broker;
  WebSocket::Rules rules;
  rules.path = "/some/path?token=a%20b";
  const WebSocket server{broker.port(), rules};
  const auto url = "ws://127.0.0.1:" + server.port_text() + rules.path;
  for (const std::string version : {"5", "3.1.1"}) {
    check_exit_within(
        run(pub_by(url, {"hi", "--raw", "-r", "-V", version, "--ws-header", "X-First: one",
                         "--ws-header", "Authorization: Bearer xyz"})),
        0, 2s);
    const auto result = run(sub_by(url, {"-C", "1", "-W", "10", "-V", version}));
    check_exit(result, 0);
    CHECK(result.out == "hi\n");
  }
  const auto request = server.requests().at(0);
  CHECK(contains(request, "\r\nHost: 127.0.0.1:" + server.port_text() + "\r\n"));
  CHECK(contains(request, "\r\nX-First: one\r\n"));
  CHECK(contains(request, "\r\nAuthorization: Bearer xyz\r\n"));
  CHECK(server.complaints().empty());
}

TEST_CASE("the path of a WebSocket is /mqtt unless the URL has another") {
  Broker broker;
  const WebSocket server{broker.port()};
  check_exit(run(pub_by("ws://127.0.0.1:" + server.port_text(), {"hi"})), 0);
  CHECK(server.requests().at(0).find("GET /mqtt HTTP/1.1\r\n") == 0);
}

TEST_CASE("a login in the URL of a WebSocket is for the broker") {
  BrokerOptions options;
  options.users = {{"me", "right"}};
  Broker broker{options};
  const WebSocket server{broker.port()};
  const auto at = "@127.0.0.1:" + server.port_text() + "/mqtt";
  check_exit(run(pub_by("ws://me:right" + at, {"hi"})), 0);
  check_exit(run(pub_by("ws://me:wrong" + at, {"hi"})), 4);
  CHECK_FALSE(contains(server.requests().at(0), "Authorization"));
}

TEST_CASE("a million bytes go over a WebSocket both ways, in whatever fragments") {
  Broker broker;
  const TemporaryDirectory directory;
  const auto payload = million();
  const auto file = directory.write("payload", payload);
  for (const std::size_t fragment : {std::size_t{3'000}, std::size_t{100'000}}) {
    CAPTURE(fragment);
    WebSocket::Rules rules;
    rules.fragment = fragment;
    const WebSocket server{broker.port(), rules};
    const auto url = "ws://127.0.0.1:" + server.port_text() + "/mqtt";
    check_exit(run(pub_by(url, {"-f", file, "--raw", "-r"})), 0);
    const auto direct = run(broker.sub({"t", "-C", "1", "-W", "10"}));
    CHECK(direct.out == payload + "\n");
    const auto over = run(sub_by(url, {"-C", "1", "-W", "10"}));
    check_exit(over, 0);
    CHECK(over.out == payload + "\n");
    CHECK(server.complaints().empty());
  }
}

TEST_CASE("a stream of lines goes over a WebSocket in order, with and without TLS") {
  if (!shortened_waits()) return skip("Paho alone reads no more than a packet a frame");
  Certificates files;
  Broker broker;
  for (const bool tls : {false, true}) {
    CAPTURE(tls);
    WebSocket::Rules rules;
    rules.fragment = 100;
    if (tls) rules.tls = make_tls_context(files.server(), files.server_key());
    const WebSocket server{broker.port(), rules};
    const auto url = (tls ? "wss://localhost:" : "ws://localhost:") + server.port_text();
    auto subscribe = sub_by(url, {"-C", "2000"});
    auto publish = pub_by(url, {"-l", "--raw"});
    if (tls) subscribe.add({"--cafile", files.ca()});
    if (tls) publish.add({"--cafile", files.ca()});
    Process subscriber{subscribe};
    REQUIRE(broker.wait_for_subscription("t", tls ? 2 : 1));
    check_exit(run(publish, sequence(1, 2'000)), 0);
    const auto result = subscriber.wait();
    check_exit(result, 0);
    CHECK(result.out == sequence(1, 2'000));
    CHECK(server.complaints().empty());
    CHECK(server.frames() > 2'000);
  }
}

TEST_CASE("a WebSocket server may answer at length, and ask whether we are still there") {
  if (!shortened_waits()) return skip("Paho alone reads no more than a packet a frame");
  Broker broker;
  WebSocket::Rules rules;
  rules.ping = true;
  for (int i = 0; i < 100; ++i) {
    rules.headers += "X-Header-" + std::to_string(i) + ": " + std::string(100, 'x') + "\r\n";
  }
  const WebSocket server{broker.port(), rules};
  // It asks after the answer to our own ping, too.
  Process subscriber{sub_by("ws://127.0.0.1:" + server.port_text(), {"-k", "1"})};
  REQUIRE(broker.wait_for_subscription("t"));
  CHECK(server.wait_for_pongs(5));
  check_exit(run(broker.pub({"t", "--raw", "next"})), 0);
  CHECK(subscriber.wait_for_out("next\n"));
  CHECK(subscriber.err().empty());
  CHECK(server.complaints().empty());
}

TEST_CASE("a WebSocket with TLS is verified, and carries a million bytes both ways") {
  Certificates files;
  Broker broker;
  WebSocket::Rules rules;
  rules.tls = make_tls_context(files.server(), files.server_key());
  const WebSocket server{broker.port(), rules};
  const auto url = "wss://localhost:" + server.port_text() + "/mqtt";
  const TemporaryDirectory directory;
  const auto payload = million();
  check_exit(run(pub_by(url, {"--cafile", files.ca(), "--raw", "-r", "-f",
                              directory.write("payload", payload)})),
             0);
  const auto result = run(sub_by(url, {"--cafile", files.ca(), "-C", "1", "-W", "10"}));
  check_exit(result, 0);
  CHECK(result.out == payload + "\n");
  CHECK(server.complaints().empty());
  CHECK(contains(server.requests().at(0), "\r\nHost: localhost:" + server.port_text() + "\r\n"));

  const auto unknown = run(pub_by(url, {"hi"}));
  check_exit_within(unknown, 3, 3s);
  CHECK(contains(unknown.err, "from an unknown authority, 'Test CA'"));
  const auto elsewhere = run(
      pub_by("wss://127.0.0.1:" + server.port_text() + "/mqtt", {"hi", "--cafile", files.ca()}));
  check_exit_within(elsewhere, 3, 3s);
  CHECK(contains(elsewhere.err, "not for 127.0.0.1 but for localhost"));
}

TEST_CASE("a WebSocket that is refused is told in the server's words") {
  Broker broker;
  WebSocket::Rules rules;
  rules.refusal = "403 Forbidden";
  const WebSocket forbidding{broker.port(), rules};
  const auto result = run(
      pub_by("ws://127.0.0.1:" + forbidding.port_text() + "/mqtt?key=s3cret", {"hi", "--debug"}));
  check_exit_within(result, 3, 3s);
  CHECK(contains(result.err, "403 Forbidden to the WebSocket request for /mqtt"));
  CHECK_FALSE(contains(result.err, "s3cret"));

  const WebSocket server{broker.port()};
  const auto elsewhere = run(sub_by("ws://127.0.0.1:" + server.port_text() + "/other", {}));
  check_exit_within(elsewhere, 3, 3s);
  CHECK(contains(elsewhere.err, "404 Not Found to the WebSocket request for /other"));
}

TEST_CASE("a plain WebSocket to a port with TLS is told as such") {
  Certificates files;
  Broker broker;
  WebSocket::Rules rules;
  rules.tls = make_tls_context(files.server(), files.server_key());
  const WebSocket server{broker.port(), rules};
  const auto result = run(pub_by("ws://localhost:" + server.port_text() + "/mqtt", {"hi"}));
  check_exit_within(result, 3, 3s);
  CHECK(contains(result.err, "a TLS broker spoken to in plain text: use wss:// or --tls"));
}

TEST_CASE("what a server says when it closes a WebSocket is told, and acts on no terminal") {
  const auto close = [](Session& session) {
    session.send_unframed(encode_frame(Frame::close, "\x03\xf0not\x1b[2J authorised"));
    session.stop_reading();
  };
  const std::string words =
      "the server closed the WebSocket: 1008 policy violation, \"not\\x1b[2J authorised\"";
  ScriptBroker early{[&](Session& session) {
                       session.expect(PacketType::connect);
                       close(session);
                     },
                     {.web_socket = true}};
  const auto result = run(sub_by(early.url(), {}));
  check_exit_within(result, 3, 2s);
  CHECK(contains(result.err, words + ", during CONNECT"));
  ScriptBroker late{{[&](Session& session) {
                       session.accept_subscription();
                       close(session);
                     },
                     [](Session& session) { session.serve(); }},
                    {.web_socket = true}};
  const auto lost = run(sub_by(late.url(), {"--no-reconnect"}));
  check_exit_within(lost, 6, 2s);
  CHECK(contains(lost.err, "lost: " + words));
}

TEST_CASE("a server that closes a WebSocket without a word is asked again") {
  ScriptBroker broker{{[](Session& session) {
                         session.accept_subscription();
                         session.send_unframed(encode_frame(Frame::close, ""));
                       },
                       [](Session& session) { session.serve(); }},
                      {.web_socket = true}};
  Process process{sub_by(broker.url(), {})};
  REQUIRE(process.wait_for_err(" is back"));
  CHECK(contains(process.err(), " lost: the server closed the WebSocket; reconnecting"));
}

TEST_CASE("a WebSocket that is lost is made again") {
  Broker broker;
  const WebSocket server{broker.port()};
  Process process{
      sub_by("ws://127.0.0.1:" + server.port_text() + "/mqtt", {"--reconnect-max", "0.1"})};
  REQUIRE(broker.wait_for_subscription("t"));
  broker.kill();
  REQUIRE(process.wait_for_err("lost"));
  broker.start();
  REQUIRE(broker.wait_for_subscription("t"));
  check_exit(run(broker.pub({"t", "next", "--raw"})), 0);
  CHECK(process.wait_for_out("next\n"));
}
