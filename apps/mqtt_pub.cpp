// SPDX-License-Identifier: MIT
//
// mqtt-pub: publishes what it is given, and ends with 0 only when the broker has it.

#include "cli/pub_options.hpp"
#include "connection/client.hpp"
#include "error.hpp"
#include "feed/feed.hpp"
#include "message.hpp"
#include "run/cpu_affinity.hpp"
#include "run/log.hpp"
#include "run/message_source.hpp"
#include "run/poller.hpp"
#include "run/program.hpp"
#include "run/progress.hpp"
#include "run/publisher.hpp"
#include "run/results.hpp"
#include "run/signals.hpp"
#include "text.hpp"
#include "timestamp.hpp"

#include <poll.h>

#include <exception>
#include <optional>
#include <string>
#include <utility>

namespace mqtt_tools {
namespace {

/// One run: source → publisher → client.
class PublishRun {
 public:
  explicit PublishRun(const cli::PubOptions& options)
      : options_(options),
        source_(options.source, options.envelope),
        client_(options.connection, run::log_sink(options.verbosity)),
        publisher_(client_, options.window, options.ack_timeout, options.connection.presence) {
    if (options.request) {
      request_.emplace(*options.request, options.connection.client_id, out());
      client_.subscribe({request_->subscription()}, {});
    }
    if (options.verify) verification_.emplace(*options.verify);
    if (options.print_results) {
      publisher_.tell_results(
          [this, &to = out()](const run::PublishResult& result) { tell(result, to); });
    }
  }

  ExitCode run() {
    try {
      return run_to_end();
    } catch (const std::exception&) {
      leave(Clock::now() + run::disconnect_limit);
      throw;
    }
  }

 private:
  ExitCode run_to_end() {
    take_in(Clock::now());  // what is wrong with the first message is told before connecting
    while (!finished(Clock::now())) {
      const auto now = Clock::now();
      cpu_affinity_.count_turn(now);
      if (!started_ && worth_connecting()) start(now);
      advance(now);
      if (client_.failure() && !finished(now)) give_up(*client_.failure());
      if (is_over(stats_.due(), now)) {
        give_up(RunError(ExitCode::lost, std::string{"nothing was "} + stats_.taken_word() +
                                             " for the time of --ack-timeout"));
      }
      if (const auto code = signals_.raised()) return interrupted(*code);
      deliver(now);
      progress_.show({stats_.messages(), stats_.acknowledged(), source_.feed().progress(),
                      stats_.taken_word()},
                     now);
      if (!finished(now)) pause();
    }
    progress_.clear();
    leave(Clock::now() + run::disconnect_limit);
    publisher_.tell_outstanding(Clock::now());
    show_answers(Clock::time_point::max());
    const auto code = signals_.raised();
    return code ? *code : exit_code();
  }

  bool finished(Clock::time_point now) const {
    if (source_.open()) return false;
    if (request_ && is_over(request_->due(), now)) return true;  // Though it is not acknowledged.
    if (verification_ && is_over(verification_->due(), now)) return true;
    if (!publisher_.empty()) return false;
    if (stats_.any_denied() || unheard()) return true;  // Then no answer can come.
    return (!request_ || request_->complete()) && (!verification_ || verification_->took());
  }

  bool unheard() const { return options_.require_subscriber && stats_.any_unheard(); }

  /// A single message is read whole before anybody is called; a stream of them calls at once.
  bool worth_connecting() const { return !publisher_.empty() || options_.source.streams(); }

  void start(Clock::time_point now) {
    started_ = true;
    cpu_affinity_.begin(now);  // before there are other threads, which inherit it
    client_.start(now);
  }

  /// While there is no room for one more message, the input is not read.
  void take_in(Clock::time_point now) {
    stop_at_denial();
    for (Message message; room() && source_.next(now, message); message = {}) {
      if (request_) request_->address(message);
      if (verification_) client_.subscribe({verification_->expect(message)}, {});
      publisher_.add(std::move(message), now);
    }
    if (source_.complaint() && stats_.messages() == 0) throw RunError(*source_.complaint());
  }

  /// For one more message, and for what will be said of it.
  bool room() const { return publisher_.room() && (!out_ || out_->room()); }

  void advance(Clock::time_point now) {
    publisher_.advance(now);
    if (const auto why = publisher_.take_presence_denial()) run::log(*why);
    receive(now);
  }

  void receive(Clock::time_point now) {
    if (request_ || verification_) {
      while (const auto* message = client_.receive()) {
        if (request_) request_->consider(*message);
        if (verification_) verification_->consider(*message, now);
      }
    }
    // Not behind the progress, on one and the same terminal.
    if (options_.terminal && out_ && out_->pending() > 0) progress_.clear();
    if (out_) out_->flush();
  }

  /// stdout, for a run that prints something.
  output::StandardOutput& out() { return out_ ? *out_ : out_.emplace(1); }

  void tell(const run::PublishResult& result, output::StandardOutput& to) const {
    std::string line;
    run::append_result(line, result);
    // JSON leaves much as it is that a terminal would act on.
    to.buffer() += options_.terminal ? escaped(line) : line;
    to.buffer() += '\n';
    to.end_record(Qos::at_most_once);
  }

