// SPDX-License-Identifier: MIT
#include "support/relay.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <algorithm>
#include <cerrno>
#include <deque>
#include <utility>

namespace mqtt_tools::support {
namespace {

constexpr std::array directions{Toward::broker, Toward::client};
constexpr std::size_t buffered_at_most = 256 * 1024;

constexpr std::size_t index(Toward direction) { return static_cast<std::size_t>(direction); }
constexpr Toward other(Toward direction) {
  return direction == Toward::broker ? Toward::client : Toward::broker;
}

/// Bytes, and when they may go on.
struct Chunk {
  std::chrono::steady_clock::time_point due;
  std::string bytes;
};

/// What is under way in one direction.
struct Flow {
  std::deque<Chunk> chunks{};
  std::size_t waiting = 0;
  std::size_t passed = 0;
  std::chrono::steady_clock::time_point next{};  ///< When the rate allows more.
  bool ended = false;                            ///< The sender has closed.
  bool told = false;                             ///< The receiver knows.

  std::optional<std::chrono::steady_clock::time_point> due() const {
    if (chunks.empty()) return std::nullopt;
    return std::max(chunks.front().due, next);
  }
};

}  // namespace

/// A client's connection and ours to the broker.
struct Relay::Link {
  std::array<Descriptor, 2> ends{};  ///< Where bytes toward the broker, and the client, go.
  std::array<Flow, 2> flows{};
  std::array<short, 2> events{};  ///< What poll() said about the ends.
  bool dead = false;
  bool first = false;  ///< No connection was made before it.

