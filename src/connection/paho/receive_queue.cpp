// SPDX-License-Identifier: MIT

#include "connection/paho/receive_queue.hpp"

#include "connection/paho/options.hpp"
#include "connection/paho/properties.hpp"
#include "memory.hpp"

#include <string_view>
#include <utility>

namespace mqtt_tools::connection {

namespace {

/// A slot keeps its memory for the next message, but not that of a larger one: there are many.
constexpr std::size_t most_kept = std::size_t{4} * 1024;

/// A message of this size is acknowledged once it has been shown: until then, there may turn out
/// to be no memory for what that takes.
constexpr std::size_t large = std::size_t{1} << 20;

}  // namespace

void ReceiveQueue::limit(std::uint64_t count) {
  limited_ = true;
  claims_ = static_cast<std::int64_t>(count);
}

std::size_t ReceiveQueue::waiting_messages() const {
  return static_cast<std::size_t>(tail_.load(std::memory_order_relaxed) -
                                  head_.load(std::memory_order_seq_cst));
}

bool ReceiveQueue::full() const {
  const auto waiting = waiting_messages();
  return waiting >= max_messages ||
         (waiting > 0 && bytes_.load(std::memory_order_seq_cst) >= max_bytes);
}

bool ReceiveQueue::claim_missing() const {
  return limited_ && claims_.load(std::memory_order_seq_cst) <= 0;
}

ReceiveQueue::Put ReceiveQueue::claim(const std::atomic<bool>& given_up) {
  if (slots_.empty()) slots_.resize(max_slots);  // a run that receives nothing pays nothing
  if (full() || claim_missing()) {
    std::unique_lock lock(mutex_);
    waiting_.store(true, std::memory_order_seq_cst);
    const auto let_past = Clock::now() + pause_;
    while (!hurried() && !closed() && !given_up && !refused() && (full() || claim_missing())) {
      // A claim comes back by a decision of the main thread, never by time; nor does time make more
      // slots.
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

void ReceiveQueue::publish() {
  const auto tail = tail_.load(std::memory_order_relaxed);
  auto& put = slots_[tail % max_slots];
  put.bytes = size_of(put.message) + size_of(put.message.properties);
  bytes_.fetch_add(put.bytes, std::memory_order_acq_rel);
  tail_.store(tail + 1, std::memory_order_release);
}

void ReceiveQueue::hold() {
  const std::lock_guard lock(mutex_);
  held_ = tail_ + 1;
}

bool ReceiveQueue::held() const { return held_ > head_.load(std::memory_order_seq_cst); }

bool ReceiveQueue::wait_until_done_with(const std::atomic<bool>& given_up) {
  std::unique_lock lock(mutex_);
  waiting_.store(true, std::memory_order_seq_cst);
  room_.wait_for(lock, pause_, [&] { return hurried() || closed() || given_up || !held(); });
  waiting_.store(false, std::memory_order_seq_cst);
  held_ = 0;
  return !last_refused_;
}

void ReceiveQueue::release() {
  // Taken under the lock only when somebody waits; waiting_ is set before the condition is looked
  // at.
  if (!waiting_.load(std::memory_order_seq_cst)) return;
  const std::lock_guard lock(mutex_);
  room_.notify_one();
}

void ReceiveQueue::let_go() {
  if (!handed_out_) return;
  const auto head = head_.load(std::memory_order_relaxed);
  auto& done = slots_[head % max_slots];
  bytes_.fetch_sub(done.bytes, std::memory_order_seq_cst);
  // Assigned to, a text would keep its memory.
  if (done.bytes > most_kept) static_cast<void>(std::exchange(done.message, {}));
  handed_out_ = false;
  head_.store(head + 1, std::memory_order_seq_cst);
  release();
}

Message* ReceiveQueue::get() {
  let_go();
  if (empty()) return nullptr;
  handed_out_ = true;
  return &slots_[head_.load(std::memory_order_relaxed) % max_slots].message;
}

void ReceiveQueue::give_back() {
  claims_.fetch_add(1, std::memory_order_seq_cst);
  release();
}

void ReceiveQueue::wake() {
  const std::lock_guard lock(mutex_);
  room_.notify_all();
}

bool ReceiveQueue::close() {
  const std::lock_guard lock(mutex_);
  closed_.store(true, std::memory_order_seq_cst);
  // Settled here: the main thread goes on, and may be done with it before its callback looks.
  last_refused_ = last_refused_ || held();
  room_.notify_all();
  return !last_refused_;
}

void ReceiveQueue::refuse_surplus() {
  if (refusing_.exchange(true, std::memory_order_seq_cst)) return;
  const std::lock_guard lock(mutex_);
  room_.notify_all();
}

void ReceiveQueue::hurry() {
  hurried_.store(true, std::memory_order_seq_cst);
  wake();
}

namespace {

std::string_view payload_of(const MQTTAsync_message& in) {
  return {static_cast<const char*>(in.payload), static_cast<std::size_t>(in.payloadlen)};
}

/// The message stays with the broker: Paho acknowledges it when the callback returns, but on a
/// connection that is given up nothing leaves any more than DISCONNECT.
void leave_with_broker(MessageReceiver& self, const MQTTAsync_message& in) {
  if (in.qos == 2) self.record.guard()->release(static_cast<std::uint16_t>(in.msgid));
  self.record.give_up();
  self.events.wake();
}

/// There is no place for a message.
void refuse(MessageReceiver& self, const MQTTAsync_message& in, ReceiveQueue::Put why) {
  const auto& options = self.options;
  const bool kept = !options.clean_start || options.session_expiry.value_or(0) > 0;
  const bool leaving = self.queue.hurried();
  // Answers to SUBSCRIBE are awaited behind what is beyond --count: if the session ends with the
  // connection, an acknowledgement takes nothing from anybody.
  if (why == ReceiveQueue::Put::surplus && !leaving && !kept) return;
  // Without a session the message is lost either way, and DISCONNECT must get out.
  if (why == ReceiveQueue::Put::no_room && !kept) {
    self.queue.count_dropped();
    return;
  }
  leave_with_broker(self, in);
}

/// `topic` has no NUL: the guard refuses such a one.
void receive(MessageReceiver& self, const char* topic, const MQTTAsync_message& in) {
  const auto id = static_cast<std::uint16_t>(in.msgid);
  auto& queue = self.queue;
  const auto& given_up = self.record.given_up();
  const auto put = given_up ? ReceiveQueue::Put::given_up : queue.claim(given_up);
  if (put == ReceiveQueue::Put::given_up) {
    // No acknowledgement leaves any more (hooks::Socket). With a session the broker sends a
    // message with QoS 1 again; one with QoS 2 must not count as handed over.
    if (in.qos == 2) self.record.guard()->release(id);
    return;
  }
  if (put != ReceiveQueue::Put::taken) {
    if (in.qos > 0) refuse(self, in, put);
    return;
  }
  auto& out = queue.slot();
  out.topic = topic;
  if (out.topic.empty()) {  // An alias stands for it, which Paho leaves to us.
    const auto alias = MQTTProperties_getNumericValue(const_cast<MQTTProperties*>(&in.properties),
                                                      MQTTPROPERTY_CODE_TOPIC_ALIAS);
    out.topic = self.record.guard()->topic_of(static_cast<std::uint16_t>(alias));
  }
  out.payload = payload_of(in);
  out.qos = static_cast<Qos>(in.qos & 3);
  out.retained = in.retained != 0;
  out.duplicate = in.dup != 0;
  out.id = in.qos > 0 ? id : std::uint16_t{0};
  out.properties = {};
  paho::from_paho(in.properties, out.properties);
  out.time = std::chrono::system_clock::now();
  const bool hold = in.qos > 0 && out.payload.size() >= large;
  if (hold) queue.hold();
  queue.publish();
  self.events.wake();
  if (hold && !queue.wait_until_done_with(given_up)) leave_with_broker(self, in);
}

/// There is no memory for this message, and the run ends.
void no_memory(MessageReceiver& self, const char* topic, const MQTTAsync_message& in) noexcept {
  self.queue.close();
  std::string words;
  try {
    words = no_memory_message(topic, payload_of(in).size(), in.qos > 0);
  } catch (...) {
    // The event alone must do.
  }
  self.events.post(Event::Kind::no_memory, 0, std::move(words));
  if (in.qos > 0) leave_with_broker(self, in);
}

void take(MessageReceiver& self, const char* topic, const MQTTAsync_message& in) noexcept {
  try {
    receive(self, topic, in);
  } catch (...) {
    no_memory(self, topic, in);
  }
}

int on_message(void* context, char* topic, int /*size*/, MQTTAsync_message* message) noexcept {
  auto& self = *static_cast<MessageReceiver*>(context);
  // Shown over an earlier connection, and acknowledged there by a PUBREC that may have been lost
  // (MQTT 5.0 §4.3.3). Paho hides the DUP flag of QoS 2, but without it the guard knows the id no
  // longer.
  const auto id = static_cast<std::uint16_t>(message->msgid);
  if (message->qos < 2 || !self.record.guard()->given_before(id)) take(self, topic, *message);
  MQTTAsync_freeMessage(&message);
  MQTTAsync_free(topic);
  return 1;
}

}  // namespace

void MessageReceiver::await(void* handle) {
  MQTTAsync_setMessageArrivedCallback(handle, this, on_message);
}

void MessageReceiver::put(hooks::PacketGuard::Arrived message) noexcept {
  MQTTAsync_message in = MQTTAsync_message_initializer;
  in.payload = message.payload.data();
  in.payloadlen = static_cast<int>(message.payload.size());
  in.qos = 2;
  in.retained = message.retained ? 1 : 0;
  in.msgid = message.id;
  take(*this, message.topic.c_str(), in);
}

}  // namespace mqtt_tools::connection
