// SPDX-License-Identifier: MIT
#include "run/wrap.hpp"

#include "cli/descriptor.hpp"
#include "connection/client.hpp"
#include "error.hpp"
#include "payload/envelope.hpp"
#include "run/child_process.hpp"
#include "run/log.hpp"
#include "run/message_source.hpp"
#include "run/poller.hpp"
#include "run/program.hpp"
#include "run/publisher.hpp"
#include "run/signals.hpp"
#include "text.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <utility>

namespace mqtt_tools::run {

namespace {

using cli::Descriptor;
using payload::Field;

constexpr Duration for_ever = std::chrono::hours{24 * 365};

/// What the messages call the command: the name of its file.
std::string name_of(const cli::WrapOptions& options) {
  const std::string& program = options.command.front();
  return escaped(program.substr(program.rfind('/') + 1));
}

/// "SIGKILL"; "signal 40" for one without a name.
std::string signal_name(int number) {
  const char* name = ::sigabbrev_np(number);
  return name != nullptr ? std::string{"SIG"} + name : "signal " + std::to_string(number);
}

/// Signals that come to us and are meant for the command.
class SignalRelay {
 public:
  SignalRelay() {
    child_signals();  // As they are before this.
    sigset_t wanted;
    sigemptyset(&wanted);
    for (const int number : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2}) {
      struct sigaction action = {};
      ::sigaction(number, nullptr, &action);
      if (action.sa_handler != SIG_IGN) sigaddset(&wanted, number);
    }
    ::pthread_sigmask(SIG_BLOCK, &wanted, nullptr);
    fd_.reset(::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
  }

  int fd() const { return fd_.get(); }

  /// Passes on what has come to `child`, if it still runs. What the terminal sends reaches it by
  /// itself, as it is in our process group.
  void pass_on(const Child* child) {
    signalfd_siginfo info{};
    while (::read(fd_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
      const int number = static_cast<int>(info.ssi_signo);
      if (child == nullptr) {
        late_ = true;
      } else {
        came_.insert(number);
        if (info.ssi_code != SI_KERNEL) child->signal(number);
      }
    }
  }

  bool came(int number) const { return came_.count(number) > 0; }
  bool late() const { return late_; }  ///< One came after the end of the command.

 private:
  Descriptor fd_{};
  std::set<int> came_{};
  bool late_ = false;
};

/// The command's stderr on its way to ours: byte for byte, and its last lines are kept.
class ErrorOutput {
 public:
  /// Where there are lines to keep; else the command has our stderr itself.
  explicit ErrorOutput(std::size_t lines) : lines_(lines) {
    int ends[2] = {-1, -1};
    if (lines > 0 && ::pipe2(ends, O_CLOEXEC) == 0) {
      from_.reset(ends[0]);
      to_.reset(ends[1]);
      ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
    }
  }

  int for_command() const { return to_.get() >= 0 ? to_.get() : STDERR_FILENO; }
  void started() { to_.reset(); }

  /// Nothing is read while our own stderr does not take what is there: the command waits for its
  /// reader as it would without us.
  void on(Poller& poller) const {
    poller.add(pending_.empty() ? from_.get() : STDERR_FILENO, pending_.empty() ? POLLIN : POLLOUT);
  }

  void copy() {
    char block[64 * 1024];
    while (write_pending() && from_.get() >= 0) {
      const ssize_t count = ::read(from_.get(), block, sizeof block);
      if (count < 0 && errno == EINTR) continue;
      if (count == 0) from_.reset();
      if (count <= 0) break;
      pending_.assign(block, static_cast<std::size_t>(count));
      keep(pending_);
    }
  }

  /// The last lines, as text.
  std::string last_lines() const {
    std::string text;
    for (const auto& line : kept_) text += line + '\n';
    text += rest_;
    if (text.ends_with('\n')) text.pop_back();
    return first_invalid_utf8(text) ? escaped(text, Lines::keep) : text;
  }

 private:
  bool write_pending() {
    pollfd ours{STDERR_FILENO, POLLOUT, 0};
    while (!pending_.empty() && ::poll(&ours, 1, 0) == 1) {
      // As much as any pipe takes that poll calls writable.
      const auto piece = std::min<std::size_t>(pending_.size(), 4096);
      const ssize_t count = ::write(STDERR_FILENO, pending_.data(), piece);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) from_.reset();  // Nobody reads: the command is to learn it, as from a pipe.
      pending_.erase(0, count < 0 ? pending_.size() : static_cast<std::size_t>(count));
    }
    return pending_.empty();
  }

