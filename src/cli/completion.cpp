// SPDX-License-Identifier: MIT
//
// What --completion writes: from the declared options, a script for a shell that completes them.

#include "cli/declarations.hpp"
#include "connection/property.hpp"
#include "text.hpp"

#include <algorithm>

namespace mqtt_tools::cli {

namespace {

/// How each shell offers what it finds by itself where the value of an option is to stand.
struct Action {
  std::string_view bash{};  ///< Behind `NAMES)`.
  std::string_view zsh{};   ///< An action of _arguments.
  std::string_view fish{};  ///< Options of complete.
};

constexpr Action profiles{R"(
      for file in "${XDG_CONFIG_HOME:-$HOME/.config}"/mqtt-tools/*.toml; do
        file=${file##*/} file=${file%.toml}
        [[ $file == config || $file =~ [^A-Za-z0-9._-] ]] || words+=" $file"
      done)",
                          "_mqtt_profiles",
                          " -x -a '(set -l home $XDG_CONFIG_HOME ~/.config; "
                          "string replace -rf \".*/(?!config\\\\.)([^/]*)\\\\.toml\\$\" \"\\$1\" "
                          "$home[1]/mqtt-tools/*.toml)'"};
constexpr Action files{" compopt -o default; return", "_files", " -r -F"};
constexpr Action folders{" compopt -o dirnames; return", "_files -/",
                         " -x -a '(__fish_complete_directories)'"};
constexpr Action shell_commands{" mapfile -t COMPREPLY < <(compgen -c -- \"$word\"); return",
                                "_cmdstring", " -x"};
constexpr Action hosts{" mapfile -t COMPREPLY < <(compgen -A hostname -- \"$word\"); return",
                       "_hosts", " -x -a '(__fish_print_hostnames)'"};
constexpr Action nothing{" return", "", " -x"};

/// Null for what we know and no shell finds.
const Action* action_for(const Option& option) {
  if (option.takes == Option::Takes::property || !option.choices.empty()) return nullptr;
  if (option.key == "profile") return &profiles;
  if (option.key == "host") return &hosts;
  if (option.value == "FILE" || option.value == "PATH") return &files;
  if (option.value == "DIR") return &folders;
  return option.value == "CMD" ? &shell_commands : &nothing;
}

/// The commands that -D takes.
std::vector<std::string_view> commands() {
  std::vector<std::string_view> all;
  for (const auto& row : connection::property_words()) all.push_back(row.first);
  return all;
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) {
    text.replace(at, what.size(), with);
  }
  return text;
}

/// `text` with a backslash before each of `letters`; the backslash must be the first of them.
std::string with_backslashes(std::string_view text, std::string_view letters) {
  std::string result{text};
  for (const char letter : letters) {
    result = replaced(std::move(result), {&letter, 1}, std::string{'\\', letter});
  }
  return result;
}

/// What each option does, in the order of their declaration. In --help some share one explanation,
/// which has a part for each ("show only errors; show each packet"), or is about all of them.
std::vector<std::string_view> explanations(const Declarations& declared) {
  std::vector<std::string_view> all;
  for (const std::span<const Option> sharing : declared.rows()) {
    const std::string_view help = sharing.back().help;
    std::vector<std::string_view> parts = split(help, "; ");
    if (parts.size() != sharing.size()) parts.assign(sharing.size(), help);
    all.insert(all.end(), parts.begin(), parts.end());
  }
  return all;
}

std::string first_line(const Declarations& declared, std::string_view shell) {
  const std::string name{declared.name};
  return "# Completion of " + name + " for " + std::string{shell} + ", made by: " + name +
         " --completion " + std::string{shell} + "\n";
}

/// "_mqtt_sub"
std::string function_name(const Declarations& declared) {
  return "_" + replaced(std::string{declared.name}, "-", "_");
}

