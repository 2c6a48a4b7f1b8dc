// SPDX-License-Identifier: MIT
//
// mqtt-pub: publishes what it is given, and ends with 0 only when the broker has it.

#include "cli/pub_options.hpp"
#include "connection/client.hpp"
#include "connection/server_limits.hpp"
#include "error.hpp"
#include "feed/feed.hpp"
#include "message.hpp"
#include "payload/envelope.hpp"
#include "run/cpu_affinity.hpp"
#include "run/log.hpp"
#include "run/poller.hpp"
#include "run/program.hpp"
#include "run/progress.hpp"
#include "run/publisher.hpp"
#include "run/request.hpp"
#include "run/signals.hpp"
#include "text.hpp"
#include "timestamp.hpp"

#include <poll.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace mqtt_tools {
namespace {

/// What mqtt-pub takes in: messages from a feed, in their envelope, ready for the wire. Input that
/// cannot be used ends it; what was taken in before stays good.
class MessageSource {
 public:
  MessageSource(std::unique_ptr<feed::Feed> feed, const payload::EnvelopeOptions& envelope);

  /// The next message into `message`; false when there is none now. Never waits.
  bool next(Clock::time_point now, Message& message);

  /// There may be more: nothing has ended it.
  bool open() const { return open_; }

  /// Nobody wants more.
  void close() { open_ = false; }

  /// Why it ended early, if it did.
  const std::optional<RunError>& complaint() const { return complaint_; }

  const feed::Feed& feed() const { return *feed_; }

 private:
  void wrap(Message& message) const;
  static void check_text(const Message& message);
  std::string located(const std::string& text) const;

  std::unique_ptr<feed::Feed> feed_;
  payload::Envelope envelope_;
  std::optional<std::string> content_type_;
  int payload_format_;
  bool open_ = true;
  std::optional<RunError> complaint_{};
};

MessageSource::MessageSource(std::unique_ptr<feed::Feed> feed,
                             const payload::EnvelopeOptions& envelope)
    : feed_(std::move(feed)),
      envelope_(envelope),
      content_type_(envelope_.content_type()),
      payload_format_(envelope.encoding == payload::EnvelopeOptions::Encoding::json ? 1 : 0) {}

bool MessageSource::next(Clock::time_point now, Message& message) {
  if (!open_) return false;
  try {
    switch (feed_->next(now, message)) {
      case feed::Supply::not_yet:
        return false;
      case feed::Supply::end:
        open_ = false;
        return false;
      case feed::Supply::message:
        break;
    }
    if (!feed_->final()) wrap(message);
    connection::check_size(message);
    check_text(message);
    return true;
  } catch (const UsageError& error) {
    complaint_.emplace(ExitCode::usage, located(error.what()));
  } catch (const RunError& error) {
    complaint_ = error;
  }
  open_ = false;
  return false;
}

void MessageSource::wrap(Message& message) const {
  message.payload = envelope_.wrap(std::move(message.payload), std::chrono::system_clock::now());
  if (content_type_ && !message.properties.content_type) {
    message.properties.content_type = content_type_;
    message.properties.payload_format = payload_format_;
  }
}

/// What says that it is text must be text: receivers may end the connection (MQTT 5.0 §3.3.2.3.2).
void MessageSource::check_text(const Message& message) {
  if (message.properties.payload_format != 1) return;
  if (const auto invalid = first_invalid_utf8(message.payload)) {
    throw UsageError("the message is not UTF-8 (byte " + std::to_string(*invalid + 1) +
                     "), which payload-format-indicator 1 says that it is");
  }
}

std::string MessageSource::located(const std::string& text) const {
  const auto where = feed_->where();
  return where.empty() || text.rfind(where, 0) == 0 ? text : where + ": " + text;
}

/// One run: source → publisher → client.
class PublishRun {
 public:
  explicit PublishRun(const cli::PubOptions& options)
      : options_(options),
        source_(feed::open(options.source), options.envelope),
        client_(run::with_verbosity(options.connection, options.verbosity),
                run::log_sink(options.verbosity)),
        publisher_(client_, options.window, options.ack_timeout) {
    if (options.request) {
      request_.emplace(*options.request, options.connection.client_id);
      client_.subscribe({request_->subscription()}, {});
    }
  }

  ExitCode run() {
    take_in(Clock::now());  // what is wrong with the first message is told before connecting
    while (!finished(Clock::now())) {
      const auto now = Clock::now();
      cpu_affinity_.turn(now);
      if (!started_ && worth_connecting()) start(now);
      client_.advance(now);
      collect(now);
      if (client_.failure()) give_up(*client_.failure());
      if (stats_.overdue(now)) {
        give_up(RunError(ExitCode::lost, std::string{"nothing was "} + stats_.taken_word() +
                                             " for the time of --ack-timeout"));
      }
      if (const auto code = signals_.raised()) return interrupted(*code);
      deliver(now);
      progress_.update({stats_.messages(), stats_.acknowledged(), source_.feed().progress(),
                        stats_.taken_word()},
                       now);
      if (!finished(now)) pause();
    }
    progress_.clear();
    disconnect(Clock::now() + run::disconnect_limit);
    show_answers(Clock::time_point::max());
    const auto code = signals_.raised();
    return code ? *code : exit_code();
  }

 private:
  bool finished(Clock::time_point now) const {
    const bool answered = !request_ || request_->over(now) || stats_.any_denied();
    return !source_.open() && publisher_.empty() && answered;
  }

  /// One message after another, and no end to be seen.
  bool streams() const {
    using Kind = feed::SourceOptions::Kind;
    return options_.source.kind == Kind::lines || options_.source.kind == Kind::replay;
  }

