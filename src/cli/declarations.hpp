// SPDX-License-Identifier: MIT
#pragma once

#include "cli/setting.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace mqtt_tools::cli {

/// One option as it was declared: for the command line, the environment, configuration files,
/// --help and --print-config.
struct Option {
  /// What it takes. A word is a text that TOML users may also write as a number (`5`, `1.2`); a
  /// time is a number, too, unless it has units (`"1h30m"`).
  enum class Takes { nothing, text, number, time, word, property };

  std::string_view group{};  ///< The title that help shows it under.
  std::string_view names{};  ///< "-p,--port"
  std::string_view key{};    ///< The first long name: "port"; without one its letter, "E".
  Takes takes = Takes::nothing;
  std::string_view value{};     ///< What help calls its value.
  std::string_view help{};      ///< Empty: shown on one line with the next option.
  std::string_view fallback{};  ///< The default, for help and --print-config.
  std::string_view variable{};  ///< The environment variable that gives it, too.
  bool connection = false;      ///< It is a part of how we reach a broker, and as whom.
  bool file = false;            ///< May stand in a configuration file.
  bool repeat = false;          ///< Each use counts; of others the last one does.
  bool empty = false;           ///< Its text may be empty; of others that is a usage error.
  std::string_view implied{};   ///< With it a value stands only behind `=`; this one if none does.
  std::string_view decides{};  ///< Options that decide the same exclude each other; mostly its key.

  /// Of one that takes a few words only: these, each meaning once.
  std::vector<std::string_view> choices{};

  /// What may be shown of its value, never longer than it; null: all. With it the option is one
  /// that has a secret.
  std::string (*mask)(std::string_view) = nullptr;

  /// Checks what a source says and puts it into the field that the option is bound to. Throws
  /// UsageError. Empty for the few options that say where other settings are.
  std::function<void(const Setting&)> store{};
};

/// The option as the user would type it: "--port", "-E".
std::string spelling(const Option& option);

/// Its names, one by one, with their dashes.
std::vector<std::string_view> names(const Option& option);

/// Its letter and its first long name; other names are known to those who know other programs.
std::vector<std::string_view> shown_names(const Option& option);

/// The end of a declaration: what else is to be said about an option whose value goes into a field
/// of type T, or of std::monostate for one without a field.
template <typename T>
class Declared {
  template <typename Inner>
  static Inner value_of(const std::optional<Inner>&);
  template <typename Inner>
  static Inner value_of(const Inner&);

 public:
  using Value = decltype(value_of(std::declval<T>()));  ///< Of an optional field, what it may hold.

  Declared(Option& option, T* field) : option_(option), field_(field) {
    if constexpr (std::is_same_v<T, std::vector<std::string>>) {
      repeated().as([](const Setting& setting) { return setting.values; });
    } else if constexpr (std::is_same_v<Value, bool>) {
      as([](const Setting& setting) { return setting.values.empty(); });
    } else if constexpr (std::is_same_v<Value, std::string>) {
      as([](const Setting& setting) { return setting.value(); });
    } else if constexpr (std::is_same_v<Value, Duration>) {
      takes(Option::Takes::time).as(seconds);
    } else if constexpr (std::is_same_v<Value, double>) {
      takes(Option::Takes::number).as(number);
    }
  }

  /// Whatever `convert` makes of a setting.
  template <typename Convert>
  Declared& as(Convert convert) {
    option_.store = [field = field_, convert](const Setting& setting) {
      *field = convert(setting);
    };
    return *this;
  }

  /// Whatever `read` makes of its text.
  template <typename Read>
  Declared& read_by(Read read) {
    return as([read](const Setting& setting) { return with_name(setting, read, setting.value()); });
  }

  /// A whole number from `least` to `most`.
  Declared& from(std::int64_t least, std::int64_t most = std::numeric_limits<std::int64_t>::max()) {
    return takes(Option::Takes::number).as([least, most](const Setting& setting) {
      return static_cast<Value>(whole_number(setting, least, most));
    });
  }

  /// A time of whole seconds, from `least` to `most`.
  Declared& seconds_from(std::int64_t least, std::int64_t most) {
    return takes(Option::Takes::time).as([least, most](const Setting& setting) {
      return static_cast<Value>(whole_seconds(setting, least, most));
    });
  }

  /// Bytes, from `least` to `most`, with units or without.
  Declared& size_from(std::int64_t least, std::int64_t most) {
    return takes(Option::Takes::word).as([least, most](const Setting& setting) {
      return static_cast<Value>(size(setting, least, most));
    });
  }

  /// One of these words.
  Declared& one_of(std::vector<std::pair<std::string_view, T>> meanings) {
    for (auto one = meanings.begin(); one != meanings.end(); ++one) {
      const auto same = [one](const auto& other) { return other.second == one->second; };
      if (std::find_if(meanings.begin(), one, same) == one) option_.choices.push_back(one->first);
    }
    return as([meanings](const Setting& setting) { return choice<T>(setting, meanings); });
  }

