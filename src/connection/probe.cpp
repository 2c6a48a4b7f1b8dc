// SPDX-License-Identifier: MIT
#include "connection/probe.hpp"

#include "connection/host.hpp"
#include "connection/http.hpp"
#include "connection/tcp.hpp"
#include "connection/tls_hello.hpp"
#include "connection/tls_session.hpp"
#include "error.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <system_error>

namespace mqtt_tools::connection {

namespace {

/// A broker of plain MQTT may wait for more when it hears TLS: that tells nothing.
constexpr Duration hello_patience = std::chrono::seconds{1};

const Cause nothing_found{};

/// Where Paho went.
struct Target {
  std::string host{};
  int port = 0;

  std::string text() const { return with_port(host, port); }
};

std::string connect_words(int error, const Target& target) {
  switch (error) {
    case ECONNREFUSED:
      return is_loopback(target.host)
                 ? "connection refused (is a broker listening there?)"
                 : "connection refused (is a broker listening there? mosquitto 2 listens on "
                   "localhost only without a `listener` line)";
    case ETIMEDOUT:
      return "no answer in time";
    case ENETUNREACH:
    case EHOSTUNREACH:
      return "no way there from this machine's network";
    case EAFNOSUPPORT:
    case EADDRNOTAVAIL:
      return "this machine has no address of that kind";
    case ECONNRESET:
      return "the connection was reset";
    case EACCES:
    case EPERM:
      return "not permitted on this machine (a firewall?)";
    default:
      return std::generic_category().message(error);
  }
}

Cause reach(Tcp& tcp, const Target& target, const Address& address, Clock::time_point deadline) {
  const auto error = tcp.connect(address, deadline);
  return error == 0 ? nothing_found : Cause{connect_words(error, target), false};
}

/// Why an HTTP server did not even say no.
std::string silence_words(const HttpAnswer& answer) {
  switch (answer.end) {
    case Received::End::late:
      return "no answer in time";
    case Received::End::closed:
      return "it closed the connection";
    case Received::End::reset:
      return "it reset the connection";
    case Received::End::open:
      break;
  }
  return "it does not speak HTTP";
}

/// To the broker by way of the proxy, as far as it goes.
Cause reach_through(Tcp& tcp, const Proxy& proxy, const Target& target,
                    Clock::time_point deadline) {
  const Target way{proxy.host, proxy.port};
  const auto cannot = "cannot reach the proxy " + way.text() + ": ";
  const auto found = resolve(proxy.host, proxy.port);
  if (found.addresses.empty()) return {cannot + found.error, false};

  int error = 0;
  for (const auto& address : found.addresses) {
    error = tcp.connect(address, deadline);
    if (error == 0) break;
  }
  if (error == ECONNREFUSED) return {cannot + "connection refused", false};
  if (error != 0) return {cannot + connect_words(error, way), false};

  const auto answer = ask_http(tcp, connect_request(proxy, target.text()), deadline);
  if (answer.status == 0) {
    return {"no answer of the proxy " + way.text() + ": " + silence_words(answer), false};
  }
  if (answer.status / 100 != 2) {
    // A gateway's 5xx is about a broker that may come up yet.
    return {"the proxy " + way.text() + " refused: " + answer.words, answer.status < 500};
  }
  return nothing_found;
}

Cause open(Tcp& tcp, const Options& options, const Target& target, const Address& address,
           Clock::time_point deadline) {
  return options.proxy ? reach_through(tcp, *options.proxy, target, deadline)
                       : reach(tcp, target, address, deadline);
}

HttpAnswer ask_for_websocket(Stream& stream, const Options& options, const Target& target,
                             Clock::time_point deadline) {
  return ask_http(stream, upgrade_request(options, target.text()), deadline);
}

Cause websocket_cause(const HttpAnswer& answer, const Options& options) {
  if (answer.status == 101) return nothing_found;
  if (answer.status != 0) {
    // What follows a '?' may be a secret.
    const auto path = options.websocket_path.substr(0, options.websocket_path.find('?'));
    return {"the server answered " + answer.words + " to the WebSocket request for " + path,
            answer.status < 500};
  }
  if (is_tls_record(answer.start)) {
    return {"a TLS broker spoken to in plain text: use wss:// or --tls", true};
  }
  return {"no answer to the WebSocket request: " + silence_words(answer), !answer.start.empty()};
}

/// A TCP connection works, and TLS was not asked for: is TLS or HTTP what they speak there?
Cause hear(Tcp& tcp, const Options& options, const Target& target, Clock::time_point deadline) {
  const auto until = std::min(deadline, Clock::now() + hello_patience);
  tcp.send(client_hello(target.host), until);
  const auto answer = tcp.receive(until);
  if (is_tls_record(answer.bytes)) {
    return {"a TLS broker spoken to in plain text: use " +
                std::string{options.transport == Transport::websocket ? "wss://" : "mqtts://"} +
                " or --tls",
            true};
  }
  if (options.transport == Transport::tcp && answer.bytes.rfind("HTTP/", 0) == 0) {
    return {
        "a web server on port " + std::to_string(target.port) + " (for MQTT over WebSocket: ws://)",
        true};
  }
  return nothing_found;
}

}  // namespace

Cause find_cause(const Options& options, const Endpoint& endpoint, const Address& address,
                 Clock::time_point deadline) {
  const Target target{endpoint.host, port_of(endpoint, options)};
  const bool websocket = options.transport == Transport::websocket;

  Tcp tcp;
  if (auto cause = open(tcp, options, target, address, deadline); !cause.words.empty()) {
    return cause;
  }

  if (options.tls.on) {
    try {
      TlsSession session{tcp, options.tls, target.host, target.port};
      auto cause = session.shake_hands(deadline);
      if (!cause.words.empty() || !websocket) return cause;
      return websocket_cause(ask_for_websocket(session, options, target, deadline), options);
    } catch (const RunError& error) {
      return {error.what(), true};
    }
  }
  if (!websocket) return hear(tcp, options, target, deadline);

  const auto answer = ask_for_websocket(tcp, options, target, deadline);
  auto cause = websocket_cause(answer, options);
  if (!answer.start.empty()) return cause;

  // Many a TLS server just closes when it hears HTTP.
  if (!open(tcp, options, target, address, deadline).words.empty()) return cause;
  auto heard = hear(tcp, options, target, deadline);
  return heard.words.empty() ? cause : heard;
}

}  // namespace mqtt_tools::connection
