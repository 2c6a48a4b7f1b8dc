// SPDX-License-Identifier: MIT
#include "run/poller.hpp"

#include <algorithm>
#include <cerrno>

namespace mqtt_tools::run {
namespace {

timespec time_left(Clock::time_point until) {
  const auto left = std::max(until - Clock::now(), Duration::zero());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
  return {seconds.count(), std::chrono::nanoseconds{left - seconds}.count()};
}

}  // namespace

void Poller::add(int fd, short events) {
  if (fd >= 0) {
    fds_.push_back({fd, events, 0});
  }
}

void Poller::add(const output::StandardOutput& out) {
  add(out.fd(), out.events());
  if (out.retry_after()) until(Clock::now() + *out.retry_after());
}

void Poller::until(std::optional<Clock::time_point> time) {
  if (time && (!until_ || *time < *until_)) until_ = time;
}

void Poller::wait() {
  int found = -1;
  do {
    const timespec left = until_ ? time_left(*until_) : timespec{};
    found = ::ppoll(fds_.data(), fds_.size(), until_ ? &left : nullptr, nullptr);
  } while (found < 0 && errno == EINTR);

  if (found < 0) {  // Out of kernel memory: nothing is known to be ready.
    for (auto& entry : fds_) entry.revents = 0;
  }
  last_.swap(fds_);  // Both keep their memory.
  fds_.clear();
  until_.reset();
}

bool Poller::had(int fd, short events) const {
  const int mask = events | POLLERR | POLLHUP | POLLNVAL;
  return std::any_of(last_.begin(), last_.end(), [&](const pollfd& entry) {
    return entry.fd == fd && (entry.revents & mask) != 0;
  });
}

}  // namespace mqtt_tools::run
