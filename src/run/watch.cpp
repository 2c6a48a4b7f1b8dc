// SPDX-License-Identifier: MIT
#include "run/watch.hpp"

#include "error.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <csignal>

namespace mqtt_tools::run {

namespace {

constexpr auto shortest_pause = std::chrono::milliseconds{100};  ///< Between two pictures.
constexpr auto after_a_key = std::chrono::milliseconds{20};      ///< A key is answered sooner.
constexpr auto longest_silence = std::chrono::milliseconds{20};  ///< Without a look at the keys.
constexpr auto longest_pause = std::chrono::seconds{1};          ///< Ages change.

/// Of what was said, the end that is repeated after leaving.
constexpr std::size_t most_said = std::size_t{256} * 1024;

/// A stderr that nobody reads costs what is said, not the run.
void write_all(int fd, std::string_view text) {
  pollfd reader{fd, POLLOUT, 0};
  while (!text.empty() && ::poll(&reader, 1, 200) == 1) {
    const auto written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno != EINTR) return;
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
}

extern "C" void restore_and_end(int signal) {
  screen::Terminal::leave_at_once();
  end_by_signal(signal);
}

/// What would end the process on the spot (Ctrl-\, a crash, another's SIGUSR1) gives the terminal
/// back first. Not what somebody else acts on, as sanitizers do.
void restore_before_sudden_end() {
  for (int signal = 1; signal <= SIGRTMAX; ++signal) {
    if (!ends_process(signal)) continue;
    struct sigaction action = {};
    ::sigaction(signal, nullptr, &action);
    if (action.sa_handler != SIG_DFL) continue;
    action.sa_handler = restore_and_end;
    ::sigaction(signal, &action, nullptr);
  }
}

sigset_t screen_signals() {
  sigset_t wanted;
  sigemptyset(&wanted);
  for (const int signal : {SIGWINCH, SIGTSTP, SIGCONT}) sigaddset(&wanted, signal);
  return wanted;
}

std::string state_of(const connection::Client& client) {
  if (client.ready()) return "connected";
  if (client.connected()) return "subscribing";
  return client.connections() > 0 ? "connection lost, reconnecting" : "connecting";
}

}  // namespace

Watch::Watch(const std::vector<std::string>& select, payload::DecodeAs decode_as)
    : table_(select, decode_as, Clock::now()),
      signals_(screen_signals()),
      stderr_(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)) {
  before_sudden_end(screen::Terminal::leave_at_once);
  restore_before_sudden_end();

  // All of stderr, also what commands of --on-ready write and what libraries do.
  Descriptor ours;
  if (stderr_.get() < 0 || !open_pipe(said_, ours) || ::dup2(ours.get(), STDERR_FILENO) < 0) {
    throw failed_call("cannot watch");
  }
  also_there_ = ::isatty(stderr_.get()) != 1;
}

Watch::~Watch() {
  leave();
  before_sudden_end(nullptr);
}

void Watch::add(const payload::Decoded& decoded, Clock::time_point now) {
  table_.add(decoded, now);
  changed_ = true;
}

bool Watch::advance(Clock::time_point now, const Poller& poller, const connection::Client& client) {
  const bool told = poller.had(STDIN_FILENO, POLLIN) || poller.had(signals_.fd(), POLLIN) ||
                    poller.had(said_.get(), POLLIN);
  if (poller.had(input_, 0)) input_ = -1;  // Hung up: it would be ready for ever.
  // While messages come faster than they are shown, nobody waits.
  if (told || now - handled_ >= longest_silence) handle_input(now);
  const std::string connection = state_of(client);
  if (status_text_.broker != client.broker() || status_text_.connection != connection) {
    status_text_.broker = client.broker();
    status_text_.connection = connection;
    changed_ = true;
  }
  if (now - shown_ >= pause()) {
    pressed_ = false;
    changed_ = !terminal_.show(view_.frame(terminal_.size(), now, status_text_));
    shown_ = now;
  }
  return view_.quit();
}

void Watch::add_to(Poller& poller) const {
  poller.add(input_, POLLIN);
  poller.add(signals_.fd(), POLLIN);
  poller.add(said_.get(), POLLIN);
  poller.until(shown_ + pause());
}

Duration Watch::pause() const {
  return pressed_ ? after_a_key : changed_ ? shortest_pause : Duration{longest_pause};
}

void Watch::handle_input(Clock::time_point now) {
  handled_ = now;
  handle_signals();
  read_stderr();
  while (const auto key = terminal_.read_key()) {
    view_.press(*key, now);
    changed_ = pressed_ = true;
  }
}

void Watch::handle_signals() {
  while (const auto info = signals_.next()) {
    if (info->ssi_signo == SIGTSTP) {
      terminal_.stop();
    } else if (info->ssi_signo == SIGCONT) {
      terminal_.resume();
    } else {
      terminal_.resize();
    }
    changed_ = true;
    shown_ = {};
  }
}

/// Shows the last line of what was said, and keeps all.
void Watch::read_stderr() {
  std::array<char, 4096> buffer;
  while (true) {
    const auto size = ::read(said_.get(), buffer.data(), buffer.size());
    if (size <= 0) return;
    const std::string_view text{buffer.data(), static_cast<std::size_t>(size)};
    if (also_there_) write_all(stderr_.get(), text);
    lines_ += text;
    if (text.find('\n') != std::string_view::npos) {
      const auto end = lines_.rfind('\n');
      const auto begin = end == 0 ? 0 : lines_.rfind('\n', end - 1) + 1;  // npos + 1 is 0.
      status_text_.last_line = lines_.substr(begin, end - begin);
      changed_ = true;
    }
    if (lines_.size() > most_said) {
      const auto line = lines_.find('\n', lines_.size() / 2);
      lines_.erase(0, line == std::string::npos ? line : line + 1);
    }
  }
}

void Watch::leave() {
  if (said_.get() < 0) return;
  terminal_.leave();
  ::dup2(stderr_.get(), STDERR_FILENO);
  read_stderr();
  if (!also_there_) write_all(STDERR_FILENO, lines_);
  said_.reset();
}

}  // namespace mqtt_tools::run
