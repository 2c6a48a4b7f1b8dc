// SPDX-License-Identifier: MIT
#include "connection/connect_error.hpp"

#include "connection/hooks/websocket.hpp"
#include "connection/tls/context.hpp"
#include "connection/tls/handshake.hpp"
#include "connection/url.hpp"
#include "descriptor.hpp"
#include "error.hpp"
#include "text.hpp"

#include <sys/socket.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <string_view>

namespace mqtt_tools::connection {

namespace {

using hooks::ConnectionFacts;
using hooks::header_of;
using Kind = ConnectError::Kind;

constexpr std::size_t longest_quote = 100;  // Of what a server said.

/// A broker of plain MQTT may wait for more when it hears TLS: that tells nothing.
constexpr Duration hello_patience = std::chrono::seconds{1};

std::string connect_message(int error, const std::string& host) {
  switch (error) {
    case 0:
    case ETIMEDOUT:
      return "no answer in time";
    case ECONNREFUSED:
      return is_loopback(host)
                 ? "connection refused (is a broker listening there?)"
                 : "connection refused (is a broker listening there? mosquitto 2 listens on "
                   "localhost only without a `listener` line)";
    case ENETUNREACH:
    case EHOSTUNREACH:
      return "no route there from this machine's network";
    case EAFNOSUPPORT:
    case EADDRNOTAVAIL:
      return "this machine has no address of that kind";
    case ECONNRESET:
      return "the connection was reset";
    case EACCES:
    case EPERM:
      return "not permitted on this machine (a firewall?)";
    default:
      return reason_for(error);
  }
}

std::string socket_message(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return "there is no such socket (does the broker have a `listener 0 PATH` line?)";
    case ECONNREFUSED:
      return "connection refused (is it a socket that a broker listens on?)";
    case EACCES:
      return "no permission to use this socket";
    case EAGAIN:
      return "the broker does not take the connections that wait there already";
    default:
      return connect_message(error, "localhost");
  }
}

std::string bind_message(int error, const std::string& from) {
  switch (error) {
    case EADDRNOTAVAIL:
      return "this machine does not have the address " + from + " (--bind)";
    case ENODEV:
      return "this machine has no network interface '" + from + "' (--bind)";
    default:
      return "cannot connect from " + from + " (--bind): " + reason_for(error);
  }
}

bool is_over(const ConnectionFacts& facts) { return facts.closed || facts.error != 0; }

/// Why there is no answer, or none that is of use.
std::string silence_message(const ConnectionFacts& facts, std::string_view answer) {
  if (!answer.empty() && !answer.starts_with("HTTP")) return "it does not speak HTTP";
  if (facts.error == ECONNRESET) return "it reset the connection";
  return is_over(facts) ? "it closed the connection" : "timed out";
}

struct HttpStatus {
  int code = 0;  ///< 0: that is no HTTP.
  std::string text{};
};

/// Reads "HTTP/1.1 404 Not Found".
HttpStatus status_of(std::string_view head) {
  const auto line = head.substr(0, head.find_first_of("\r\n"));
  constexpr std::size_t status_at = 9;
  if (line.rfind("HTTP/1.", 0) != 0 || line.size() < status_at + 3) return {};
  HttpStatus status;
  for (const char digit : line.substr(status_at, 3)) {
    if (digit < '0' || digit > '9') return {};
    status.code = status.code * 10 + (digit - '0');
  }
  status.text = escaped(line.substr(status_at, longest_quote));
  return status;
}

std::string quoted_line(std::string_view bytes) {
  return '"' + escaped(bytes.substr(0, std::min(bytes.find_first_of("\r\n"), longest_quote))) + '"';
}

/// A gateway's 5xx is about a broker that may come up yet; 408, 425 and 429 say "later".
bool is_lasting(int status) {
  return status < 500 && status != 408 && status != 425 && status != 429;
}

/// What to do about an answer to the WebSocket request, behind its words.
std::string upgrade_advice(int status, std::string_view location) {
  if (status == 401 || status == 403) return " (a login or an Origin is missing? --ws-header)";
  if (status == 404 || status == 426) return " (is the path right? -L ws://HOST/PATH)";
  if (status >= 500) return " (is the broker behind it up?)";
  if (status < 300 || status >= 400 || location.empty()) return {};
  return ", which points to " + quoted_line(masked_url(location));
}

/// A line of text, as no packet of MQTT begins.
bool is_text(std::string_view bytes) {
  constexpr std::size_t enough = 4;
  const auto line = bytes.substr(0, bytes.find_first_of("\r\n"));
  return line.size() >= enough && std::all_of(line.begin(), line.begin() + enough,
                                              [](char c) { return c >= ' ' && c <= '~'; });
}

/// Where the server listens: "port 1883", "this socket".
std::string listener(const Endpoint& endpoint, const Options& options) {
  return endpoint.socket_path.empty() ? "port " + std::to_string(port_of(endpoint, options))
                                      : "this socket";
}

std::string tls_port_message(const Options& options, const Endpoint& endpoint) {
  const std::string scheme = !endpoint.socket_path.empty()               ? ""
                             : options.transport == Transport::websocket ? "wss:// or "
                                                                         : "mqtts:// or ";
  return "a TLS broker spoken to in plain text: use " + scheme + "--tls";
}

/// `bytes` are what a server said where it should have spoken MQTT. No message: it may be that.
ConnectError other_protocol(std::string_view bytes, const Options& options,
                            const Endpoint& endpoint) {
  if (!options.tls.on && is_tls_record(bytes)) {
    return {Kind::lasting, tls_port_message(options, endpoint)};
  }
  if (bytes.starts_with("HTTP/")) {
    // Where a WebSocket is asked for, HTTP is in its place: that is no answer to what we asked.
    if (options.transport == Transport::websocket) return {};
    const std::string option = !endpoint.socket_path.empty() ? "--ws"
                               : options.tls.on              ? "wss://"
                                                             : "ws://";
    return {Kind::lasting, "a web server answers on " + listener(endpoint, options) +
                               " (for MQTT over WebSocket: " + option + ")"};
  }
  if (is_text(bytes)) {
    return {Kind::lasting,
            "the server said " + quoted_line(bytes) + ": that is not an MQTT broker"};
  }
  return {};
}

/// About the way to the proxy and through it. No message: it is open.
ConnectError explain_proxy(const ConnectionFacts& facts, const Proxy& proxy) {
  const auto name = with_port(proxy.host, proxy.port);
  if (!facts.connected) {
    return {Kind::unreachable,
            "cannot reach the proxy " + name + ": " +
                (facts.error == ECONNREFUSED ? "connection refused"
                                             : connect_message(facts.error, proxy.host))};
  }
  const auto status = status_of(facts.proxy_answer);
  // Of a head its first KiB is known.
  const bool whole =
      facts.proxy_answer.find("\r\n\r\n") != std::string::npos || facts.proxy_answer.size() >= 1024;
  if (status.code == 0 || (status.code == 200 && !whole)) {
    return {Kind::unreachable,
            "no answer from the proxy " + name + ": " + silence_message(facts, facts.proxy_answer)};
  }
  if (status.code == 200) return {};  // Paho takes no other.
  std::string advice;
  if (status.code == 407) {
    advice = proxy.username ? " (check the user name and the password of --http-proxy)"
                            : " (--http-proxy http://USER:PASSWORD@HOST:PORT)";
  }
  return {is_lasting(status.code) ? Kind::lasting : Kind::unreachable,
          "the proxy " + name + " refused: " + status.text + advice};
}

/// TLS was never begun: Paho found the settings of no use, though they were when the run began.
ConnectError explain_settings(const Options& options) {
  try {
    check_tls_files(options.tls);
  } catch (const std::runtime_error& error) {
    return {Kind::lasting, error.what()};
  }
  return {Kind::unreachable, "no answer in time"};
}

/// No message: TLS is there.
ConnectError explain_tls(const ConnectionFacts& facts, const Options& options,
                         const Endpoint& endpoint) {
  const auto& tls = facts.tls;
  const auto place = listener(endpoint, options);
  const auto no_tls = "the broker on " + place + " does not speak TLS (a plain-text " +
                      (endpoint.socket_path.empty() ? "port?)" : "socket?)");
  if (!tls.begun) return facts.violation ? ConnectError{} : explain_settings(options);
  if (!tls.first_bytes.empty() && !is_tls_record(tls.first_bytes)) {
    return {Kind::lasting, is_text(tls.first_bytes)
                               ? no_tls + ": it said " + quoted_line(tls.first_bytes)
                               : no_tls};
  }
  if (!tls.done || (tls.alert && facts.answer.empty())) {
    if (is_explained(tls)) {
      return {Kind::lasting, handshake_message(tls, options.tls, endpoint.host)};
    }
    if (tls.first_bytes.empty()) {
      // Perhaps only a forwarder whose broker is not up yet: trying again may help.
      return {Kind::unreachable, is_over(facts) ? no_tls + ": it closed the connection"
                                                : "no answer to the TLS handshake in time (does " +
                                                      place + " speak TLS?)"};
    }
    if (!is_over(facts)) return {Kind::unreachable, "no answer in time during the TLS handshake"};
    if (tls.certificate_asked) return {Kind::lasting, certificate_refused_message(options.tls)};
    return {Kind::unreachable, "the broker closed the connection during the TLS handshake"};
  }
  return {};
}

/// No message: the WebSocket is there.
ConnectError explain_websocket(const ConnectionFacts& facts, const Options& options,
                               const Endpoint& endpoint) {
  const auto status = status_of(facts.upgrade_answer);
  if (status.code == 101 && (facts.violation || facts.connect_sent)) return {};
  if (status.code == 101) {
    return {Kind::lasting,
            "the answer to the WebSocket request is not a valid one (wrong Sec-WebSocket-Accept, "
            "or not HTTP/1.1)"};
  }
  if (status.code != 0) {
    // What follows a '?' may be a secret.
    const auto path = options.websocket_path.substr(0, options.websocket_path.find('?'));
    return {is_lasting(status.code) ? Kind::lasting : Kind::unreachable,
            "the server answered " + status.text + " to the WebSocket request for " + path +
                upgrade_advice(status.code, header_of(facts.upgrade_answer, "Location"))};
  }
  if (!options.tls.on && is_tls_record(facts.upgrade_answer)) {
    return {Kind::lasting, tls_port_message(options, endpoint)};
  }
  return {facts.upgrade_answer.empty() ? Kind::unreachable : Kind::lasting,
          "no answer to the WebSocket request: " + silence_message(facts, facts.upgrade_answer)};
}

/// CONNECT was sent, or might have been.
ConnectError explain_silence(const ConnectionFacts& facts, const Options& options,
                             const Endpoint& endpoint) {
  if (!facts.closing.empty()) return {Kind::closed, facts.closing + ", during CONNECT"};
  const bool begun = !facts.answer.empty();
  const std::string why = version_name(options.version) == "5" ? version_wanted_by(options) : "";
  const std::string needed =
      why.empty() ? ""
                  : " of MQTT 5, which " + why + " (perhaps the broker speaks MQTT 3.1.1 only)";
  if (!is_over(facts)) {
    return {Kind::unreachable,
            begun ? "only part of an answer in time"
                  : "no answer in time" + (needed.empty() ? "" : " to CONNECT" + needed)};
  }
  std::string message = facts.error == ECONNRESET ? "the connection was reset during CONNECT"
                                                  : "the connection was closed during CONNECT";
  if (begun) {
    message += ", amid the answer";
  } else if (!needed.empty()) {
    message += needed;
  } else if (facts.tls.certificate_asked && options.tls.certificate.empty()) {
    message += " (the broker had asked for a client certificate: --cert and --key)";
  } else if (!options.tls.on && endpoint.socket_path.empty()) {
    message += " (TLS port spoken to in plain text?)";
  }
  return {Kind::closed, message};
}

/// The first bytes that the server at `address` answers to a ClientHello, if any.
std::string answer_to_hello(const Address& address, const std::string& host,
                            Clock::time_point deadline) {
  const Descriptor socket{::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  const int fd = socket.get();
  const auto time = std::clamp(deadline - Clock::now(), Duration{1'000'000}, hello_patience);
  const auto micro = std::chrono::duration_cast<std::chrono::microseconds>(time).count();
  const timeval limit{micro / 1'000'000, micro % 1'000'000};
  // For connect(2) and send(2), too.
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  std::array<char, 256> answer{};
  ssize_t count = 0;
  if (::connect(fd, address.get(), address.size) == 0) {
    const auto hello = client_hello(host);
    (void)!::send(fd, hello.data(), hello.size(), MSG_NOSIGNAL);
    count = ::recv(fd, answer.data(), answer.size(), 0);
  }
  return {answer.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0))};
}

}  // namespace

