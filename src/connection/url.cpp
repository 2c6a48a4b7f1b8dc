// SPDX-License-Identifier: MIT
#include "connection/url.hpp"

#include "bytes.hpp"
#include "error.hpp"
#include "text.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>
#include <algorithm>
#include <array>
#include <utility>

namespace mqtt_tools::connection {

namespace {

constexpr std::size_t longest_name = 253;  // RFC 1035 §2.3.4, as text.

/// What no host name has, and what would end one in a URL or an HTTP header.
bool stands_in_name(char letter) {
  const auto byte = static_cast<unsigned char>(letter);
  return byte > 0x20 && byte != 0x7F &&
         std::string_view{"@/?#[]%\\\"<>^`{|}:,;"}.find(letter) == std::string_view::npos;
}

std::optional<int> read_port(std::string_view text) {
  const auto port = to_number<int>(text);
  return port && *port >= 1 && *port <= 65535 ? port : std::nullopt;
}

constexpr char hidden = '*';

struct Scheme {
  std::string_view name;
  std::string_view meaning;
};

constexpr std::array schemes{
    Scheme{"mqtt", "mqtt"}, Scheme{"tcp", "mqtt"}, Scheme{"mqtts", "mqtts"}, Scheme{"ssl", "mqtts"},
    Scheme{"tls", "mqtts"}, Scheme{"ws", "ws"},    Scheme{"wss", "wss"},     Scheme{"unix", "unix"},
};

/// RFC 3986 §3.1.
bool is_scheme(std::string_view text) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  return !text.empty() && letters.find(text.front()) != std::string_view::npos &&
         std::all_of(text.begin(), text.end(), [letters](char letter) {
           return letters.find(letter) != std::string_view::npos ||
                  std::string_view{"0123456789+-."}.find(letter) != std::string_view::npos;
         });
}

/// Where what stands behind the host's ':' begins if it cannot be a port: then it may be a password
/// whose '@' was forgotten. `text` is a URL without its scheme and without an '@'.
std::size_t no_port(std::string_view text) {
  constexpr std::size_t most_digits = 5;
  const auto authority = text.substr(0, text.find_first_of("/?#"));
  const auto bracket = authority.empty() || authority.front() != '[' ? 0 : authority.find(']');
  const auto colon = authority.find(':', std::min(bracket, authority.size()));
  if (colon == std::string_view::npos || is_ipv6(std::string{authority})) return text.size();
  const auto port = authority.substr(colon + 1);
  const bool number = port.find_first_not_of("0123456789") == std::string_view::npos;
  return number && port.size() <= most_digits ? text.size() : colon + 1;
}

/// `text` for a message: what may be a secret is left out.
std::string shown(std::string_view text) { return "'" + escaped(masked_url(text)) + "'"; }

[[noreturn]] void refuse(std::string_view url, const std::string& why) {
  throw UsageError("URL " + shown(url) + ": " + why);
}

/// The part is named, not repeated: it may be a password.
std::string decoded(std::string_view url, std::string_view part, const std::string& name) {
  const auto text = percent_decoded(part);
  if (!text) refuse(url, "a '%' in the " + name + " must begin two hex digits ('%25' is a '%')");
  return *text;
}

/// Whether an IPv6 address stands in a URL, where the '%' before its zone is written "%25" (RFC
/// 6874), or is given by itself, where it may be copied from one: "%25eth0", but "%250" is the
/// network interface with the number 250.
enum class Written { in_url, by_itself };

/// Takes `HOST`, `HOST:PORT`, `[IPv6]` or `[IPv6]:PORT` apart; `host` is then without brackets.
/// Gives what is wrong in words, or nothing. Only harmless parts of the text are repeated.
std::string split_host(std::string_view text, Written written, std::string& host,
                       std::optional<int>& port) {
  std::string_view rest;
  if (!text.empty() && text.front() == '[') {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return "the ']' after the IPv6 address is missing";
    host = text.substr(1, end - 1);
    // Alone it is the network interface with the number 25.
    if (const auto zone = host.find("%25"); zone != std::string::npos && zone + 3 < host.size()) {
      const bool number = host[zone + 3] >= '0' && host[zone + 3] <= '9';
      if (written == Written::in_url || !number) host.erase(zone + 1, 2);
    }
    if (!is_ipv6(host)) return "what stands in '[' and ']' is not an IPv6 address";
    if (needs_zone(host)) {
      return "a link-local IPv6 address needs its network interface, as in " + host +
             "%eth0 (in a URL: %25eth0)";
    }
    rest = text.substr(end + 1);
    if (!rest.empty() && rest.front() != ':') return "only ':PORT' may follow ']'";
  } else {
    const auto colon = std::min(text.find(':'), text.size());
    host = text.substr(0, colon);
    rest = text.substr(colon);
    if (rest.find(':', 1) != std::string_view::npos) {
      return "a ':' stands only before the port, or in an IPv6 address in '[' and ']'";
    }
    if (host.empty()) return "the host name is missing";
    if (!std::all_of(host.begin(), host.end(), stands_in_name)) {
      return "a host name has no spaces, control characters or punctuation but '.', '-' and '_'";
    }
    if (host.size() > longest_name) return "the host name is longer than 253 characters";
  }
  if (rest.empty()) return {};

  port = read_port(rest.substr(1));
  if (!port && rest.find_last_of(" \t\r\n") + 1 == rest.size()) {
    return "a blank or the end of a line stands behind the port";
  }
  if (!port) return "the port is a number from 1 to 65535";
  return {};
}

/// Whether a URL must name a host.
enum class HostPart { required, optional };

/// The parts that URLs of all schemes have: the scheme as it is written, in lower case, and as path
/// all that stands from the slash on.
Url take_apart(std::string_view url, const std::string& right_schemes,
               HostPart host = HostPart::required) {
  Url parts;
  const auto colon = url.find("://");
  // What is no scheme is not repeated: "joe:password@host://" would be.
  if (colon == std::string_view::npos || !is_scheme(url.substr(0, colon))) {
    refuse(url, "it does not begin with a scheme: " + right_schemes);
  }
  parts.scheme = lower_case(url.substr(0, colon));

  const auto after = url.substr(colon + 3);
  const auto slash = std::min(after.find_first_of("/?#"), after.size());
  auto authority = after.substr(0, slash);
  parts.path = after.substr(slash);

  if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
    const auto login = authority.substr(0, at);
    authority = authority.substr(at + 1);
    const auto split = std::min(login.find(':'), login.size());
    if (split > 0) parts.username = decoded(url, login.substr(0, split), "user name");
    if (split < login.size()) {
      parts.password = decoded(url, login.substr(split + 1), "password");
    }
  } else if (parts.path.find('@') != std::string::npos &&
             authority.find(':') != std::string_view::npos && authority.front() != '[' &&
             authority.find_first_not_of("0123456789", authority.rfind(':') + 1) !=
                 std::string_view::npos) {
    refuse(url, "'/', '?', '#' and '@' in a password are written %2F, %3F, %23 and %40");
  }

