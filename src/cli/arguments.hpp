// SPDX-License-Identifier: MIT
#pragma once

#include "cli/declarations.hpp"
#include "run/options.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace mqtt_tools::cli {

/// Stands between the words of one `-D COMMAND NAME VALUE` that were joined to one.
constexpr std::string_view joint{"\0", 1};

/// Stands for what is not shown.
constexpr std::string_view hidden = "*";

/// Whether the joined words of a -D give this property of this command, in whatever case.
bool is_property(std::string_view joined, std::string_view command, std::string_view name);

// What may be shown of a secret: of a WebSocket header its name, of a -D all but authentication
// data, of a password nothing.
std::string masked_header(std::string_view header);
std::string masked_property(std::string_view joined);
std::string masked_password(std::string_view password);

/// `value` as it may be shown.
std::string masked(const Option& option, std::string_view value);

/// The words after the program's name. Secret values are overwritten in `argv`, so that the list of
/// processes does not show them.
std::vector<std::string> take_arguments(const Declarations& declared, int argc, char** argv);

/// Makes the words of a command line ready for CLI11, which would count some of them wrongly (`-D`
/// takes two or three words, `--name=` would take the next word): each option becomes a word of its
/// own, by its spelling(), and its value the next. Throws UsageError for a value that is missing
/// and for one that a flag does not take.
std::vector<std::string> prepared(const Declarations& declared,
                                  const std::vector<std::string>& args);

/// Throws UsageError for a word with a dash that is not '-' in front of what would be an option:
/// word processors make such of `-t` and `--retain`.
void check_dash(const Declarations& declared, std::string_view word);

/// Warns of a topic or filter in which are quotes and blanks that no shell has.
void check_pasted(std::string_view text, std::vector<run::Warning>& warnings);

/// Throws UsageError for a long name behind a single dash: `-host` would be the host "ost".
void check_single_dash(const Declarations& declared, std::string_view word);

/// How many arguments, from args[at] on, ask for what is done anyway, in the way of mosquitto's
/// clients (--nodelay, --keyform pem). Throws UsageError for a form of keys that we do not have.
std::size_t arguments_without_effect(const Declarations& declared,
                                     const std::vector<std::string>& args, std::size_t at);

/// Throws the UsageError for `word`, which begins with an unknown option: names ours for one that
/// other MQTT tools have, or the one that may have been meant. Repeats nothing that may be a value.
[[noreturn]] void refuse_option(const Declarations& declared, const std::string& word);

/// Throws UsageError for an option that is given twice and can be used once: neither of two values
/// may go unused without a word.
void check_given_once(const SettingList& list);

/// A command line, read.
struct CommandLine {
  SettingList settings{};
  std::vector<std::string> operands{};  ///< Those that are no options, nor their values.
};

/// Reads the words after the program's name. Throws UsageError for an option that is unknown or
/// lacks its value; no value is repeated in its text.
CommandLine read_command_line(const Declarations& declared, const std::vector<std::string>& args);

}  // namespace mqtt_tools::cli