  /// A quality of service.
  Declared& qos() { return from(0, 2).choices({"0", "1", "2"}); }

  /// A flag that makes its field false.
  Declared& clears() {
    return as([](const Setting& setting) { return !setting.values.empty(); });
  }

  /// These words are to be offered, for an option without a field, or of a number.
  Declared& choices(std::vector<std::string_view> all) {
    return set(option_.choices, std::move(all));
  }

  /// Its default, as help shows it.
  Declared& by_default(std::string_view text) { return set(option_.fallback, text); }

  Declared& takes(Option::Takes what) { return set(option_.takes, what); }
  Declared& decides(std::string_view what) { return set(option_.decides, what); }
  Declared& from_variable(std::string_view name) { return set(option_.variable, name); }
  Declared& in_file() { return set(option_.file, true); }
  Declared& repeated() { return set(option_.repeat, true); }
  Declared& may_be_empty() { return set(option_.empty, true); }
  Declared& secret(std::string (*mask)(std::string_view)) { return set(option_.mask, mask); }

  /// Of a list of values in one text.
  Declared& once() { return set(option_.repeat, false); }

  /// A value that may be left out: it stands behind `=` only, the next word never is one.
  Declared& implied(std::string_view value) { return set(option_.implied, value); }

 private:
  template <typename Member>
  Declared& set(Member& member, Member value) {
    member = std::move(value);
    return *this;
  }

  Option& option_;
  T* field_;
};

/// The options of a program, each declared once, and what else its user reads in --help.
///
/// A new option needs its declaration (pub_options.cpp, sub_options.cpp, connection_options.cpp or
/// tls_options.cpp), the field of an options struct that it is bound to, whoever reads that field,
/// its entry in the manual page, and a test. Nothing else lists options.
class Declarations {
 public:
  std::string_view name{};   ///< Of the program.
  std::string_view usage{};  ///< Lines, as the next three.
  std::string_view summary{};
  std::string_view brief{};  ///< What matters most: all that --help shows but usage and ends.
  std::string_view examples{};

  /// What is declared from here on stands under `title`; what is part of the `connection` may
  /// stand in a configuration file.
  void group(std::string_view title, bool connection = false) {
    group_ = title;
    connection_ = connection;
  }

  /// An option whose value goes into `field`.
  template <typename T>
  Declared<T> option(std::string_view names, T& field, std::string_view value,
                     std::string_view help = {}) {
    return {add(names, Option::Takes::text, value, help), &field};
  }

  /// An option without a field: its setting itself is looked at.
  Declared<std::monostate> unbound(std::string_view names, std::string_view value,
                                   std::string_view help = {}) {
    return {add(names, Option::Takes::text, value, help), nullptr};
  }

  /// An option without a value, which makes `field` true.
  Declared<bool> flag(std::string_view names, bool& field, std::string_view help = {}) {
    return {add(names, Option::Takes::nothing, {}, help), &field};
  }

  /// The same without a field.
  Declared<std::monostate> unbound_flag(std::string_view names, std::string_view help = {}) {
    return {add(names, Option::Takes::nothing, {}, help), nullptr};
  }

  /// All of them, group by group.
  const std::vector<Option>& options() const { return options_; }

  /// They again, those together that share one help.
  std::vector<std::span<const Option>> rows() const;

  /// The option with this key ("port", "E"); null if there is none.
  const Option* find(std::string_view key) const;

  /// The option with this name ("--port", "--pw", "-p"); null if there is none.
  const Option* named(std::string_view wanted) const;

  /// The long name that `wanted` ("--pasword") may have been meant to be; empty if none is near.
  std::string nearest(std::string_view wanted) const;

 private:
  /// Good until the next one is added.
  Option& add(std::string_view names, Option::Takes takes, std::string_view value,
              std::string_view help);

  std::string_view group_{};
  bool connection_ = false;
  std::vector<Option> options_{};
};

/// How many letters must be changed, added, taken away or swapped with their neighbour to make one
/// word of the other.
std::size_t distance(std::string_view one, std::string_view other);

/// What --help writes: the few options that matter most, and where the rest is.
std::string brief_help(const Declarations& declared);

/// What --help all writes: usage, every option with its default, exit codes, examples.
std::string help(const Declarations& declared);

/// The value of --help when nothing stands behind it.
constexpr std::string_view briefly = "brief";

/// What --version writes: the program and its version, and those of the libraries.
std::string version(const Declarations& declared);

/// What --completion writes: a script that completes the options of the program in this shell,
/// which the setting names. Throws UsageError for one that is not bash, zsh or fish.
std::string completion(const Declarations& declared, const Setting& shell);

/// What both programs understand, bound to fields that nobody reads: for --help, and because one
/// configuration file serves both.
const Declarations& mqtt_pub();
const Declarations& mqtt_sub();

}  // namespace mqtt_tools::cli
