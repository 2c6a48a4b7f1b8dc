// SPDX-License-Identifier: MIT
#pragma once

#include "feed/feed.hpp"
#include "message.hpp"

#include <memory>
#include <optional>
#include <string>

namespace mqtt_tools::feed {

/// Where the messages of one run come from, as the user asked.
struct SourceOptions {
  enum class Kind {
    argument,  ///< The message given as a word or with -m.
    null,      ///< One empty payload, no envelope.
    whole,     ///< All of a file or of stdin is one message.
    lines,     ///< Each line of a file or of stdin is one.
    replay,    ///< Each line is a record.
  };

  Kind kind = Kind::argument;
  std::string text{};                 ///< argument: the message.
  std::optional<std::string> file{};  ///< whole, lines, replay: a path; none: stdin.
  bool implicit_stdin = false;        ///< Nobody asked for stdin: empty input is a usage error.
  bool keep_newline = false;          ///< whole: a trailing newline is part of it (--raw).
  bool topic_from_line = false;       ///< lines: each is TOPIC<tab>MESSAGE.
  std::uint64_t repeat = 1;           ///< Publish the whole feed's one message this often.
  std::optional<Duration> repeat_delay{};  ///< Between repeats.
  std::optional<double> rate{};            ///< At most this many messages a second.
  double speed = 0;                        ///< replay: 1 as recorded, 2 twice as fast, 0 at once.
  std::string topic_prefix{};              ///< replay: put before each topic.
  bool keep_retain = false;                ///< replay: the retain flag is published too.
  bool skip_bad_lines = false;             ///< replay: broken records are skipped and counted.
  Message form{};                          ///< Topic, QoS, retain flag, properties for each.
};

/// Opens what `options` name. Throws RunError (code 1, path and reason) for a file that cannot be
/// read, UsageError for stdin that has no message to give.
std::unique_ptr<Feed> open(const SourceOptions& options);

}  // namespace mqtt_tools::feed
