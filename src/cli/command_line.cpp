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

/// Declares every option of `tool` to CLI11, which keeps the values as they were written: bound to
/// a vector it would take words that follow and split what stands in brackets.
std::vector<Bound> declare(CLI::App& app, const Tool& tool) {
  std::vector<Bound> bound;
  for (const OptionGroup& group : tool.groups) {
    for (const Option& option : group.options) {
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
  const std::vector<Bound> bound = declare(app, tool);

  std::vector<std::string> words = prepared(tool, arguments);
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
