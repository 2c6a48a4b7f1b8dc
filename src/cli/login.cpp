// SPDX-License-Identifier: MIT
#include "cli/configuration.hpp"
#include "cli/connection_options.hpp"
#include "connection/url.hpp"
#include "error.hpp"
#include "text.hpp"

namespace mqtt_tools::cli {

namespace {

using connection::Options;

std::string secret_from_file(const Setting& setting, std::vector<run::Warning>& warnings) {
  if (setting.content) return setting.value();
  const std::optional<WholeFile> file = read_whole_file(setting.value(), Presence::required);
  if (file->open_to_others) {
    warnings.push_back(
        {escaped(setting.value()) + " holds a secret and others may read it; chmod 600 helps"});
  }
  return first_line(file->text);
}

std::optional<std::string> read_password(const Settings& settings, const Environment& environment,
                                         const ConnectionInput& input,
                                         std::vector<run::Warning>& warnings) {
  if (const Setting* file = settings.find("password-file")) {
    std::string password =
        file->value() == "-" ? environment.line_of_stdin() : secret_from_file(*file, warnings);
    if (password.empty()) {
      throw UsageError(named(*file) + ": there is no password in its first line");
    }
    return password;
  }
  if (input.ask_password) return environment.ask_password();
  return input.password;
}

void check_password(const Setting& setting, Options& options) {
  if (options.credentials.password->size() > 65'535) {
    throw UsageError(named(setting) + ": a password has at most 65535 bytes");
  }
  if (!options.credentials.username) {  // Only MQTT 5 allows that (MQTT 3.1.1 §3.1.2.9).
    if (options.version == connection::Version::v3_1 ||
        options.version == connection::Version::v3_1_1) {
      throw UsageError(named(setting) + " needs --username before MQTT 5");
    }
    if (options.version_5_only.empty()) options.version_5_only = "a password without --username";
  }
}

void warn_of_plain_text(const Setting& password, const Options& options,
                        std::vector<run::Warning>& warnings) {
  for (const connection::Endpoint& endpoint : options.endpoints) {
    if (!options.tls.on && !connection::is_loopback(endpoint.host)) {
      const bool elsewhere = password.origin.source != Origin::Source::command_line;
      warnings.push_back(
          {"the password" + (elsewhere ? " from " + source_of(password.origin) : std::string{}) +
           " goes to " + escaped(endpoint.host) + " in plain text; --tls encrypts it"});
      return;
    }
  }
}

}  // namespace

void read_secrets(const Settings& settings, const Environment& environment,
                  const ConnectionInput& input, Options& options,
                  std::vector<run::Warning>& warnings) {
  if (const Setting* password = settings.deciding("password")) {
    options.credentials.password = read_password(settings, environment, input, warnings);
    if (options.credentials.password) {
      check_password(*password, options);
      warn_of_plain_text(*password, options, warnings);
    }
  }
  if (!options.tls.on) return;
  const Setting* passphrase = settings.find("keypass-file");
  if (passphrase != nullptr && !options.tls.certificate.empty()) {
    options.tls.key_passphrase = secret_from_file(*passphrase, warnings);
  }
  if (const Setting* file = settings.find("psk-file")) {
    options.tls.psk = secret_from_file(*file, warnings);
  }
  if (options.tls.psk) {
    const std::string& key = *options.tls.psk;
    if (key.empty() || key.size() % 2 != 0 ||
        key.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) {
      throw UsageError(named(*settings.deciding("psk")) +
                       " must be a key in hex digits, two for each byte");
    }
  }
  if (!options.tls.verify_name) {
    warnings.push_back({"--insecure: the name in the broker's certificate is not compared"});
  }
  if (!options.tls.verify) {
    warnings.push_back({"--insecure: whoever answers is believed to be the broker", true});
  }
}

}  // namespace mqtt_tools::cli
