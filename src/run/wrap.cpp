// SPDX-License-Identifier: MIT
#include "cli/pub_options.hpp"
#include "connection/client.hpp"
#include "connection/reconnect_policy.hpp"
#include "descriptor.hpp"
#include "error.hpp"
#include "payload/envelope.hpp"
#include "run/child_process.hpp"
#include "run/log.hpp"
#include "run/message_source.hpp"
#include "run/poller.hpp"
#include "run/program.hpp"
#include "run/publisher.hpp"
#include "run/signals.hpp"
#include "run/spool_sender.hpp"
#include "spool/store.hpp"
#include "text.hpp"

#include <poll.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <deque>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

namespace mqtt_tools::run {

namespace {

using payload::Field;

/// What the messages call the command: the name of its file.
std::string name_of(const cli::WrapOptions& options) {
  const std::string& program = options.command.front();
  return escaped(program.substr(program.rfind('/') + 1));
}

/// "SIGKILL"; "signal 40" for one without a name.
std::string signal_name(int number) {
#if __GLIBC_PREREQ(2, 32)
  const char* name = ::sigabbrev_np(number);
#else
  const char* name = nullptr;
#endif
  return name != nullptr ? std::string{"SIG"} + name : "signal " + std::to_string(number);
}

/// Signals that come to us and are meant for a child in our process group. They are blocked, and
/// read from fd(), from here on. One thread.
class SignalRelay {
 public:
  int fd() const { return signals_.fd(); }

  /// Passes on what has come to `child`, if it still runs. What the terminal sends reaches it by
  /// itself, as it is in our process group.
  void pass_on(const Child* child) {
    while (const auto info = signals_.next()) {
      const int number = static_cast<int>(info->ssi_signo);
      if (child == nullptr) {
        late_ = true;
      } else {
        came_.insert(number);
        if (info->ssi_code != SI_KERNEL) child->signal(number);
      }
    }
  }

  bool came(int number) const { return came_.count(number) > 0; }
  bool late() const { return late_; }  ///< One came after the end of the child.

 private:
  SignalQueue signals_{not_ignored({SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2})};
  std::set<int> came_{};
  bool late_ = false;
};

/// A child's stderr on its way to ours: byte for byte, and its last lines are kept. One thread.
class ErrorOutput {
 public:
  /// Where there are lines to keep; else the child has our stderr itself.
  explicit ErrorOutput(std::size_t lines) : lines_(lines) {
    if (lines > 0) open_pipe(from_, to_);
  }

  int for_child() const { return to_.get() >= 0 ? to_.get() : STDERR_FILENO; }
  void started() { to_.reset(); }

