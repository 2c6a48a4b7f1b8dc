// SPDX-License-Identifier: MIT
#pragma once

#include "connection/options.hpp"
#include "error.hpp"
#include "message.hpp"
#include "output/printer.hpp"
#include "run/options.hpp"
#include "run/results.hpp"
#include "timestamp.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace mqtt_tools::run {

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

  /// Makes a request of `message`. The clock of --timeout starts with the first.
  void address(Message& message, Clock::time_point now);

  /// Prints `message` if it is an answer that is still awaited.
  void consider(const Message& message);

  /// All answers came and are out, or time is up.
  bool over(Clock::time_point now) const;
  std::optional<Clock::time_point> due() const;

  /// 27 when an answer is missing.
  ExitCode exit_code() const;

  /// "no answer to 1 of 1 requests in time", and what came instead; empty when all came.
  std::string explanation() const;

 private:
  /// Whether `message` answers a request that is open; then it no longer is.
  bool answers(const Message& message);

  RequestOptions options_;
  std::string response_topic_;
  std::string salt_;  ///< Random: correlation data that nobody else makes.
  std::set<std::string> awaited_{};
  std::uint64_t asked_ = 0;
  std::uint64_t unmarked_ = 0;  ///< Messages that came without correlation data, and no answers.
  std::uint64_t foreign_ = 0;   ///< Those with other correlation data.
  std::optional<Clock::time_point> deadline_{};
  std::unique_ptr<output::Printer> printer_;
  output::StandardOutput& out_;
};

}  // namespace mqtt_tools::run
