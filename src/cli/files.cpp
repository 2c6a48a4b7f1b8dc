// SPDX-License-Identifier: MIT
//
// The files that configuration.hpp reads: where they are, and what stands in them.

#include "cli/configuration.hpp"

#include "descriptor.hpp"
#include "error.hpp"
#include "text.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

namespace mqtt_tools::cli {

namespace {

constexpr std::size_t most = std::size_t{1} << 20;

/// Which profiles there are, instead of the one that would be `path`.
std::string other_profiles(const std::filesystem::path& path) {
  constexpr std::size_t most_named = 20;
  std::vector<std::string> names;
  std::error_code error;
  for (auto entry = std::filesystem::directory_iterator{path.parent_path(), error};
       !error && entry != std::filesystem::directory_iterator{}; entry.increment(error)) {
    const std::filesystem::path& file = entry->path();
    if (file.extension() == ".toml" && file.stem() != "config") {
      names.push_back(escaped(file.stem().string()));
    }
  }
  const std::string folder = escaped(path.parent_path().string());
  if (names.empty()) {
    return escaped(path.string()) + " does not exist, nor does any other profile in " + folder;
  }
  std::ranges::sort(names);
  const std::size_t all = names.size();
  names.resize(std::min(all, most_named));
  return "the profiles in " + folder + " are " + joined(names) +
         (all > most_named ? " and " + std::to_string(all - most_named) + " more" : "");
}

}  // namespace

std::optional<std::string> configuration_home(const Environment& environment) {
  if (auto folder = environment.variable("XDG_CONFIG_HOME"); folder && folder->front() == '/') {
    return folder;  // A relative path is invalid, says the XDG specification.
  }
  const auto home = environment.variable("HOME");
  return home ? std::optional{*home + "/.config"} : std::nullopt;
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

void check_profile(const std::string& path, const std::string& name) {
  if (::access(path.c_str(), F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR)) {
    throw RunError(ExitCode::failure, "there is no profile " + name + ": " + other_profiles(path));
  }
}

std::optional<WholeFile> read_whole_file(const std::string& path, Presence presence) {
  const bool optional = presence == Presence::optional;
  // Nobody asked for that FIFO: it is not waited for.
  const Descriptor descriptor{
      ::open(path.c_str(), O_RDONLY | O_CLOEXEC | (optional ? O_NONBLOCK : 0))};
  const int fd = descriptor.get();
  if (fd < 0) {
    const bool absent = errno == ENOENT || errno == ENOTDIR || errno == EACCES || errno == ELOOP ||
                        errno == ENAMETOOLONG || errno == ENXIO;
    if (optional && absent) return {};
    throw failed_call("cannot read " + escaped(path));
  }
  WholeFile file;
  struct stat status {};
  if (::fstat(fd, &status) == 0) {
    if (optional && !S_ISREG(status.st_mode)) return {};
    file.open_to_others = S_ISREG(status.st_mode) && (status.st_mode & (S_IRGRP | S_IROTH)) != 0;
  }
  std::array<char, 4096> block{};
  for (;;) {
    const ssize_t count = ::read(fd, block.data(), block.size());
    if (count == 0) return file;
    if (count < 0 && errno != EINTR) throw failed_call("cannot read " + escaped(path));
    file.text.append(block.data(), count < 0 ? 0 : static_cast<std::size_t>(count));
    if (file.text.size() > most) {
      throw RunError(ExitCode::failure, "cannot read " + escaped(path) + ": more than 1 MiB");
    }
  }
}

std::string first_line(const std::string& text) {
  std::string line{without_byte_order_mark(text.substr(0, text.find('\n')))};
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return line;
}

}  // namespace mqtt_tools::cli
