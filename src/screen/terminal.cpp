// SPDX-License-Identifier: MIT
#define NCURSES_NOMACROS 1
#define NCURSES_WIDECHAR 1
#include "screen/terminal.hpp"

#include "descriptor.hpp"
#include "error.hpp"
#include "shared_library.hpp"
#include "text.hpp"

#include <fcntl.h>
#include <langinfo.h>
#include <ncursesw/curses.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace mqtt_tools::screen {

namespace {

/// What Terminal::leave_at_once() needs, made before: a signal handler may not ask for it.
struct Restoration {
  termios mode{};
  char bytes[256] = {};
  std::size_t size = 0;
  volatile sig_atomic_t due = 0;
};

constinit Restoration restoration;

/// A capability of the terminal as bytes, without the pauses that old terminals need.
void remember(std::string_view rest) {
  while (!rest.empty()) {
    if (rest.starts_with("$<")) {
      rest.remove_prefix(std::min(rest.find('>'), rest.size() - 1) + 1);
    } else if (restoration.size < sizeof restoration.bytes) {
      restoration.bytes[restoration.size++] = rest.front();
      rest.remove_prefix(1);
    } else {
      return;
    }
  }
}

/// How long a terminal that is stopped (Ctrl-S), or whose reader hangs, has to take the last bytes.
constexpr int last_patience = 200;  // ms

bool writable(int fd, int patience = 0) {
  pollfd reader{fd, POLLOUT, 0};
  return ::poll(&reader, 1, patience) == 1 && (reader.revents & POLLOUT) != 0;
}

/// What we write is UTF-8. A locale that is none would make ncurses show something else.
void choose_locale() {
  std::setlocale(LC_CTYPE, "");
  if (std::strcmp(::nl_langinfo(CODESET), "UTF-8") != 0) std::setlocale(LC_CTYPE, "C.UTF-8");
}

std::wstring wide(std::string_view text) {
  std::wstring result;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = code_point_at(text, at);
    const auto letter = static_cast<wchar_t>(point.value);
    const std::size_t width = columns(text.substr(at, point.length));
    at += point.length;
    // What the C library does not know, ncurses would leave out, and all behind it moves.
    if (::wcwidth(letter) == static_cast<int>(width)) {
      result += letter;
    } else {
      result.append(width, L'?');
    }
  }
  return result;
}

/// What ncurses gives a name, and what else has a meaning.
constexpr std::pair<wint_t, Key::Kind> keys[] = {
    {KEY_UP, Key::Kind::up},
    {KEY_DOWN, Key::Kind::down},
    {KEY_PPAGE, Key::Kind::page_up},
    {KEY_NPAGE, Key::Kind::page_down},
    {KEY_HOME, Key::Kind::home},
    {KEY_END, Key::Kind::end},
    {KEY_ENTER, Key::Kind::enter},
    {'\r', Key::Kind::enter},
    {'\n', Key::Kind::enter},
    {'\t', Key::Kind::tab},
    {KEY_BACKSPACE, Key::Kind::backspace},
    {0x08, Key::Kind::backspace},
    {0x7f, Key::Kind::backspace},
    {0x1b, Key::Kind::escape},
};

}  // namespace

/// The functions that we call, and the screen. At the end the library restores the terminal.
class Terminal::Library {
 private:
  SharedLibrary library_{"libncursesw.so.6", "--watch", "ncurses", "libncursesw6"};

 public:
  /// As term.h has it, whose macros take many a word from us.
  int (*setup_terminal)(const char* name, int fd, int* error) = library_["setupterm"];
  void* (*set_terminal)(void* terminal) = library_["set_curterm"];
  int (*delete_terminal)(void* terminal) = library_["del_curterm"];
  decltype(&::tigetstr) text_capability = library_["tigetstr"];
  decltype(&::newterm) new_terminal = library_["newterm"];
  decltype(&::newwin) new_window = library_["newwin"];
  decltype(&::set_escdelay) set_escape_delay = library_["set_escdelay"];
  decltype(&::cbreak) one_key_at_a_time = library_["cbreak"];
  decltype(&::noecho) no_echo = library_["noecho"];
  decltype(&::nonl) no_newline_mapping = library_["nonl"];
  decltype(&::curs_set) cursor = library_["curs_set"];
  decltype(&::keypad) keypad_keys = library_["keypad"];
  decltype(&::nodelay) no_delay = library_["nodelay"];
  decltype(&::wget_wch) get_key = library_["wget_wch"];
  decltype(&::wmove) move = library_["wmove"];
  decltype(&::waddnwstr) add_text = library_["waddnwstr"];
  decltype(&::wattrset) attributes = library_["wattrset"];
  decltype(&::werase) erase = library_["werase"];
  decltype(&::clearok) clear_first = library_["clearok"];
  decltype(&::wrefresh) refresh = library_["wrefresh"];
  decltype(&::resizeterm) set_size = library_["resizeterm"];
  decltype(&::wresize) resize_window = library_["wresize"];
  decltype(&::endwin) end = library_["endwin"];

