// SPDX-License-Identifier: MIT
#pragma once

#include "error.hpp"
#include "feed/feed.hpp"
#include "message.hpp"

#include <unistd.h>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/// A file for one test, gone after it.
class GivenFile {
 public:
  explicit GivenFile(std::string_view text) {
    const int fd = ::mkstemp(path_.data());
    if (fd < 0) {
      throw std::runtime_error{"no temporary file"};
    }
    ::close(fd);
    std::ofstream{path_, std::ios::binary}.write(text.data(),
                                                 static_cast<std::streamsize>(text.size()));
  }
  ~GivenFile() { std::remove(path_.c_str()); }
  GivenFile(const GivenFile&) = delete;
  GivenFile& operator=(const GivenFile&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_ = "/tmp/mqtt-tools-test-XXXXXX";
};

/// stdin as a pipe whose other end the test holds.
class GivenStdin {
 public:
  GivenStdin() : before_(::dup(STDIN_FILENO)) {
    int ends[2] = {-1, -1};
    if (::pipe(ends) != 0) {
      throw std::runtime_error{"no pipe"};
    }
    ::dup2(ends[0], STDIN_FILENO);
    ::close(ends[0]);
    write_end_ = ends[1];
  }
  ~GivenStdin() {
    end();
    ::dup2(before_, STDIN_FILENO);
    ::close(before_);
  }
  GivenStdin(const GivenStdin&) = delete;
  GivenStdin& operator=(const GivenStdin&) = delete;

  void write(std::string_view text) const {
    if (::write(write_end_, text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
      throw std::runtime_error{"the pipe is full"};
    }
  }
  void end() {
    if (write_end_ >= 0) {
      ::close(write_end_);
      write_end_ = -1;
    }
  }

 private:
  int before_;
  int write_end_ = -1;
};

inline mqtt_tools::Clock::time_point at(mqtt_tools::Duration time) {
  return mqtt_tools::Clock::time_point{time};
}

/// All that a feed gives at one point in time, until it has no more or not yet.
inline std::vector<mqtt_tools::Message> all_of(mqtt_tools::feed::Feed& feed,
                                               mqtt_tools::Clock::time_point now = at({})) {
  std::vector<mqtt_tools::Message> messages;
  mqtt_tools::Message message;
  while (feed.next(now, message) == mqtt_tools::feed::Supply::message) {
    messages.push_back(message);
  }
  return messages;
}

inline std::vector<std::string> payloads(const std::vector<mqtt_tools::Message>& messages) {
  std::vector<std::string> result;
  for (const auto& message : messages) {
    result.push_back(message.payload);
  }
  return result;
}

/// The text of the UsageError that `act` throws; "nothing was thrown" if none.
inline std::string usage_error(const std::function<void()>& act) {
  try {
    act();
  } catch (const mqtt_tools::UsageError& error) {
    return error.what();
  }
  return "nothing was thrown";
}

/// The text of the RunError of code 1 that `act` throws; "nothing was thrown" if none.
inline std::string failure(const std::function<void()>& act) {
  try {
    act();
  } catch (const mqtt_tools::RunError& error) {
    return error.code() == mqtt_tools::ExitCode::failure ? error.what() : "another code";
  }
  return "nothing was thrown";
}
