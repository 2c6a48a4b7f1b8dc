// SPDX-License-Identifier: MIT
#include "cli/tool.hpp"

namespace mqtt_tools::cli {

namespace {

using enum Option::Takes;

Option in_file(Option option) {
  option.file = true;
  return option;
}

Option repeated(Option option) {
  option.repeat = true;
  return option;
}

Option secret(Option option) {
  option.secret = true;
  return option;
}

Option may_be_empty(Option option) {
  option.empty = true;
  return option;
}

/// Gives the same thing as other options with this field.
Option one_of(std::string_view field, Option option) {
  option.field = field;
  return option;
}

OptionGroup connection() {
  return {"Connection",
          {
              in_file(secret({"-L,--url,--broker", text, "URL",
                              "mqtt[s]:// or ws[s]://[user@]host[:port][/topic]"})),
              in_file(secret(repeated({"-h,--host", text, "HOST[:PORT]",
                                       "broker, repeat for others to try", "localhost"}))),
              in_file({"-p,--port", number, "N", "1883, with TLS 8883, ws 80, wss 443"}),
              in_file({"-V,--protocol-version,--mqtt-version", word, "V", "auto, 5, 3.1.1 or 3.1",
                       "auto"}),
              in_file(one_of("client-id", {"-i,--client-id,--id", text, "ID"})),
              in_file(one_of("client-id", {"-I,--id-prefix", text, "PREFIX", "unique by default"})),
              in_file({"-k,--keepalive", number, "SEC", "ping after this much silence", "30"}),
              in_file({"-c,--no-clean", nothing, ""}),
              in_file({"-x,--session-expiry,--session-expiry-interval", number, "SEC",
                       "keep the session, how long"}),
              in_file({"--connect-timeout", number, "SEC", "one attempt over all addresses", "10"}),
              in_file({"--wait", number, "SEC", "for a broker that is not there yet", "0"}),
              in_file({"--no-reconnect", nothing, ""}),
              in_file({"--reconnect-for", number, "SEC", "lost: leave at once, or after SEC"}),
              in_file({"--reconnect-max", number, "SEC", "longest pause between attempts", "30"}),
              in_file({"--max-packet", text, "SIZE", "largest packet taken, 10MB or 64KiB"}),
              in_file(secret(repeated({"--ws-header", text, "'K: V'", "for ws and wss"}))),
              in_file(secret({"--http-proxy", text, "URL", "http://[user:password@]host[:port]"})),
              in_file(secret(repeated({"-D,--property", property, "COMMAND NAME VALUE",
                                       "MQTT 5: publish user-property k v"}))),
          }};
}

OptionGroup login() {
  return {"Login",
          {
              in_file(may_be_empty({"-u,--username,--user", text, "NAME"})),
              in_file(one_of("password", secret(may_be_empty({"-P,--password,--pw", text, "WORD",
                                                              "better are these:"})))),
              in_file(one_of("password",
                             {"--password-file", text, "FILE", "'-' is the first line of stdin"})),
              in_file(one_of("password", {"--ask-password", nothing, "", "on the terminal"})),
          }};
}

OptionGroup tls() {
  return {"TLS (any of these, mqtts://, wss:// or port 8883 turns it on)",
          {
              in_file(one_of("tls", {"--tls", nothing, ""})),
              in_file(one_of(
                  "tls", {"--no-tls", nothing, "", "with the system's authorities; plain text"})),
              in_file({"--cafile", text, "FILE"}),
              in_file({"--capath", text, "DIR", "other authorities"}),
              in_file({"--cert", text, "FILE"}),
              in_file({"--key", text, "FILE"}),
              in_file({"--keypass-file", text, "FILE", "our own certificate"}),
              in_file({"--insecure", nothing, "", "verify nothing (needs TLS on)"}),
              in_file({"--ciphers", text, "LIST"}),
              in_file({"--tls-version", word, "1.2|1.3"}),
              in_file({"--tls-alpn", text, "NAME", "what to agree on"}),
              in_file({"--psk-identity", text, "NAME"}),
              in_file(one_of("psk", secret({"--psk", text, "HEX"}))),
              in_file(one_of("psk", {"--psk-file", text, "FILE", "key, no certificates"})),
          }};
}

OptionGroup will() {
  return {"Will",
          {
              in_file({"--will-topic", text, "T"}),
              in_file(may_be_empty(
                  {"--will-payload,--will-message", text, "TEXT", "what the broker publishes"})),
              in_file({"--will-qos", number, "N", "", "0"}),
              in_file({"--will-retain", nothing, ""}),
              in_file({"--will-delay", number, "SEC", "when we are cut off"}),
          }};
}

OptionGroup configuration() {
  return {
      "Configuration and help",
      {
          one_of("config", {"--config", text, "FILE"}),
          one_of("config", {"--no-config", nothing, "", "else ~/.config/mqtt-tools/config.toml"}),
          {"--profile", text, "NAME", "NAME.toml beside it, wins over it"},
          {"--print-config", nothing, "", "what is in effect, and from where"},
          in_file({"--quiet", nothing, ""}),
          in_file({"-d,--debug", nothing, "", "say only errors; say each packet"}),
          {"--help", nothing, ""},
          {"--version", nothing, "", "on stdout"},
      }};
}

}  // namespace

std::vector<OptionGroup> connection_groups() {
  return {connection(), login(), tls(), will(), configuration()};
}

}  // namespace mqtt_tools::cli
