// SPDX-License-Identifier: MIT
#include "cli/connection_options.hpp"

#include "cli/arguments.hpp"
#include "cli/configuration.hpp"
#include "connection/url.hpp"
#include "error.hpp"
#include "payload/envelope.hpp"
#include "text.hpp"

#include <net/if.h>
#include <ostream>

namespace mqtt_tools::cli {

namespace {

using connection::Options;
using connection::Version;
using Takes = Option::Takes;

/// Four-byte values above are sent wrongly by the library; as a time it means "never".
constexpr std::uint32_t never = 0x7FFF'FFFF;

constexpr std::size_t unique_digits = 16;

/// More MQTT cannot say (MQTT 5.0 §2.1.4), and a CONNACK with its properties must fit.
constexpr std::int64_t largest_packet = 268'435'460;

std::string text(const Setting& setting) { return connect_text(setting); }

std::string id_prefix(const Setting& setting) {
  return connect_text(setting, 65'535 - unique_digits);
}

std::string local_address(const Setting& setting) {
  const std::string& text = setting.value();
  if (!connection::is_ipv4(text) && !connection::is_ipv6(text) &&
      (text.size() >= IF_NAMESIZE || ::if_nametoindex(text.c_str()) == 0)) {
    reject(setting, text,
           "an address of this machine in numbers, or one of its network interfaces");
  }
  return text;
}

/// mosquitto's clients say "never" as -1 and as the largest number of MQTT (MQTT 5.0 §3.1.2.11.2).
std::uint32_t session_expiry(const Setting& setting) {
  const std::string& text = setting.value();
  const bool for_ever = text == "-1" || text == "4294967295" || text == "\u221e";
  return for_ever ? never : static_cast<std::uint32_t>(whole_seconds(setting, 0, never));
}

std::string will_payload(const Setting& setting) {
  if (setting.value().size() > 65'535) {  // MQTT 5.0 §3.1.3.4: binary data.
    throw UsageError(named(setting) + " must be at most 65535 bytes");
  }
  return setting.value();
}

void declare_broker(Declarations& in, Options& options, ConnectionInput& input) {
  in.group("Connection", true);
  in.unbound("-L,--url,--broker", "URL", "mqtt[s]:// or ws[s]://[user@]host[:port][/topic]")
      .secret(connection::masked_url)
      .from_variable("MQTT_URL");
  in.option("-h,--host", input.hosts, "HOST[:PORT]", "broker, repeat for others to try")
      .by_default("localhost")
      .secret(connection::masked_url)
      .from_variable("MQTT_HOST");
  in.option("-p,--port", input.port, "N", "1883, with TLS 8883, ws 80, wss 443")
      .from(1, 65'535)
      .from_variable("MQTT_PORT");
  in.option("--unix", input.socket_path, "PATH", "a broker's Unix-domain socket instead")
      .read_by(connection::read_socket_path)
      .decides("host");
  in.option("-A,--bind", options.bind, "ADDRESS", "local address or interface to connect from")
      .as(local_address);
  in.option("-V,--protocol-version,--mqtt-version", options.version, "V", "auto, 5, 3.1.1 or 3.1")
      .takes(Takes::word)
      .by_default("auto")
      .one_of({{"auto", Version::automatic},
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
               {"mqttv31", Version::v3_1}})
      .from_variable("MQTT_PROTOCOL_VERSION");
  in.option("-i,--client-id,--id", options.client_id, "ID").as(text).decides("client-id");
  in.option("-I,--id-prefix", input.id_prefix, "PREFIX", "unique by default")
      .as(id_prefix)
      .decides("client-id");
  in.option("-k,--keepalive", options.keep_alive, "SEC", "ping after this much silence")
      .seconds_from(0, 65'535)
      .by_default("30");
  in.flag("-c,--no-clean,--disable-clean-session", options.clean_start).clears();
  in.option("-x,--session-expiry,--session-expiry-interval", options.session_expiry, "SEC",
            "keep the session, how long")
      .takes(Takes::time)
      .as(session_expiry);
  in.option("--connect-timeout", options.connect_timeout, "SEC", "one attempt over all addresses")
      .as(more_than_no_seconds)
      .by_default("10");
  in.option("--wait", options.wait, "SEC", "for a broker that is not there yet").by_default("0");
  in.flag("--no-reconnect", options.reconnect).clears();
  in.option("--reconnect-for", options.reconnect_for, "SEC", "lost: leave at once, or after SEC");
  in.option("--reconnect-max", options.reconnect_max, "SEC", "longest pause between attempts")
      .as(more_than_no_seconds)
      .by_default("30");
  in.option("--max-packet", options.max_packet, "SIZE", "largest packet taken, 10MB or 64KiB")
      .size_from(256, largest_packet);
  in.flag("--ws", input.websocket);
  in.option("--ws-header", input.headers, "'K: V'", "WebSocket, as with ws:// and wss://")
      .secret(masked_header);
  in.option("--http-proxy", options.proxy, "URL", "http://[user:password@]host[:port]")
      .read_by(connection::read_proxy)
      .secret(connection::masked_url);
  in.option("-D,--property", input.properties, "COMMAND NAME VALUE",
            "MQTT 5: publish user-property k v")
      .takes(Takes::property)
      .secret(masked_property);
}

void declare_login(Declarations& in, Options& options, ConnectionInput& input) {
  in.group("Login", true);
  in.option("-u,--username,--user", options.credentials.username, "NAME")
      .as(text)
      .may_be_empty()
      .from_variable("MQTT_USERNAME");
  in.option("-P,--password,--pw", input.password, "WORD", "login; the shell's history has WORD")
      .decides("password")
      .secret(masked_password)
      .may_be_empty()
      .from_variable("MQTT_PASSWORD");
  in.unbound("--password-file", "FILE", "'-' is the first line of stdin").decides("password");
  in.flag("--ask-password", input.ask_password, "on the terminal").decides("password");
}

void declare_will(Declarations& in, ConnectionInput& input) {
  connection::Will& will = input.will;
  in.group("Will", true);
  in.option("--will-topic", will.message.topic, "T").as(topic_text);
  in.option("--will-payload,--will-message", will.message.payload, "TEXT",
            "what the broker publishes")
      .as(will_payload)
      .may_be_empty();
  in.option("--will-qos", will.message.qos, "N").qos().by_default("0");
  in.flag("--will-retain", will.message.retained);
  in.option("--will-delay", will.delay, "SEC", "when we are cut off").seconds_from(0, never);
  in.option("--presence", input.presence.topic, "TOPIC", "retained: online; offline is the will")
      .as(topic_text);
  in.option("--presence-online", input.presence.online, "TEXT").by_default("online");
  in.option("--presence-offline", input.presence.offline, "TEXT", "other words")
      .by_default("offline");
}

void declare_configuration(Declarations& in, run::Verbosity& verbosity) {
  in.group("Configuration and help");
  in.unbound("--config", "FILE").decides("config");
  in.unbound_flag("--no-config", "else ~/.config/mqtt-tools/config.toml").decides("config");
  in.unbound("--profile", "NAME", "NAME.toml beside it, wins over it");
  in.unbound_flag("--print-config", "what is in effect, and from where");
  in.flag("--quiet", verbosity.quiet).in_file();
  in.flag("-d,--debug", verbosity.debug, "show only errors; show each packet").in_file();
  in.unbound("--completion", "bash|zsh|fish").choices({"bash", "zsh", "fish"});
  in.unbound("--help", "all").implied(briefly).choices({"all"});
  in.unbound_flag("--version", "on stdout");
}

/// `number` in base 36, its last `digits` digits.
std::string base36(std::uint64_t number, std::size_t digits) {
  std::string text(digits, '0');
  for (std::size_t at = digits; at > 0; --at) {
    text[at - 1] = "0123456789abcdefghijklmnopqrstuvwxyz"[number % 36];
    number /= 36;
  }
  return text;
}

/// An id that no other process has: the prefix and 16 of [0-9a-z], so that with a prefix of up to
/// seven every broker must take it (MQTT 5.0 §3.1.3.1).
std::string unique_client_id(std::string_view prefix, const Environment& environment) {
  // Five digits hold every process id of Linux (below 2^22).
  return std::string{prefix} + base36(environment.process, 5) +
         base36(environment.random, unique_digits - 5);
}

void add_endpoints(const Settings& settings, const ConnectionInput& input, Options& options) {
  if (const Setting* socket = settings.find("unix")) {
    refuse(settings, "http-proxy bind", "has no meaning with " + named(*socket),
           socket->origin.source);
    if (!input.mosquitto) refuse(settings, "port", "has no meaning with " + named(*socket));
    options.proxy.reset();  // of a weaker source, as is the next
    options.bind.clear();
    options.endpoints.push_back({"localhost", 0, input.socket_path});
    return;
  }
  const Setting* hosts = settings.find("host");
  if (hosts == nullptr) {
    options.endpoints.push_back({"localhost", input.port});
    return;
  }
  for (const std::string& host : input.hosts) {
    if (host.find('@') != std::string::npos || host.find("://") != std::string::npos) {
      const bool variable = hosts->origin.source == Origin::Source::environment;
      throw UsageError(named(*hosts) + " takes HOST or HOST:PORT; a URL is for " +
                       (variable ? "MQTT_URL" : "--url"));
    }
    connection::Endpoint endpoint = with_name(*hosts, connection::read_endpoint, host);
    if (endpoint.port == 0) endpoint.port = input.port;
    options.endpoints.push_back(std::move(endpoint));
  }
}

void add_headers(const Settings& settings, const ConnectionInput& input, Options& options) {
  const Setting* headers = settings.find("ws-header");
  if (headers == nullptr) return;
  if (options.transport != connection::Transport::websocket) {
    const std::optional<Address>& address = settings.address();
    const Setting* socket = settings.find("unix");
    if ((address && address->origin.source < headers->origin.source) ||
        (socket != nullptr && socket->origin.source < headers->origin.source)) {
      return;  // Of a weaker source: for another way to a broker.
    }
    throw UsageError(named(*headers) + " needs WebSocket: --url ws://… or wss://…");
  }
  for (const std::string& header : input.headers) {
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

void check_transport(const Settings& settings, const ConnectionInput& input, Options& options) {
  const std::optional<Address>& address = settings.address();
  const Setting* option = settings.find("ws");
  if (input.websocket && (!address || address->origin.source >= option->origin.source)) {
    options.transport = connection::Transport::websocket;
  }
  if (address && address->websocket()) {
    options.transport = connection::Transport::websocket;
    if (!address->path.empty()) options.websocket_path = address->path;
  }
}

void check_session(const Settings& settings, const Environment& environment,
                   const ConnectionInput& input, Options& options,
                   std::vector<run::Warning>& warnings) {
  options.client_id_given = settings.find("client-id") != nullptr;
  if (!options.client_id_given) {
    const bool publishes = settings.declared().name == "mqtt-pub";
    options.client_id =
        unique_client_id(input.id_prefix.value_or(publishes ? "mqttpub" : "mqttsub"), environment);
  }
  if (!options.clean_start) {
    if (!options.client_id_given) {
      refuse(settings, "no-clean", "needs --client-id: the broker finds a session by its id",
             any_source);
    }
    options.session_expiry = options.session_expiry.value_or(never);
    const Setting* expiry = settings.find("session-expiry");
    const bool before_5 = options.version == Version::v3_1 || options.version == Version::v3_1_1;
    if (expiry != nullptr && before_5 && options.session_expiry != never) {
      warnings.push_back({named(*expiry) + " is of MQTT 5: before it the broker decides how long "
                                           "it keeps the session"});
    }
  } else if (const Setting* expiry = settings.find("session-expiry")) {
    need_version_5(options, settings, "session-expiry");
    if (!options.client_id_given && options.session_expiry != 0U) {
      warnings.push_back({named(*expiry) +
                          " keeps a session that nobody finds again: its client id is new each "
                          "time; add --client-id"});
    }
  }
}

void check_will(const Settings& settings, const ConnectionInput& input, Options& options) {
  if (settings.find("will-topic") == nullptr) {
    refuse(settings, "will-payload will-qos will-retain", "needs --will-topic", any_source);
    if (settings.find("presence") == nullptr) {
      refuse(settings, "will-delay", "needs --will-topic", any_source);
    }
    return;
  }
  need_version_5(options, settings, "will-delay");
  options.will = input.will;
}

}  // namespace

void check_presence(const Settings& settings, const ConnectionInput& input, bool stays,
                    Options& options) {
  const Setting* presence = settings.find("presence");
  if (presence == nullptr) {
    refuse(settings, "presence-online presence-offline", "needs --presence");
    return;
  }
  if (!stays) {
    refuse(
        settings, "presence",
        "is for a run that stays connected (-l, --wrap, --replay, --repeat, --follow): one message "
        "would say online and offline at once");
    return;
  }
  refuse(settings, "will-topic",
         "and " + named(*presence) + " exclude each other: the will says that we are offline",
         any_source);
  options.presence = input.presence;
  options.presence->raw = settings.on("raw");
  need_version_5(options, settings, "will-delay");
  const auto& [topic, online, offline, raw] = *options.presence;
  payload::presence_message(topic, online, raw, {});  // checks the text
  options.will = {.message = payload::presence_message(topic, offline, raw, {}),
                  .delay = input.will.delay};
}

void declare_connection(Declarations& in, Options& options, run::Verbosity& verbosity,
                        ConnectionInput& input) {
  declare_broker(in, options, input);
  declare_login(in, options, input);
  declare_tls(in, input);
  declare_will(in, input);
  declare_configuration(in, verbosity);
}

void need_version_5(Options& options, const Settings& settings, std::string_view keys) {
  if (options.version == Version::v3_1 || options.version == Version::v3_1_1) {
    refuse(settings, keys,
           "needs MQTT 5; leave out " + named(*settings.find("protocol-version")) + " or say 5",
           any_source);
  }
  for (const std::string_view key : split(keys, " ")) {
    const Setting* setting = settings.find(key);
    if (setting != nullptr && options.version_5_only.empty()) {
      options.version_5_only = named(*setting);
    }
  }
}

std::optional<Settings> read_connection(const Declarations& in,
                                        const std::vector<std::string>& arguments,
                                        const Environment& environment, ConnectionInput& input,
                                        Options& options, run::Verbosity& verbosity) {
  std::optional<Settings> settings = read_settings(in, arguments, environment);
  if (!settings) return {};
  input.mosquitto = environment.mosquitto;
  verbosity.warnings = settings->warnings();
  add_endpoints(*settings, input, options);
  check_transport(*settings, input, options);
  add_headers(*settings, input, options);
  options.tls = checked_tls(*settings, input, options.endpoints);
  check_session(*settings, environment, input, options, verbosity.warnings);
  if (!options.reconnect) {
    refuse(*settings, "reconnect-max reconnect-for", "has no meaning with --no-reconnect");
  }
  check_will(*settings, input, options);
  check_properties(*settings, input, options);
  options.debug = verbosity.debug;
  options.tell_messages = verbosity.verbose || verbosity.debug;
  if (settings->on("print-config")) {
    *environment.out << print_config(*settings, options);
    return {};
  }
  return settings;
}

}  // namespace mqtt_tools::cli
