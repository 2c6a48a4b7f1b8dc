// SPDX-License-Identifier: MIT
#include "cli/connection_flags.hpp"

#include "cli/client_id.hpp"
#include "cli/property_flags.hpp"
#include "cli/tls_flags.hpp"
#include "cli/will_flags.hpp"
#include "connection/url.hpp"
#include "error.hpp"
#include "escape.hpp"

#include <algorithm>

namespace mqtt_tools::cli {

namespace {

using connection::Options;
using connection::Version;

/// Four-byte values above are sent wrongly by the library; as a time it means "never".
constexpr std::uint32_t never = 0x7FFF'FFFF;

/// Of a packet, in bytes. A CONNACK with its properties must fit; more MQTT cannot say (§2.1.4).
constexpr std::int64_t least_packet = 256;
constexpr std::int64_t most_packet = 268'435'460;

void read_endpoints(const Settings& settings, Options& options) {
  const Setting* port = settings.find("port");
  const int common = port == nullptr ? 0 : static_cast<int>(whole_number(*port, 1, 65'535));
  const Setting* hosts = settings.find("host");
  if (hosts == nullptr) {
    options.endpoints.push_back({"localhost", common});
    return;
  }
  for (const std::string& host : hosts->values) {
    if (host.find('@') != std::string::npos || host.find("://") != std::string::npos) {
      throw UsageError(named(*hosts) + " takes HOST or HOST:PORT; a URL is for --url");
    }
    connection::Endpoint endpoint;
    try {
      endpoint = connection::read_endpoint(host);
    } catch (const UsageError& error) {
      throw UsageError(named(*hosts) + ": " + error.what());
    }
    if (endpoint.port == 0) {
      endpoint.port = common;
    }
    options.endpoints.push_back(std::move(endpoint));
  }
}

void read_proxy(const Settings& settings, Options& options) {
  if (const Setting* proxy = settings.find("http-proxy")) {
    try {
      options.proxy = connection::read_proxy(proxy->value());
    } catch (const UsageError& error) {
      throw UsageError(named(*proxy) + ": " + error.what());
    }
  }
}

void read_headers(const Settings& settings, Options& options) {
  const Setting* headers = settings.find("ws-header");
  if (headers == nullptr) {
    return;
  }
  if (options.transport != connection::Transport::websocket) {
    const std::optional<Address>& address = settings.address();
    if (address && address->origin.layer < headers->origin.layer) {
      return;  // Of a weaker layer: for another way to a broker.
    }
    throw UsageError(named(*headers) + " needs WebSocket: --url ws://… or wss://…");
  }
  for (const std::string& header : headers->values) {
    const std::size_t colon = header.find(':');
    const bool broken = header.find_first_of("\r\n") != std::string::npos;
    if (colon == std::string::npos || colon == 0 || broken) {
      throw UsageError(named(*headers) + " must be one line such as 'Name: value'");
    }
    const std::size_t value = header.find_first_not_of(' ', colon + 1);
    options.websocket_headers.emplace_back(header.substr(0, colon),
                                           value == std::string::npos ? "" : header.substr(value));
  }
}

void read_transport(const Settings& settings, Options& options) {
  const std::optional<Address>& address = settings.address();
  if (address && address->websocket()) {
    options.transport = connection::Transport::websocket;
    if (!address->path.empty()) {
      options.websocket_path = address->path;
    }
  }
}

Version read_version(const Setting& setting) {
  return choice<Version>(setting, {{"auto", Version::automatic},
                                   {"5", Version::v5},
                                   {"3.1.1", Version::v3_1_1},
                                   {"3.1", Version::v3_1},
                                   {"5.0", Version::v5},
                                   {"311", Version::v3_1_1},
                                   {"31", Version::v3_1},
                                   {"4", Version::v3_1_1},
                                   {"3", Version::v3_1},
                                   {"mqttv5", Version::v5},
                                   {"mqttv311", Version::v3_1_1},
                                   {"mqttv31", Version::v3_1}});
}

void read_session(const Settings& settings, const World& world, Options& options) {
  if (const Setting* version = settings.find("protocol-version")) {
    options.version = read_version(*version);
  }
  if (const Setting* id = settings.find("client-id")) {
    options.client_id = id->value();
    options.client_id_given = true;
    check_text(*id);
  } else {
    const Setting* prefix = settings.find("id-prefix");
    if (prefix != nullptr) {
      check_text(*prefix, 65'535 - unique_client_id("", world).size());
    }
    options.client_id = unique_client_id(
        prefix == nullptr ? settings.tool().name == "mqtt-pub" ? "mqttpub" : "mqttsub"
                          : prefix->value(),
        world);
  }
  if (const Setting* keep_alive = settings.find("keepalive")) {
    options.keep_alive = std::chrono::seconds{whole_number(*keep_alive, 0, 65'535)};
  }
  const Setting* expiry = settings.find("session-expiry");
  if (expiry != nullptr) {
    options.session_expiry = static_cast<std::uint32_t>(whole_number(*expiry, 0, never));
  }
  if (settings.on("no-clean")) {
    if (!options.client_id_given) {
      throw UsageError(named(*settings.find("no-clean")) +
                       " needs --client-id: the broker finds a session by its id");
    }
    options.clean_start = false;
    options.session_expiry = options.session_expiry.value_or(never);
  } else if (expiry != nullptr) {
    need_version_5(options, *expiry);
  }
}

void read_patience(const Settings& settings, Options& options) {
  if (const Setting* setting = settings.find("connect-timeout")) {
    options.connect_timeout = seconds(*setting);
    if (options.connect_timeout == Duration{}) {
      reject(*setting, setting->value(), "more than 0");
    }
  }
  if (const Setting* setting = settings.find("wait")) {
    options.wait = seconds(*setting);
  }
  if (const Setting* setting = settings.find("max-packet")) {
    options.max_packet = static_cast<std::size_t>(size(*setting, least_packet, most_packet));
  }
  options.reconnect = !settings.on("no-reconnect");
  if (const Setting* setting = settings.find("reconnect-max")) {
    options.reconnect_max = seconds(*setting);
  }
  if (const Setting* setting = settings.find("reconnect-for")) {
    options.reconnect_for = seconds(*setting);
  }
  if (!options.reconnect) {
    refuse(settings, {"reconnect-max", "reconnect-for"}, "has no meaning with --no-reconnect");
  }
}

}  // namespace

void need_version_5(Options& options, const Setting& setting) {
  if (options.version == Version::v3_1 || options.version == Version::v3_1_1) {
    throw UsageError(named(setting) + " needs MQTT 5; leave out --protocol-version or say 5");
  }
  if (options.version_5_only.empty()) {
    options.version_5_only = spelling(*setting.option);
  }
}

Options read_connection(const Settings& settings, const World& world) {
  Options options;
  read_endpoints(settings, options);
  read_transport(settings, options);
  read_headers(settings, options);
  read_proxy(settings, options);
  options.tls = read_tls(settings, options.endpoints);
  read_session(settings, world, options);
  read_patience(settings, options);
  if (const Setting* name = settings.find("username")) {
    check_text(*name);
    options.credentials.username = name->value();
  }
  read_will(settings, options);
  read_properties(settings, options);
  options.debug = settings.on("debug");
  return options;
}

}  // namespace mqtt_tools::cli
