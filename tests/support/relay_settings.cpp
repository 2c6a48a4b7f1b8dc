// SPDX-License-Identifier: MIT
//
// What tests ask of a relay; what it does stands in relay.cpp.

#include "support/relay.hpp"

namespace mqtt_tools::support {

void Relay::cut() {
  change([](Settings& settings) { settings.cut = Cut::close; });
}

void Relay::reset() {
  change([](Settings& settings) { settings.cut = Cut::reset; });
}

void Relay::cut_after(Toward direction, std::size_t bytes, int times) {
  change([=](Settings& settings) {
    settings.cut_after[static_cast<std::size_t>(direction)] = bytes;
    settings.cuts_left = times;
  });
}

void Relay::delay(milliseconds time) {
  change([=](Settings& settings) { settings.delay = time; });
}

void Relay::delay_first(Toward direction, milliseconds time) {
  change([=](Settings& settings) {
    settings.delay_of_first[static_cast<std::size_t>(direction)] = time;
  });
}

void Relay::limit(std::size_t bytes_per_second) {
  change([=](Settings& settings) { settings.rate = bytes_per_second; });
}

void Relay::hold(Toward direction) {
  change([=](Settings& settings) { settings.held[static_cast<std::size_t>(direction)] = true; });
}

void Relay::release() {
  change([](Settings& settings) {
    settings.delay = {};
    settings.delay_of_first = {};
    settings.rate = 0;
    settings.held = {};
  });
}

void Relay::refuse(bool refusing) {
  change([=](Settings& settings) { settings.refusing = refusing; });
}

void Relay::record() {
  change([](Settings& settings) { settings.recording = true; });
}

std::string Relay::recorded() const {
  const std::lock_guard lock{mutex_};
  return recorded_;
}

std::size_t Relay::passed(Toward direction) const {
  const std::lock_guard lock{mutex_};
  return passed_[static_cast<std::size_t>(direction)];
}

int Relay::connections() const {
  const std::lock_guard lock{mutex_};
  return connections_;
}

int Relay::cuts() const {
  const std::lock_guard lock{mutex_};
  return cuts_;
}

bool Relay::wait_for_connections(int count, milliseconds limit) const {
  std::unique_lock lock{mutex_};
  return changed_.wait_for(lock, limit, [&] { return connections_ >= count; });
}

bool Relay::wait_for_cuts(int count, milliseconds limit) const {
  std::unique_lock lock{mutex_};
  return changed_.wait_for(lock, limit, [&] { return cuts_ >= count; });
}

}  // namespace mqtt_tools::support