  /// Nothing is read while our own stderr does not take what is there: the child waits for its
  /// reader as it would without us.
  void add_to(Poller& poller) const {
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

/// One run: command → messages → publisher.
class WrapRun {
 public:
  explicit WrapRun(const cli::PubOptions& options)
      : wrap_(*options.wrap),
        options_(options),
        output_(wrap_.output_lines),
        source_(options.source, options.envelope) {
    source_.check(message("failed", end_fields(1, SIGKILL)));  // What cannot be is told now.
    options_.spool ? open_spool() : make_client();
  }

  [[noreturn]] void run() {
    start_command(Clock::now());
    while (!over()) advance(Clock::now());
    disconnect();
    if (store_) tell_of_spool();
    if (signal_ != 0 && relay_.came(signal_)) exit_process(static_cast<ExitCode>(128 + signal_));
    if (!failure_ && !settled()) {
      lose({ExitCode::lost, "interrupted; a message was not acknowledged"}, Clock::now());
    }
    exit_with(code_ != 0 || !failure_ ? code_ : static_cast<int>(failure_->code()));
  }

 private:
  void start_command(Clock::time_point now) {
    try {
      child_.emplace(
          ChildCommand{.arguments = wrap_.command, .ours = true, .error = output_.for_child()});
      publish("started", {}, now);
    } catch (const RunError& error) {
      log(error.what());
      code_ = static_cast<int>(error.code());
      publish("failed", end_fields(code_, 0), now);
      if (sender_) sender_->set_open(false, now);
    }
    output_.started();
  }

  void advance(Clock::time_point now) {
    relay_.pass_on(child_ ? &*child_ : nullptr);
    output_.copy();
    if (child_ && child_->status()) command_ended(*child_->status(), now);
    if (!spool_) advance_client(now);
    if (sender_) with_spool([&] { sender_->advance(now); });
    if (!over()) pause();
  }

  /// Whatever goes wrong here must not end the command.
  void advance_client(Clock::time_point now) {
    try {
      if (is_over(connect_at_, now)) connect(now);
      publisher_->advance(now);
      if (const auto why = publisher_->take_presence_denial()) fail({ExitCode::denied, *why});
      publisher_->deliver(now);
      if (client_->failure() && !connect_at_ && !over()) {
        lose(*client_->failure(), now);
      } else if (!child_ && is_over(overdue_at(), now)) {
        fail({ExitCode::lost, "no message was acknowledged for the time of --ack-timeout"});
        given_up_ = true;
      }
    } catch (const RunError& why) {
      lose(why, now);
    }
  }

  /// The broker has the time of --ack-timeout once the command has ended, however long it has been
  /// silent before.
  std::optional<Clock::time_point> overdue_at() const {
    const auto due = publisher_->stats().due();
    return due ? std::optional{std::max(*due, ended_ + options_.ack_timeout)} : due;
  }

  void command_ended(int status, Clock::time_point now) {
    relay_.pass_on(&*child_);  // What ended it may have come to us, too.
    output_.copy();
    code_ = status;
    signal_ = child_->signal();
    child_.reset();
    ended_ = now;
    if (sender_) sender_->set_open(false, now);
    publish(status == 0 ? "succeeded" : "failed", end_fields(status, signal_), now);
    if (spool_) return;
    if (!client_->connected()) connect_at_ = now;  // Once more.
    failure_.reset();
  }

  std::vector<Field> end_fields(int status, int signal) const {
    const std::chrono::duration<double> seconds = Clock::now() - started_;
    std::vector<Field> fields{{"code", std::to_string(status), Field::Form::json},
                              {"seconds", formatted("%.3f", seconds.count()), Field::Form::json}};
    if (signal != 0) fields.push_back({"signal", signal_name(signal), Field::Form::text});
    if (wrap_.output_lines > 0) {
      fields.push_back({"stderr", output_.last_lines(), Field::Form::text});
    }
    return fields;
  }

  Message message(const std::string& word, std::vector<Field> fields) const {
    payload::EnvelopeOptions options = options_.envelope;
    fields.insert(fields.begin(), {"command", name_of(wrap_), Field::Form::text});
    options.fields.insert(options.fields.begin(), fields.begin(), fields.end());
    const payload::Envelope envelope{options};
    Message message = options_.source.prototype;
    message.retained = true;
    message.payload = envelope.wrap(word, std::chrono::system_clock::now());
    envelope.announce(message.properties);
    message.time = std::chrono::system_clock::now();
    return message;
  }

  /// The will is what the broker says of the command when we die.
  connection::Options connection_with_will() const {
    auto connection = options_.connection;
    if (connection.presence) return connection;
    auto& message = connection.will.emplace().message;
    message = options_.source.prototype;
    message.retained = true;
    payload::EnvelopeOptions form = options_.envelope;
    form.fields = {{"command", name_of(wrap_), Field::Form::text}};
    const payload::Envelope envelope{std::move(form)};
    message.payload = envelope.wrap("lost", std::nullopt);
    message.properties = {};  // Some of those of -D publish are not allowed in a will.
    envelope.announce(message.properties);
    return connection;
  }

  void publish(const std::string& word, std::vector<Field> fields, Clock::time_point now) {
    Message next = message(word, std::move(fields));
    source_.finish(next);
    if (store_) {
      with_spool([&] {
        const auto range = store_->add({next});
        if (sender_) sender_->add_own(range);
      });
    }
    if (publisher_) publisher_->add(std::move(next), now);
  }

  void make_client() {
    client_.emplace(connection_with_will(), log_sink(options_.verbosity));
    publisher_.emplace(*client_, std::size_t{64}, options_.ack_timeout,
                       options_.connection.presence);
    publisher_->tell_results([this](const PublishResult& result) { check(result); });
  }

  void connect(Clock::time_point now) {
    connect_at_.reset();
    std::exchange(begun_, true) ? client_->restart(now) : client_->start(now);
  }

  void check(const PublishResult& result) {
    if (result.reason && *result.reason < 0x80) return;
    fail({ExitCode::denied,
          "a message to " + result.message.topic + " was denied: " + result.explanation});
  }

  /// The broker has said something of each message.
  bool settled() const { return !publisher_ || publisher_->empty(); }

  /// Without a broker the command goes on, and it is tried again: now and then, and at the end.
  void lose(const RunError& why, Clock::time_point now) {
    fail(why);
    if (!child_) {
      given_up_ = true;
      return;
    }
    const bool lasting = why.code() != ExitCode::no_connection && why.code() != ExitCode::lost;
    const auto longest = options_.connection.reconnect_max;
    connect_at_ = lasting ? Clock::time_point::max()
                          : now + connection::pause_after(++failures_, longest, 0.5);
  }

  void fail(const RunError& why) {
    if (said_ != why.what()) log(why.what());
    said_ = why.what();
    failure_ = why;
  }

  bool over() {
    if (child_) return false;
    if (spool_) return !sender_ || relay_.late() || sender_->failure() || sender_->finished();
    return given_up_ || relay_.late() || settled();
  }

  void pause() {
    poller_.add(relay_.fd(), POLLIN);
    if (child_) poller_.add(child_->fd(), POLLIN);
    output_.add_to(poller_);
    if (sender_) {
      sender_->add_to(poller_);
    } else if (!spool_) {
      if (connect_at_ != Clock::time_point::max()) poller_.until(connect_at_);
      publisher_->add_to(poller_);
      if (!child_) poller_.until(overdue_at());
    }
    poller_.wait();
  }

  // With a spool: what cannot be stored or sent must not end the command either.

  void open_spool() {
    const auto& options = *options_.spool;
    with_spool([&] {
      store_.emplace(options.folder, options.limit, spool_broker(options_.connection),
                     spool::Store::Patience{.limit = options_.patience()});
      store_->check_broker();
      sender_.emplace(*store_, options_, connection_with_will());
      sender_->set_open(true, Clock::now());
    });
  }

  template <typename Work>
  void with_spool(Work work) {
    try {
      work();
      if (sender_ && sender_->failure() && !failure_) fail(*sender_->failure());
    } catch (const RunError& why) {
      fail(why);
      sender_.reset();
    } catch (const UsageError& why) {
      if (!child_) throw;  // Before the command was started, it may be told.
      fail({ExitCode::usage, why.what()});
      sender_.reset();
    }
  }

  /// What becomes of messages is said, and is the code of a command that succeeded.
  void tell_of_spool() {
    if (sender_ && sender_->dropped() > 0) fail({ExitCode::denied, sender_->reason()});
    std::uint64_t left = 0;
    with_spool([&] { left = sender_ ? sender_->waiting() : 0; });
    if (left == 0) return;
    const bool refused = failure_ && failure_->code() == ExitCode::refused;
    const auto code = refused ? ExitCode::refused : ExitCode::kept;
    fail({code, sender_->kept_text(left)});
  }

  void disconnect() {
    const auto deadline = Clock::now() + disconnect_limit;
    if (sender_) with_spool([&] { sender_->leave(poller_, deadline); });
    if (begun_)
      publisher_->leave(poller_, deadline, [this](auto now) { publisher_->advance(now); });
  }

  const cli::WrapOptions& wrap_;
  const cli::PubOptions& options_;
  SignalRelay relay_{};
  ErrorOutput output_;
  MessageSource source_;
  std::optional<Child> child_{};
  Clock::time_point started_ = Clock::now();
  Clock::time_point ended_{};
  int code_ = 0;
  int signal_ = 0;  ///< That ended the command.
  const bool spool_ = options_.spool.has_value();
  std::optional<spool::Store> store_{};
  std::optional<SpoolSender> sender_{};  ///< None: without a spool, or one that is of no use.
  std::optional<connection::Client> client_{};  ///< Without a spool.
  std::optional<Publisher> publisher_{};        ///< The same.
  bool begun_ = false;                          ///< To connect.
  /// When to connect, again or for the first time; nothing: that is done, or under way.
  std::optional<Clock::time_point> connect_at_{Clock::time_point{}};
  int failures_ = 0;  ///< Of the connection.
  std::optional<RunError> failure_{};
  std::string said_{};     ///< Of the failures the last that was told.
  bool given_up_ = false;  ///< The command has ended, and what is left cannot be published.
  Poller poller_{};
};

}  // namespace

void run_wrapped(const cli::PubOptions& options) { WrapRun{options}.run(); }

}  // namespace mqtt_tools::run
