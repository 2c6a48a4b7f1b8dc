// SPDX-License-Identifier: MIT
#pragma once

#include "cli/declarations.hpp"
#include "cli/setting.hpp"
#include "connection/url.hpp"
#include "run/options.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mqtt_tools::cli {

/// The URL in effect, of which scheme and path belong together. The rest may be replaced by others.
struct Address : connection::Url {
  Origin origin{};
  std::string name{};  ///< As its user would find it again: "--url", "MQTT_URL", "x.toml:3: url".
};

/// The settings in effect. The strongest source that says anything about a thing decides it:
///
/// 1. the command line;
/// 2. the environment: the variable that the option is declared with, then what
///    MQTT_TOOLS_CONNECTION hands on (run/options.hpp);
/// 3. the profile, a file that --profile or MQTT_PROFILE names;
/// 4. the configuration file: that of --config, else config.toml;
/// 5. the default, which the field of the option holds from the start.
///
/// Under mosquitto's names its file and its defaults stand in place of 2 to 4.
class Settings {
 public:
  /// `sources`, the strongest first. A URL is taken apart into its fields; of the options that
  /// decide the same the strongest source's holds, and of two that exclude each other too. A URL
  /// replaces host, port, user name and password of all weaker sources; a login is for the hosts of
  /// its own source only, and a password for the user beside it. What is not needed is not looked
  /// at. Throws UsageError when one source decides a thing twice, and for an empty value that
  /// stands for nothing.
  Settings(const Declarations& declared, std::vector<SettingList> sources,
           std::vector<std::string> operands, std::vector<run::Warning> warnings);

  const Declarations& declared() const { return *declared_; }

  /// The setting of the option with this key; null if nobody said anything. The key must be one of
  /// the program's.
  const Setting* find(std::string_view key) const;

  /// The setting that decides this ("password": --password, --password-file or --ask-password);
  /// null if nobody said anything.
  const Setting* deciding(std::string_view what) const;

  /// Whether somebody said anything, and not only a file `false` of a flag.
  bool on(std::string_view key) const;

  /// Whether the command line gives it.
  bool typed(std::string_view key) const;

  const std::optional<Address>& address() const { return address_; }

  /// The path of the URL in effect, where it is a topic or a filter.
  std::optional<std::string> topic_of_url() const;

  /// The arguments of the command line that belong to no option.
  const std::vector<std::string>& operands() const { return operands_; }

  /// Puts each value into the field that its option is bound to. Throws UsageError for the first
  /// that its option does not take.
  void fill_fields() const;

  /// Which logins are not used, because they were given for another host or user.
  const std::vector<run::Warning>& dropped_logins() const { return dropped_logins_; }

  /// All that is to be said about the sources.
  std::vector<run::Warning> warnings() const;

 private:
  /// Whether a stronger source decides the same, or says something of the same option.
  bool given(const Setting& setting) const {
    return deciding(setting.decides()) != nullptr || cli::find(settings_, setting.key()) != nullptr;
  }
  void add(SettingList list);
  SettingList parts_of(const connection::Url& url, const Setting& setting) const;
  void add_login(SettingList& list, const Setting& setting, std::vector<std::string>& hosts);
  void use_url(SettingList& list, const Setting& url);
  void drop_logins(SettingList& list, const std::vector<std::string>& own_hosts,
                   const std::vector<std::string>& others, bool replaced);
  void drop_password(SettingList& list, const Setting* username);
  void prefer_stronger(std::string_view one, std::string_view other);
  void prefer_stronger_property(std::string_view key, std::string_view command,
                                std::string_view property);

  const Declarations* declared_;
  SettingList settings_{};
  std::optional<Address> address_{};
  std::vector<std::string> hosts_{};  ///< In effect so far; without their ports.
  std::vector<std::string> operands_;
  std::vector<run::Warning> warnings_;
  std::vector<run::Warning> dropped_logins_{};
};

/// Throws a UsageError for the first of `keys` (with blanks between) that was given: "--field needs
/// …" and so on: its name, a blank, and `why`. Only what this command line says counts, not a file
/// or the environment, unless `weakest` says else, and not the `false` of a flag.
void refuse(const Settings& settings, std::string_view keys, std::string_view why,
            Origin::Source weakest = Origin::Source::command_line);

/// What options say about one another.
struct Rule {
  /// Keys, with blanks between: one of them was given, by whomever. Behind a `!`: none was.
  std::string_view when{};
  std::string_view refused{};  ///< The keys that this command line must not have then.
  std::string_view why{};      ///< Empty: they need what is missing, or exclude what is there.
};

/// Throws a UsageError for the first rule that is broken, as refuse().
void check_rules(const Settings& settings, std::span<const Rule> rules);

/// What a pre-shared key has no use for.
constexpr std::string_view of_certificates = "cafile capath cert key keypass-file insecure ciphers";

/// For refuse(): whoever says it.
constexpr Origin::Source any_source = Origin::Source::configuration;

}  // namespace mqtt_tools::cli
