// SPDX-License-Identifier: MIT
#pragma once

#include "connection/connect_error.hpp"
#include "connection/log.hpp"
#include "connection/options.hpp"
#include "connection/paho/client.hpp"
#include "connection/paho/event_queue.hpp"
#include "connection/resolver.hpp"
#include "error.hpp"
#include "memory.hpp"
#include "timestamp.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace mqtt_tools::connection {

/// Something that may take long and cannot be hurried (a name look-up, a hand-shake), done on a
/// thread of its own. Whoever loses patience drops the task; its thread ends when it can.
template <class Result>
class BackgroundTask {
 public:
  /// `work` must own all it uses; `wake` is called when the result is there and must stay callable
  /// as long as the process lives.
  void start(std::function<Result()> work, std::function<void()> wake) {
    const auto task = std::make_shared<std::packaged_task<Result()>>(std::move(work));
    result_ = task->get_future();
    start_thread([task, wake = std::move(wake)] {
      (*task)();
      wake();
    });
  }

  /// The result, once. Empty when the work has thrown.
  std::optional<Result> take() {
    if (!result_.valid() || result_.wait_for(Duration{}) != std::future_status::ready) return {};
    try {
      return result_.get();
    } catch (...) {
      return Result{};
    }
  }

  void drop() { result_ = {}; }

 private:
  std::future<Result> result_{};
};

/// What stood in the way to a candidate of the endpoint with this number; the message has its name.
struct CandidateError {
  std::size_t endpoint = 0;
  ConnectError error{};
};

/// Why there is no connection, with this many endpoints: what the candidates that came furthest say
/// of each, without repeats. Trying again is of no use only if it is of no use with any endpoint.
Failure failure_of(const std::vector<CandidateError>& errors, std::size_t endpoints);

/// Makes a connection to a broker: all endpoints in order, all addresses of each, within one time
/// limit; once more in the other version where the broker does not speak MQTT 5. A candidate that
/// is given up is given up for good: its Paho client is destroyed before the next one's connect()
/// begins.
///
/// The Client owns it, tells it events and the time, and asks for one connection after another. The
/// main thread calls it; no call waits.
class Connector {
 public:
  struct Connected {
    std::unique_ptr<paho::Client> client{};
    Version version = Version::automatic;
    ServerLimits limits{};
    std::string said{};  ///< What the broker said in CONNACK, untrusted.
  };
  using Result = std::variant<std::monostate, Connected, Failure>;  ///< The first: still at it.

  /// All must outlive it; `events` is woken by what is done in the background.
  Connector(const Options& options, EventQueue& events, const paho::MakeClient& make, Log& log)
      : options_(options), events_(events), make_(make), log_(log), client_id_(options.client_id) {}

  /// Begins to make a connection with this keep-alive; --connect-timeout is its limit.
  Result start(std::chrono::seconds keep_alive, Clock::time_point now);

  /// An event of whatever connection.
  Result on(const Event& event, Clock::time_point now);

  /// Does what is due.
  Result advance(Clock::time_point now);

  /// When advance() must be called; nothing when there is nothing to do.
  std::optional<Clock::time_point> due() const;

  /// The endpoint that is tried, as host:port.
  std::string name() const;

  /// Gives up what is under way. If its CONNECT has left, a DISCONNECT follows it, then
  /// Event::closed with the number that is given. Nothing: no CONNECT has left.
  std::optional<std::uint64_t> give_up();

  /// The connection that was up until now: what its QoS 2 has left open goes on with the next.
  void set_previous(std::shared_ptr<const hooks::ConnectionRecord> record) {
    previous_ = std::move(record);
  }

  /// Another CONNECT with our client id has taken the connection over. True when that was one of
  /// ours, of a candidate given up, that came late (with a client id that the user gave).
  bool taken_over_by_ourselves();

 private:
  enum class Step { idle, resolving, connecting, examining };

  void next_endpoint(Clock::time_point now);
  void use_addresses(std::vector<Address> addresses);
  void next_address(Clock::time_point now);
  void connect(Clock::time_point now);
  std::string next_client_id();
  void connected(const Event& event);
  void refused(const Event& event, Clock::time_point now);
  void examine(Clock::time_point now);
  void explained(ConnectError error, Clock::time_point now);
  bool may_stay(Clock::time_point now) const;
  void fall_back(const std::string& why, Clock::time_point now);
  void next_candidate(ConnectError error, Clock::time_point now);
  void note_no_address(const std::string& why);
  void note(ConnectError error);
  void fail(Failure failure);
  bool may_fall_back() const;
  Result take_result() { return std::exchange(result_, Result{}); }

  const Options& options_;
  EventQueue& events_;
  const paho::MakeClient& make_;
  Log& log_;

  // From one connection to the next.
  std::optional<Version> settled_{};  ///< The version of the first connection: tried first.
  std::uint64_t candidates_ = 0;      ///< Numbers of connect() calls.
  std::string client_id_;
  std::shared_ptr<const hooks::ConnectionRecord> last_{};      ///< Of the client made last.
  std::shared_ptr<const hooks::ConnectionRecord> previous_{};  ///< See set_previous().
  bool answered_ = true;  ///< The CONNECT sent last has had its CONNACK.
  int late_ = 0;          ///< CONNECTs with our id that may still come to the broker.

  // Of the connection that is being made.
  Step step_ = Step::idle;
  Result result_{};
  std::chrono::seconds keep_alive_{};
  Clock::time_point deadline_{};
  Clock::time_point due_{};
  Version version_ = Version::automatic;
  bool fell_back_ = false;
  bool closed_ = false;  ///< Because the broker had closed without an answer.
  std::size_t endpoint_ = 0;
  std::vector<Address> addresses_{};
  std::size_t address_ = 0;
  BackgroundTask<Resolved> look_up_{};
  BackgroundTask<ConnectError> examination_{};
  std::unique_ptr<paho::Client> client_{};
  std::vector<CandidateError> errors_{};  ///< Why each candidate failed.
};

}  // namespace mqtt_tools::connection
