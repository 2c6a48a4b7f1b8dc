// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>

namespace mqtt_tools::connection {

/// Something that happened to the connection, in one line for people. The app decides who sees it.
struct Notice {
  enum class Level {
    warning,  ///< Always told, but for --quiet: lost, back, insecure.
    always,   ///< Told also with --quiet.
    verbose,  ///< Told with -v of mqtt-pub.
    debug,    ///< Told with --debug.
  };

  Level level = Level::warning;
  std::string text{};  ///< Terminal-safe, without a newline.
};

using NoticeSink = std::function<void(const Notice&)>;

}  // namespace mqtt_tools::connection
