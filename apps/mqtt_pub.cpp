// SPDX-License-Identifier: MIT
//
// mqtt-pub: publishes what it is given, and ends with 0 only when the broker has it.

#include "cli/account.hpp"
#include "cli/exchange.hpp"
#include "cli/farewell.hpp"
#include "cli/intake.hpp"
#include "cli/interrupt.hpp"
#include "cli/notices.hpp"
#include "cli/progress_line.hpp"
#include "cli/pub_options.hpp"
#include "cli/run.hpp"
#include "cli/sending.hpp"
#include "cli/wait.hpp"
#include "connection/client.hpp"
#include "feed/feed.hpp"

#include <poll.h>

#include <optional>

namespace mqtt_tools {
namespace {

/// One run: feed → envelope → spool → broker.
class Publication {
 public:
  explicit Publication(const cli::PubOptions& options)
      : options_(options),
        intake_(feed::open(options.source), options.envelope),
        account_(options.ack_timeout),
        client_(cli::told(options.connection, options.talk), cli::notices(options.talk)),
        sending_(client_, options.window, [this](const auto& outcome) { account_for(outcome); }) {
    if (options.request) {
      exchange_.emplace(*options.request, options.connection.client_id);
      client_.subscribe({exchange_->subscription()}, {});
    }
  }

  ExitCode run() {
    take_in(Clock::now());  // what is wrong with the first message is told before connecting
    while (!finished(Clock::now())) {
      const auto now = Clock::now();
      if (!started_ && worth_connecting()) start(now);
      client_.advance(now);
      collect(now);
      if (client_.failure()) give_up(*client_.failure());
      if (account_.overdue(now)) {
        give_up(RunError(ExitCode::lost, "no acknowledgement for the time of --ack-timeout"));
      }
      if (const auto code = interrupt_.raised()) return interrupted(*code);
      deliver(now);
      progress_.update({account_.messages(), account_.acknowledged(), intake_.feed().progress()},
                       now);
      if (!finished(now)) pause();
    }
    progress_.clear();
    cli::take_leave(client_, wait_, Clock::now() + cli::farewell_limit);
    show_answers(Clock::time_point::max());
    const auto code = interrupt_.raised();
    return code ? *code : verdict();
  }

 private:
  bool finished(Clock::time_point now) const {
    return !intake_.open() && sending_.empty() && (!exchange_ || exchange_->over(now));
  }

  /// A single message is read whole before anybody is called; a stream of them calls at once.
  bool worth_connecting() const {
    using Kind = feed::SourceOptions::Kind;
    return !sending_.empty() || options_.source.kind == Kind::lines ||
           options_.source.kind == Kind::replay;
  }

  void start(Clock::time_point now) {
    started_ = true;
    client_.start(now);
  }

  /// While there is no room for one more message, the input is not read.
  void take_in(Clock::time_point now) {
    for (Message message; sending_.room() && intake_.next(now, message); message = {}) {
      if (exchange_) exchange_->address(message, now);
      account_.given(now, message.qos);
      sending_.add(std::move(message));
    }
    if (intake_.complaint() && account_.messages() == 0) throw RunError(*intake_.complaint());
  }

  void account_for(const cli::Sending::Outcome& outcome) {
    if (outcome.taken) {
      account_.taken(Clock::now());
    } else {
      account_.denied(outcome.words, Clock::now());
      intake_.close();
    }
  }

  void collect(Clock::time_point now) {
    sending_.collect();
    if (client_.connections() > 0) account_.connected(now);
    if (exchange_) {
      while (const auto* message = client_.receive()) exchange_->consider(*message);
      exchange_->flush();
    }
  }

  /// Answers that came are written, until `deadline` or a signal. What is missing then is said.
  void show_answers(Clock::time_point deadline) {
    if (!exchange_) return;
    const bool interrupted = interrupt_.raised().has_value();
    while (true) {
      while (const auto* message = client_.receive()) exchange_->consider(*message);
      exchange_->flush();
      if (exchange_->written() || Clock::now() >= deadline) break;
      if (!interrupted && interrupt_.raised()) break;
      wait_.on(interrupted ? -1 : interrupt_.fd(), POLLIN);
      exchange_->on(wait_);
      wait_.until(deadline);
      wait_.now();
    }
    if (const auto missing = exchange_->unwritten(); missing > 0) {
      cli::say(std::to_string(missing) +
               (missing == 1 ? " answer that was acknowledged was not written"
                             : " answers that were acknowledged were not written"));
    }
  }

  /// Sends what waits and takes in more, one message for each that came back.
  void deliver(Clock::time_point now) {
    while (!sending_.deliver()) {
      const auto before = account_.messages();
      take_in(now);
      if (account_.messages() == before) break;
    }
  }

  /// The one place that waits.
  void pause() {
    wait_.on(interrupt_.fd(), POLLIN);
    wait_.on(client_.fd(), POLLIN);
    if (intake_.open() && sending_.room()) {
      wait_.on(intake_.feed().fd(), POLLIN);
      wait_.until(intake_.feed().due());
    }
    if (exchange_) {
      exchange_->on(wait_);
      wait_.until(exchange_->due());
    }
    wait_.until(client_.due());
    wait_.until(account_.due());
    wait_.until(progress_.due());
    wait_.now();
    if (!started_) take_in(Clock::now());
  }

  ExitCode interrupted(ExitCode code) {
    const auto deadline = Clock::now() + cli::farewell_limit;
    if (client_.ready()) {
      cli::keep_going(
          client_, wait_, deadline - std::chrono::milliseconds{300},
          [&] { return sending_.in_flight() == 0; }, [&] { collect(Clock::now()); });
    }
    cli::take_leave(client_, wait_, deadline);
    show_answers(deadline);
    if (account_.messages() > 1 && (account_.outstanding() > 0 || !options_.talk.quiet)) {
      cli::say("interrupted; " + account_.so_far(sending_.unsent()));
    } else if (account_.outstanding() > 0) {
      cli::say("interrupted; " + account_.unacknowledged());
    }
    return code;
  }

  [[noreturn]] void give_up(const RunError& why) {
    show_answers(Clock::now() + std::chrono::seconds{1});
    if (account_.outstanding() == 0 || client_.connections() == 0) throw RunError(why);
    throw RunError(why.code(), std::string(why.what()) + "; " + account_.unacknowledged());
  }

  ExitCode verdict() {
    if (!options_.talk.quiet) cli::say_remarks(intake_.feed().remarks());
    if (account_.any_denied()) cli::say(account_.denials());
    if (const auto& complaint = intake_.complaint()) {
      cli::say(std::string(complaint->what()) + "; " + account_.summary());
      return complaint->code();
    }
    if (account_.any_denied()) return ExitCode::denied;
    if (!exchange_) return ExitCode::ok;
    if (const auto why = exchange_->explanation(); !why.empty()) cli::say(why);
    return exchange_->exit_code();
  }

  const cli::PubOptions& options_;
  cli::Interrupt interrupt_{};
  cli::Intake intake_;
  cli::Account account_;
  connection::Client client_;
  cli::Sending sending_;
  std::optional<cli::Exchange> exchange_{};
  cli::Wait wait_{};
  cli::ProgressLine progress_{options_.progress && !options_.talk.quiet, Clock::now()};
  bool started_ = false;
};

}  // namespace
}  // namespace mqtt_tools

int main(int argc, char** argv) {
  using namespace mqtt_tools;
  cli::run("mqtt-pub", [&] {
    const auto options = cli::parse_pub(argc, argv);
    if (!options) return ExitCode::ok;
    cli::say_warnings(options->talk);
    return Publication(*options).run();
  });
}
