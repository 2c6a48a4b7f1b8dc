// SPDX-License-Identifier: MIT
#include "connection/url.hpp"

#include "connection/host.hpp"
#include "error.hpp"
#include "escape.hpp"
#include "utf8.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace mqtt_tools::connection {

namespace {

struct Scheme {
  std::string_view name;
  std::string_view meaning;
};

constexpr std::array schemes{
    Scheme{"mqtt", "mqtt"}, Scheme{"tcp", "mqtt"}, Scheme{"mqtts", "mqtts"}, Scheme{"ssl", "mqtts"},
    Scheme{"tls", "mqtts"}, Scheme{"ws", "ws"},    Scheme{"wss", "wss"},
};

/// `text` for a message: what may be a login is left out.
std::string shown(std::string_view text) {
  const auto at = text.rfind('@');
  if (at == std::string_view::npos) return "'" + escaped(text) + "'";
  const auto scheme = text.find("://");
  const auto begin = scheme < at ? text.substr(0, scheme + 3) : std::string_view{};
  return "'" + escaped(begin) + "…@" + escaped(text.substr(at + 1)) + "'";
}

[[noreturn]] void refuse(std::string_view url, const std::string& why) {
  throw UsageError("URL " + shown(url) + ": " + why);
}

std::string lower_case(std::string_view text) {
  std::string lower{text};
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  });
  return lower;
}

int hex_digit(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

/// RFC 3986 §2.1. The part is named, not repeated: it may be a password.
std::string percent_decoded(std::string_view url, std::string_view part, const std::string& name) {
  std::string decoded;
  for (std::size_t at = 0; at < part.size(); ++at) {
    if (part[at] != '%') {
      decoded += part[at];
      continue;
    }
    const int high = at + 1 < part.size() ? hex_digit(part[at + 1]) : -1;
    const int low = at + 2 < part.size() ? hex_digit(part[at + 2]) : -1;
    if (high < 0 || low < 0) {
      refuse(url, "a '%' in the " + name + " must begin two hex digits ('%25' is a '%')");
    }
    decoded += static_cast<char>(high * 16 + low);
    at += 2;
  }
  return decoded;
}

/// The parts that URLs of all schemes have.
struct Parts {
  std::string scheme{};
  std::optional<std::string> username{};
  std::optional<std::string> password{};
  std::string host{};
  std::optional<int> port{};
  std::string rest{};  ///< From the slash on.
};

Parts take_apart(std::string_view url, const std::string& right_schemes) {
  Parts parts;
  const auto colon = url.find("://");
  if (colon == std::string_view::npos || colon == 0) {
    refuse(url, "it does not begin with a scheme: " + right_schemes);
  }
  parts.scheme = lower_case(url.substr(0, colon));

  const auto after = url.substr(colon + 3);
  const auto slash = std::min(after.find_first_of("/?#"), after.size());
  auto authority = after.substr(0, slash);
  parts.rest = after.substr(slash);

  if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
    const auto login = authority.substr(0, at);
    authority = authority.substr(at + 1);
    const auto split = std::min(login.find(':'), login.size());
    if (split > 0) parts.username = percent_decoded(url, login.substr(0, split), "user name");
    if (split < login.size()) {
      parts.password = percent_decoded(url, login.substr(split + 1), "password");
    }
  } else if (parts.rest.find('@') != std::string::npos &&
             authority.find(':') != std::string_view::npos && authority.front() != '[' &&
             authority.find_first_not_of("0123456789", authority.rfind(':') + 1) !=
                 std::string_view::npos) {
    refuse(url, "'/', '?', '#' and '@' in a password are written %2F, %3F, %23 and %40");
  }

  const auto wrong = split_host(authority, parts.host, parts.port);
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

}  // namespace

Url read_url(std::string_view text) {
  const std::string right = "mqtt, mqtts, ws or wss (also tcp, ssl, tls)";
  auto parts = take_apart(text, right);

  const auto* const known = std::find_if(schemes.begin(), schemes.end(), [&](const Scheme& scheme) {
    return scheme.name == parts.scheme;
  });
  if (known == schemes.end()) {
    refuse(text, "scheme '" + escaped(parts.scheme) + "' is not known: it is " + right);
  }

  Url url;
  url.scheme = known->meaning;
  url.host = std::move(parts.host);
  url.port = parts.port;
  url.username = std::move(parts.username);
  url.password = std::move(parts.password);
  if (url.username && first_invalid_utf8(*url.username)) {
    refuse(text, "the user name is not UTF-8");
  }

  if (url.websocket()) {
    check_request_target(text, parts.rest);
    url.path = parts.rest.rfind('?', 0) == 0 ? '/' + parts.rest : parts.rest;
  } else if (!parts.rest.empty()) {
    if (parts.rest.front() != '/') refuse(text, "a topic follows a '/'");
    // '?' and '#' stay: to MQTT they are part of a topic or filter.
    url.path = percent_decoded(text, std::string_view{parts.rest}.substr(1), "topic");
  }
  return url;
}

Endpoint read_endpoint(std::string_view text) {
  if (text.find("://") != std::string_view::npos) {
    throw UsageError("host " + shown(text) + " is a URL: give it with --url");
  }
  Endpoint endpoint;
  std::optional<int> port;
  const bool bare_ipv6 =
      !text.empty() && text.front() != '[' && std::count(text.begin(), text.end(), ':') > 1;
  const auto wrong = bare_ipv6 ? split_host("[" + std::string{text} + "]", endpoint.host, port)
                               : split_host(text, endpoint.host, port);
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
  if (!parts.rest.empty() && parts.rest != "/") {
    refuse(text, "a proxy has no path: " + right);
  }
  Proxy proxy;
  proxy.host = std::move(parts.host);
  proxy.port = parts.port.value_or(80);
  proxy.username = std::move(parts.username);
  proxy.password = std::move(parts.password);
  return proxy;
}

}  // namespace mqtt_tools::connection
