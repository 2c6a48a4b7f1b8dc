// SPDX-License-Identifier: MIT

#include "cli/notices.hpp"

#include "cli/run.hpp"

#include <utility>

namespace mqtt_tools::cli {

connection::LogSink notices(const Talk& talk) {
  return [talk](const connection::LogLine& notice) {
    using Level = connection::LogLine::Level;
    const bool heard = notice.level == Level::always ||
                       (notice.level == Level::warning && !talk.quiet) ||
                       (notice.level == Level::verbose && (talk.verbose || talk.debug)) ||
                       (notice.level == Level::debug && talk.debug);
    if (heard) say(notice.text);
  };
}

connection::Options told(connection::Options options, const Talk& talk) {
  options.debug = talk.debug;
  options.tell_messages = talk.verbose || talk.debug;
  return options;
}

void say_remarks(const feed::Remarks& remarks) {
  if (remarks.skipped > 0) {
    say(std::to_string(remarks.skipped) +
        (remarks.skipped == 1 ? " broken line was skipped" : " broken lines were skipped"));
  }
  if (remarks.retain_dropped > 0) {
    say(std::to_string(remarks.retain_dropped) +
        (remarks.retain_dropped == 1 ? " record was" : " records were") +
        " retained and published without the flag: --keep-retain keeps it");
  }
}

void say_warnings(const Talk& talk) {
  for (const auto& warning : talk.warnings) {
    const bool heard = warning.always || !talk.quiet;
    if (heard && (!warning.detail || talk.verbose || talk.debug)) say(warning.text);
  }
}

}  // namespace mqtt_tools::cli