/// "    -f|--file|--key) ACTION ;;" for the options whose values are found like that.
std::string bash_case(const Declarations& declared, const Action* found, std::string_view action) {
  std::vector<std::string_view> all;
  for (const Option& option : declared.options()) {
    const bool known = option.takes == Option::Takes::nothing || !option.choices.empty();
    if (known || action_for(option) != found) continue;
    const std::vector<std::string_view> own = names(option);
    all.insert(all.end(), own.begin(), own.end());
  }
  return all.empty() ? "" : "    " + joined(all, "|") + ")" + std::string{action} + " ;;\n";
}

constexpr std::string_view bash_begin = R"(
FUNCTION() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} words='' at file
  COMPREPLY=()
  for ((at = 1; at < COMP_CWORD; ++at)); do
    if [[ ${COMP_WORDS[at]} == -- ]]; then # behind it stand no options; of --wrap, a command
      if [[ " ${COMP_WORDS[*]:1:at} " == *' --wrap '* ]]; then
        compopt -o default
        ((at + 1 < COMP_CWORD)) || mapfile -t COMPREPLY < <(compgen -c -- "$word")
      fi
      return
    fi
  done
  # Readline takes --name=value for three words.
  if [[ $word == '=' ]]; then
    word=''
  elif [[ $before == '=' ]] && ((COMP_CWORD > 2)); then
    before=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  if ((COMP_CWORD > 2)) && [[ ${COMP_WORDS[COMP_CWORD - 2]} =~ ^(-D|--property)$ ]]; then
    case $before in
)";

constexpr std::string_view bash_end = R"(  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -F FUNCTION PROGRAM
)";

std::string bash(const Declarations& declared) {
  std::string text = first_line(declared, "bash");
  text += replaced(std::string{bash_begin}, "FUNCTION", function_name(declared));
  for (const auto& [command, properties] : connection::property_words()) {
    text += "      " + std::string{command} + ") words='" + joined(properties, " ") + "' ;;\n";
  }
  text +=
      "    esac\n    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n    return\n"
      "  fi\n  case $before in\n";
  std::vector<std::string_view> options;
  for (const Option& option : declared.options()) {
    options.push_back(shown_names(option).back());
    if (!option.choices.empty()) {
      text += "    " + joined(names(option), "|") + ") words='" + joined(option.choices, " ") +
              "' ;;\n";
    }
  }
  text += bash_case(declared, nullptr, " words='" + joined(commands(), " ") + "'");
  for (const Action* one : {&profiles, &files, &folders, &shell_commands, &hosts, &nothing}) {
    text += bash_case(declared, one, one->bash);
  }
  text += "    *) [[ $word == -* ]] || return\n      words='" + joined(options, " ") + "' ;;\n";
  return text + replaced(replaced(std::string{bash_end}, "FUNCTION", function_name(declared)),
                         "PROGRAM", declared.name);
}

/// ":FORM:(auto raw)", for each word of the value.
std::string zsh_value(const Option& option) {
  if (option.takes == Option::Takes::nothing) return "";
  if (option.takes != Option::Takes::property) {
    const Action* const action = action_for(option);
    return ":" + with_backslashes(option.value, "\\:") + ":" +
           (action != nullptr ? std::string{action->zsh} : "(" + joined(option.choices, " ") + ")");
  }
  std::vector<std::string_view> all;
  for (const auto& row : connection::property_words()) {
    all.insert(all.end(), row.second.begin(), row.second.end());
  }
  std::ranges::sort(all);
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return ":COMMAND:(" + joined(commands(), " ") + "):NAME:(" + joined(all, " ") + "):VALUE:";
}

