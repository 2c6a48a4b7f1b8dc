// SPDX-License-Identifier: MIT
#include "cli/declarations.hpp"

#include "connection/paho/library.hpp"
#include "error.hpp"
#include "text.hpp"

#include <vector>

namespace mqtt_tools::cli {

namespace {

constexpr std::size_t column = 30;  ///< Where explanations begin.
constexpr std::size_t width = 80;

/// "-p, --port N"; of the long names only the first.
std::string label(const Option& option) {
  const std::string text = joined(shown_names(option));
  const std::string value{option.value};
  return !option.implied.empty() ? text + "[=" + value + "]"
         : value.empty()         ? text
                                 : text + " " + value;
}

/// Options that share one explanation, on one line, or on two when they are long.
std::string row(const std::string& labels, const std::string& explanation) {
  std::string text = "  " + labels;
  if (text.size() + 2 > column && text.size() + 2 + explanation.size() > width) {
    text += "\n";
    text.append(column, ' ');
  } else {
    text.append(text.size() + 2 > column ? 2 : column - text.size(), ' ');
  }
  return text + explanation + "\n";
}

/// Every option, group by group.
std::string option_table(const Declarations& declared) {
  std::string text;
  std::string_view group;
  for (const std::span<const Option> sharing : declared.rows()) {
    if (sharing.front().group != group) {
      group = sharing.front().group;
      text += std::string{group} + ":\n";
    }
    std::vector<std::string> labels;
    std::vector<std::string_view> fallbacks;
    for (const Option& option : sharing) {
      labels.push_back(label(option));
      if (!option.fallback.empty()) fallbacks.push_back(option.fallback);
    }
    const bool all = fallbacks.size() == sharing.size();
    text += row(joined(labels, "  "),
                std::string{sharing.back().help} + (all ? " (" + joined(fallbacks) + ")" : ""));
  }
  return text;
}

/// One line for each code, and one for all the signals.
std::string exit_table() {
  std::string text = "\nExit codes:\n";
  std::vector<std::string> numbers;
  std::vector<std::string_view> signals;
  for (const ExitCodeMeaning& words : exit_codes()) {
    const std::string number = std::to_string(static_cast<int>(words.code));
    if (static_cast<int>(words.code) > 128) {
      numbers.push_back(number);
      signals.push_back(words.meaning);
      continue;
    }
    text.append(4 - number.size(), ' ');
    text += number + "  " + std::string{words.name};
    text.append(15 - words.name.size(), ' ');
    text += std::string{words.meaning} + "\n";
  }
  return text + "  " + joined(numbers) + "  ended by " + joined(signals) + "\n";
}

}  // namespace

std::string brief_help(const Declarations& declared) {
  const std::string name{declared.name};
  return "Usage: " + std::string{declared.usage} + "\n" + std::string{declared.summary} + "\n\n" +
         std::string{declared.brief} + "\nEvery option, and the exit codes: " + name +
         " --help all, man " + name + "\n";
}

std::string help(const Declarations& declared) {
  return "Usage: " + std::string{declared.usage} + "\n" + std::string{declared.summary} + "\n\n" +
         option_table(declared) + exit_table() + "\nExamples:\n" + std::string{declared.examples};
}

std::string version(const Declarations& declared) {
  return std::string{declared.name} + " " + MQTT_TOOLS_VERSION + "\n" + connection::versions() +
         "\n";
}

}  // namespace mqtt_tools::cli