  /// A single message is read whole before anybody is called; a stream of them calls at once.
  bool worth_connecting() const { return !publisher_.empty() || streams(); }

  void start(Clock::time_point now) {
    started_ = true;
    cpu_affinity_.begin(now);  // before there are other threads, which inherit it
    client_.start(now);
  }

  /// While there is no room for one more message, the input is not read.
  void take_in(Clock::time_point now) {
    stop_at_denial();
    for (Message message; publisher_.room() && source_.next(now, message); message = {}) {
      if (request_) request_->address(message, now);
      publisher_.add(std::move(message), now);
    }
    if (source_.complaint() && stats_.messages() == 0) throw RunError(*source_.complaint());
  }

  void collect(Clock::time_point now) {
    publisher_.collect(now);
    if (request_) {
      while (const auto* message = client_.receive()) request_->consider(*message);
      request_->flush();
    }
  }

  /// Answers that came are written, until `deadline` or a signal. What is missing then is said.
  void show_answers(Clock::time_point deadline) {
    if (!request_) return;
    const bool interrupted = signals_.raised().has_value();
    while (true) {
      while (const auto* message = client_.receive()) request_->consider(*message);
      request_->flush();
      if (request_->written() || Clock::now() >= deadline) break;
      if (!interrupted && signals_.raised()) break;
      poller_.add(interrupted ? -1 : signals_.fd(), POLLIN);
      request_->on(poller_);
      poller_.until(deadline);
      poller_.wait();
    }
    if (const auto missing = request_->unwritten(); missing > 0) {
      run::log(std::to_string(missing) +
               (missing == 1 ? " answer that was acknowledged was not written"
                             : " answers that were acknowledged were not written"));
    }
  }

  /// Sends what waits and takes in more, one message for each that came back.
  void deliver(Clock::time_point now) {
    while (!publisher_.deliver(now)) {
      const auto before = stats_.messages();
      take_in(now);
      if (stats_.messages() == before) break;
    }
    stop_at_denial();
  }

  /// What the broker denies once it would deny again: nothing more is read.
  void stop_at_denial() {
    if (stats_.any_denied()) source_.close();
  }

  /// The one place that waits.
  void pause() {
    poller_.add(signals_.fd(), POLLIN);
    poller_.add(client_.fd(), POLLIN);
    if (source_.open() && publisher_.room()) {
      poller_.add(source_.feed().fd(), POLLIN);
      poller_.until(source_.feed().due());
    }
    if (request_) {
      request_->on(poller_);
      poller_.until(request_->due());
    }
    poller_.until(client_.due());
    poller_.until(stats_.due());
    poller_.until(progress_.due());
    poller_.wait();
    if (!started_) take_in(Clock::now());
  }

  /// Keeps the client going until `done`, it fails, or `deadline`.
  void keep_going(Clock::time_point deadline, const std::function<bool()>& done) {
    while (!done() && !client_.failure() && Clock::now() < deadline) {
      poller_.add(client_.fd(), POLLIN);
      poller_.until(client_.due());
      poller_.until(deadline);
      poller_.wait();
      client_.advance(Clock::now());
      collect(Clock::now());
    }
  }

  /// Sends DISCONNECT and closes, within `deadline`.
  void disconnect(Clock::time_point deadline) {
    client_.disconnect(Clock::now());
    keep_going(deadline, [&] { return client_.disconnected(); });
  }

  ExitCode interrupted(ExitCode code) {
    const auto deadline = Clock::now() + run::disconnect_limit;
    if (client_.ready()) {
      keep_going(deadline - std::chrono::milliseconds{300},
                 [&] { return publisher_.in_flight() == 0; });
    }
    disconnect(deadline);
    show_answers(deadline);
    const bool several = stats_.messages() > (streams() ? 0 : 1);
    if (several && (stats_.outstanding() > 0 || !options_.verbosity.quiet)) {
      run::log("interrupted; " + stats_.so_far(publisher_.unsent()));
    } else if (stats_.outstanding() > 0) {
      run::log("interrupted; " + stats_.unacknowledged());
    }
    return code;
  }

  [[noreturn]] void give_up(const RunError& why) {
    show_answers(Clock::now() + std::chrono::seconds{1});
    if (stats_.outstanding() == 0 || client_.connections() == 0) throw RunError(why);
    throw RunError(why.code(), std::string(why.what()) + "; " + stats_.unacknowledged());
  }

  ExitCode exit_code() {
    if (!options_.verbosity.quiet) run::log_remarks(source_.feed().remarks());
    if (stats_.any_denied()) run::log(stats_.denials());
    if (const auto& complaint = source_.complaint()) {
      run::log(std::string(complaint->what()) + "; " + stats_.summary());
      return complaint->code();
    }
    if (stats_.any_denied()) return ExitCode::denied;
    if (!request_) return ExitCode::ok;
    if (const auto why = request_->explanation(); !why.empty()) run::log(why);
    return request_->exit_code();
  }

  const cli::PubOptions& options_;
  run::Signals signals_{};
  run::CpuAffinity cpu_affinity_{};
  MessageSource source_;
  connection::Client client_;
  run::Publisher publisher_;
  const run::DeliveryStats& stats_ = publisher_.stats();
  std::optional<run::Request> request_{};
  run::Poller poller_{};
  run::ProgressLine progress_{options_.progress && !options_.verbosity.quiet, Clock::now()};
  bool started_ = false;
};

}  // namespace
}  // namespace mqtt_tools

int main(int argc, char** argv) {
  using namespace mqtt_tools;
  run::run_program("mqtt-pub", [&] {
    const auto options = cli::parse_pub(argc, argv);
    if (!options) return ExitCode::ok;
    run::log_warnings(options->verbosity);
    return PublishRun(*options).run();
  });
}