  Descriptor& to(Toward direction) { return ends[index(direction)]; }
  Descriptor& from(Toward direction) { return to(other(direction)); }
  Flow& flow(Toward direction) { return flows[index(direction)]; }
};

Relay::Relay(int broker_port) : broker_port_(broker_port), pump_([this] { pump(); }) {}

Relay::~Relay() {
  change([](Settings& settings) { settings.leaving = true; });
  pump_.join();
}

bool Relay::listen_at_both_addresses() {
  twin_ = listener_.twin();
  if (twin_) change([](Settings& settings) { settings.both = true; });
  return twin_.has_value();
}

void Relay::change(const std::function<void(Settings&)>& how) {
  {
    const std::lock_guard lock{mutex_};
    how(settings_);
  }
  wakeup_.raise();
}

void Relay::pump() {
  while (true) {
    Settings settings;
    {
      const std::lock_guard lock{mutex_};
      settings = settings_;
      settings_.cut = Cut::none;
      if (settings.cut != Cut::none) cuts_ += static_cast<int>(links_.size());
    }
    if (settings.leaving) return;
    if (settings.cut == Cut::reset) {
      for (auto& link : links_) std::for_each(link->ends.begin(), link->ends.end(), support::reset);
    }
    if (settings.cut != Cut::none) {
      links_.clear();
      changed_.notify_all();
    }

    wait(settings);
    {
      // What was set while we waited holds for what has come meanwhile.
      const std::lock_guard lock{mutex_};
      settings = settings_;
    }
    for (auto& link : links_) {
      for (const auto direction : directions) receive(*link, direction, settings);
      for (const auto direction : directions) {
        if (!link->dead) pass_on(*link, direction, settings);
      }
    }
    std::erase_if(links_, [](const auto& link) { return link->dead; });
    admit(settings);
  }
}

void Relay::wait(const Settings& settings) {
  std::vector<pollfd> fds{{wakeup_.fd(), POLLIN, 0},
                          {listener_.fd(), POLLIN, 0},
                          {settings.both ? twin_->fd() : -1, POLLIN, 0}};
  const auto now = std::chrono::steady_clock::now();
  auto end = now + 1h;
  for (auto& link : links_) {
    for (const auto direction : directions) {
      auto& incoming = link->flow(other(direction));
      auto& outgoing = link->flow(direction);
      short events = 0;
      const bool has_space =
          incoming.waiting < (settings.rate > 0 ? settings.rate / 10 : buffered_at_most);
      if (!incoming.ended && has_space && !settings.held[index(other(direction))]) events |= POLLIN;
      if (const auto due = outgoing.due(); due && !settings.held[index(direction)]) {
        if (*due <= now) events |= POLLOUT;
        if (*due > now) end = std::min(end, *due);
      }
      // An end that has closed would wake us for ever.
      const bool watched = events != 0 || !incoming.ended;
      fds.push_back({watched ? link->to(direction).get() : -1, events, 0});
    }
  }
  const auto left = std::chrono::ceil<milliseconds>(end - now);
  poll(fds.data(), fds.size(), static_cast<int>(left.count()));
  if (fds[0].revents != 0) wakeup_.clear();
  auto polled = fds.begin() + 3;
  for (auto& link : links_) {
    for (auto& events : link->events) events = (polled++)->revents;
  }
}

void Relay::admit(const Settings& settings) {
  const auto next = [&] {
    auto client = listener_.accept();
    return client || !settings.both ? std::move(client) : twin_->accept();
  };
  while (auto client = next()) {
    int number = 0;
    {
      const std::lock_guard lock{mutex_};
      number = ++connections_;
    }
    changed_.notify_all();
    auto broker = settings.refusing ? Descriptor{} : connect_to(broker_port_);
    if (!broker) continue;
    auto link = std::make_unique<Link>();
    link->first = number == 1;
    link->to(Toward::broker) = std::move(broker);
    link->to(Toward::client) = std::move(client);
    links_.push_back(std::move(link));
  }
}

void Relay::receive(Link& link, Toward direction, const Settings& settings) {
  auto& flow = link.flow(direction);
  const auto events = link.events[index(other(direction))];
  if (flow.ended || (events & (POLLIN | POLLHUP | POLLERR)) == 0) return;
  std::array<char, 65536> buffer;
  const auto size = recv(link.from(direction).get(), buffer.data(), buffer.size(), 0);
  if (size > 0) {
    const std::string bytes{buffer.data(), static_cast<std::size_t>(size)};
    flow.waiting += bytes.size();
    // What comes behind the first bytes waits behind them.
    const bool first = link.first && flow.passed + flow.waiting == bytes.size();
    const auto delay = first ? settings.delay_of_first[index(direction)] : milliseconds{};
    flow.chunks.push_back({std::chrono::steady_clock::now() + settings.delay + delay, bytes});
    if (direction == Toward::broker && settings.recording) {
      const std::lock_guard lock{mutex_};
      recorded_ += bytes;
    }
  } else if (size == 0) {
    flow.ended = true;
  } else if (errno != EAGAIN && errno != EINTR) {
    link.dead = true;
  }
}

void Relay::pass_on(Link& link, Toward direction, const Settings& settings) {
  auto& flow = link.flow(direction);
  const auto now = std::chrono::steady_clock::now();
  const auto limit = settings.cut_after[index(direction)];
  if (settings.held[index(direction)]) return;
  while (!link.dead && flow.due() && *flow.due() <= now) {
    if (limit > 0 && flow.passed >= limit && take_cut()) {
      link.dead = true;
      return;
    }
    auto& bytes = flow.chunks.front().bytes;
    auto size = bytes.size();
    if (limit > flow.passed) size = std::min(size, limit - flow.passed);
    if (settings.rate > 0) size = std::min(size, std::max<std::size_t>(1, settings.rate / 20));
    const auto sent = send(link.to(direction).get(), bytes.data(), size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) return;
    if (sent < 0) {
      link.dead = true;
      return;
    }
    const auto count = static_cast<std::size_t>(sent);
    bytes.erase(0, count);
    if (bytes.empty()) flow.chunks.pop_front();
    flow.waiting -= count;
    flow.passed += count;
    if (settings.rate > 0) {
      const auto pause = std::chrono::microseconds{count * 1'000'000 / settings.rate};
      flow.next = std::max(flow.next, now) + pause;
    }
    const std::lock_guard lock{mutex_};
    passed_[index(direction)] += count;
  }
  if (flow.ended && flow.chunks.empty() && !flow.told) {
    shutdown(link.to(direction).get(), SHUT_WR);
    flow.told = true;
  }
  link.dead = link.flows[0].told && link.flows[1].told;
}

bool Relay::take_cut() {
  {
    const std::lock_guard lock{mutex_};
    if (settings_.cuts_left == 0) return false;
    --settings_.cuts_left;
    ++cuts_;
  }
  changed_.notify_all();
  return true;
}

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
  const int taken_ahead = 4096;  // What clients have sent is to wait with them.
  setsockopt(listener_.fd(), SOL_SOCKET, SO_RCVBUF, &taken_ahead, sizeof taken_ahead);
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
