// SPDX-License-Identifier: MIT
#include "support/http_proxy.hpp"

#include <strings.h>
#include <cstdlib>
#include <sstream>
#include <string_view>
#include <utility>

namespace mqtt_tools::support {
namespace {

/// The value of Proxy-Authorization, however its name is spelt.
std::string authorization(const std::string& head) {
  constexpr std::string_view name = "proxy-authorization: ";
  std::istringstream lines{head};
  for (std::string line; std::getline(lines, line);) {
    if (line.size() > name.size() && strncasecmp(line.c_str(), name.data(), name.size()) == 0) {
      return line.substr(name.size(), line.find('\r') - name.size());
    }
  }
  return {};
}

}  // namespace

HttpProxy::HttpProxy(Rules rules)
    : rules_(std::move(rules)), service_([this](Channel& client) { serve(client); }) {}

std::string HttpProxy::url(const std::string& login) const {
  return "http://" + (login.empty() ? "" : login + "@") + "127.0.0.1:" + std::to_string(port());
}

std::vector<std::string> HttpProxy::requests() const {
  const std::lock_guard lock{mutex_};
  return requests_;
}

void HttpProxy::serve(Channel& client) {
  const auto head = client.take_head();
  {
    const std::lock_guard lock{mutex_};
    requests_.push_back(head);
  }
  const auto line = head.substr(0, head.find("\r\n"));
  const auto colon = line.rfind(':', line.rfind(' '));
  if (line.rfind("CONNECT ", 0) != 0 || colon == std::string::npos) {
    client.give("HTTP/1.1 405 Method Not Allowed\r\n\r\n");
    return;
  }
  if (!rules_.authorization.empty() && authorization(head) != rules_.authorization) {
    client.give(
        "HTTP/1.1 407 Proxy Authentication Required\r\n"
        "Proxy-Authenticate: Basic realm=\"test\"\r\n\r\n");
    return;
  }
  auto way = connect_to(std::atoi(line.c_str() + colon + 1));
  if (!rules_.refusal.empty() || !way) {
    const auto refusal = rules_.refusal.empty() ? "502 Bad Gateway" : rules_.refusal;
    client.give("HTTP/1.1 " + refusal + "\r\n\r\n");
    return;
  }
  client.give("HTTP/1.1 200 Connection established\r\n\r\n");
  Channel broker{std::move(way), service_.leaving()};
  const Change none = [](std::string bytes) { return bytes; };
  join(client, broker, service_.leaving(), none, none);
}

}  // namespace mqtt_tools::support
