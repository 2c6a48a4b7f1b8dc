// SPDX-License-Identifier: MIT
#pragma once

#include "connection/completion.hpp"
#include "connection/mailbox.hpp"
#include "timestamp.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

namespace mqtt_tools::connection {

class Flights;

/// Where Paho finds its way back from a message's acknowledgement.
struct Flight {
  Flights* flights = nullptr;
  std::uint64_t id = 0;
  Clock::time_point since{};  ///< Only when each message is told of.
};

/// How a flight ended.
struct Landing {
  Flight* flight = nullptr;
  bool came_back = false;  ///< Neither taken nor denied: the connection is gone.
  bool denied = false;
  std::string words{};
};

/// The messages of one session that are on their way. The Session owns it, and it must outlive
/// Paho's client, which lands what is left when it goes. The app's thread starts flights and takes
/// what landed; any thread may land one.
class Flights {
 public:
  enum class Tell { now, in_bunches };

  /// `mailbox` is woken by what lands: for each message, or as seldom as it can be.
  Flights(Mailbox& mailbox, Tell tell) : mailbox_(mailbox), tell_(tell) {}
  Flights(const Flights&) = delete;
  Flights& operator=(const Flights&) = delete;

  /// A flight for message `id`. Its address is good until it has landed and was taken.
  Flight* start(std::uint64_t id, Clock::time_point since);

  /// The message of `flight`, started last, was not given to Paho.
  void cancel(Flight* flight);

  /// A message has come to its end. Any thread.
  void land(Landing landing) noexcept;

  /// Moves what became of messages to `out`.
  void take(std::vector<Completion>& out);

  /// How many were started and not taken.
  std::size_t outstanding() const { return flights_.size() - unused_.size(); }

 private:
  Mailbox& mailbox_;
  const Tell tell_;
  std::deque<Flight> flights_{};   ///< The app's thread; addresses are stable.
  std::vector<Flight*> unused_{};  ///< The app's thread.
  std::mutex mutex_{};
  std::atomic<std::size_t> in_flight_{0};  ///< Given to Paho, not yet taken from the landings.
  std::vector<Landing> landings_{};
  std::vector<Landing> landed_{};  ///< The app's thread; swapped with landings_ for its memory.
};

}  // namespace mqtt_tools::connection
