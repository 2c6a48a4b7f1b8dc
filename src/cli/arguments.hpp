// SPDX-License-Identifier: MIT
#pragma once

#include "cli/tool.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace mqtt_tools::cli {

/// Stands between the words of one `-D COMMAND NAME VALUE` that were joined to one.
constexpr char joint = '\0';

/// Whether the joined words of a -D give this property of this command, in whatever case.
bool is_property(std::string_view joined, std::string_view command, std::string_view name);

/// Makes the words of a command line ready for CLI11, which would count some of them wrongly (`-D`
/// takes two or three words, `--name=` would take the next word): each option with a value becomes
/// two words, its name and its value. Throws UsageError for a value that is missing and for one
/// that a flag does not take.
std::vector<std::string> prepared(const Tool& tool, const std::vector<std::string>& words);

/// The words after the program's name. Secret values are overwritten in `argv`, so that the list of
/// processes does not show them.
std::vector<std::string> take_arguments(const Tool& tool, int argc, char** argv);

}  // namespace mqtt_tools::cli
