// SPDX-License-Identifier: MIT

#include "cli/notices.hpp"

#include "cli/run.hpp"

namespace mqtt_tools::cli {

connection::Client::NoticeSink notices(const Talk& talk) {
  return [talk](const connection::Notice& notice) {
    using Level = connection::Notice::Level;
    const bool heard = notice.level == Level::always ||
                       (notice.level == Level::warning && !talk.quiet) ||
                       (notice.level == Level::verbose && (talk.verbose || talk.debug)) ||
                       (notice.level == Level::debug && talk.debug);
    if (heard) say(notice.text);
  };
}

}  // namespace mqtt_tools::cli