  void keep(std::string_view text) {
    constexpr std::size_t longest = 4096;  // Of a line, in a message.
    for (auto end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
      rest_ += text.substr(0, std::min(end, longest - std::min(rest_.size(), longest)));
      kept_.push_back(std::exchange(rest_, {}));
      if (kept_.size() > lines_) kept_.pop_front();
      text.remove_prefix(end + 1);
    }
    rest_ += text.substr(0, longest - std::min(rest_.size(), longest));
    if (!rest_.empty() && kept_.size() == lines_) kept_.pop_front();
  }

  std::size_t lines_;
  Descriptor from_{};
  Descriptor to_{};
  std::string pending_{};  ///< Read, and not yet written.
  std::deque<std::string> kept_{};
  std::string rest_{};  ///< A line that has not ended.
};

/// Messages that the run makes itself, ready for the wire.
class MadeFeed final : public feed::Feed {
 public:
  feed::Supply next(Clock::time_point, Message& message) override {
    if (made.empty()) return feed::Supply::not_yet;
    message = std::move(made.front());
    made.pop_front();
    return feed::Supply::message;
  }
  bool final() const override { return true; }

  std::deque<Message> made{};
};

/// One run: command → messages → publisher.
class WrapRun {
 public:
  explicit WrapRun(const cli::PubOptions& options)
      : options_(*options.wrap), around_(options), output_(options_.output_lines) {
    auto feed = std::make_unique<MadeFeed>();
    feed_ = feed.get();
    source_.emplace(std::move(feed), around_.source, around_.envelope);
    message("failed", end_fields(1, SIGKILL));  // What no envelope can hold is told now.
  }

  [[noreturn]] void run() {
    start_command();
    while (!over()) turn(Clock::now());
    disconnect();
    if (signal_ != 0 && relay_.came(signal_)) exit_process(static_cast<ExitCode>(128 + signal_));
    if (!failure_ && !unsettled_.empty()) {
      lose({ExitCode::lost, "interrupted; a message was not acknowledged"}, Clock::now());
    }
    exit_with(code_ != 0 || !failure_ ? code_ : static_cast<int>(failure_->code()));
  }

 private:
  void start_command() {
    ChildCommand command;
    command.words = options_.command;
    command.ours = true;
    command.error = output_.for_command();
    try {
      child_.emplace(command);
      publish("started", {});
    } catch (const RunError& error) {
      log(error.what());
      code_ = static_cast<int>(error.code());
      publish("failed", end_fields(code_, 0));
    }
    output_.started();
  }

  void turn(Clock::time_point now) {
    relay_.pass_on(child_ ? &*child_ : nullptr);
    output_.copy();
    if (child_ && child_->status()) command_ended(*child_->status());
    if (!client_ && now >= connect_at_) connect(now);
    if (client_) attend(now);
    take_in(now);
    if (client_) publisher_->deliver(now);
    if (!over()) pause();
  }

  void attend(Clock::time_point now) {
    client_->advance(now);
    publisher_->collect(now);
    if (const auto why = publisher_->take_presence_denial()) fail({ExitCode::denied, *why});
    if (client_->failure()) {
      lose(*client_->failure(), now);
    } else if (!child_ && publisher_->stats().overdue(now)) {
      fail({ExitCode::lost, "no message was acknowledged for the time of --ack-timeout"});
      given_up_ = true;
    }
  }

  void command_ended(int status) {
    relay_.pass_on(&*child_);  // What ended it may have come to us, too.
    output_.copy();
    code_ = status;
    signal_ = child_->signal();
    child_.reset();
    publish(status == 0 ? "succeeded" : "failed", end_fields(status, signal_));
    connect_at_ = {};  // Once more, if there is no connection.
    failure_.reset();
  }

  std::vector<Field> end_fields(int status, int signal) const {
    char seconds[32];
    std::snprintf(seconds, sizeof seconds, "%.3f",
                  std::chrono::duration<double>{Clock::now() - started_}.count());
    std::vector<Field> fields{{"code", std::to_string(status), Field::Form::json},
                              {"seconds", seconds, Field::Form::json}};
    if (signal != 0) fields.push_back({"signal", signal_name(signal), Field::Form::text});
    if (options_.output_lines > 0) {
      fields.push_back({"stderr", output_.last_lines(), Field::Form::text});
    }
    return fields;
  }

  Message message(const std::string& word, std::vector<Field> fields) const {
    payload::EnvelopeOptions options = around_.envelope;
    fields.insert(fields.begin(), {"command", name_of(options_), Field::Form::text});
    options.fields.insert(options.fields.begin(), fields.begin(), fields.end());
    const payload::Envelope envelope{options};
    Message message = around_.source.form;
    message.retained = true;
    message.payload = envelope.wrap(word, std::chrono::system_clock::now());
    if (const auto type = envelope.content_type()) message.properties.content_type = type;
    return message;
  }