ConnectError explain(const ConnectionFacts& facts, const Options& options,
                     const Endpoint& endpoint) {
  if (!facts.bound) return {Kind::unreachable, bind_message(facts.error, options.bind)};
  if (options.proxy) {
    if (auto error = explain_proxy(facts, *options.proxy); !error.message.empty()) return error;
  } else if (!facts.connected) {
    return {Kind::unreachable, endpoint.socket_path.empty()
                                   ? connect_message(facts.error, endpoint.host)
                                   : socket_message(facts.error)};
  }
  if (options.tls.on) {
    if (auto error = explain_tls(facts, options, endpoint); !error.message.empty()) return error;
  }
  // What comes before our CONNECT is noted with what the proxy said.
  const auto head = facts.proxy_answer.find("\r\n\r\n");
  const bool early = facts.answer.empty() && head != std::string::npos;
  const auto said = early ? facts.proxy_answer.substr(head + 4) : facts.answer;
  if (auto error = other_protocol(said, options, endpoint); !error.message.empty()) return error;
  if (options.transport == Transport::websocket) {
    auto error = explain_websocket(facts, options, endpoint);
    if (!error.message.empty() && (!facts.violation || error.kind == Kind::lasting)) return error;
  }
  if (facts.violation) return {Kind::violation, "sent " + *facts.violation};
  return explain_silence(facts, options, endpoint);
}

ConnectError explain(const ConnectionFacts& facts, const Options& options, const Endpoint& endpoint,
                     const Address& address, Clock::time_point deadline) {
  auto error = explain(facts, options, endpoint);
  // Many a TLS server just closes when it hears MQTT or HTTP.
  const bool silent = is_over(facts) && facts.answer.empty() && facts.upgrade_answer.empty();
  if (!facts.connected || options.tls.on || options.proxy || !silent) return error;
  if (!endpoint.socket_path.empty() || !options.bind.empty()) return error;
  const auto answer = answer_to_hello(address, endpoint.host, deadline);
  auto found = other_protocol(answer, options, endpoint);
  return found.message.empty() ? error : found;
}

}  // namespace mqtt_tools::connection
