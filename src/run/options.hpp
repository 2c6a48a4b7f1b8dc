// SPDX-License-Identifier: MIT
#pragma once

#include "output/printer.hpp"
#include "payload/decode.hpp"
#include "timestamp.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// What the parts of a run are told by command line, environment and files: plain values, checked by
// cli before a run begins. All that cli knows of this folder.

namespace mqtt_tools::run {

/// The variable that hands all of a connection on to the commands of --exec and --on-ready, for our
/// programs: an option a line, KEY=VALUE, VALUE percent-encoded (RFC 3986 §2.1). It holds as long
/// as MQTT_URL, MQTT_HOST and MQTT_PORT, where they are set, name the same broker.
constexpr const char* connection_variable = "MQTT_TOOLS_CONNECTION";

/// Something about the options that their user should know, in one line.
struct Warning {
  std::string text{};
  bool always = false;  ///< Said also with --quiet.
  bool detail = false;  ///< Said with --verbose of mqtt-pub and with --debug only.
};

/// How much is said on stderr.
struct Verbosity {
  bool quiet = false;               ///< Errors only.
  bool verbose = false;             ///< -v of mqtt-pub
  bool debug = false;               ///< -d
  std::vector<Warning> warnings{};  ///< To be said before anything else.
};

/// Which messages are shown and counted; all others are as if they had not come.
struct MessageFilterOptions {
  std::vector<std::string> filter_out{};  ///< -T
  bool no_retained = false;               ///< -R
  bool retained_only = false;
  std::vector<std::string> match{};   ///< Conditions, all of them.
  std::vector<std::string> grep{};    ///< RE2 expressions that its text must match, all of them.
  bool changes = false;               ///< Only what differs from the last of its topic, by these:
  std::vector<std::string> select{};  ///< JSON pointers; none: the payload.
  std::optional<double> max_rate{};   ///< So many messages of a topic a second: see RateLimit.
};

/// When to leave.
struct StopOptions {
  std::optional<std::uint64_t> count{};
  std::optional<Duration> timeout{};
  std::optional<Duration> duration{};
  std::optional<Duration> idle_timeout{};
  std::vector<std::string> expect{};  ///< Conditions, each to be met by some message.
  bool in_order = false;              ///< One after the other.
  std::vector<std::string> forbid{};  ///< Conditions that no message may meet.
  std::optional<Duration> silence{};  ///< How long each of `filters` may go without a message.
  std::vector<std::string> filters{};
  bool after_subscribe = false;  ///< -E
  bool after_retained = false;   ///< --retained-only: the first live message ends it, if
                                 ///< idle_timeout does not.
  bool last = false;             ///< Once all that is retained has come.
};

/// Whom to tell that all subscriptions are granted.
struct ReadinessOptions {
  std::string command{};
  std::string file{};
  std::optional<int> fd{};
};

/// A command for each message.
struct ExecOptions {
  std::string command{};
  int jobs = 1;
  bool reply = false;
};

/// A table of what came instead of the messages (--stats).
struct StatsOptions {
  std::optional<Duration> interval{};  ///< Between tables; none: only at the end and on SIGUSR1.
  output::PrinterOptions output{};     ///< Form::json: one line of JSON; else a table.
};

/// One question and its answer (--request).
struct RequestOptions {
  std::optional<std::string> response_topic{};  ///< None: one of our own.
  std::optional<Duration> timeout{};            ///< -W
  output::PrinterOptions output{};              ///< How the answer is shown.
  payload::DecodeAs decode_as = payload::DecodeAs::automatic;
};

/// Messages that are kept on the disk until the broker has them (--spool).
struct SpoolOptions {
  enum class Task {
    publish,  ///< Store this run's messages, then send.
    enqueue,  ///< Only store them.
    drain,    ///< Only send what is there.
    follow,   ///< The same, and what others put in, until a signal comes.
    list,     ///< Print what is there.
  };

  std::string folder{};
  Task task = Task::publish;
  std::uint64_t limit = 1'000'000'000;  ///< Bytes of topics and payloads.

  bool makes_messages() const { return task == Task::publish || task == Task::enqueue; }
  bool connects() const { return task != Task::enqueue && task != Task::list; }
};

}  // namespace mqtt_tools::run
