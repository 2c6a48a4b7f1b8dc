// SPDX-License-Identifier: MIT

// A URL, a host or a proxy from a file or the environment. Its secrets are never shown, nothing
// that is shown acts on a terminal, and the parts put together again are read as the same.

#include "connection/url.hpp"

#include "error.hpp"
#include "fuzz.hpp"

using namespace mqtt_tools;
using namespace mqtt_tools::connection;
using fuzz::must;

namespace {

template <typename Read>
auto read(const Read& reader, std::string_view text) -> std::optional<decltype(reader(text))> {
  try {
    return reader(text);
  } catch (const UsageError& error) {
    must(fuzz::harmless(error.what()));
    return std::nullopt;
  }
}

/// What stands between the user name's colon and the '@', as it is written.
std::string_view written_password(std::string_view text) {
  const auto after = text.substr(text.find("://") + 3);
  const auto authority = after.substr(0, after.find_first_of("/?#"));
  const auto at = authority.rfind('@');
  const auto colon = authority.find(':');
  return at == std::string_view::npos || colon > at ? std::string_view{}
                                                    : authority.substr(colon + 1, at - colon - 1);
}

void check_endpoint(const std::string& host, int port) {
  // A network interface whose name begins so is taken for what was copied from a URL.
  if (host.find("%25") != std::string::npos) return;
  const auto again = read(read_endpoint, with_port(host, port));
  must(again && again->host == host && again->port == port);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  const auto masked = masked_url(text);
  must(masked.size() <= text.size());

  if (const auto url = read(read_url, text)) {
    if (url->scheme == "unix") {
      must(!url->socket_path.empty());
      return 0;
    }
    const auto secret = written_password(text);
    if (secret.size() > 5 && text.find(secret) == text.rfind(secret)) {
      must(masked.find(secret) == std::string::npos);
    }
    must(url->password.value_or("").empty() == secret.empty());
    check_endpoint(url->host, url->port.value_or(1883));
    must(read(read_url_beside_host, text).has_value());
  }
  if (const auto endpoint = read(read_endpoint, text)) {
    check_endpoint(endpoint->host, endpoint->port != 0 ? endpoint->port : 1);
    (void)is_loopback(endpoint->host);
  }
  if (const auto proxy = read(read_proxy, text)) check_endpoint(proxy->host, proxy->port);
  return 0;
}
