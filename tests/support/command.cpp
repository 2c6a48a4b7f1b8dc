// SPDX-License-Identifier: MIT
#include "support/command.hpp"

#include <utility>

namespace mqtt_tools::support {

Command& Command::add(std::initializer_list<std::string> words) {
  words_.insert(words_.end(), words);
  return *this;
}

Command& Command::add(const std::vector<std::string>& words) {
  words_.insert(words_.end(), words.begin(), words.end());
  return *this;
}

Command& Command::environment(const std::string& name, std::string value) {
  environment_[name] = std::move(value);
  return *this;
}

Command& Command::unset(const std::string& name) {
  environment_[name] = std::nullopt;
  return *this;
}

Command& Command::directory(std::string path) {
  directory_ = std::move(path);
  return *this;
}

Command& Command::ignoring(int signal) {
  ignored_.push_back(signal);
  return *this;
}

Command& Command::input(std::string text) {
  input_ = pipe;
  input_text_ = std::move(text);
  input_stays_open_ = false;
  return *this;
}

Command& Command::open_input() {
  input_ = pipe;
  input_stays_open_ = true;
  return *this;
}

Command& Command::input_from(int fd) {
  input_ = fd;
  return *this;
}

Command& Command::output_to(int fd) {
  output_ = fd;
  return *this;
}

Command& Command::errors_to(int fd) {
  errors_ = fd;
  return *this;
}

Command& Command::inherit(int fd) {
  inherited_.push_back(fd);
  return *this;
}

std::string Command::text() const {
  std::string text;
  for (const auto& word : words_) text += (text.empty() ? "" : " ") + word.substr(0, 200);
  return text;
}

}  // namespace mqtt_tools::support