constexpr std::string_view zsh_begin = R"(
(( $+functions[_mqtt_profiles] )) || _mqtt_profiles() {
  compadd "$@" -F '(config)' -- ${XDG_CONFIG_HOME:-$HOME/.config}/mqtt-tools/*.toml(N:t:r)
}

FUNCTION() {
  local at=${words[(i)--]}
  if (( at < CURRENT && ${words[(I)--wrap]} )); then
    shift $at words
    (( CURRENT -= at ))
    _normal
    return
  fi
  _arguments -s -S \
)";

// It is found in fpath, which calls it, or read by `source`.
constexpr std::string_view zsh_end = R"(}

if [[ $funcstack[1] == _PROGRAM ]]; then FUNCTION "$@"; else compdef FUNCTION PROGRAM; fi
)";

std::string zsh(const Declarations& declared) {
  std::string text = "#compdef " + std::string{declared.name} + "\n" + first_line(declared, "zsh") +
                     replaced(std::string{zsh_begin}, "FUNCTION", function_name(declared));
  const std::vector<std::string_view> explained = explanations(declared);
  for (std::size_t at = 0; at < explained.size(); ++at) {
    const Option& option = declared.options()[at];
    // Options that decide the same exclude each other; one that may be repeated not itself.
    std::vector<std::string_view> excluded;
    for (const Option& other : declared.options()) {
      const bool same = &other == &option;
      if (same ? !option.repeat : other.decides == option.decides) {
        const std::vector<std::string_view> own = shown_names(other);
        excluded.insert(excluded.end(), own.begin(), own.end());
      }
    }
    for (const std::string_view name : shown_names(option)) {
      const bool alone =
          option.takes == Option::Takes::nothing || option.takes == Option::Takes::property;
      const std::string spec = (excluded.empty() ? "" : "(" + joined(excluded, " ") + ")") +
                               (option.repeat ? "*" : "") + std::string{name} +
                               (alone             ? ""
                                : name.size() > 2 ? "="
                                                  : "+") +
                               "[" + with_backslashes(explained[at], "\\[]") + "]" +
                               zsh_value(option);
      text += "    '" + replaced(spec, "'", "'\\''") + "' \\\n";
    }
  }
  text += declared.name == "mqtt-pub" ? "    '1:topic:()' '2:message:()'\n" : "    '*:filter:()'\n";
  return text + replaced(replaced(std::string{zsh_end}, "FUNCTION", function_name(declared)),
                         "PROGRAM", declared.name);
}

std::string fish(const Declarations& declared) {
  const std::string complete = "complete -c " + std::string{declared.name};
  const auto quoted = [](std::string_view value) {
    return " '" + with_backslashes(value, "\\'") + "'";
  };
  std::string text = first_line(declared, "fish") + "\n" + complete + " -f\n";
  const std::vector<std::string_view> explained = explanations(declared);
  for (std::size_t at = 0; at < explained.size(); ++at) {
    const Option& option = declared.options()[at];
    text += complete;
    for (const std::string_view name : shown_names(option)) {
      text +=
          (name.size() > 2 ? " -l " : " -s ") + std::string{name.substr(name.size() > 2 ? 2 : 1)};
    }
    if (option.takes == Option::Takes::property) {
      text += " -x -a" + quoted(joined(commands(), " "));
    } else if (!option.choices.empty()) {
      text += " -x -a" + quoted(joined(option.choices, " "));
    } else if (option.takes != Option::Takes::nothing) {
      text += action_for(option)->fish;
    }
    text += explained[at].empty() ? "\n" : " -d" + quoted(explained[at]) + "\n";
  }
  for (const auto& [command, properties] : connection::property_words()) {
    text += complete + " -n 'string join -- \" \" (commandline -opc)[-2..-1] | " +
            "string match -qr -- \"^(-D|--property) " + std::string{command} + "\\$\"' -x -a" +
            quoted(joined(properties, " ")) + "\n";
  }
  return declared.name == "mqtt-pub"
             ? text + complete + " -n 'contains -- -- (commandline -opc)' -F\n"
             : text;
}

}  // namespace

std::string completion(const Declarations& declared, const Setting& shell) {
  using Writer = std::string (*)(const Declarations&);
  return choice<Writer>(shell, {{"bash", bash}, {"zsh", zsh}, {"fish", fish}})(declared);
}

}  // namespace mqtt_tools::cli