  /// Answers that came are written, until `deadline` or a signal. What is missing then is said.
  void show_answers(Clock::time_point deadline) {
    if (!out_) return;
    const bool interrupted = signals_.raised().has_value();
    while (true) {
      receive(Clock::now());
      if (out_->pending() == 0 || Clock::now() >= deadline) break;
      if (!interrupted && signals_.raised()) break;
      poller_.add(interrupted ? -1 : signals_.fd(), POLLIN);
      poller_.add(*out_);
      poller_.until(deadline);
      poller_.wait();
    }
    if (const auto missing = out_->unwritten(); missing > 0) {
      run::log(counted(missing, "answer") + " that" + were(missing) + "acknowledged" +
               were(missing) + "not written");
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
    if (source_.open() || publisher_.unsent() > 0) return;
    if (request_) request_->sent(now);
    if (verification_) verification_->sent(now);
  }

  /// What the broker denies once it would deny again: nothing more is read.
  void stop_at_denial() {
    if (stats_.any_denied()) source_.close();
  }

  /// Waits for whatever comes first.
  void pause() {
    poller_.add(signals_.fd(), POLLIN);
    publisher_.add_to(poller_);
    if (source_.open() && room()) {
      poller_.add(source_.feed().fd(), POLLIN);
      poller_.until(source_.feed().due());
    }
    if (out_ && out_->pending() > 0) poller_.add(*out_);
    if (request_) poller_.until(request_->due());
    if (verification_) poller_.until(verification_->due());
    poller_.until(stats_.due());
    poller_.until(progress_.due());
    poller_.wait();
    take_in(Clock::now());
  }

  /// Sends DISCONNECT and closes, by `deadline`.
  void leave(Clock::time_point deadline) {
    publisher_.leave(poller_, deadline, [this](auto now) { advance(now); });
  }

  ExitCode interrupted(ExitCode code) {
    const auto deadline = Clock::now() + run::disconnect_limit;
    if (client_.ready()) {
      publisher_.advance_until(
          poller_, deadline - run::disconnect_time, [this](auto now) { advance(now); },
          [this] { return publisher_.in_flight() == 0 || client_.failure(); });
    }
    leave(deadline);
    publisher_.tell_outstanding(Clock::now());
    show_answers(deadline);
    const bool goes_on = options_.source.streams() || options_.source.repeat > 1;
    const bool several = stats_.messages() > (goes_on ? 0 : 1);
    if (several && (stats_.outstanding() > 0 || !options_.verbosity.quiet)) {
      run::log_interrupted(code, "; " + stats_.so_far(publisher_.unsent()));
    } else if (stats_.outstanding() > 0) {
      run::log_interrupted(code, "; " + stats_.unacknowledged());
    }
    return code;
  }

  /// But not when it was the answers' reader alone who was waited for.
  void give_up(const RunError& why) {
    publisher_.tell_outstanding(Clock::now());
    show_answers(Clock::now() + std::chrono::seconds{1});
    if (finished(Clock::now())) return;
    if (client_.connections() == 0) throw RunError(why);
    throw RunError(why.code(), with_unacknowledged(why.what()));
  }

  std::string with_unacknowledged(const std::string& why) const {
    return stats_.outstanding() == 0 ? why : why + "; " + stats_.unacknowledged();
  }

  ExitCode exit_code() {
    if (!options_.verbosity.quiet) run::log_remarks(source_.feed().remarks());
    if (stats_.any_denied()) run::log(stats_.denials());
    if (const auto& complaint = source_.complaint()) {
      run::log(std::string(complaint->what()) + "; " + stats_.summary());
      return complaint->code();
    }
    if (stats_.any_denied()) return ExitCode::denied;
    if (unheard()) {
      run::log(stats_.without_subscriber());
      return ExitCode::unheard;
    }
    if (verification_) return verified();
    if (!request_) return publisher_.presence_denied() ? ExitCode::denied : ExitCode::ok;
    if (const auto why = request_->explanation(); !why.empty()) run::log(with_unacknowledged(why));
    return request_->exit_code();
  }

  ExitCode verified() {
    const auto took = verification_->took();
    if (!took) {
      run::log(with_unacknowledged(verification_->explanation()));
      return ExitCode::timeout;
    }
    out().buffer() += run::milliseconds_text(*took) + "\n";
    out().end_record(Qos::at_most_once);
    show_answers(Clock::time_point::max());
    return ExitCode::ok;
  }

  const cli::PubOptions& options_;
  run::Signals signals_{};
  std::optional<output::StandardOutput> out_{};
  run::CpuAffinity cpu_affinity_{};
  run::MessageSource source_;
  connection::Client client_;
  run::Publisher publisher_;
  const run::DeliveryStats& stats_ = publisher_.stats();
  std::optional<run::Request> request_{};
  std::optional<run::Verification> verification_{};
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
    if (options->wrap) run::run_wrapped(*options);
    if (options->spool) return run::run_with_spool(*options);
    return PublishRun(*options).run();
  });
}