  /// Takes what ncurses wrote, and gives the terminal as much of it as it takes without waiting.
  void flush();

  /// The same, and waits a little. Then the terminal has its own mode again.
  void give_back();

  WINDOW* window = nullptr;
  Size size{};
  bool on = false;
  bool shown = false;     ///< What the terminal shows is ours, for all we know.
  int written = -1;       ///< What ncurses writes to: memory, so that it never waits.
  int terminal = -1;      ///< What the terminal is written to by.
  std::string pending{};  ///< What it has not taken.
  termios mode{};         ///< Of the terminal while we have it.
};

void Terminal::Library::flush() {
  const auto more = static_cast<std::size_t>(std::max<off_t>(::lseek(written, 0, SEEK_CUR), 0));
  if (more > 0) {
    const std::size_t before = pending.size();
    pending.resize(before + more);
    const auto got = ::pread(written, pending.data() + before, more, 0);
    pending.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    static_cast<void>(!::ftruncate(written, 0));
    ::lseek(written, 0, SEEK_SET);
  }
  while (!pending.empty() && writable(terminal)) {
    const auto out = ::write(terminal, pending.data(), pending.size());
    if (out < 0 && errno == EAGAIN) return;
    if (out < 0 && errno != EINTR) return pending.clear();  // It hung up.
    if (out > 0) pending.erase(0, static_cast<std::size_t>(out));
  }
}

void Terminal::Library::give_back() {
  do {
    flush();
  } while (!pending.empty() && writable(terminal, last_patience));
  pending.clear();
  ::tcsetattr(STDIN_FILENO, TCSANOW, &restoration.mode);
}

Terminal::Terminal() {
  constexpr const char* advice = "; --stats shows figures without a screen";
  if (::isatty(STDIN_FILENO) != 1 || ::isatty(STDOUT_FILENO) != 1) {
    throw UsageError(std::string("--watch needs a terminal as stdin and stdout") + advice);
  }
  library_ = std::make_unique<Library>();
  Library& library = *library_;
  choose_locale();
  int found = 0;
  const bool known = library.setup_terminal(nullptr, STDOUT_FILENO, &found) == OK;
  const auto capability = [&library](const char* name) {
    const char* text = library.text_capability(name);
    const bool none = text == nullptr || reinterpret_cast<std::intptr_t>(text) == -1;
    return std::string_view{none ? "" : text};
  };
  if (!known || capability("cup").empty()) {
    const char* name = std::getenv("TERM");
    const std::string term = name == nullptr || *name == '\0'
                                 ? "TERM is not set"
                                 : "TERM=" + escaped(name) + (known ? " cannot" : " is unknown");
    throw UsageError("--watch needs a terminal that can move its cursor: " + term + advice);
  }
  // In the background, a shell that reads a line has the terminal in a mode of its own.
  const pid_t group = ::tcgetpgrp(STDIN_FILENO);
  if (group > 0 && group != ::getpgrp()) ::raise(SIGTTOU);
  ::tcgetattr(STDIN_FILENO, &restoration.mode);
  restoration.size = 0;
  for (const char* name : {"sgr0", "rmkx", "cnorm", "rmcup"}) remember(capability(name));
  library.delete_terminal(library.set_terminal(nullptr));  // newterm() makes its own.

  library.terminal = open_again(STDOUT_FILENO);
  if (library.terminal < 0) library.terminal = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  library.written = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  FILE* output = ::fdopen(library.written, "w");
  if (output == nullptr || library.new_terminal(nullptr, output, stdin) == nullptr) {
    throw UsageError(std::string("--watch cannot use this terminal") + advice);
  }
  library.on = true;
  restoration.due = 1;
  // ncurses would act on them in whichever thread they meet; we are told of them instead.
  for (const int signal : {SIGTSTP, SIGWINCH}) ::signal(signal, SIG_DFL);
  library.set_escape_delay(25);
  library.one_key_at_a_time();
  library.no_echo();
  library.no_newline_mapping();
  ::tcgetattr(STDIN_FILENO, &library.mode);
  // ncurses knows the terminal now. A write to it could wait for its reader, and the run with it.
  const int memory = ::memfd_create("screen", MFD_CLOEXEC);
  if (memory < 0 || ::dup3(memory, library.written, O_CLOEXEC) < 0) {
    throw failed_call("--watch: no memory for the screen");
  }
  ::close(memory);
  library.cursor(0);
  library.window = library.new_window(0, 0, 0, 0);
  library.keypad_keys(library.window, TRUE);
  library.no_delay(library.window, TRUE);
  resize();
}

