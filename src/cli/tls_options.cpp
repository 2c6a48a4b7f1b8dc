// SPDX-License-Identifier: MIT
#include "cli/connection_options.hpp"

#include "cli/arguments.hpp"
#include "error.hpp"
#include "text.hpp"

#include <algorithm>

namespace mqtt_tools::cli {

namespace {

using connection::TlsVersion;

constexpr int tls_port = 8883;

constexpr std::string_view title = "TLS (any of these, mqtts://, wss:// or port 8883 turns it on)";

/// Whether an option turns TLS on, beside --tls; --insecure only says how.
bool turns_on(const Option& option) {
  return option.group == title && option.decides != "tls" && option.key != "insecure";
}

/// Of the settings that turn TLS on that of the strongest source; null if there is none.
const Setting* asking(const Settings& settings) {
  const Setting* strongest = nullptr;
  for (const Option& option : settings.declared().options()) {
    const Setting* setting = turns_on(option) ? settings.find(option.key) : nullptr;
    if (setting != nullptr &&
        (strongest == nullptr || setting->origin.source < strongest->origin.source)) {
      strongest = setting;
    }
  }
  return strongest;
}

/// The setting that leads to port 8883; null if none does.
const Setting* leading_to_port(const Settings& settings,
                               const std::vector<connection::Endpoint>& endpoints) {
  if (std::ranges::count(endpoints, tls_port, &connection::Endpoint::port) == 0) return nullptr;
  const Setting* port = settings.find("port");
  return port != nullptr && port->value() == std::to_string(tls_port) ? port
                                                                      : settings.find("host");
}

/// Where only port 8883 asks for TLS, a host with another port of its own would get TLS it may not
/// speak, or the others plain text.
void refuse_mixture(const std::vector<connection::Endpoint>& endpoints) {
  for (const connection::Endpoint& endpoint : endpoints) {
    if (endpoint.port != tls_port && endpoint.port != 0) {
      throw UsageError("--host: port 8883 speaks TLS, but does " + escaped(endpoint.host) + ":" +
                       std::to_string(endpoint.port) +
                       "? All hosts do or none: --tls says that they do");
    }
  }
}

[[noreturn]] void refuse_plain(const Setting& asks, const Address& address,
                               const std::string& more = {}) {
  throw UsageError(named(asks) + " asks for TLS, but " + address.scheme + ":// of " + address.name +
                   " is plain text; write " +
                   (address.websocket()        ? "wss://"
                    : address.scheme == "unix" ? "--unix PATH in its place"
                                               : "mqtts://") +
                   more);
}

[[noreturn]] void refuse_port(const Setting& port, const std::string& plain) {
  throw UsageError(named(port) + ": port 8883 speaks TLS, but " + plain);
}

/// `tls = true`: no URL can undo it, only `tls = false` and --no-tls of a stronger source.
bool decide_for(const Setting& asks, const std::optional<Address>& address) {
  if (address && !address->tls() && address->origin.source <= asks.origin.source) {
    refuse_plain(asks, *address, ", or --no-tls beside it for plain text");
  }
  return true;
}

/// --no-tls undoes what weaker sources say. Nothing if what a stronger one says decides.
std::optional<bool> decide_against(const Settings& settings, const Setting& denies,
                                   const Setting* option, const Setting* port) {
  const std::optional<Address>& address = settings.address();
  const Origin::Source source = denies.origin.source;
  if (address && address->tls() && address->origin.source < source) return true;
  if (address && address->tls() && address->origin.source == source) {
    throw UsageError(named(denies) + " is plain text, but " + address->scheme + ":// of " +
                     address->name + " is TLS; leave one of them out");
  }
  if ((option != nullptr && option->origin.source < source) ||
      (port != nullptr && port->origin.source < source)) {
    return {};
  }
  if (option != nullptr && option->origin.source == source &&
      source == Origin::Source::command_line) {
    throw UsageError(named(*option) + " asks for TLS, but " + named(denies) +
                     " is plain text; leave one of them out");
  }
  if (port != nullptr) refuse_port(*port, named(denies) + " is plain text; give another port");
  return false;
}

bool decide(const Settings& settings, const ConnectionInput& input,
            const std::vector<connection::Endpoint>& endpoints) {
  const std::optional<Address>& address = settings.address();
  const Setting* option = asking(settings);
  const Setting* port = leading_to_port(settings, endpoints);
  if (const Setting* setting = settings.deciding("tls")) {
    if (input.tls_on) return decide_for(*setting, address);
    if (const auto decided = decide_against(settings, *setting, option, port)) return *decided;
  }
  if (!address) {
    if (option == nullptr && port != nullptr) refuse_mixture(endpoints);
    return option != nullptr || port != nullptr;
  }
  if (address->tls()) return true;
  const Origin::Source scheme = address->origin.source;
  if (option != nullptr && scheme > option->origin.source) return true;
  if (option != nullptr && option->origin.source == Origin::Source::command_line) {
    refuse_plain(*option, *address);
  }
  if (port != nullptr && scheme > port->origin.source) return true;
  if (port != nullptr) {
    refuse_port(*port, address->scheme + ":// of " + address->name + " is plain text; write " +
                           (address->websocket() ? "wss://" : "mqtts://"));
  }
  return false;
}

std::vector<std::string> names_between_commas(const Setting& setting) {
  std::vector<std::string> names;
  for (const std::string_view name : split(setting.value(), ",")) {
    if (name.empty() || name.size() > 255) {
      reject(setting, setting.value(), "names of 1 to 255 bytes with commas between");
    }
    names.emplace_back(name);
  }
  return names;
}

std::string ciphers(const Setting& setting) {
  if (setting.value().empty() ||
      lower_case(setting.value()).find("@seclevel") != std::string::npos) {
    reject(setting, setting.value(), "an OpenSSL cipher list without @SECLEVEL");
  }
  return setting.value();
}

/// A pre-shared key stands alone; of two sources Settings has kept what the stronger one says.
void check_psk(const Settings& settings, connection::Tls& tls) {
  const Setting* key = settings.deciding("psk");
  const Setting* identity = settings.find("psk-identity");
  if (key == nullptr) {
    return refuse(settings, "psk-identity", "needs --psk or --psk-file", any_source);
  }
  if (identity == nullptr) {
    throw UsageError(named(*key) + " needs --psk-identity, the name that the broker knows it by");
  }
  refuse(settings, of_certificates,
         "and " + spelling(*key->option) +
             " exclude each other: a pre-shared key knows no certificates",
         any_source);
  if (tls.minimum == connection::TlsVersion::v1_3) {
    refuse(settings, "tls-version", "must be 1.2 with a pre-shared key", any_source);
  }
  tls = connection::Tls{.on = true,
                        .minimum = tls.minimum,
                        .alpn = tls.alpn,
                        .psk = tls.psk,
                        .psk_identity = tls.psk_identity};
}

}  // namespace

void declare_tls(Declarations& in, ConnectionInput& input) {
  connection::Tls& tls = input.tls;
  in.group(title, true);
  in.flag("--tls,--tls-use-os-certs", input.tls_on).decides("tls");
  in.unbound_flag("--no-tls", "with the system's authorities; plain text").decides("tls");
  in.option("--cafile", tls.ca_file, "FILE").from_variable("MQTT_CAFILE");
  in.option("--capath", tls.ca_path, "DIR", "other authorities");
  in.option("--cert", tls.certificate, "FILE").from_variable("MQTT_CERT");
  in.option("--key", tls.key, "FILE").from_variable("MQTT_KEY");
  in.unbound("--keypass-file", "FILE", "our own certificate");
  in.flag("--insecure", tls.verify, "verify nothing (needs TLS on)").clears();
  in.option("--ciphers", tls.ciphers, "LIST").as(ciphers);
  in.option("--tls-version", tls.minimum, "1.2|1.3")
      .takes(Option::Takes::word)
      .one_of({{"1.2", TlsVersion::v1_2},
               {"1.3", TlsVersion::v1_3},
               {"tlsv1.2", TlsVersion::v1_2},
               {"tlsv1.3", TlsVersion::v1_3}});
  in.option("--tls-alpn", tls.alpn, "NAME", "what to agree on").as(names_between_commas).once();
  in.option("--psk-identity", tls.psk_identity, "NAME");
  in.option("--psk", tls.psk, "HEX").decides("psk").secret(masked_password);
  in.unbound("--psk-file", "FILE", "key, no certificates").decides("psk");
}

connection::Tls checked_tls(const Settings& settings, const ConnectionInput& input,
                            const std::vector<connection::Endpoint>& endpoints) {
  if (!decide(settings, input, endpoints)) {
    refuse(settings, "insecure", "needs TLS: add --tls, or write mqtts:// or wss://");
    return {};
  }
  connection::Tls tls = input.tls;
  tls.on = true;
  if (input.mosquitto && !tls.verify) {
    tls.verify = true;
    tls.verify_name = false;
  }
  check_psk(settings, tls);
  if (tls.certificate.empty() && tls.psk_identity.empty()) {
    refuse(settings, "key keypass-file", "needs --cert, the certificate of the key", any_source);
  }
  return tls;
}

}  // namespace mqtt_tools::cli
