// SPDX-License-Identifier: MIT
#include "cli/arguments.hpp"

#include "connection/property.hpp"
#include "error.hpp"
#include "text.hpp"

#include <algorithm>
#include <cstring>

#include <CLI/CLI.hpp>

namespace mqtt_tools::cli {

namespace {

/// Whether a property of -D carries a secret.
bool secret_property(std::string_view name) { return same_word(name, "authentication-data"); }

/// An option in a list of words, with its value.
struct Found {
  const Option* option = nullptr;
  std::string flags{};     ///< The letters before it in a word such as "-vNC1", or all of "-vN".
  std::size_t first = 0;   ///< The word that its value begins in.
  std::size_t offset = 0;  ///< Where in that word.
  std::size_t last = 0;    ///< The word that its value ends in; beyond all words: it is missing.
};

/// The last word of a value that begins in word `first`: -D takes two or three more.
std::size_t last_word(const Option& option, const std::vector<std::string>& args,
                      std::size_t first) {
  if (option.takes != Option::Takes::property) return first;
  const std::size_t name = first + 1;
  return name >= args.size()
             ? name
             : name + static_cast<std::size_t>(connection::property_values(args[name]));
}

/// Throws for what stands behind the letter of a flag and is no option: "-r1", "-vx".
[[noreturn]] void refuse_behind_flag(const std::string& word, std::size_t letter) {
  const std::string behind = word.substr(letter, code_point_at(word, letter).length);
  throw UsageError("-" + std::string{word[letter - 1]} +
                   " takes no value, and there is no option -" + escaped(behind));
}

/// Looks at a word such as "-p1883" or "-vNC"; without an option when there is no value among them.
Found look_at_letters(const Declarations& declared, const std::vector<std::string>& args,
                      std::size_t at) {
  const std::string& word = args[at];
  for (std::size_t letter = 1; letter < word.size(); ++letter) {
    const Option* option = declared.named(std::string{'-', word[letter]});
    if (option == nullptr && letter > 1) refuse_behind_flag(word, letter);
    if (option == nullptr) return {};
    if (option->takes != Option::Takes::nothing) {
      const bool attached = letter + 1 < word.size();
      const std::size_t first = attached ? at : at + 1;
      return {option, word.substr(1, letter - 1), first, attached ? letter + 1 : 0,
              last_word(*option, args, first)};
    }
  }
  return {nullptr, word.substr(1)};
}

/// Looks at a word such as "--port" or "--port=1883".
Found look_at_name(const Declarations& declared, const std::vector<std::string>& args,
                   std::size_t at) {
  const std::string& word = args[at];
  const std::size_t equals = word.find('=');
  const bool attached = equals != std::string::npos;
  const Option* option = declared.named(word.substr(0, equals));
  if (option == nullptr || (option->takes == Option::Takes::nothing && !attached)) return {};
  if (!option->implied.empty() && !attached) return {};
  const std::size_t first = attached ? at : at + 1;
  return {option, {}, first, attached ? equals + 1 : 0, last_word(*option, args, first)};
}

/// The option with a value that word `at` names; an empty one if it is anything else.
Found look_at(const Declarations& declared, const std::vector<std::string>& args, std::size_t at) {
  const std::string& word = args[at];
  if (word.size() < 2 || word[0] != '-') return {};
  check_single_dash(declared, word);
  return word[1] == '-' ? look_at_name(declared, args, at) : look_at_letters(declared, args, at);
}

std::string value_of(const Found& found, const std::vector<std::string>& args) {
  std::string value = args[found.first].substr(found.offset);
  for (std::size_t next = found.first + 1; next <= found.last; ++next) {
    value.append(joint).append(args[next]);
  }
  return value;
}

void check(const Found& found, const std::vector<std::string>& args) {
  const std::string name = spelling(*found.option);
  if (found.option->takes == Option::Takes::nothing) throw UsageError(name + " takes no value");
  if (found.last >= args.size()) {
    // -h and -V mean help and version elsewhere.
    const bool property = found.option->takes == Option::Takes::property;
    throw UsageError(name + " needs " + std::string{found.option->value} + " after it" +
                     (property              ? ", such as: -D publish user-property KEY VALUE"
                      : args.back() == "-h" ? "; help is --help"
                      : args.back() == "-V" ? "; the version of this program is --version"
                                            : ""));
  }
}

void overwrite(char* text, std::string_view with) {
  const std::size_t size = std::strlen(text);
  const std::size_t kept = std::min(size, with.size());
  std::memcpy(text, with.data(), kept);
  std::memset(text + kept, 0, size - kept);
}

void wipe(const Found& found, const std::vector<std::string>& args, char** argv) {
  if (found.first == found.last) {
    overwrite(argv[found.first] + found.offset,
              masked(*found.option, args[found.first].substr(found.offset)));
  } else if (secret_property(args[found.first + 1])) {
    for (std::size_t at = found.first + 2; at <= found.last; ++at) {
      overwrite(argv[at], hidden);
    }
  }
}

/// Declares those options that `args` name to CLI11, which compares each with all that came
/// before: all of them would take a twentieth of the time that it takes to publish a message. What
/// they are given goes to `list` as it was written: bound to a vector CLI11 would take words that
/// follow and split what stands in brackets.
void declare(CLI::App& app, const Declarations& declared, const std::vector<std::string>& args,
             SettingList& list) {
  for (const Option& option : declared.options()) {
    const std::string name = spelling(option);
    if (std::ranges::count(args, name) == 0) continue;
    if (option.takes == Option::Takes::nothing) {
      app.add_flag_callback(name, [&] { list.push_back({&option, {}, {}, false}); });
    } else {
      // From 2.3 on "{}" would be two of the results that are handed over.
      const auto keep = [&, name](const CLI::results_t&) {
        list.push_back({&option, app.get_option(name)->results(), {}, false});
        return true;
      };
      app.add_option(name, keep)->allow_extra_args(false)->take_all();
    }
  }
}

/// The words that are no options. What begins with a dash and is no number must be an option, and
/// an unknown one, unless it stands behind `--`.
std::vector<std::string> operands_of(const Declarations& declared, const CLI::App& app) {
  std::vector<std::string> operands;
  bool ended = false;
  for (const std::string& word : app.remaining()) {
    if (!ended && word == "--") {
      ended = true;
      continue;
    }
    if (!ended) check_dash(declared, word);
    if (!ended && word.size() > 1 && word[0] == '-' && (word[1] < '0' || word[1] > '9')) {
      refuse_option(declared, word);
    }
    operands.push_back(word);
  }
  return operands;
}

}  // namespace

bool is_property(std::string_view joined, std::string_view command, std::string_view name) {
  const std::vector<std::string_view> words = split(joined, joint);
  return words.size() > 2 && same_word(words[0], command) && same_word(words[1], name);
}

std::string masked_header(std::string_view header) {
  const std::size_t colon = header.find(':');
  return colon == std::string_view::npos || colon + 1 == header.size()
             ? std::string{hidden}
             : std::string{header.substr(0, colon + 1)}.append(hidden);
}

std::string masked_property(std::string_view joined) {
  const std::vector<std::string_view> words = split(joined, joint);
  if (words.size() < 3 || !secret_property(words[1])) return std::string{joined};
  const auto shown = static_cast<std::size_t>(words[2].data() - joined.data());
  return std::string{joined.substr(0, shown)}.append(hidden);
}

std::string masked_password(std::string_view) { return std::string{hidden}; }

std::string masked(const Option& option, std::string_view value) {
  const bool secret = option.mask != nullptr && !value.empty();
  return secret ? option.mask(value) : std::string{value};
}

std::vector<std::string> prepared(const Declarations& declared,
                                  const std::vector<std::string>& args) {
  std::vector<std::string> ready;
  for (std::size_t at = 0; at < args.size(); ++at) {
    if (args[at] == "--") {
      ready.insert(ready.end(), args.begin() + static_cast<std::ptrdiff_t>(at), args.end());
      break;
    }
    if (const std::size_t count = arguments_without_effect(declared, args, at); count > 0) {
      at += count - 1;
      continue;
    }
    const Found found = look_at(declared, args, at);
    for (const char letter : found.flags) {
      ready.push_back(spelling(*declared.named(std::string{'-', letter})));
    }
    if (found.option == nullptr && found.flags.empty()) {
      const Option* alone = declared.named(args[at]);
      ready.push_back(alone == nullptr ? args[at] : spelling(*alone));
      if (alone != nullptr && !alone->implied.empty()) ready.emplace_back(alone->implied);
    }
    if (found.option == nullptr) continue;
    check(found, args);
    ready.push_back(spelling(*found.option));
    ready.push_back(value_of(found, args));
    at = found.last;
  }
  return ready;
}

std::vector<std::string> take_arguments(const Declarations& declared, int argc, char** argv) {
  char** const first = argv + std::min(argc, 1);
  const std::vector<std::string> args(first, argv + argc);
  for (std::size_t at = 0; at < args.size() && args[at] != "--"; ++at) {
    const Found found = look_at(declared, args, at);
    if (found.option != nullptr && found.last < args.size()) {
      if (found.option->mask != nullptr) wipe(found, args, first);
      at = found.last;
    }
  }
  return args;
}

void check_given_once(const SettingList& list) {
  for (const Setting& setting : list) {
    if (setting.values.size() > 1 && !setting.option->repeat) {
      throw UsageError(spelling(*setting.option) + " is given twice; leave one of them out");
    }
  }
}

CommandLine read_command_line(const Declarations& declared, const std::vector<std::string>& args) {
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();

  CommandLine line;
  std::vector<std::string> ready = prepared(declared, args);
  declare(app, declared, ready, line.settings);
  std::ranges::reverse(ready);
  try {
    app.parse(ready);
  } catch (const CLI::ParseError& error) {
    // Its own text may hold a value; what can go wrong was ruled out before.
    throw UsageError("the command line cannot be understood (" + error.get_name() +
                     "); see --help all");
  }
  line.operands = operands_of(declared, app);
  return line;
}

}  // namespace mqtt_tools::cli
