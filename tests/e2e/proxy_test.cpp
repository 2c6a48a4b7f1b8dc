// SPDX-License-Identifier: MIT
//
// A broker behind an HTTP proxy.

#include "catch.hpp"
#include "support/certificates.hpp"
#include "support/programs.hpp"
#include "support/server.hpp"
#include "support/web_socket.hpp"

#include <atomic>

using namespace mqtt_tools::support;

namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// The run ends with 3, in time, and names the proxy and the reason.
void refused(const Command& command, int port, const std::string& reason) {
  CAPTURE(command.text());
  const auto result = run(command);
  check_exit_within(result, 3, 3s);
  CHECK(contains(result.err, "proxy 127.0.0.1:" + std::to_string(port)));
  CHECK(contains(result.err, reason));
  CHECK_FALSE(contains(result.err, "s3cret"));
}

}  // namespace

TEST_CASE("a broker is reached through an HTTP proxy, and in no other way") {
  Broker broker;
  const HttpProxy proxy;
  for (const std::string version : {"5", "3.1.1"}) {
    check_exit_within(
        run(broker.pub({"t", "hi", "--raw", "-r", "--http-proxy", proxy.url(), "-V", version})), 0,
        2s);
    CHECK(run(broker.sub({"t", "-C", "1", "--http-proxy", proxy.url(), "-V", version})).out ==
          "hi\n");
  }
  const auto requests = proxy.requests();
  REQUIRE(requests.size() == 4);
  for (const auto& request : requests) {
    CHECK(request.find("CONNECT 127.0.0.1:" + broker.port_text() + " HTTP/1.1\r\n") == 0);
    CHECK_FALSE(contains(request, "Authorization"));
  }
}

TEST_CASE("a proxy is asked for the broker by name, which only it needs to know") {
  Broker broker;
  const HttpProxy proxy;
  check_exit(run({"mqtt-pub", "-h", "broker.example", "-p", broker.port_text(), "--http-proxy",
                  proxy.url(), "t", "hi"}),
             0);
  CHECK(proxy.requests().at(0).find("CONNECT broker.example:" + broker.port_text()) == 0);
}

TEST_CASE("proxies and WebSocket servers get an IPv6 address in brackets and without its zone") {
  Broker broker;
  const WebSocket server{broker.port()};
  const HttpProxy proxy;
  for (const std::string host : {"::1", "fe80::1%25lo"}) {
    const auto url = "ws://[" + host + "]:" + server.port_text();
    const auto name = "[" + host.substr(0, host.find('%')) + "]";
    const auto address = name + ":" + server.port_text();
    check_exit(run({"mqtt-pub", "-L", url, "--http-proxy", proxy.url(), "t", "hi"}), 0);
    CHECK(contains(proxy.requests().back(), "CONNECT " + address + " HTTP/1.1\r\n"));
    CHECK(contains(proxy.requests().back(), "\r\nHost: " + name + "\r\n"));
    CHECK(contains(server.requests().back(), "\r\nHost: " + address + "\r\n"));
    CHECK(contains(server.requests().back(), "\r\nOrigin: http://" + address + "\r\n"));
  }
}

TEST_CASE("TLS goes through a proxy to the broker, and it is the broker that is verified") {
  Certificates files;
  BrokerOptions options;
  options.certificate = files.server();
  options.key = files.server_key();
  Broker broker{options};
  const HttpProxy proxy;
  const auto publish = [&](const std::string& host) {
    return run({"mqtt-pub", "-L", "mqtts://" + host + ":" + broker.port_text(), "--cafile",
                files.ca(), "--http-proxy", proxy.url(), "t", "hi"});
  };
  check_exit(publish("localhost"), 0);
  CHECK(proxy.requests().at(0).find("CONNECT localhost:" + broker.port_text()) == 0);
  const auto wrong = publish("broker.example");
  check_exit(wrong, 3);
  CHECK(contains(wrong.err, "not for broker.example but for localhost"));
}

TEST_CASE("a proxy gets the login that it wants") {
  Broker broker;
  HttpProxy::Rules rules;
  rules.authorization = "Basic bWU6czNjcmV0";  // me:s3cret
  const HttpProxy proxy{rules};
  check_exit(run(broker.pub({"t", "hi", "--http-proxy", proxy.url("me:s3cret")})), 0);
  check_exit(run(broker.pub({"t", "hi", "--http-proxy", proxy.url("me:s3%63ret")})), 0);
  for (const std::string login : {"", "me:wrong", "you:s3cret"}) {
    refused(broker.pub({"t", "hi", "--http-proxy", proxy.url(login), "--debug"}), proxy.port(),
            "407 Proxy Authentication Required");
  }
  HttpProxy::Rules odd;
  odd.authorization = "Basic bcO8Om86QC8=";  // mü:o:@/
  const HttpProxy other{odd};
  check_exit(run(broker.pub({"t", "hi", "--http-proxy", other.url("m%C3%BC:o%3A%40%2F")})), 0);
}

