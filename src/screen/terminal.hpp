// SPDX-License-Identifier: MIT
#pragma once

#include "screen/frame.hpp"
#include "screen/view.hpp"

#include <memory>
#include <optional>

namespace mqtt_tools::screen {

/// The terminal on stdin and stdout as a screen, through ncurses, which is loaded for it. One at a
/// time, main thread only.
class Terminal {
 public:
  /// Takes the whole screen, the alternate one where there is one. Throws UsageError when stdin or
  /// stdout is no terminal or one without cursor addressing, RunError when ncurses is missing.
  Terminal();
  ~Terminal();  ///< leave()
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  /// Gives the terminal back as it was.
  void leave();

  /// The same, in a signal handler, for a process that ends at once.
  static void leave_at_once() noexcept;

  /// What was typed, key by key; nothing when that is all.
  std::optional<Key> read_key();

  Size size() const;

  /// False when the terminal has not taken the frame before yet: then this one is left out. Never
  /// waits.
  bool show(const Frame& frame);

  /// The terminal has another size now (SIGWINCH).
  void resize();

  /// Gives the terminal back until the process, stopped by SIGTSTP, goes on.
  void stop();

  /// Someone else may have used the terminal since the process was stopped (SIGCONT).
  void resume();

 private:
  class Library;
  std::unique_ptr<Library> library_;
};

}  // namespace mqtt_tools::screen
