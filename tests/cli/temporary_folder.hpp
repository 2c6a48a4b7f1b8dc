// SPDX-License-Identifier: MIT
#pragma once

#include <sys/stat.h>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace mqtt_tools::cli {

/// A folder of one test, gone with it.
struct TemporaryFolder {
  TemporaryFolder() {
    std::string name = std::filesystem::temp_directory_path() / "mqtt-tools-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) {
      throw std::runtime_error("no temporary folder");
    }
    path = name;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  /// Writes a file, private unless said otherwise, and gives its path.
  std::string write(const std::string& name, const std::string& text, mode_t mode = 0600) const {
    const std::filesystem::path file = std::filesystem::path{path} / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream{file} << text;
    ::chmod(file.c_str(), mode);
    return file;
  }

  std::string path{};
};

}  // namespace mqtt_tools::cli