  /// What the broker says of the command when we die.
  connection::Will will() const {
    connection::Will will;
    will.message = around_.source.form;
    will.message.retained = true;
    payload::EnvelopeOptions form = around_.envelope;
    form.fields = {{"command", name_of(options_), Field::Form::text}};
    will.message.payload = payload::Envelope{std::move(form)}.wrap_without_time("lost");
    return will;
  }

  void publish(const std::string& word, std::vector<Field> fields) {
    feed_->made.push_back(message(word, std::move(fields)));
  }

  /// Whatever goes wrong here must not end the command.
  void connect(Clock::time_point now) {
    try {
      auto connection = with_verbosity(around_.connection, around_.verbosity);
      if (!connection.presence) connection.will = will();
      client_ =
          std::make_unique<connection::Client>(std::move(connection), log_sink(around_.verbosity));
      publisher_.emplace(*client_, std::size_t{64}, around_.ack_timeout);
      if (around_.connection.presence) publisher_->set_presence(*around_.connection.presence);
      publisher_->tell_outcomes([this](const Outcome& outcome) { settled(outcome); });
      client_->start(now);
      for (const auto& waiting : unsettled_) publisher_->add(waiting, now);
    } catch (const RunError& why) {
      lose(why, now);
    }
  }

  void settled(const Outcome& outcome) {
    const auto found = std::find_if(unsettled_.begin(), unsettled_.end(), [&](const auto& one) {
      return one.payload == outcome.message.payload && one.topic == outcome.message.topic;
    });
    if (found != unsettled_.end()) unsettled_.erase(found);
    if (!outcome.reason || *outcome.reason >= 0x80) {
      fail({ExitCode::denied, "a message to " + escaped(outcome.message.topic) +
                                  " was denied: " + escaped(outcome.words)});
    }
  }

  void take_in(Clock::time_point now) {
    for (Message next; source_->next(now, next); next = {}) {
      unsettled_.push_back(next);
      if (client_) publisher_->add(std::move(next), now);
    }
  }

  /// Without a broker the command goes on, and it is tried again: now and then, and at the end.
  void lose(const RunError& why, Clock::time_point now) {
    fail(why);
    publisher_.reset();
    client_.reset();
    if (!child_) {
      given_up_ = true;
      return;
    }
    const bool lasting = why.code() != ExitCode::no_connection && why.code() != ExitCode::lost;
    pause_ =
        std::clamp<Duration>(2 * pause_, std::chrono::seconds{1}, around_.connection.reconnect_max);
    connect_at_ = lasting ? Clock::time_point::max() : now + pause_;
  }

  void fail(const RunError& why) {
    if (said_ != why.what()) log(why.what());
    said_ = why.what();
    failure_ = why;
  }

  bool over() const {
    if (child_) return false;
    return given_up_ || relay_.late() || (feed_->made.empty() && unsettled_.empty());
  }

  void pause() {
    poller_.add(relay_.fd(), POLLIN);
    if (child_) poller_.add(child_->fd(), POLLIN);
    output_.on(poller_);
    if (client_) {
      poller_.add(client_->fd(), POLLIN);
      poller_.until(client_->due());
      if (!child_) poller_.until(publisher_->stats().due());
    } else if (connect_at_ != Clock::time_point::max()) {
      poller_.until(connect_at_);
    }
    poller_.wait();
  }

  void disconnect() {
    if (!client_) return;
    const auto deadline = Clock::now() + disconnect_limit;
    publisher_->disconnect(Clock::now());
    while (!client_->disconnected() && Clock::now() < deadline) {
      poller_.add(client_->fd(), POLLIN);
      poller_.until(client_->due());
      poller_.until(publisher_->due());
      poller_.until(deadline);
      poller_.wait();
      client_->advance(Clock::now());
      publisher_->collect(Clock::now());
    }
  }

  const cli::WrapOptions& options_;
  const cli::PubOptions& around_;
  SignalRelay relay_{};
  ErrorOutput output_;
  MadeFeed* feed_ = nullptr;  ///< Of source_.
  std::optional<MessageSource> source_{};
  std::deque<Message> unsettled_{};  ///< The broker has said nothing of them.
  std::optional<Child> child_{};
  Clock::time_point started_ = Clock::now();
  int code_ = 0;
  int signal_ = 0;  ///< That ended the command.
  std::unique_ptr<connection::Client> client_{};
  std::optional<Publisher> publisher_{};
  Clock::time_point connect_at_{};
  Duration pause_{};  ///< Before the next connection, after one that failed.
  std::optional<RunError> failure_{};
  std::string said_{};     ///< Of the failures the last that was told.
  bool given_up_ = false;  ///< The command has ended, and what is left cannot be published.
  Poller poller_{};
};

}  // namespace

void run_wrapped(const cli::PubOptions& options) { WrapRun{options}.run(); }

}  // namespace mqtt_tools::run
