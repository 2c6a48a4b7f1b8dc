// SPDX-License-Identifier: MIT

#include "connection/hooks/connection_record.hpp"

#include "connection/reason_code.hpp"
#include "memory.hpp"

#include <algorithm>
#include <utility>

namespace mqtt_tools::connection::hooks {

namespace {

constexpr std::size_t most_kept = 1024;  // Bytes of what a server said.

struct Expected {
  std::mutex mutex{};
  std::shared_ptr<ConnectionRecord> record{};
};

// What follows is never destroyed: Paho's threads run until the process is gone.

Expected& expected() {
  static auto& one = *new Expected;
  return one;
}

}  // namespace

const Options& default_options() {
  static const auto& one = *new Options;
  return one;
}

std::optional<std::string> ConnectionRecord::violation() const {
  const std::lock_guard lock{mutex_};
  const auto& found = guard_.violation();
  if (!found) return std::nullopt;
  return found->words + "; " + found->rule +
         (found->too_large ? " (larger packets are taken with --max-packet)" : "");
}

ConnectionFacts ConnectionRecord::facts() const {
  auto violation = this->violation();
  const std::lock_guard lock{mutex_};
  auto facts = facts_;
  facts.violation = std::move(violation);
  facts.connect_sent = guard_.connect_sent();
  facts.closing = closing_;
  return facts;
}

void ConnectionRecord::note_read(HttpRequest request, const char* bytes, ssize_t count,
                                 int error) noexcept {
  if (count < 0) return note_error(error);
  note([&](ConnectionFacts& facts) {
    if (count == 0) {
      facts.closed = true;
      return;
    }
    auto& answer = request == HttpRequest::proxy     ? facts.proxy_answer
                   : request == HttpRequest::upgrade ? facts.upgrade_answer
                                                     : facts.answer;
    answer.append(bytes, std::min(static_cast<std::size_t>(count), most_kept - answer.size()));
  });
}

void ConnectionRecord::note_error(int error) noexcept {
  if (error == 0 || error == EAGAIN || error == EINTR || error == EINPROGRESS) return;
  note([error](ConnectionFacts& facts) {
    // It was the other side that closed: what is written finds nobody.
    if (error == EPIPE) facts.closed = true;
    if (facts.error == 0 && error != EPIPE) facts.error = error;
  });
}

std::optional<std::string> ConnectionRecord::no_memory() const {
  const std::lock_guard lock{mutex_};
  const auto& found = guard_.violation();
  if (!found || found->no_memory_for == 0) return std::nullopt;
  return no_memory_message({}, found->no_memory_for, found->acknowledgement_due);
}

std::optional<PacketGuard::Remark> ConnectionRecord::take_remark(
    std::initializer_list<PacketType> packets, std::uint16_t id) {
  const std::lock_guard lock{mutex_};
  std::optional<PacketGuard::Remark> first;
  for (const auto packet : packets) {
    if (auto next = guard_.take_remark(packet, id); next && !first) first = std::move(next);
  }
  return first;
}

std::size_t ConnectionRecord::received(std::string_view bytes) {
  std::unique_lock lock{mutex_};
  const auto legal = guard_.received(bytes);
  if (guard_.accepted()) observed_ = false;
  if (!guard_.any_arrived()) return legal;
  auto arrived = guard_.take_arrived();
  lock.unlock();
  for (auto& message : arrived) {
    if (take_arrived_) take_arrived_(std::move(message));
  }
  return legal;
}

void ConnectionRecord::refuse(Violation violation) {
  const std::lock_guard lock{mutex_};
  guard_.refuse(std::move(violation));
}

std::string ConnectionRecord::closing() const {
  const std::lock_guard lock{mutex_};
  if (stalled_) {
    const Duration keep_alive = std::chrono::seconds{guard_.keep_alive()};
    return "nothing could be sent for " + seconds_text(keep_alive * 5 / 2) + " (see --keepalive)";
  }
  if (!closing_.empty() || guard_.pings() == 0 || Clock::now() < answer_due_) return closing_;
  return "the broker did not answer PINGREQ in time (a slow line? see --keepalive)";
}

void ConnectionRecord::note_closing(std::string_view said) {
  auto words = websocket_close_message(said);
  const std::lock_guard lock{mutex_};
  closing_ = std::move(words);
}

std::string ConnectionRecord::last_packet() const {
  const std::lock_guard lock{mutex_};
  if (given_up_) return guard_.connect_sent() ? std::string{"\xE0\0", 2} : std::string{};
  const auto& found = guard_.violation();
  // Without one the line is dead.
  if (guard_.version() < 5 || !guard_.accepted() || !found) return {};
  // Mosquitto 2 takes the will away with whatever reason but 0x04 (against MQTT 5.0 §3.1.2.5).
  if (guard_.has_will()) return {};
  return {'\xE0', '\x01', static_cast<char>(found->reason)};
}

void expect(std::shared_ptr<ConnectionRecord> record) {
  const std::lock_guard lock{expected().mutex};
  expected().record = std::move(record);
}

std::shared_ptr<ConnectionRecord> expected_record() {
  const std::lock_guard lock{expected().mutex};
  return expected().record ? expected().record
                           : std::make_shared<ConnectionRecord>(PacketGuard::Limits{});
}

}  // namespace mqtt_tools::connection::hooks
