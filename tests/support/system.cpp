// SPDX-License-Identifier: MIT
#include "support/system.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <system_error>
#include <thread>
#include <utility>

namespace mqtt_tools::support {

namespace {

/// How many want each processor: as the system saw it in the last minute, or now if it is more.
double load_per_processor() {
  double load = 0;
  double minutes = 0;
  int now = 0;
  std::istringstream text{read_file("/proc/loadavg")};
  text >> load >> minutes >> minutes >> now;
  return std::clamp(std::max<double>(load, now) / std::max(1U, std::thread::hardware_concurrency()),
                    1.0, 5.0);
}

}  // namespace

bool shortened_waits() {
  const char* const wish = std::getenv("MQTT_TOOLS_FAST_IO");
  return MQTT_TOOLS_FAST_IO && (wish == nullptr || std::strcmp(wish, "0") != 0);
}

milliseconds within(milliseconds promised) {
  if (!shortened_waits()) promised += 1'500ms;
  const double stretched =
      static_cast<double>((slowness * promised).count()) * load_per_processor();
  return milliseconds{static_cast<milliseconds::rep>(stretched)};
}

bool eventually(milliseconds limit, const std::function<bool()>& predicate) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!predicate()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(2ms);
  }
  return true;
}

TemporaryDirectory::TemporaryDirectory() {
  auto name = (std::filesystem::temp_directory_path() / "mqtt-tools-test-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) {
    throw std::system_error{errno, std::generic_category(), "mkdtemp"};
  }
  path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryDirectory::write(std::string_view name, std::string_view text,
                                      mode_t mode) const {
  const auto path = path_ / name;
  std::filesystem::create_directories(path.parent_path());
  std::ofstream file{path, std::ios::binary};
  file << text << std::flush;
  if (!file || chmod(path.c_str(), mode) != 0) {
    throw std::runtime_error{"cannot write " + path.string()};
  }
  return path.string();
}

std::vector<std::string> TemporaryDirectory::names() const {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator{path_}) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string read_file(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream{path, std::ios::binary}.rdbuf();
  return text.str();
}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = other.release();
  }
  return *this;
}

void Descriptor::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

int Descriptor::release() { return std::exchange(fd_, -1); }

Pipe make_pipe() {
  int ends[2];
  checked(pipe2(ends, O_CLOEXEC), "pipe2");
  return {Descriptor{ends[0]}, Descriptor{ends[1]}};
}

EventFd::EventFd() : fd_(checked(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")) {}

void EventFd::raise() { eventfd_write(fd_.get(), 1); }

void EventFd::clear() {
  eventfd_t value = 0;
  eventfd_read(fd_.get(), &value);
}

int checked(int result, const char* what) {
  if (result == -1) throw std::system_error{errno, std::generic_category(), what};
  return result;
}

void set_nonblocking(int fd) {
  const int flags = checked(fcntl(fd, F_GETFL), "fcntl");
  checked(fcntl(fd, F_SETFL, flags | O_NONBLOCK), "fcntl");
}

}  // namespace mqtt_tools::support
