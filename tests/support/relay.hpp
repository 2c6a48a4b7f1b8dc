// SPDX-License-Identifier: MIT
#pragma once

#include "support/listener.hpp"
#include "support/system.hpp"

#include <array>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace mqtt_tools::support {

enum class Toward : std::size_t { broker, client };

/// A bad network: stands between clients and a broker on 127.0.0.1, and delays, limits, holds back,
/// cuts and resets. What is set holds for all connections, from now on.
class Relay {
 public:
  explicit Relay(int broker_port);

  /// Listens at ::1, too, so that `localhost` has two addresses here. False if the port is taken
  /// there. Before the first connection.
  bool listen_at_both_addresses();

  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  int port() const { return listener_.port(); }
  std::string port_text() const { return std::to_string(port()); }

  void cut();    ///< Closes all connections now.
  void reset();  ///< The same with RST.

  /// Closes each of the next `times` connections that carry so many bytes in that direction.
  void cut_after(Toward direction, std::size_t bytes, int times = 1'000'000);
  void delay(milliseconds time);                          ///< In each direction.
  void delay_first(Toward direction, milliseconds time);  ///< The first bytes of all.
  void limit(std::size_t bytes_per_second);  ///< Before connections that it shall be true for.
  void hold(Toward direction);  ///< Passes nothing on, and reads no more than a little.
  void release();               ///< Ends all of delay, limit and hold.
  void refuse(bool refusing);   ///< Closes new connections at once.
  void record();                ///< Keeps what clients send from now on.

  std::string recorded() const;
  std::size_t passed(Toward direction) const;  ///< Bytes, over all connections.
  int connections() const;
  int cuts() const;  ///< Connections closed by cut(), reset() and cut_after().
  bool wait_for_connections(int count, milliseconds limit = patience) const;
  bool wait_for_cuts(int count, milliseconds limit = patience) const;

 private:
  enum class Cut { none, close, reset };
  struct Settings {
    std::array<std::size_t, 2> cut_after{};
    int cuts_left = 0;
    milliseconds delay{};
    std::array<milliseconds, 2> delay_of_first{};
    std::size_t rate = 0;
    std::array<bool, 2> held{};
    bool both = false;
    bool refusing = false;
    bool recording = false;
    bool leaving = false;
    Cut cut = Cut::none;
  };
  struct Link;

  void change(const std::function<void(Settings&)>& how);
  void pump();
  void wait(const Settings& settings);
  void admit(const Settings& settings);
  void receive(Link& link, Toward direction, const Settings& settings);
  void pass_on(Link& link, Toward direction, const Settings& settings);
  bool take_cut();

  int broker_port_;
  Listener listener_{};
  std::optional<Listener> twin_{};
  EventFd wakeup_{};
  mutable std::mutex mutex_{};
  mutable std::condition_variable changed_{};
  Settings settings_{};
  std::string recorded_{};
  std::array<std::size_t, 2> passed_{};
  int connections_ = 0;
  int cuts_ = 0;
  std::vector<std::unique_ptr<Link>> links_{};  ///< The pump's own.
  std::thread pump_{};
};

}  // namespace mqtt_tools::support
