// SPDX-License-Identifier: MIT
#pragma once

#include "connection/client.hpp"
#include "descriptor.hpp"
#include "payload/decode.hpp"
#include "run/poller.hpp"
#include "run/signals.hpp"
#include "screen/terminal.hpp"
#include "screen/topic_table.hpp"
#include "screen/view.hpp"
#include "timestamp.hpp"

#include <string>
#include <vector>

namespace mqtt_tools::run {

/// The screen of --watch while the run goes on: it takes what comes, keys, and what would be said
/// on stderr. Main thread only.
class Watch {
 public:
  /// Takes the terminal; before other threads are started, as it blocks signals. Throws UsageError
  /// and RunError (see screen::Terminal).
  Watch(const std::vector<std::string>& select, payload::DecodeAs decode_as);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  void add(const payload::Decoded& decoded, Clock::time_point now);

  /// Does what is due: keys, the size, what was said, and the picture: at most ten times a second
  /// because of what comes, and soon after a key. `poller` waited last. Whether the user wants to
  /// leave.
  bool advance(Clock::time_point now, const Poller& poller, const connection::Client& client);

  /// Also wait for what it reacts to.
  void add_to(Poller& poller) const;

  /// Gives the terminal back, and says on stderr what was said in the meantime.
  void leave();

 private:
  void handle_input(Clock::time_point now);
  Duration pause() const;
  void handle_signals();
  void read_stderr();

  screen::TopicTable table_;
  screen::View view_{table_};
  int input_ = 0;  ///< stdin, until it hangs up.
  SignalQueue signals_;
  Descriptor said_{};        ///< Where stderr ends while we have the screen.
  Descriptor stderr_;        ///< What it was.
  bool also_there_ = false;  ///< It is no terminal: what is said goes there at once, too.
  std::string lines_{};      ///< What was said, to be repeated.
  screen::StatusText status_text_{};
  bool changed_ = true;   ///< Something that the next picture shows.
  bool pressed_ = false;  ///< A key, which it answers.
  Clock::time_point shown_{};
  Clock::time_point handled_{};
  screen::Terminal terminal_{};  ///< Last: nothing else is to be restored if it cannot be had.
};

}  // namespace mqtt_tools::run
