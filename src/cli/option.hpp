// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mqtt_tools::cli {

/// One option, declared once for the command line, configuration files and --help.
struct Option {
  /// What it takes. A word is a text that TOML users may also write as a number (`5`, `1.2`).
  enum class Takes { nothing, text, number, word, property };

  std::string_view names{};  ///< "-p,--port"; the first long name is its key.
  Takes takes = Takes::nothing;
  std::string_view value{};     ///< What help calls its value.
  std::string_view help{};      ///< Empty: shown on one line with the next option.
  std::string_view fallback{};  ///< The default, for help and --print-config.
  bool file = false;            ///< May stand in a configuration file.
  bool repeat = false;          ///< Each use counts; of others the last one does.
  bool secret = false;          ///< Its value, or a part of it, is never shown.
  std::string_view field{};     ///< Options with the same field exclude each other.
  bool empty = false;           ///< Its text may be empty; of others that is a usage error.
};

/// The key of an option: "port"; for one without a long name its letter, "E".
std::string_view key(const Option& option);

/// The option as the user would type it: "--port", "-E".
std::string spelling(const Option& option);

/// What it decides: its field, or its key.
std::string_view field(const Option& option);

/// Its names, one by one, with their dashes.
std::vector<std::string_view> names(const Option& option);

/// Options that help shows under one title.
struct OptionGroup {
  std::string_view title{};
  std::vector<Option> options{};
};

}  // namespace mqtt_tools::cli