  if (authority.empty() && host == HostPart::optional) return parts;
  const auto wrong = split_host(authority, Written::in_url, parts.host, parts.port);
  if (!wrong.empty()) refuse(url, wrong);
  return parts;
}

/// The request line of HTTP has no room for blanks, and none for line ends.
void check_request_target(std::string_view url, std::string_view target) {
  for (const char byte : target) {
    if (byte <= ' ' || byte > '~') {
      refuse(url, "bytes other than printable ASCII are written %XX in a WebSocket path");
    }
  }
  if (target.find('#') != std::string_view::npos) {
    refuse(url, "a '#' in a WebSocket path is written %23");
  }
}

constexpr std::string_view unix_scheme = "unix://";

Url read_unix(std::string_view text) {
  const auto path = text.substr(unix_scheme.size());
  if (path.empty() || path.front() != '/') {
    refuse(text, "the path of a socket begins with a slash: unix:///run/mosquitto.sock");
  }
  Url url;
  url.scheme = "unix";
  url.socket_path = read_socket_path(decoded(text, path, "path"));
  return url;
}

Url read(std::string_view text, HostPart host) {
  const std::string right = "mqtt, mqtts, ws or wss (also tcp, ssl, tls), or unix";
  if (lower_case(text.substr(0, unix_scheme.size())) == unix_scheme) return read_unix(text);
  auto url = take_apart(text, right, host);

  const auto* const known = std::find_if(schemes.begin(), schemes.end(), [&](const Scheme& scheme) {
    return scheme.name == url.scheme;
  });
  if (known == schemes.end()) {
    refuse(text, "scheme '" + escaped(url.scheme) + "' is not known: it is " + right);
  }
  url.scheme = known->meaning;
  if (url.username && first_invalid_utf8(*url.username)) {
    refuse(text, "the user name is not UTF-8");
  }

  if (url.websocket()) {
    check_request_target(text, url.path);
    if (url.path.starts_with('?')) url.path.insert(0, "/");
  } else if (!url.path.empty()) {
    if (url.path.front() != '/') refuse(text, "a topic follows a '/'");
    // '?' and '#' stay: to MQTT they are part of a topic or filter.
    url.path = decoded(text, std::string_view{url.path}.substr(1), "topic");
  }
  return url;
}

}  // namespace