TEST_CASE("what is wrong on the way to a proxy is not said of the broker") {
  const HttpProxy proxy;
  const auto said = [](const std::string& url, const std::vector<std::string>& more) {
    const auto result =
        run(Command{"mqtt-pub", "-h", "127.0.0.1", "--http-proxy", url, "t", "hi"}.add(more));
    check_exit(result, 3);
    return result.err;
  };
  CHECK(contains(said("http://no-such-proxy.invalid:3128", {}),
                 "cannot reach the proxy no-such-proxy.invalid:3128: "));
  CHECK(contains(said(proxy.url(), {"--bind", "::1"}),
                 "cannot reach the proxy " + proxy.url().substr(7) +
                     ": it has no address of the kind of --bind ::1"));
  CHECK(contains(said(proxy.url(), {"--bind", "192.0.2.7"}),
                 ": this machine does not have the address 192.0.2.7 (--bind)"));
}

TEST_CASE("a proxy that refuses is named with what it says") {
  Broker broker;
  for (const std::string refusal :
       {"403 Forbidden", "407 Proxy Authentication Required", "502 Bad Gateway"}) {
    HttpProxy::Rules rules;
    rules.refusal = refusal;
    const HttpProxy proxy{rules};
    const auto login = proxy.url("me:s3cret");
    refused(broker.pub({"t", "hi", "--http-proxy", login}), proxy.port(), refusal);
    refused(broker.sub({"t", "--http-proxy", login, "-V", "3.1.1"}), proxy.port(), refusal);
    refused(broker.pub({"t", "hi", "--tls", "--http-proxy", login}), proxy.port(), refusal);
  }
  const auto port = closed_port();
  refused(
      broker.pub({"t", "hi", "--http-proxy", "http://me:s3cret@127.0.0.1:" + std::to_string(port)}),
      port, "connection refused");
}

TEST_CASE("a proxy that does not answer ends a run in time") {
  Broker broker;
  const Server silent{[](Channel& client) {
    client.take_head();
    client.take_head();
  }};
  const auto result = run(broker.pub({"t", "hi", "--connect-timeout", "1", "--http-proxy",
                                      "http://127.0.0.1:" + std::to_string(silent.port())}));
  check_exit_within(result, 3, 3s);
}

TEST_CASE("a proxy that closes the connection, or speaks no HTTP, is told at once") {
  Broker broker;
  struct Case {
    std::string answer;
    bool reads, closes;
    std::string reason;
  };
  for (const auto& each :
       {Case{"", false, true, "the connection"}, Case{"", true, true, "it closed the connection"},
        Case{"HTTP/1.1 4", true, true, "it closed the connection"},
        Case{"HTTP/1.1 200 OK\r\nVia: 1.1 p\r\n", true, true, "it closed the connection"},
        Case{"SSH-2.0-OpenSSH_9.2\r\n", true, false, "it does not speak HTTP"}}) {
    CAPTURE(each.answer, each.reads);
    std::atomic<int> connections{0};
    const Server server{[&](Channel& client) {
      ++connections;
      if (each.reads) client.take_head();
      client.give(each.answer);
      if (!each.closes) client.take_head();
    }};
    const auto port = server.port();
    const auto url = "http://127.0.0.1:" + std::to_string(port);
    refused(broker.pub({"t", "hi", "--http-proxy", url}), port, each.reason);
    refused(broker.sub({"t", "--http-proxy", url, "--tls"}), port, each.reason);
    CHECK(connections == 2);
    refused(broker.sub({"t", "--http-proxy", url, "--wait", "0.5"}), port, each.reason);
    CHECK(connections > 3);
  }
}

TEST_CASE("a server behind a proxy that speaks first is no broker with TLS") {
  const Server proxy{[](Channel& client) {
    client.take_head();
    client.give("HTTP/1.1 200 OK\r\n\r\n220 mail.example ESMTP\r\n");
    client.take_head();
  }};
  for (const std::string scheme : {"mqtts", "wss"}) {
    const auto result = run({"mqtt-pub", "-L", scheme + "://broker.example", "-t", "t", "hi",
                             "--http-proxy", "http://127.0.0.1:" + std::to_string(proxy.port())});
    check_exit_within(result, 3, 3s);
    CHECK(contains(result.err, "220 mail.example ESMTP"));
  }
}

TEST_CASE("a WebSocket goes through a proxy") {
  Broker broker;
  const WebSocket server{broker.port()};
  const HttpProxy proxy;
  check_exit(run({"mqtt-pub", "-L", "ws://127.0.0.1:" + server.port_text() + "/mqtt",
                  "--http-proxy", proxy.url(), "t", "hi"}),
             0);
  CHECK(proxy.requests().at(0).find("CONNECT 127.0.0.1:" + server.port_text()) == 0);
  CHECK(server.requests().size() == 1);
}
