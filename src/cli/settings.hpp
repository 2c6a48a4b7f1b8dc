// SPDX-License-Identifier: MIT
#pragma once

#include "cli/setting.hpp"
#include "cli/talk.hpp"
#include "cli/tool.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mqtt_tools::cli {

/// The scheme and path of the URL in effect; they belong together.
struct Address {
  std::string scheme{};  ///< As connection::Url has it.
  std::string path{};
  Origin origin{};
  std::string name{};  ///< As its user would find it again: "--url", "MQTT_URL", "x.toml:3: url".

  bool encrypted() const { return scheme == "mqtts" || scheme == "wss"; }
  bool websocket() const { return scheme == "ws" || scheme == "wss"; }
};

/// What is in effect once all layers are laid on one another.
class Settings {
 public:
  /// `layers`, the strongest first. A URL is taken apart into its fields; of the options that give
  /// the same field the strongest layer's holds, and of two that exclude each other too. A URL
  /// replaces host, port, user name and password of all weaker layers; a login is for the hosts of
  /// its own layer only. What is not needed is not looked at. Throws UsageError when one layer
  /// gives a field twice, and for an empty value that stands for nothing.
  Settings(const Tool& tool, std::vector<Layer> layers);

  const Tool& tool() const { return *tool_; }

  /// The setting of the option with this key; null if nobody said anything. The key must be one of
  /// the tool's.
  const Setting* find(std::string_view key) const;

  /// Whether a flag is set (and no file says `false`).
  bool on(std::string_view key) const;

  /// The value of an option, if it was given.
  std::optional<std::string> text(std::string_view key) const;

  /// All values of an option that may be repeated.
  std::vector<std::string> texts(std::string_view key) const;

  const std::optional<Address>& address() const { return address_; }

  const Layer& all() const { return settings_; }

  /// Which logins are not used, because they were given for another host.
  const std::vector<Warning>& warnings() const { return warnings_; }

 private:
  bool given(const Setting& setting) const;
  void lay(Layer layer);
  void add_login(Layer& layer, const Setting& setting, std::vector<std::string>& hosts);
  void use_url(Layer& layer, const Setting& url);
  void drop_logins(Layer& layer, const std::vector<std::string>& own_hosts, bool replaced);
  void prefer_stronger(const std::vector<std::string_view>& one,
                       const std::vector<std::string_view>& other);
  void prefer_stronger_property(std::string_view key, std::string_view command,
                                std::string_view property);

  const Tool* tool_;
  Layer settings_{};
  std::optional<Address> address_{};
  std::vector<std::string> hosts_{};  ///< In effect so far; without their ports.
  std::vector<Warning> warnings_{};
};

/// Throws a UsageError for the first of `keys` that was given: "--field needs …" and so on: its
/// name, a blank, and `why`. Only what this command line says counts, not a file or the
/// environment.
void refuse(const Settings& settings, const std::vector<std::string_view>& keys,
            std::string_view why);

}  // namespace mqtt_tools::cli
