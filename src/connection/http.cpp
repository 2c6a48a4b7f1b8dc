// SPDX-License-Identifier: MIT
#include "connection/http.hpp"

#include "escape.hpp"

#include <algorithm>
#include <array>

#include <openssl/evp.h>

namespace mqtt_tools::connection {

namespace {

constexpr std::size_t longest_head = 16384;
constexpr std::size_t longest_words = 100;

std::string base64(const std::string& text) {
  std::string encoded(4 * ((text.size() + 2) / 3) + 1, '\0');
  const auto size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                                    reinterpret_cast<const unsigned char*>(text.data()),
                                    static_cast<int>(text.size()));
  encoded.resize(static_cast<std::size_t>(std::max(size, 0)));
  return encoded;
}

/// Reads "HTTP/1.1 404 Not Found".
void read_status(HttpAnswer& answer) {
  const std::string_view head{answer.start};
  const auto line = head.substr(0, head.find_first_of("\r\n"));
  constexpr std::size_t status_at = 9;
  if (line.rfind("HTTP/1.", 0) != 0 || line.size() < status_at + 3) return;
  int status = 0;
  for (const char digit : line.substr(status_at, 3)) {
    if (digit < '0' || digit > '9') return;
    status = status * 10 + (digit - '0');
  }
  answer.status = status;
  answer.words = escaped(line.substr(status_at, longest_words));
}

}  // namespace

HttpAnswer ask_http(Stream& stream, const std::string& request, Clock::time_point deadline) {
  HttpAnswer answer;
  // Should this fail, the server may have answered before it closed.
  stream.send(request, deadline);
  while (answer.start.find("\r\n\r\n") == std::string::npos && answer.start.size() < longest_head) {
    const auto received = stream.receive(deadline);
    answer.end = received.end;
    if (received.end != Received::End::open) break;
    answer.start += received.bytes;
  }
  read_status(answer);
  return answer;
}

std::string connect_request(const Proxy& proxy, const std::string& target) {
  std::string request = "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n";
  if (proxy.username || proxy.password) {
    request += "Proxy-Authorization: Basic " +
               base64(proxy.username.value_or("") + ":" + proxy.password.value_or("")) + "\r\n";
  }
  return request + "\r\n";
}

std::string upgrade_request(const Options& options, const std::string& target) {
  std::string request = "GET " + options.websocket_path + " HTTP/1.1\r\nHost: " + target +
                        "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Key: " +
                        base64("only to see why!") +
                        "\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\n";
  for (const auto& [name, value] : options.websocket_headers) {
    request += name + ": " + value + "\r\n";
  }
  return request + "\r\n";
}

}  // namespace mqtt_tools::connection
