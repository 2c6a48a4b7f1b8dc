// SPDX-License-Identifier: MIT
#include "cli/configuration.hpp"

#include "bytes.hpp"
#include "cli/arguments.hpp"
#include "connection/url.hpp"
#include "error.hpp"
#include "text.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <iterator>
#include <ostream>

#include <toml++/toml.h>

namespace mqtt_tools::cli {

namespace {

/// One entry of a file, and where it stands.
struct Entry {
  std::string place{};  ///< "path:line"
  std::string name{};
  const Option* option = nullptr;
  const toml::node* value = nullptr;
};

[[noreturn]] void reject(const Entry& entry, std::string_view needed) {
  throw UsageError(entry.place + ": " + escaped(entry.name) + " must be " + std::string{needed});
}

/// The option that `name` stands for: this program's or, for both read the same file, the other's.
const Option& option_for(const Declarations& declared, const std::string& place,
                         const std::string& name) {
  const std::string spelled = "--" + name;
  const Option* option = declared.named(spelled);
  if (option == nullptr || !option->file) {
    const Declarations& other = declared.name == "mqtt-pub" ? mqtt_sub() : mqtt_pub();
    const Option* theirs = other.named(spelled);
    option = theirs != nullptr && (option == nullptr || theirs->file) ? theirs : option;
  }
  if (option == nullptr) {
    const std::string near = declared.nearest(spelled);
    throw UsageError(place + ": unknown key " + escaped(name) +
                     (near.empty() ? "; keys are the long names of options, see --help all"
                                   : "; did you mean " + near.substr(2) + "?"));
  }
  if (!option->file) throw UsageError(place + ": " + name + " can stand on the command line only");
  return *option;
}

std::string text_of(const Entry& entry, const toml::node& node) {
  const std::optional<std::string> text = node.value_exact<std::string>();
  if (!text) {
    reject(entry,
           entry.option->repeat ? "a string in quotes, or a list of them" : "a string in quotes");
  }
  if (text->find('\0') != std::string::npos) reject(entry, "a string without NUL");
  return *text;
}

/// A number without an exponent.
std::string in_digits(const toml::node& number) {
  if (const auto whole = number.value_exact<std::int64_t>()) return std::to_string(*whole);
  char digits[400];
  const auto end = std::to_chars(std::begin(digits), std::end(digits), number.value_or(0.0),
                                 std::chars_format::fixed)
                       .ptr;
  return {std::begin(digits), end};
}

/// `["publish", "user-property", "key", "value"]`
std::string property_of(const Entry& entry, const toml::node& node) {
  const toml::array* words = node.as_array();
  if (words == nullptr || words->size() < 3) {
    reject(entry, "[\"COMMAND\", \"NAME\", \"VALUE\"], or a list of such lists");
  }
  std::vector<std::string> texts;
  for (const toml::node& word : *words) texts.push_back(text_of(entry, word));
  return joined(texts, joint);
}

std::string value_of(const Entry& entry, const toml::node& node) {
  const Option::Takes takes = entry.option->takes;
  if (takes == Option::Takes::property) return property_of(entry, node);
  if (takes == Option::Takes::text) return text_of(entry, node);
  if (node.is_number()) return in_digits(node);
  if (takes == Option::Takes::number) reject(entry, "a number without quotes");
  if (!node.is_string()) reject(entry, "a string in quotes or a number");
  return text_of(entry, node);
}

/// Whether the entry is a list of values rather than one.
bool is_list(const Entry& entry) {
  const toml::array* list = entry.value->as_array();
  return list != nullptr && entry.option->repeat &&
         (list->empty() || entry.option->takes != Option::Takes::property ||
          list->get(0)->is_array());
}

std::vector<std::string> values_of(const Entry& entry) {
  if (entry.option->takes == Option::Takes::nothing) {
    const std::optional<bool> on = entry.value->value_exact<bool>();
    if (!on) reject(entry, "true or false");
    return *on ? std::vector<std::string>{} : std::vector<std::string>{"false"};
  }
  if (!is_list(entry)) {
    return {value_of(entry, *entry.value)};
  }
  if (entry.value->as_array()->empty()) reject(entry, "a list that is not empty");
  std::vector<std::string> values;
  for (const toml::node& node : *entry.value->as_array()) values.push_back(value_of(entry, node));
  return values;
}

toml::table parse(const std::string& text, const std::string& path) {
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& error) {
    // What the parser says may quote the line, and so a password.
    const bool twice = error.description().find("redefine") != std::string_view::npos;
    throw UsageError(
        path + ":" + std::to_string(error.source().begin.line) +
        (twice ? ": this key is given twice; leave one of them out"
               : ": this is not TOML; lines look like host = \"broker.example\" or port = 1883"));
  }
}

/// Others set variables by our names, too: Kubernetes gives each container of a namespace
/// `MQTT_PORT=tcp://10.0.0.5:1883` when a service there is named mqtt.
bool meant_for_others(const Option& option, const std::string& value) {
  return option.takes != Option::Takes::text && value.find("://") != std::string::npos;
}

/// What a variable says about a flag.
std::vector<std::string> switched(const std::string& variable, const std::string& value) {
  const auto is = [&value](std::string_view word) { return same_word(value, word); };
  if (is("1") || is("true") || is("yes") || is("on")) return {};
  if (is("0") || is("false") || is("no") || is("off")) return {"false"};
  throw UsageError(variable + " must be 1 or 0, not " + in_quotes(value));
}

SettingList read_environment(const Declarations& declared, const Environment& environment,
                             std::vector<run::Warning>& warnings) {
  SettingList list;
  for (const Option& option : declared.options()) {
    const std::string variable{option.variable};
    std::optional<std::string> value =
        variable.empty() ? std::nullopt : environment.variable(variable);
    if (!value) continue;
    if (meant_for_others(option, *value)) {
      warnings.push_back({variable + " counts as unset: '" +
                              escaped(connection::masked_url(*value)) + "' is not for " +
                              spelling(option),
                          false, true});
      continue;
    }
    std::vector<std::string> values = option.takes == Option::Takes::nothing
                                          ? switched(variable, *value)
                                          : std::vector{std::move(*value)};
    list.push_back({&option, std::move(values), {Origin::Source::environment, variable}});
  }
  return list;
}

/// What connection_variable says; empty if it is not there, and if the variables beside it name
/// another broker: then the user of a command has chosen for himself.
SettingList read_inherited(const Declarations& declared, const Environment& environment) {
  SettingList list;
  const std::string text = environment.variable(run::connection_variable).value_or("");
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    const std::string_view name = line.substr(0, line.find('='));
    const std::optional<std::string> value =
        percent_decoded(line.substr(std::min(name.size() + 1, line.size())));
    const Option* option = declared.find(name);
    if (!value || option == nullptr || !option->connection) {
      throw UsageError(std::string{run::connection_variable} +
                       " is not as this version of the tools writes it; unset it");
    }
    const auto of_environment = option->variable.empty()
                                    ? std::nullopt
                                    : environment.variable(std::string{option->variable});
    const bool place = name == "url" || name == "host" || name == "port";
    if (place && of_environment && of_environment != value) return {};
    const auto same = std::ranges::find(list, option, &Setting::option);
    if (same != list.end()) {
      same->values.push_back(*value);
    } else {
      const bool flag = option->takes == Option::Takes::nothing;
      list.push_back({option,
                      flag ? std::vector<std::string>{} : std::vector{*value},
                      {Origin::Source::environment, run::connection_variable},
                      false,
                      name == "keypass-file"});
    }
  }
  return list;
}

