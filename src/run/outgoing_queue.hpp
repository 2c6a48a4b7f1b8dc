// SPDX-License-Identifier: MIT
#pragma once

#include "message.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>

namespace mqtt_tools::run {

using MessageId = std::uint64_t;  ///< Counts the messages of a run, from 1.

/// The messages that the broker has not taken yet, oldest first. In memory; a message stays until
/// it is forgotten, so that it can be sent again after a loss.
class OutgoingQueue {
 public:
  struct Waiting {
    MessageId id = 0;
    Message message{};
    bool sent = false;
    bool done = false;  ///< Forgotten while older ones still wait.
  };

  MessageId add(Message message);

  /// The oldest message that is not on its way; null if there is none.
  Waiting* next_unsent();

  /// The message that waits under `id`; null if there is none.
  const Message* find(MessageId id) const;

  void mark_sent(Waiting& waiting);

  /// The broker has taken `id` (or will never); its memory is given back.
  void forget(MessageId id);

  /// The connection is gone: all that wait are unsent again, in order.
  void resend_all();

  std::size_t size() const { return live_; }    ///< Messages waiting, sent or not.
  std::size_t bytes() const { return bytes_; }  ///< Their topics and payloads.
  bool empty() const { return live_ == 0; }

 private:
  std::deque<Waiting> waiting_{};
  std::size_t unsent_ = 0;  ///< Index in waiting_ of the first unsent message.
  MessageId next_id_ = 1;
  std::size_t live_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace mqtt_tools::run
