// SPDX-License-Identifier: MIT
#pragma once

#include "cli/environment.hpp"
#include "cli/precedence.hpp"
#include "run/options.hpp"

#include <optional>
#include <string>
#include <vector>

namespace mqtt_tools::cli {

/// Reads all sources of settings (precedence.hpp), and fills the fields that the options are bound
/// to. Nothing when --help or --version was asked for, and is written. Throws UsageError and
/// RunError.
std::optional<Settings> read_settings(const Declarations& declared,
                                      const std::vector<std::string>& arguments,
                                      const Environment& environment);

/// Whether a file must be there.
enum class Presence { required, optional };

/// Reads a configuration file (TOML): its keys are the long names of options. Both programs read
/// the same files, so that what only the other one knows is checked and left out. Throws UsageError
/// with path and line for what cannot be used, RunError (code 1, path and reason) for a file that
/// cannot be read. Warns of a password that others may read.
SettingList read_configuration(const Declarations& declared, const std::string& path,
                               Origin::Source source, Presence presence,
                               std::vector<run::Warning>& warnings);

/// The file of a profile, beside the default configuration file. Throws UsageError for a name that
/// is more than [A-Za-z0-9._-]+.
std::string profile_path(const std::string& folder, const std::string& name);

/// Throws RunError (code 1) if the file of the profile `name` is not there; it names those that
/// are.
void check_profile(const std::string& path, const std::string& name);

/// The folder below which programs have their configuration; nothing without a home.
std::optional<std::string> configuration_home(const Environment& environment);

/// Whether a program that is started as `path` is to do what mosquitto's clients do.
bool is_mosquitto_name(std::string_view path);

/// Adds, below the command line, the sources that mosquitto's clients have: their own file
/// (~/.config/mosquitto_pub or mosquitto_sub) and their defaults. Their file comes before the
/// command line where it gives topics, filters and properties. Throws as read_configuration().
void add_mosquitto_sources(const Declarations& declared, const Environment& environment,
                           std::vector<SettingList>& sources, std::vector<run::Warning>& warnings);

/// A small file, read whole.
struct WholeFile {
  std::string text{};
  bool open_to_others = false;  ///< A regular file that group or others may read.
};

/// Reads `path`; nothing when it need not be there and is not, or may not be read: services run
/// with a home that is shut to them. Throws RunError (code 1, path and reason), also for more than
/// 1 MiB.
std::optional<WholeFile> read_whole_file(const std::string& path, Presence presence);

/// Its first line, without its end.
std::string first_line(const std::string& text);

}  // namespace mqtt_tools::cli
