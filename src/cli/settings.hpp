// SPDX-License-Identifier: MIT
#pragma once

#include "cli/setting.hpp"
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
};

/// What is in effect once all layers are laid on one another.
class Settings {
 public:
  /// `layers`, the strongest first. A URL is taken apart into its fields; of the options that give
  /// the same field the strongest layer's holds. Throws UsageError when one layer gives a field
  /// twice.
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

 private:
  void lay(Layer layer);

  const Tool* tool_;
  Layer settings_{};
  std::optional<Address> address_{};
};

/// Throws a UsageError for the first of `keys` that was given: "--field needs …" and so on: its
/// name, a blank, and `why`. Only what this command line says counts, not a file or the
/// environment.
void refuse(const Settings& settings, const std::vector<std::string_view>& keys,
            std::string_view why);

}  // namespace mqtt_tools::cli
