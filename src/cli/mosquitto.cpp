// SPDX-License-Identifier: MIT
//
// What differs under the names of mosquitto's clients, so that scripts for them run unchanged: see
// docs/coming-from-mosquitto.md.

#include "cli/arguments.hpp"
#include "cli/configuration.hpp"
#include "connection/property.hpp"
#include "error.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace mqtt_tools::cli {

namespace {

/// Takes the first word off `rest`, and the blank behind it.
std::string first_word(std::string& rest) {
  std::string word = rest.substr(0, rest.find(' '));
  rest.erase(0, word.size() + 1);
  return word;
}

/// The arguments in one line of their file: an option, and all that follows is its value.
std::vector<std::string> arguments_of_line(std::string line) {
  std::vector<std::string> args{first_word(line)};
  if (args[0] == "-D" || args[0] == "--property") {
    args.push_back(first_word(line));  // The command.
    args.push_back(first_word(line));
    if (connection::property_values(args[2]) == 2) args.push_back(first_word(line));
  }
  if (!line.empty()) args.push_back(std::move(line));
  return args;
}

/// Adds what a line says: of options with one value the last line's holds.
void add(SettingList& list, Setting setting) {
  const auto same = std::ranges::find(list, setting.decides(), &Setting::decides);
  if (same == list.end()) {
    list.push_back(std::move(setting));
  } else if (setting.option->repeat && same->option == setting.option) {
    std::move(setting.values.begin(), setting.values.end(), std::back_inserter(same->values));
  } else {
    *same = std::move(setting);
  }
}

/// What their own file says, of which each line is an option; empty if it is not there.
SettingList read_their_file(const Declarations& declared, const std::string& path,
                            std::vector<run::Warning>& warnings) {
  SettingList list;
  const std::optional<WholeFile> file = read_whole_file(path, Presence::optional);
  std::string rest = file ? file->text : "";
  for (std::size_t number = 1; !rest.empty(); ++number) {
    const std::string line = first_line(rest);
    rest.erase(0, rest.find('\n') == std::string::npos ? rest.size() : rest.find('\n') + 1);
    if (line.empty() || line[0] == '#') continue;
    const Origin origin{Origin::Source::configuration, path + ":" + std::to_string(number)};
    try {
      CommandLine said = read_command_line(declared, arguments_of_line(line));
      if (!said.operands.empty()) {
        throw UsageError("a line is an option and its value, as in -h broker.example");
      }
      for (Setting& setting : said.settings) {
        setting.origin = origin;
        if (setting.decides() == "password" && file->open_to_others) {
          warnings.push_back({origin.place + ": others may read this password (chmod 600 helps)"});
        }
        add(list, std::move(setting));
      }
    } catch (const UsageError& error) {
      throw UsageError(origin.place + ": " + error.what());
    }
  }
  return list;
}

/// Puts the topics, filters and properties of their file before those of the command line; of other
/// options the command line's holds.
void prepend_repeated(SettingList& line, const SettingList& file) {
  for (const Setting& before : file) {
    constexpr std::string_view lists[] = {"topic", "filter-out", "unsubscribe", "property"};
    const auto same = std::ranges::find(line, before.option, &Setting::option);
    if (same != line.end() && std::ranges::count(lists, before.key()) > 0) {
      same->values.insert(same->values.begin(), before.values.begin(), before.values.end());
    }
  }
}

/// What their program is called that does what ours does.
std::string their_name(const Declarations& declared) {
  return declared.name == "mqtt-pub" ? "mosquitto_pub" : "mosquitto_sub";
}

/// Their defaults, where they are not ours.
SettingList their_defaults(const Declarations& declared) {
  const bool publishes = declared.name == "mqtt-pub";
  const std::string raw = publishes ? "--raw" : "--output=raw";
  SettingList list = read_command_line(declared, {"-q", "0", "-k", "60", raw}).settings;
  for (Setting& setting : list) {
    setting.origin = {Origin::Source::configuration, "as " + their_name(declared)};
  }
  return list;
}

}  // namespace

bool is_mosquitto_name(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);  // npos + 1 is 0.
  return name == "mosquitto_pub" || name == "mosquitto_sub";
}

void add_mosquitto_sources(const Declarations& declared, const Environment& environment,
                           std::vector<SettingList>& sources, std::vector<run::Warning>& warnings) {
  if (const auto folder = configuration_home(environment)) {
    SettingList file = read_their_file(declared, *folder + "/" + their_name(declared), warnings);
    prepend_repeated(sources.front(), file);
    sources.push_back(std::move(file));
  }
  sources.push_back(their_defaults(declared));
}

}  // namespace mqtt_tools::cli
