// SPDX-License-Identifier: MIT
#pragma once

#include "connection/background_task.hpp"
#include "connection/connect_error.hpp"
#include "connection/options.hpp"
#include "connection/paho/client.hpp"
#include "connection/paho/event_queue.hpp"
#include "connection/resolver.hpp"
#include "error.hpp"
#include "timestamp.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mqtt_tools::connection {

/// Why an attempt did not give a connection.
struct Failure {
  ExitCode code = ExitCode::no_connection;
  std::string text{};      ///< One line, with host and port.
  bool lasting = false;    ///< Trying again cannot help.
  bool violation = false;  ///< The server sent what is not allowed: it is not tried again, ever.
};

/// How far a candidate let us come; the further, the more it says about its endpoint.
enum class Progress { unreachable, answered, lasting };

/// What stood in the way to each candidate of an attempt, which owns it. The app's thread.
class CandidateErrors {
 public:
  /// A candidate of the endpoint with this number failed: `text` says why, with its name.
  void add(std::size_t endpoint, Progress progress, std::string text);

  bool empty() const { return notes_.empty(); }

  /// Why the attempt as a whole failed, with this many endpoints: what the candidates that came
  /// furthest say of each, without repeats. Trying again is of no use only if it is of no use with
  /// any endpoint.
  Failure failure(std::size_t endpoints) const;

 private:
  struct Note {
    std::size_t endpoint = 0;
    Progress progress = Progress::unreachable;
    std::string text{};
  };

  std::vector<Note> notes_{};
};

/// One attempt to reach a broker: all endpoints in order, all addresses of each, within one time
/// limit; once more as MQTT 3.1.1 where the broker does not speak MQTT 5. A candidate that is given
/// up is given up for good: its Paho client is destroyed before the next one's connect() begins.
class Connector {
 public:
  enum class State { trying, connected, failed };

  /// What an attempt needs of its surroundings.
  struct Surroundings {
    const Options& options;
    /// Makes a client for each connect().
    std::function<std::unique_ptr<paho::Client>(const Endpoint&, Version)> make;
    std::function<void()> wake;      ///< Wakes the app's thread. Any thread.
    std::function<void()> answered;  ///< No CONNECT is under way any more.
    std::function<void(std::string)> debug;
  };

  /// `version` is what is spoken first; `may_fall_back` whether 3.1.1 is tried after it.
  Connector(Surroundings surroundings, Version version, bool may_fall_back,
            std::chrono::seconds keep_alive, Clock::time_point now);

  /// Does what is due.
  void advance(Clock::time_point now);

  /// An event of the connection under way.
  void handle(const Event& event, Clock::time_point now);

  std::optional<Clock::time_point> due() const;

  State state() const { return state_; }
  std::string name() const;  ///< The endpoint under way, as host:port.
  /// The connection, once connected. Afterwards the attempt is of no more use.
  std::unique_ptr<paho::Client> take_client() { return std::move(client_); }

  /// Gives up the candidate under way. Event::closed follows with the number that is given;
  /// nothing: there is none under way.
  std::optional<std::uint64_t> give_up();

  const ServerLimits& limits() const { return limits_; }  ///< Once connected.
  Version version() const { return version_; }
  const Failure& failure() const { return failure_; }

 private:
  enum class Step { resolving, connecting, examining, done };

  void next_endpoint(Clock::time_point now);
  void next_address(Clock::time_point now);
  void connect(Clock::time_point now);
  void examine(Clock::time_point now);
  void failed(const ConnectError& error, Clock::time_point now);
  void refused(int code, Clock::time_point now);
  bool may_stay(Clock::time_point now) const;
  void no_answer(Clock::time_point now);
  void note(Progress progress, std::string words);
  void fall_back(const std::string& why, Clock::time_point now);
  void fail(Failure failure);

  Surroundings surroundings_;
  const Options& options_;
  Version first_version_;
  Version version_;
  bool may_fall_back_;
  bool fell_back_ = false;
  std::chrono::seconds keep_alive_;
  Clock::time_point deadline_;
  Clock::time_point due_;

  State state_ = State::trying;
  Step step_ = Step::resolving;
  std::size_t endpoint_ = 0;
  std::vector<Address> addresses_{};
  std::size_t address_ = 0;
  BackgroundTask<Resolved> look_up_{};
  BackgroundTask<ConnectError> examination_{};
  std::unique_ptr<paho::Client> client_{};
  ServerLimits limits_{};

  CandidateErrors errors_{};  ///< Why each candidate failed.
  Failure failure_{};
};

}  // namespace mqtt_tools::connection
