// SPDX-License-Identifier: MIT
#include "cli/configuration.hpp"

#include "cli/arguments.hpp"
#include "cli/nearest.hpp"
#include "cli/whole_file.hpp"
#include "error.hpp"
#include "escape.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>

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
const Option& option_for(const Tool& tool, const std::string& place, const std::string& name) {
  const std::string spelled = "--" + name;
  const Option* option = tool.named(spelled);
  for (const Tool* other : {&mqtt_pub(), &mqtt_sub()}) {
    const Option* theirs = other->named(spelled);
    option = theirs != nullptr && (option == nullptr || (theirs->file && !option->file)) ? theirs
                                                                                         : option;
  }
  if (option == nullptr) {
    const std::string near = nearest(tool, spelled);
    throw UsageError(place + ": unknown key " + escaped(name) +
                     (near.empty() ? "; keys are the long names of options, see --help"
                                   : "; did you mean " + near.substr(2) + "?"));
  }
  if (!option->file) {
    throw UsageError(place + ": " + name + " can stand on the command line only");
  }
  return *option;
}

std::string text_of(const Entry& entry, const toml::node& node) {
  const std::optional<std::string> text = node.value_exact<std::string>();
  if (!text) {
    reject(entry,
           entry.option->repeat ? "a text in quotes, or a list of them" : "a text in quotes");
  }
  if (text->find('\0') != std::string::npos) {
    reject(entry, "a text without NUL");
  }
  return *text;
}

std::string number_of(const Entry& entry, const toml::node& node) {
  if (const auto whole = node.value_exact<std::int64_t>()) {
    return std::to_string(*whole);
  }
  const auto real = node.value_exact<double>();
  if (!real) {
    reject(entry, entry.option->takes == Option::Takes::word ? "a text in quotes or a number"
                                                             : "a number without quotes");
  }
  char digits[400];
  const auto end =
      std::to_chars(std::begin(digits), std::end(digits), *real, std::chars_format::fixed).ptr;
  return {std::begin(digits), end};
}

/// `["publish", "user-property", "key", "value"]`
std::string property_of(const Entry& entry, const toml::node& node) {
  const toml::array* words = node.as_array();
  if (words == nullptr || words->size() < 3) {
    reject(entry, "[\"COMMAND\", \"NAME\", \"VALUE\"], or a list of such lists");
  }
  std::string joined;
  for (const toml::node& word : *words) {
    joined += (joined.empty() ? "" : std::string{joint}) + text_of(entry, word);
  }
  return joined;
}

std::string value_of(const Entry& entry, const toml::node& node) {
  switch (entry.option->takes) {
    case Option::Takes::number:
      return number_of(entry, node);
    case Option::Takes::word:
      return node.is_string() ? text_of(entry, node) : number_of(entry, node);
    case Option::Takes::property:
      return property_of(entry, node);
    case Option::Takes::text:
    case Option::Takes::nothing:
      break;
  }
  return text_of(entry, node);
}

/// Whether the entry is a list of values rather than one.
bool is_list(const Entry& entry) {
  const toml::array* list = entry.value->as_array();
  if (list == nullptr || !entry.option->repeat || list->empty()) {
    return list != nullptr && entry.option->repeat;
  }
  return entry.option->takes != Option::Takes::property || list->get(0)->is_array();
}

std::vector<std::string> values_of(const Entry& entry) {
  if (entry.option->takes == Option::Takes::nothing) {
    const std::optional<bool> on = entry.value->value_exact<bool>();
    if (!on) {
      reject(entry, "true or false");
    }
    return *on ? std::vector<std::string>{} : std::vector<std::string>{"false"};
  }
  if (!is_list(entry)) {
    return {value_of(entry, *entry.value)};
  }
  if (entry.value->as_array()->empty()) {
    reject(entry, "a list that is not empty");
  }
  std::vector<std::string> values;
  for (const toml::node& node : *entry.value->as_array()) {
    values.push_back(value_of(entry, node));
  }
  return values;
}

toml::table parse(const std::string& text, const std::string& path) {
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& error) {
    // What the parser says may quote the line, and so a password.
    throw UsageError(
        path + ":" + std::to_string(error.source().begin.line) +
        ": this is not TOML; lines look like host = \"broker.example\" or port = 1883");
  }
}

}  // namespace

Layer read_configuration(const Tool& tool, const std::string& path, Origin::Layer origin,
                         Presence presence, std::vector<Warning>& warnings) {
  const std::optional<WholeFile> file = read_whole_file(path, presence);
  if (!file) {
    const bool readable = ::faccessat(AT_FDCWD, path.c_str(), R_OK, AT_EACCESS) == 0;
    if (!readable && errno != ENOENT && errno != ENOTDIR) {
      warnings.push_back(
          {escaped(path) + " counts as absent: " + std::strerror(errno), false, true});
    }
    return {};
  }
  const toml::table table = parse(file->text, path);

  Layer layer;
  for (const auto& [key, node] : table) {
    Entry entry;
    entry.name = std::string{std::string_view{key}};
    entry.place = path + ":" + std::to_string(node.source().begin.line);
    entry.option = &option_for(tool, entry.place, entry.name);
    entry.value = &node;
    std::vector<std::string> values = values_of(entry);
    if (entry.option->secret && file->open_to_others && entry.option->field == "password") {
      warnings.push_back({entry.place + ": others may read this password (chmod 600 helps)"});
    }
    const Option* own = tool.named("--" + entry.name);
    if (own != nullptr) {
      layer.push_back({own, std::move(values), {origin, entry.place}, false});
    }
  }
  return layer;
}

std::string profile_path(const std::string& folder, const std::string& name) {
  constexpr std::string_view allowed =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
  if (name.empty() || name.find_first_not_of(allowed) != std::string::npos) {
    throw UsageError("a profile's name is letters, digits, '.', '_' and '-', not '" +
                     escaped(name) + "'; its file is " + folder + "/NAME.toml");
  }
  return folder + "/" + name + ".toml";
}

}  // namespace mqtt_tools::cli
