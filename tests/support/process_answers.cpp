// SPDX-License-Identifier: MIT
//
// What tests ask of a running program; how it is started and attended stands in process.cpp.

#include "support/process.hpp"

#include "support/temporary.hpp"

#include <signal.h>
#include <algorithm>
#include <cstdlib>
#include <utility>

namespace mqtt_tools::support {

bool Process::wait_for(const std::string& in, std::string_view text, milliseconds limit,
                       int times) {
  const auto end = std::chrono::steady_clock::now() + limit;
  std::size_t searched = 0;
  std::unique_lock lock{mutex_};
  for (bool last = false;;) {
    for (auto found = in.find(text, searched); found != std::string::npos;) {
      if (--times == 0) return true;
      searched = found + text.size();
      found = in.find(text, searched);
    }
    if (last) return false;
    if (in.size() >= text.size()) searched = std::max(searched, in.size() - text.size() + 1);
    last = status_ || changed_.wait_until(lock, end) == std::cv_status::timeout;
  }
}

bool Process::wait_for_out(std::string_view text, milliseconds limit, int times) {
  return wait_for(out_, text, limit, times);
}

bool Process::wait_for_err(std::string_view text, milliseconds limit, int times) {
  return wait_for(err_, text, limit, times);
}

Result Process::wait(milliseconds limit) {
  std::unique_lock lock{mutex_};
  changed_.wait_for(lock, limit, [this] { return status_.has_value(); });
  Result result;
  result.ended = status_.has_value();
  if (status_ && *status_ >= 0) result.code = *status_;
  if (status_ && *status_ < 0) result.signal = -*status_;
  result.out = out_;
  result.err = err_;
  const auto end = status_ ? ended_ : std::chrono::steady_clock::now();
  result.peak_resident = peak_;
  result.duration = std::chrono::duration_cast<milliseconds>(end - started_);
  return result;
}

std::string Process::out() const {
  const std::lock_guard lock{mutex_};
  return out_;
}

std::string Process::err() const {
  const std::lock_guard lock{mutex_};
  return err_;
}

std::size_t Process::out_size() const {
  const std::lock_guard lock{mutex_};
  return out_.size();
}

bool Process::running() const {
  const std::lock_guard lock{mutex_};
  return !status_;
}

void Process::write(std::string_view text) {
  {
    const std::lock_guard lock{mutex_};
    input_ += text;
  }
  bell_.raise();
}

void Process::close_input() {
  {
    const std::lock_guard lock{mutex_};
    input_closing_ = true;
  }
  bell_.raise();
}

void Process::signal(int number) { kill(process_.pid, number); }

void Process::signal_group(int number) { kill(-process_.pid, number); }

long Process::status_number(std::string_view name) const {
  const auto status = read_file("/proc/" + std::to_string(process_.pid) + "/status");
  const auto place = status.find(name);
  return place == std::string::npos ? 0 : std::atol(status.c_str() + place + name.size());
}

std::string Process::command_line() const {
  return read_file("/proc/" + std::to_string(process_.pid) + "/cmdline");
}

Result run(const Command& command, milliseconds limit) { return Process{command}.wait(limit); }

Result run(Command command, std::string input, milliseconds limit) {
  return Process{command.input(std::move(input))}.wait(limit);
}

}  // namespace mqtt_tools::support