bool is_ipv4(const std::string& host) {
  in_addr address{};
  return ::inet_pton(AF_INET, host.c_str(), &address) == 1;
}

bool is_ipv6(const std::string& host) {
  const auto scope = host.find('%');
  if (scope != std::string::npos && scope + 1 == host.size()) return false;
  if (scope != std::string::npos &&
      !std::all_of(host.begin() + static_cast<std::ptrdiff_t>(scope) + 1, host.end(),
                   stands_in_name)) {
    return false;
  }
  in6_addr address{};
  return ::inet_pton(AF_INET6, host.substr(0, scope).c_str(), &address) == 1;
}

bool needs_zone(const std::string& host) {
  in6_addr address{};
  return ::inet_pton(AF_INET6, host.c_str(), &address) == 1 && IN6_IS_ADDR_LINKLOCAL(&address);
}

std::string without_zone(const std::string& host) {
  return is_ipv6(host) ? host.substr(0, host.find('%')) : host;
}

bool is_localhost_name(std::string_view host) {
  auto name = lower_case(host);
  if (!name.empty() && name.back() == '.') name.pop_back();
  constexpr std::string_view suffix = ".localhost";
  return name == "localhost" || (name.ends_with(suffix) && name.size() > suffix.size());
}

bool is_loopback(const std::string& host) {
  if (is_localhost_name(host)) return true;
  // inet_aton() stops at a blank, C strings stop at NUL: what follows would go unseen.
  constexpr std::string_view ends{" \t\n\v\f\r\0", 7};
  if (host.find_first_of(ends) != std::string::npos) return false;

  in_addr v4{};
  // As getaddrinfo() reads it: "127.1" is 127.0.0.1 too.
  if (::inet_aton(host.c_str(), &v4) == 1) return ntohl(v4.s_addr) >> 24 == 127;
  in6_addr v6{};
  if (!is_ipv6(host) || ::inet_pton(AF_INET6, host.substr(0, host.find('%')).c_str(), &v6) != 1) {
    return false;
  }
  constexpr std::size_t mapped = 12;  // Where the IPv4 address begins (RFC 4291 §2.5.5.2).
  return IN6_IS_ADDR_LOOPBACK(&v6) || (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[mapped] == 127);
}

std::string with_port(const std::string& host, int port) {
  const auto number = std::to_string(port);
  return is_ipv6(host) ? "[" + host + "]:" + number : host + ":" + number;
}