Terminal::~Terminal() { leave(); }

void Terminal::leave() {
  if (!library_->on) return;
  library_->on = false;
  library_->cursor(1);
  library_->end();
  library_->give_back();
  restoration.due = 0;
}

void Terminal::leave_at_once() noexcept {
  if (restoration.due == 0) return;
  if (writable(STDOUT_FILENO))
    static_cast<void>(!::write(STDOUT_FILENO, restoration.bytes, restoration.size));
  ::tcsetattr(STDIN_FILENO, TCSANOW, &restoration.mode);
}

std::optional<Key> Terminal::read_key() {
  wint_t code = 0;
  while (library_->on) {
    const int found = library_->get_key(library_->window, &code);
    if (found == ERR) return {};
    const bool named = found == KEY_CODE_YES;  // Else the same number is a letter.
    for (const auto& [known, kind] : keys) {
      if (code == known && named == (known >= KEY_MIN)) return Key{kind, 0};
    }
    if (!named && code >= 0x20) return Key{Key::Kind::character, static_cast<char32_t>(code)};
  }
  return {};
}

Size Terminal::size() const { return library_->size; }

void Terminal::resize() {
  winsize now{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &now) == 0 && now.ws_col > 0 && now.ws_row > 0) {
    library_->size = {now.ws_col, now.ws_row};
  }
  library_->set_size(library_->size.rows, library_->size.columns);
  library_->resize_window(library_->window, library_->size.rows, library_->size.columns);
  library_->clear_first(library_->window, TRUE);
}

bool Terminal::show(const Frame& frame) {
  if (!library_->on) return true;
  Library& curses = *library_;
  curses.flush();
  if (!curses.pending.empty()) return false;
  curses.erase(curses.window);
  for (int row = 0; const Line& line : frame) {
    unsigned attributes = A_NORMAL;
    if ((line.attributes & bold) != 0) attributes |= A_BOLD;
    if ((line.attributes & dim) != 0) attributes |= A_DIM;
    if ((line.attributes & reverse) != 0) attributes |= A_REVERSE;
    if ((line.attributes & underline) != 0) attributes |= A_UNDERLINE;
    curses.attributes(curses.window, static_cast<int>(attributes));
    const std::wstring text = wide(line.text);
    curses.move(curses.window, row++, 0);
    curses.add_text(curses.window, text.data(), static_cast<int>(text.size()));
  }
  curses.refresh(curses.window);
  curses.flush();
  curses.shown = true;
  return true;
}

void Terminal::stop() {
  if (!library_->on) return;
  library_->end();
  library_->give_back();
  library_->shown = false;
  sigset_t stopping;
  sigemptyset(&stopping);
  sigaddset(&stopping, SIGTSTP);
  ::raise(SIGTSTP);
  ::pthread_sigmask(SIG_UNBLOCK, &stopping, nullptr);  // Here it stops.
  ::pthread_sigmask(SIG_BLOCK, &stopping, nullptr);
  resume();
}

void Terminal::resume() {
  if (!library_->on) return;
  // The next refresh begins as the first one did. Left twice, the alternate screen would put the
  // cursor back to where it was before the shell wrote.
  if (std::exchange(library_->shown, false)) library_->end();
  ::tcsetattr(STDIN_FILENO, TCSANOW, &library_->mode);
  resize();
}

}  // namespace mqtt_tools::screen
