// SPDX-License-Identifier: MIT
#include "cli/command_line.hpp"

#include "cli/arguments.hpp"
#include "cli/nearest.hpp"
#include "error.hpp"
#include "escape.hpp"

#include <algorithm>
#include <utility>

#include <CLI/CLI.hpp>

namespace mqtt_tools::cli {

namespace {

using Bound = std::pair<const Option*, CLI::Option*>;

/// Whether CLI11 may find an option with this name in `word`.
bool may_hold(const std::string& word, std::string_view name) {
  if (name.size() > 2) return word == name;
  return word.size() > 1 && word[0] == '-' && word.find(name[1], 1) != std::string::npos;
}

bool may_hold(const std::vector<std::string>& words, const Option& option) {
  const auto own = names(option);
  return std::any_of(words.begin(), words.end(), [&own](const std::string& word) {
    return std::any_of(own.begin(), own.end(),
                       [&word](std::string_view name) { return may_hold(word, name); });
  });
}

/// Declares the options of `tool` that `words` may hold to CLI11, which compares each with all that
/// came before: all of them would take a twentieth of the time that it takes to publish a message.
/// The values are kept as they were written: bound to a vector CLI11 would take words that follow
/// and split what stands in brackets.
std::vector<Bound> declare(CLI::App& app, const Tool& tool, const std::vector<std::string>& words) {
  std::vector<Bound> bound;
  for (const OptionGroup& group : tool.groups) {
    for (const Option& option : group.options) {
      if (!may_hold(words, option)) continue;
      const std::string all{option.names};
      if (option.takes == Option::Takes::nothing) {
        bound.emplace_back(&option, app.add_flag(all));
      } else {
        const auto keep = [](const CLI::results_t&) { return true; };
        CLI::Option* own = app.add_option(all, keep)->allow_extra_args(false)->take_all();
        bound.emplace_back(&option, own);
      }
    }
  }
  return bound;
}

/// Names the option, but nothing that may be its value.
[[noreturn]] void refuse_option(const Tool& tool, const std::string& word) {
  const std::string name = word[1] == '-' ? word.substr(0, word.find('=')) : word.substr(0, 2);
  const std::string near = nearest(tool, name);
  throw UsageError("unknown option " + escaped(name) +
                   (near.empty() ? "; see --help" : "; did you mean " + near + "?"));
}

/// The words that are no options. What begins with a dash and is no number must be an option, and
/// an unknown one, unless it stands behind `--`.
std::vector<std::string> words_of(const Tool& tool, const CLI::App& app) {
  std::vector<std::string> words;
  bool ended = false;
  for (const std::string& word : app.remaining()) {
    if (!ended && word == "--") {
      ended = true;
    } else if (!ended && word.size() > 1 && word[0] == '-' && (word[1] < '0' || word[1] > '9')) {
      refuse_option(tool, word);
    } else {
      words.push_back(word);
    }
  }
  return words;
}

}  // namespace

CommandLine read_command_line(const Tool& tool, const std::vector<std::string>& arguments) {
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();

  std::vector<std::string> words = prepared(tool, arguments);
  const std::vector<Bound> bound = declare(app, tool, words);
  std::reverse(words.begin(), words.end());
  try {
    app.parse(words);
  } catch (const CLI::ParseError& error) {
    // Its own text may hold a value; what can go wrong was ruled out before.
    throw UsageError("the command line cannot be understood (" + error.get_name() +
                     "); see --help");
  }

  CommandLine line;
  line.words = words_of(tool, app);
  for (const auto& [option, own] : bound) {
    if (own->count() > 0) {
      const bool flag = option->takes == Option::Takes::nothing;
      line.layer.push_back({option, flag ? std::vector<std::string>{} : own->results(), {}, false});
    }
  }
  return line;
}

}  // namespace mqtt_tools::cli
