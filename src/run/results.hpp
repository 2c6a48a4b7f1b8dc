// SPDX-License-Identifier: MIT
#pragma once

#include "connection/options.hpp"
#include "error.hpp"
#include "message.hpp"
#include "output/printer.hpp"
#include "output/standard_output.hpp"
#include "run/options.hpp"
#include "run/publisher.hpp"
#include "timestamp.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>

// What a publishing run prints on stdout, and what it waits for beside acknowledgements. Main
// thread only.

namespace mqtt_tools::run {

/// Appends what became of a message as one line of JSON (-o json), without a newline.
void append_result(std::string& line, const PublishResult& result);

/// A message of our own that must come back (--verify).
class Verification {
 public:
  /// `limit`: how long it may be on its way.
  explicit Verification(Duration limit) : limit_(limit) {}

  /// What to subscribe to for `message`, which it is.
  connection::Subscription expect(const Message& message);

  /// It has been handed to the connection: from the first time on, the clock runs.
  void sent(Clock::time_point now);

  void consider(const Message& message, Clock::time_point now);

  /// When it is late, unless it is back.
  std::optional<Clock::time_point> due() const;

  /// How long it took; nothing if it is not back.
  std::optional<Duration> took() const { return took_; }

  /// "the message to t did not come back within 5 s", and what came instead.
  std::string explanation() const;

 private:
  Duration limit_;
  std::string topic_{};
  std::string payload_{};
  std::optional<Clock::time_point> sent_{};
  std::optional<Duration> took_{};
  std::uint64_t others_ = 0;  ///< Messages on the topic that are not it.
};

/// Requests and their answers (MQTT 5.0 §4.10): gives each request a response topic and correlation
/// data of its own, knows its answer by them, and prints it. On a response topic that the user
/// named, an answer without correlation data is taken for that of the one request that is open:
/// MQTT 3.1.1 has none, and some responders do not send it back.
class Request {
 public:
  /// `client_id` makes a response topic that is ours alone, unless the user named one. Answers are
  /// printed to `out`, which must outlive it.
  Request(const RequestOptions& options, const std::string& client_id, output::StandardOutput& out);

  /// Where the answers come.
  connection::Subscription subscription() const;

  /// Makes a request of `message`.
  void address(Message& message);

  /// All have been handed to the connection: from the first time on, the clock of --timeout runs.
  void sent(Clock::time_point now);

  /// Prints `message` if it is an answer that is still awaited.
  void consider(const Message& message);

  /// All answers came and are out, or nobody reads them.
  bool complete() const;

  /// When it is too late for the answers that are missing.
  std::optional<Clock::time_point> due() const;

  /// 27 when an answer is missing, 1 when one had nothing to print.
  ExitCode exit_code() const;

  /// "no answer to 1 of 1 requests in time", and what came instead; empty when all came and
  /// are printed.
  std::string explanation() const;

 private:
  /// Whether `message` answers a request that is open; then it no longer is.
  bool answers(const Message& message);

  RequestOptions options_;
  std::string response_topic_;
  std::string salt_;  ///< Random: correlation data that nobody else makes.
  std::set<std::string> awaited_{};
  std::uint64_t asked_ = 0;
  std::uint64_t unmarked_ = 0;     ///< Messages that came without correlation data, and no answers.
  std::uint64_t foreign_ = 0;      ///< Those with other correlation data.
  bool nothing_selected_ = false;  ///< In an answer, of what --select names.
  std::optional<Clock::time_point> deadline_{};
  std::unique_ptr<output::Printer> printer_;
  output::StandardOutput& out_;
};

/// "1.23": milliseconds, for scripts.
std::string milliseconds_text(Duration time);

}  // namespace mqtt_tools::run