std::string name_of(const Endpoint& endpoint, const Options& options) {
  return endpoint.socket_path.empty() ? with_port(endpoint.host, port_of(endpoint, options))
                                      : endpoint.socket_path;
}

std::string read_socket_path(std::string_view text) {
  constexpr std::size_t longest = sizeof(sockaddr_un::sun_path) - 1;
  if (text.find('\0') != std::string_view::npos) {
    throw UsageError("the path of a socket has no NUL");
  }
  if (text.size() > longest) {
    throw UsageError("the path of a socket has at most " + std::to_string(longest) +
                     " bytes, this one has " + std::to_string(text.size()));
  }
  return std::string{text};
}

std::string masked_url(std::string_view url) {
  const auto colon = url.find("://");
  const bool scheme = colon != std::string_view::npos && is_scheme(url.substr(0, colon));
  std::string masked{url.substr(0, scheme ? colon + 3 : 0)};
  auto rest = url.substr(masked.size());

  // A lone '#' at the end is a wildcard of a topic.
  const auto fragment = rest.find('#');
  const auto query =
      std::min({rest.find('?'), fragment + 1 < rest.size() ? fragment : rest.size(), rest.size()});
  const auto at = rest.rfind('@');
  if (at == std::string_view::npos) {
    const auto end = no_port(rest);
    if (end < rest.size()) return masked.append(rest.substr(0, end)).append(1, hidden);
  } else if (query < at) {
    return masked + hidden;  // A '?' in a password, or an '@' in a token: nobody knows which.
  } else if (at > 0) {
    masked += hidden;
  }
  const auto begin = at == std::string_view::npos ? 0 : at;
  if (query + 1 >= rest.size()) return masked.append(rest.substr(begin));
  return masked.append(rest.substr(begin, query + 1 - begin)).append(1, hidden);
}

Url read_url(std::string_view text) { return read(text, HostPart::required); }

Url read_url_beside_host(std::string_view text) { return read(text, HostPart::optional); }

Endpoint read_endpoint(std::string_view text) {
  if (text.find("://") != std::string_view::npos) {
    throw UsageError("host " + shown(text) + " is a URL: give it with --url");
  }
  Endpoint endpoint;
  std::optional<int> port;
  const bool bare_ipv6 =
      !text.empty() && text.front() != '[' && std::count(text.begin(), text.end(), ':') > 1;
  if (bare_ipv6 && !is_ipv6(std::string{text})) {
    throw UsageError(
        "host " + shown(text) +
        ": it is not an IPv6 address, and in any other host a ':' stands only before the "
        "port");
  }
  const auto wrong =
      bare_ipv6 ? split_host("[" + std::string{text} + "]", Written::by_itself, endpoint.host, port)
                : split_host(text, Written::by_itself, endpoint.host, port);
  if (!wrong.empty()) throw UsageError("host " + shown(text) + ": " + wrong);
  endpoint.port = port.value_or(0);
  return endpoint;
}

Proxy read_proxy(std::string_view text) {
  const std::string right = "http://[user:password@]host[:port]";
  auto parts = take_apart(text, right);
  if (parts.scheme != "http") {
    refuse(text, "a proxy is " + right + ", not '" + escaped(parts.scheme) + "'");
  }
  if (!parts.path.empty() && parts.path != "/") {
    refuse(text, "a proxy has no path: " + right);
  }
  Proxy proxy;
  proxy.host = std::move(parts.host);
  proxy.port = parts.port.value_or(80);
  proxy.username = std::move(parts.username);
  proxy.password = std::move(parts.password);
  return proxy;
}

std::string url_of(const Proxy& proxy) {
  std::string login;
  if (proxy.username) login = percent_encoded(*proxy.username);
  if (proxy.password) login += ":" + percent_encoded(*proxy.password);
  if (proxy.username || proxy.password) login += "@";
  return "http://" + login + with_port(proxy.host, proxy.port);
}

}  // namespace mqtt_tools::connection
