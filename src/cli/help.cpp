// SPDX-License-Identifier: MIT
#include "cli/declarations.hpp"

#include "connection/paho/library.hpp"
#include "error.hpp"

#include <vector>

namespace mqtt_tools::cli {

namespace {

constexpr std::size_t column = 30;  ///< Where explanations begin.
constexpr std::size_t width = 80;

/// "-p, --port N"; of the long names only the first.
std::string label(const Option& option) {
  std::string text;
  for (const std::string_view name : names(option)) {
    const bool is_long = name.size() > 2;
    text += (text.empty() ? "" : ", ") + std::string{name};
    if (is_long) {
      break;
    }
  }
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

/// " (msg, data)"
std::string in_brackets(const std::vector<std::string_view>& fallbacks) {
  std::string text;
  for (const std::string_view fallback : fallbacks) {
    text += (text.empty() ? " (" : ", ") + std::string{fallback};
  }
  return text + ")";
}

/// Every option, group by group.
std::string option_table(const std::vector<Option>& options) {
  std::string text;
  std::string_view group;
  std::string labels;
  std::vector<std::string_view> fallbacks;
  std::size_t joined = 0;
  for (const Option& option : options) {
    if (option.group != group) {
      group = option.group;
      text += std::string{group} + ":\n";
    }
    labels += (labels.empty() ? "" : "  ") + label(option);
    joined += 1;
    if (!option.fallback.empty()) {
      fallbacks.push_back(option.fallback);
    }
    if (option.help.empty()) {
      continue;
    }
    const bool all = fallbacks.size() == joined;
    text += row(labels, std::string{option.help} + (all ? in_brackets(fallbacks) : ""));
    labels.clear();
    fallbacks.clear();
    joined = 0;
  }
  return text;
}

/// One line for each code, and one for all the signals.
std::string exit_table() {
  std::string text = "\nExit codes:\n";
  std::string numbers;
  std::string signals;
  for (const ExitCodeMeaning& words : exit_codes()) {
    const std::string number = std::to_string(static_cast<int>(words.code));
    if (static_cast<int>(words.code) > 128) {
      numbers += (numbers.empty() ? "" : ", ") + number;
      signals += (signals.empty() ? "" : ", ") + std::string{words.meaning};
      continue;
    }
    text.append(4 - number.size(), ' ');
    text += number + "  " + std::string{words.name};
    text.append(15 - words.name.size(), ' ');
    text += std::string{words.meaning} + "\n";
  }
  return text + "  " + numbers + "  ended by " + signals + "\n";
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
         option_table(declared.options()) + exit_table() + "\nExamples:\n" +
         std::string{declared.examples};
}

std::string version(const Declarations& declared) {
  return std::string{declared.name} + " " + MQTT_TOOLS_VERSION + "\n" + connection::versions() +
         "\n";
}

}  // namespace mqtt_tools::cli