/// Adds the sources of the profile and of the configuration file. With a connection that was handed
/// on (`inherited`), the default configuration says nothing about connections: another broker,
/// login or client id would be mixed with it.
void add_files(const Declarations& declared, const Environment& environment, bool inherited,
               std::vector<SettingList>& sources, std::vector<run::Warning>& warnings) {
  const Setting* profile = find(sources.front(), "profile");
  if (find(sources.front(), "no-config") != nullptr) {
    if (profile != nullptr) {
      throw UsageError("--no-config reads no file, so --profile has no effect; leave one out");
    }
    return;
  }
  const std::optional<std::string> folder = configuration_home(environment);
  const std::optional<std::string> home =
      folder ? std::optional{*folder + "/mqtt-tools"} : std::nullopt;

  std::optional<std::string> name = environment.variable("MQTT_PROFILE");
  if (profile != nullptr) {
    check_filled(*profile);
    name = profile->value();
  }
  if (name) {
    const std::string path = profile_path(home.value_or("/etc/mqtt-tools"), *name);
    check_profile(path, *name);
    sources.push_back(
        read_configuration(declared, path, Origin::Source::profile, Presence::required, warnings));
  }

  const Setting* given = find(sources.front(), "config");
  if (given != nullptr) check_filled(*given);
  if (given != nullptr || home) {
    const std::string path = given != nullptr ? given->value() : *home + "/config.toml";
    SettingList list =
        read_configuration(declared, path, Origin::Source::configuration,
                           given != nullptr ? Presence::required : Presence::optional, warnings);
    if (inherited && given == nullptr) {
      std::erase_if(list, [](const Setting& one) { return one.option->connection; });
    }
    sources.push_back(std::move(list));
  }
}

