// SPDX-License-Identifier: MIT

#include "connection/ring.hpp"

namespace mqtt_tools::connection {

namespace {

/// A slot keeps its memory for the next message, but not that of a giant.
constexpr std::size_t kept_capacity = std::size_t{64} * 1024;

}  // namespace

void Ring::limit(std::uint64_t count) {
  limited_ = true;
  claims_ = static_cast<std::int64_t>(count);
}

std::size_t Ring::waiting_messages() const {
  return static_cast<std::size_t>(tail_ - consumed_.load(std::memory_order_seq_cst));
}

bool Ring::full() const {
  const auto waiting = waiting_messages();
  return waiting >= max_messages ||
         (waiting > 0 && bytes_.load(std::memory_order_seq_cst) >= max_bytes);
}

bool Ring::claim_missing() const {
  return limited_ && claims_.load(std::memory_order_seq_cst) <= 0;
}

Ring::Put Ring::claim(const std::atomic<bool>& given_up) {
  if (slots_.empty()) slots_.resize(max_slots);  // a run that receives nothing pays nothing
  if (full() || claim_missing()) {
    std::unique_lock lock(mutex_);
    waiting_.store(true, std::memory_order_seq_cst);
    const auto let_past = Clock::now() + pause_;
    while (!hurried() && !closed() && !given_up && !refused() && (full() || claim_missing())) {
      // A claim comes back by a decision of the app, never by time; nor does time make more slots.
      if (claim_missing() || waiting_messages() == max_slots) {
        room_.wait(lock);
      } else if (room_.wait_until(lock, let_past) == std::cv_status::timeout) {
        break;
      }
    }
    waiting_.store(false, std::memory_order_seq_cst);
    if (given_up) return Put::given_up;
    if (closed()) return Put::closed;
    if (claim_missing()) return Put::surplus;
    if (waiting_messages() == max_slots) return Put::no_room;
  }
  if (closed()) return Put::closed;
  if (limited_) claims_.fetch_sub(1, std::memory_order_acq_rel);
  return Put::taken;
}

void Ring::publish() {
  auto& put = slots_[tail_ % max_slots];
  put.bytes = put.message.topic.size() + put.message.payload.size();
  bytes_.fetch_add(put.bytes, std::memory_order_acq_rel);
  ++tail_;
  published_.store(tail_, std::memory_order_release);
}

void Ring::hold() {
  const std::lock_guard lock(mutex_);
  held_ = tail_ + 1;
}

bool Ring::held() const { return held_ > consumed_.load(std::memory_order_seq_cst); }

bool Ring::wait_until_done_with(const std::atomic<bool>& given_up) {
  std::unique_lock lock(mutex_);
  waiting_.store(true, std::memory_order_seq_cst);
  room_.wait_for(lock, pause_, [&] { return hurried() || closed() || given_up || !held(); });
  waiting_.store(false, std::memory_order_seq_cst);
  held_ = 0;
  return !last_refused_;
}

void Ring::release() {
  // Taken under the lock only when somebody waits; waiting_ is set before the condition is looked
  // at.
  if (!waiting_.load(std::memory_order_seq_cst)) return;
  const std::lock_guard lock(mutex_);
  room_.notify_one();
}

void Ring::let_go() {
  if (head_used_ == head_) return;
  auto& done = slots_[head_ % max_slots];
  bytes_.fetch_sub(done.bytes, std::memory_order_seq_cst);
  if (done.message.payload.capacity() > kept_capacity) std::string{}.swap(done.message.payload);
  ++head_;
  consumed_.store(head_, std::memory_order_seq_cst);
  release();
}

Message* Ring::get() {
  let_go();
  if (empty()) return nullptr;
  ++head_used_;
  return &slots_[head_ % max_slots].message;
}

void Ring::give_back() {
  claims_.fetch_add(1, std::memory_order_seq_cst);
  release();
}

void Ring::wake() {
  const std::lock_guard lock(mutex_);
  room_.notify_all();
}

bool Ring::close() {
  const std::lock_guard lock(mutex_);
  closed_.store(true, std::memory_order_seq_cst);
  // Settled here: the app goes on, and may be done with it before its callback looks.
  last_refused_ = last_refused_ || held();
  room_.notify_all();
  return !last_refused_;
}

void Ring::refuse_surplus() {
  if (refusing_.exchange(true, std::memory_order_seq_cst)) return;
  const std::lock_guard lock(mutex_);
  room_.notify_all();
}

void Ring::hurry() {
  hurried_.store(true, std::memory_order_seq_cst);
  wake();
}

void Ring::park(const std::function<void()>& tell) {
  parked_.store(true, std::memory_order_release);
  tell();
  std::unique_lock lock(mutex_);
  for (;;) room_.wait(lock);
}

}  // namespace mqtt_tools::connection
