// SPDX-License-Identifier: MIT

#include "connection/mailbox.hpp"

#include "error.hpp"

#include <sys/eventfd.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>
#include <utility>

namespace mqtt_tools::connection {

Mailbox::Mailbox() : fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (fd_ < 0) {
    throw RunError(ExitCode::failure,
                   std::string("cannot make an event descriptor: ") + std::strerror(errno));
  }
}

Mailbox::~Mailbox() { ::close(fd_); }

void Mailbox::post(Event event) noexcept {
  try {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
  } catch (...) {
    // Out of memory on a thread of Paho's: the limits on every wait end the run.
  }
  wake();
}

void Mailbox::wake() noexcept {
  if (woken_.exchange(true, std::memory_order_acq_rel)) return;
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(fd_, &one, sizeof one);
}

void Mailbox::clear() {
  // First the descriptor, then the flag: a wake() in between writes again, which costs a turn but
  // loses nothing.
  if (!woken_.load(std::memory_order_acquire)) return;
  std::uint64_t count = 0;
  [[maybe_unused]] const auto read = ::read(fd_, &count, sizeof count);
  woken_.store(false, std::memory_order_release);
}

std::vector<Event> Mailbox::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(events_, {});
}

}  // namespace mqtt_tools::connection
