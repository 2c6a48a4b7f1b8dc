// SPDX-License-Identifier: MIT
//
// What --completion writes: from the declared options, a script for a shell that completes them.

#include "cli/declarations.hpp"
#include "connection/property.hpp"

#include <algorithm>
#include <initializer_list>

namespace mqtt_tools::cli {

namespace {

/// What a shell can offer where the value of an option is to stand.
enum class Offer { nothing, words, files, folders, commands, hosts, profiles, property };

Offer offer_of(const Option& option) {
  if (option.takes == Option::Takes::property) return Offer::property;
  if (!option.words.empty()) return Offer::words;
  if (key(option) == "profile") return Offer::profiles;
  if (key(option) == "host") return Offer::hosts;
  if (option.value == "FILE" || option.value == "PATH") return Offer::files;
  if (option.value == "DIR") return Offer::folders;
  return option.value == "CMD" ? Offer::commands : Offer::nothing;
}

std::string join(const std::vector<std::string_view>& words, std::string_view between = " ") {
  std::string all;
  for (const std::string_view word : words) {
    all.append(all.empty() ? "" : between).append(word);
  }
  return all;
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) {
    text.replace(at, what.size(), with);
  }
  return text;
}

/// `text` with a backslash before each of `letters`; the backslash must be the first of them.
std::string with_backslashes(std::string text, std::string_view letters) {
  for (const char letter : letters) {
    text = replaced(std::move(text), {&letter, 1}, std::string{'\\', letter});
  }
  return text;
}

/// Its letter and its first long name; other names are known to those who know other programs.
std::vector<std::string_view> offered_names(const Option& option) {
  std::vector<std::string_view> all = names(option);
  const auto is_long = [](std::string_view name) { return name.size() > 2; };
  const auto first = std::find_if(all.begin(), all.end(), is_long);
  all.erase(first == all.end() ? first : first + 1, all.end());
  return all;
}

/// What each option does, in the order of their declaration. In --help some share one explanation,
/// which has a part for each ("say only errors; say each packet"), or is about all of them.
std::vector<std::string> explanations(const Declarations& declared) {
  std::vector<std::string> all;
  std::size_t sharing = 0;
  for (const Option& option : declared.options()) {
    ++sharing;
    if (option.help.empty()) continue;
    std::vector<std::string> parts;
    std::string rest{option.help};
    for (std::size_t end = 0; (end = rest.find("; ")) != std::string::npos;) {
      parts.push_back(rest.substr(0, end));
      rest.erase(0, end + 2);
    }
    parts.push_back(rest);
    if (parts.size() != sharing) parts.assign(sharing, std::string{option.help});
    all.insert(all.end(), parts.begin(), parts.end());
    sharing = 0;
  }
  all.resize(declared.options().size());
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

/// "    -f|--file|--key) ACTION ;;" for the options that such an offer is made for.
std::string bash_case(const Declarations& declared, Offer offer, const std::string& action) {
  std::vector<std::string_view> all;
  for (const Option& option : declared.options()) {
    if (option.takes == Option::Takes::nothing || offer_of(option) != offer) continue;
    const std::vector<std::string_view> own = names(option);
    all.insert(all.end(), own.begin(), own.end());
  }
  return all.empty() ? "" : "    " + join(all, "|") + ")" + action + " ;;\n";
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

constexpr std::string_view bash_profiles =
    R"(for file in "${XDG_CONFIG_HOME:-$HOME/.config}"/mqtt-tools/*.toml; do
        file=${file##*/} file=${file%.toml}
        [[ $file == config || $file =~ [^A-Za-z0-9._-] ]] || words+=" $file"
      done)";

constexpr std::string_view bash_end = R"(  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -F FUNCTION PROGRAM
)";

std::string bash(const Declarations& declared) {
  std::string text = first_line(declared, "bash");
  text += replaced(std::string{bash_begin}, "FUNCTION", function_name(declared));
  for (const auto& [command, properties] : connection::property_words()) {
    text += "      " + std::string{command} + ") words='" + join(properties) + "' ;;\n";
  }
  text +=
      "    esac\n    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n    return\n"
      "  fi\n  case $before in\n";
  std::vector<std::string_view> commands;
  for (const auto& row : connection::property_words()) commands.push_back(row.first);
  std::vector<std::string_view> options;
  for (const Option& option : declared.options()) {
    options.push_back(offered_names(option).back());
    if (!option.words.empty()) {
      text += "    " + join(names(option), "|") + ") words='" + join(option.words) + "' ;;\n";
    }
  }
  text += bash_case(declared, Offer::property, " words='" + join(commands) + "'") +
          bash_case(declared, Offer::profiles, "\n      " + std::string{bash_profiles}) +
          bash_case(declared, Offer::files, " compopt -o default; return") +
          bash_case(declared, Offer::folders, " compopt -o dirnames; return") +
          bash_case(declared, Offer::commands,
                    " mapfile -t COMPREPLY < <(compgen -c -- \"$word\"); return") +
          bash_case(declared, Offer::hosts,
                    " mapfile -t COMPREPLY < <(compgen -A hostname -- \"$word\"); return") +
          bash_case(declared, Offer::nothing, " return");
  text += "    *) [[ $word == -* ]] || return\n      words='" + join(options) + "' ;;\n";
  return text + replaced(replaced(std::string{bash_end}, "FUNCTION", function_name(declared)),
                         "PROGRAM", declared.name);
}

/// What zsh does where the value is to stand.
std::string zsh_action(const Option& option) {
  switch (offer_of(option)) {
    case Offer::words:
      return "(" + join(option.words) + ")";
    case Offer::files:
      return "_files";
    case Offer::folders:
      return "_files -/";
    case Offer::commands:
      return "_cmdstring";
    case Offer::hosts:
      return "_hosts";
    case Offer::profiles:
      return "_mqtt_profiles";
    case Offer::nothing:
    case Offer::property:
      break;
  }
  return "";
}

/// ":FORM:(auto raw)", for each word of the value.
std::string zsh_value(const Option& option) {
  if (option.takes == Option::Takes::nothing) return "";
  if (option.takes != Option::Takes::property) {
    return ":" + with_backslashes(std::string{option.value}, "\\:") + ":" + zsh_action(option);
  }
  std::vector<std::string_view> commands;
  std::vector<std::string_view> all;
  for (const auto& [command, properties] : connection::property_words()) {
    commands.push_back(command);
    all.insert(all.end(), properties.begin(), properties.end());
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return ":COMMAND:(" + join(commands) + "):NAME:(" + join(all) + "):VALUE:";
}

constexpr std::string_view zsh_begin = R"(
(( $+functions[_mqtt_profiles] )) || _mqtt_profiles() {
  compadd "$@" -- ${XDG_CONFIG_HOME:-$HOME/.config}/mqtt-tools/*.toml(N:t:r)
}

local at=${words[(i)--]}
if (( at < CURRENT && ${words[(I)--wrap]} )); then
  shift $at words
  (( CURRENT -= at ))
  _normal
  return
fi
_arguments -s -S \
)";

std::string zsh(const Declarations& declared) {
  std::string text = "#compdef " + std::string{declared.name} + "\n" + first_line(declared, "zsh") +
                     std::string{zsh_begin};
  const std::vector<std::string> explained = explanations(declared);
  for (std::size_t at = 0; at < explained.size(); ++at) {
    const Option& option = declared.options()[at];
    // Options that decide the same exclude each other; one that may be repeated not itself.
    std::vector<std::string_view> excluded;
    for (const Option& other : declared.options()) {
      const bool same = &other == &option;
      if (same ? !option.repeat : decided_by(other) == decided_by(option)) {
        const std::vector<std::string_view> own = offered_names(other);
        excluded.insert(excluded.end(), own.begin(), own.end());
      }
    }
    for (const std::string_view name : offered_names(option)) {
      const bool alone =
          option.takes == Option::Takes::nothing || option.takes == Option::Takes::property;
      const std::string spec = (excluded.empty() ? "" : "(" + join(excluded) + ")") +
                               (option.repeat ? "*" : "") + std::string{name} +
                               (alone             ? ""
                                : name.size() > 2 ? "="
                                                  : "+") +
                               "[" + with_backslashes(explained[at], "\\[]") + "]" +
                               zsh_value(option);
      text += "  '" + replaced(spec, "'", "'\\''") + "' \\\n";
    }
  }
  return text +
         (declared.name == "mqtt-pub" ? "  '1:topic:()' '2:message:()'\n" : "  '*:filter:()'\n");
}

std::string fish(const Declarations& declared) {
  const std::string complete = "complete -c " + std::string{declared.name};
  const auto quoted = [](const std::string& value) {
    return " '" + with_backslashes(value, "\\'") + "'";
  };
  std::string text = first_line(declared, "fish") + "\n" + complete + " -f\n";
  const std::vector<std::string> explained = explanations(declared);
  for (std::size_t at = 0; at < explained.size(); ++at) {
    const Option& option = declared.options()[at];
    text += complete;
    for (const std::string_view name : offered_names(option)) {
      text +=
          (name.size() > 2 ? " -l " : " -s ") + std::string{name.substr(name.size() > 2 ? 2 : 1)};
    }
    const Offer offer = offer_of(option);
    if (offer == Offer::files) {
      text += " -r -F";
    } else if (option.takes != Option::Takes::nothing) {
      text += " -x";
    }
    if (offer == Offer::words) text += " -a" + quoted(join(option.words));
    if (offer == Offer::folders) text += " -a '(__fish_complete_directories)'";
    if (offer == Offer::hosts) text += " -a '(__fish_print_hostnames)'";
    if (offer == Offer::profiles) {
      text +=
          " -a '(set -l home $XDG_CONFIG_HOME ~/.config; "
          "string replace -rf \".*/(.*)\\\\.toml\\$\" \"\\$1\" $home[1]/mqtt-tools/*.toml)'";
    }
    if (offer == Offer::property) {
      std::vector<std::string_view> commands;
      for (const auto& row : connection::property_words()) commands.push_back(row.first);
      text += " -a" + quoted(join(commands));
    }
    text += explained[at].empty() ? "\n" : " -d" + quoted(explained[at]) + "\n";
  }
  for (const auto& [command, properties] : connection::property_words()) {
    text += complete + " -n 'string join -- \" \" (commandline -opc)[-2..-1] | " +
            "string match -qr -- \"^(-D|--property) " + std::string{command} + "\\$\"' -x -a" +
            quoted(join(properties)) + "\n";
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