/// Adds the sources of the environment and of our files.
void add_own_sources(const Declarations& declared, const Environment& environment,
                     std::vector<SettingList>& sources, std::vector<run::Warning>& warnings) {
  sources.push_back(read_environment(declared, environment, warnings));
  const SettingList inherited = read_inherited(declared, environment);
  for (const Setting& setting : inherited) {
    const std::string variable{setting.option->variable};
    if (variable.empty() || !environment.variable(variable)) sources.back().push_back(setting);
  }
  add_files(declared, environment, !inherited.empty(), sources, warnings);
}

/// Whether `all` stands behind --help: as its value or, which no other option has, as the next
/// word.
bool asks_for_all(const Setting& asked, const std::vector<std::string>& arguments) {
  std::string word = asked.value();
  if (word == briefly) {
    const auto name = std::ranges::find(arguments, "--help");
    if (name == arguments.end() || std::next(name) == arguments.end()) return false;
    word = *std::next(name);
    if (word.empty() || word[0] == '-') return false;
  }
  if (!same_word(word, "all")) {
    throw UsageError("--help may be followed by all, not by " + in_quotes(word));
  }
  return true;
}

}  // namespace

SettingList read_configuration(const Declarations& declared, const std::string& path,
                               Origin::Source source, Presence presence,
                               std::vector<run::Warning>& warnings) {
  const std::optional<WholeFile> file = read_whole_file(path, presence);
  if (!file) {
    const bool readable = ::faccessat(AT_FDCWD, path.c_str(), R_OK, AT_EACCESS) == 0;
    if (readable || (errno != ENOENT && errno != ENOTDIR)) {
      const std::string why = readable ? "it is not a regular file" : reason_for(errno);
      warnings.push_back({escaped(path) + " counts as absent: " + why, false, true});
    }
    return {};
  }
  const toml::table table = parse(file->text, path);

  SettingList list;
  for (const auto& [key, node] : table) {
    const std::string name{std::string_view{key}};
    const std::string place = path + ":" + std::to_string(node.source().begin.line);
    const Entry entry{place, name, &option_for(declared, place, name), &node};
    std::vector<std::string> values = values_of(entry);
    if (entry.option->mask != nullptr && file->open_to_others &&
        entry.option->decides == "password") {
      warnings.push_back({entry.place + ": others may read this password (chmod 600 helps)"});
    }
    const Option* own = declared.named("--" + entry.name);
    if (own != nullptr) list.push_back({own, std::move(values), {source, entry.place}});
  }
  return list;
}

std::optional<Settings> read_settings(const Declarations& declared,
                                      const std::vector<std::string>& arguments,
                                      const Environment& environment) {
  CommandLine line = read_command_line(declared, arguments);
  if (const Setting* asked = find(line.settings, "help")) {
    *environment.out << (asks_for_all(*asked, arguments) ? help(declared) : brief_help(declared));
    return {};
  }
  if (find(line.settings, "version") != nullptr) {
    *environment.out << version(declared);
    return {};
  }
  if (!environment.mosquitto) check_given_once(line.settings);
  if (const Setting* shell = find(line.settings, "completion")) {
    *environment.out << completion(declared, *shell);
    return {};
  }

  std::vector<run::Warning> warnings;
  std::vector<SettingList> sources;
  sources.push_back(std::move(line.settings));
  if (environment.mosquitto) {
    for (const std::string_view name : {"config", "profile"}) {
      if (find(sources.front(), name) != nullptr) {
        throw UsageError("--" + std::string{name} +
                         " is for mqtt-pub and mqtt-sub by their own "
                         "names: under mosquitto's only mosquitto's configuration is read");
      }
    }
    add_mosquitto_sources(declared, environment, sources, warnings);
  } else {
    add_own_sources(declared, environment, sources, warnings);
  }
  Settings settings{declared, std::move(sources), std::move(line.operands), std::move(warnings)};
  settings.fill_fields();
  return settings;
}

}  // namespace mqtt_tools::cli
