// SPDX-License-Identifier: MIT
//
// mqtt-sub: prints what arrives, and tells the shell how it went.

#include "cli/sub_options.hpp"
#include "connection/client.hpp"
#include "memory.hpp"
#include "output/printer.hpp"
#include "output/standard_output.hpp"
#include "payload/decode.hpp"
#include "run/cpu_affinity.hpp"
#include "run/exec.hpp"
#include "run/log.hpp"
#include "run/message_filter.hpp"
#include "run/output_batching.hpp"
#include "run/poller.hpp"
#include "run/program.hpp"
#include "run/progress.hpp"
#include "run/publisher.hpp"
#include "run/readiness.hpp"
#include "run/signals.hpp"
#include "run/stats.hpp"
#include "run/stop_condition.hpp"
#include "run/watch.hpp"
#include "text.hpp"

#include <poll.h>

#include <algorithm>
#include <new>
#include <optional>
#include <utility>

namespace mqtt_tools {
namespace {

/// After a loss, how long the reader of stdout has to take what was acknowledged.
constexpr auto reader_patience = std::chrono::seconds{1};

/// One run: broker → decode → filter → print → exit code. receive() goes on until it is enough, or
/// something ends it; finish() disconnects; interrupted(), exit_code() or failed() tells how it
/// went.
class SubscribeRun {
 public:
  explicit SubscribeRun(const cli::SubOptions& options)
      : options_(options),
        signals_(options.stats ? run::Signals::UserSignal::asks : run::Signals::UserSignal::ends),
        filter_(options.filter),
        rate_limit_(options.filter.max_rate),
        stop_(options.stop),
        status_(options.status_lines, options.open_ended),
        printer_(output::make_printer(options.output)),
        readiness_(options.readiness),
        client_(options.connection, run::log_sink(options.verbosity)),
        publisher_(client_, 64, options.connection.connect_timeout, options.connection.presence) {
    if (options.exec) exec_.emplace(*options.exec);
    if (options.stop.last) retained_end_.emplace(options.connection.connect_timeout);
    if (options.stats) stats_.emplace(*options.stats);
    if (options.watch) watch_.emplace(options.output.select, options.decode_as);
    client_.subscribe(options.subscriptions, options.unsubscribe);
    printer_->print_header(out_.buffer());
    if (!out_.buffer().empty()) out_.end_record(Qos::at_most_once);
  }

  ExitCode run() {
    try {
      cpu_affinity_.begin(Clock::now());  // before there are other threads, which inherit it
      client_.start(Clock::now());
      signal_ = receive();
      if (!signal_) signal_ = finish(Clock::time_point::max());
      return signal_ ? interrupted(*signal_) : exit_code(Clock::now());
    } catch (const RunError& why) {
      return failed(why);
    } catch (const std::bad_alloc&) {
      return failed({ExitCode::failure, "out of memory"});
    }
  }

 private:
  /// Until the run is to end; the code of a signal, if that ends it. Throws RunError.
  std::optional<ExitCode> receive() {
    while (true) {
      const auto now = Clock::now();
      cpu_affinity_.count_turn(now);
      advance(now);
      if (!announced_ && client_.subscribed()) announce(now);
      if (exec_) advance_commands();
      take(now);
      status_.advance(stats_ ? 0 : stop_.seen(), now);
      if (retained_end_ && retained_end_->advance(client_, can_take(), now))
        stop_.all_retained_came();
      if (watch_ && watch_->advance(now, poller_, client_)) stop_.quit();
      write();
      publish(now);
      if (const auto code = signals_.raised()) return code;
      if (stats_) show_table(now);
      if (stop_.reached(now) && done(now)) return std::nullopt;
      if (!client_.more() || !can_take()) pause(now);
    }
  }

  void advance(Clock::time_point now) {
    publisher_.advance(now);
    if (const auto why = publisher_.take_presence_denial()) run::log(*why);
  }

  /// All subscriptions are granted: whoever waits for that is told.
  void announce(Clock::time_point now) {
    announced_ = true;
    stop_.subscribed(now);
    if (stats_) stats_->subscribed(now);
    status_.begin(options_.stop.filters, client_.broker(), now);
    readiness_.announce(run::environment_of(options_.connection, client_.broker()));
  }

  void advance_commands() {
    exec_->advance();
    for (auto& reply : exec_->replies()) publisher_.add(std::move(reply), Clock::now());
  }

  /// What is to be published goes out, as long as there is a connection. Throws RunError.
  void publish(Clock::time_point now) {
    publisher_.deliver(now);
    for (const auto& why : publisher_.take_denials()) {
      run::log("a message was not published: " + why);
    }
    if (client_.failure() && !complete()) throw RunError(*client_.failure());
    if (publisher_.overfull()) {
      throw RunError(ExitCode::lost,
                     publisher_.stats().unacknowledged() + ", and no more can be kept");
    }
  }

  /// It is time to leave: whether nothing stands in the way.
  bool done(Clock::time_point now) {
    if (exec_) show_held_back(Clock::time_point::max());
    if (exec_ && !backlog_) backlog_ = client_.waiting();
    if (answered() && settled()) return true;
    if (const auto& sent = publisher_.stats(); is_over(sent.due(), now)) {
      throw RunError(ExitCode::lost, sent.unacknowledged() + " in time");
    }
    return false;
  }

  /// Whether the broker has answered each subscription, as far as that matters: success is none
  /// with one of them denied. Not when a message that must not be acknowledged stands in the way.
  bool answered() {
    if (announced_ || out_.closed()) return true;
    client_.refuse_surplus();
    return client_.blocked();
  }

  /// All that was started is done, and what is to be published is acknowledged.
  bool settled() const {
    return publisher_.empty() &&
           (!exec_ || (!exec_->busy() && !held_back() && backlog_.value_or(0) == 0));
  }

  /// What came decides how the run ends: a loss does not matter any more.
  bool complete() const { return announced_ && publisher_.empty() && stop_.decided(); }

  // Messages.

  /// Whether the next message may be taken: what stands in the way holds the broker back. Not what
  /// we publish: its acknowledgements come behind the messages that we would not take. A table has
  /// its size however many come, and what the broker would drop meanwhile would be our own gaps.
  bool can_take() const { return (stats_ || out_.room()) && (!exec_ || exec_->can_start()); }

  void take(Clock::time_point now) {
    for (show_held_back(now); can_take(); show_held_back(now)) {
      const auto* message = client_.receive();
      if (message == nullptr) break;
      if (backlog_ && *backlog_ == 0) {
        leave_out(*message);
        continue;
      }
      if (backlog_) --*backlog_;
      accept(*message, now);
    }
  }

  void accept(const Message& message, Clock::time_point now) {
    if (retained_end_ && message.retained) retained_end_->not_yet(now);
    if (stop_.ends_before(message)) return;
    ++taken_;
    const auto before = out_.buffer().size();
    try {
      if (!show(message, now)) client_.give_back();
    } catch (const std::bad_alloc&) {
      out_.buffer().resize(before);
      no_memory(message);
    }
    client_.let_go();
  }

  /// False when the message does not count.
  bool show(const Message& message, Clock::time_point now) {
    const auto decoded = payload::decode(message, options_.decode_as);
    const bool wanted = filter_(decoded);
    const bool held = wanted && rate_limit_.holds_back(message, now);
    const bool shown = wanted && !held && hand_on(decoded, now);
    if (stats_) stats_->add(message, shown, now);
    if (!shown && !held) return false;
    if (options_.remove_retained && message.retained) {  // An empty one (MQTT 5.0 §3.3.1.3).
      publisher_.add({.topic = message.topic, .qos = Qos::at_least_once, .retained = true}, now);
    }
    if (shown) stop_.count_shown();
    stop_.consider(decoded, now);
    return shown;
  }

  /// False when the message says nothing new, or nothing of what was selected.
  bool hand_on(const payload::Decoded& decoded, Clock::time_point now) {
    const Message& message = decoded.message();
    if (!filter_.changed(decoded)) return false;
    if (exec_) {
      exec_->start(message, run::environment_of(options_.connection, client_.broker()));
    } else if (watch_) {
      watch_->add(decoded, now);
    } else if (stats_) {
      // It is in the table.
    } else if (printer_->print(decoded, out_.buffer())) {
      out_.end_record(message.qos);
    } else {
      return false;
    }
    rate_limit_.shown(message.topic, now);
    return true;
  }

  /// Messages wait for their time (--max-rate) that are still to be shown.
  bool held_back() const { return !rate_limit_.empty() && !stop_.full() && !(exec_ && signal_); }

  /// Shows those that are due by `time`.
  void show_held_back(Clock::time_point time) {
    while (held_back() && can_take()) {
      const auto message = rate_limit_.take(time);
      if (!message) break;
      const auto decoded = payload::decode(*message, options_.decode_as);
      if (hand_on(decoded, Clock::now())) stop_.count_shown();
    }
  }

  [[noreturn]] void no_memory(const Message& message) {
    const bool due = message.qos != Qos::at_most_once;
    const bool acknowledged = client_.stop_receiving() && due;
    if (acknowledged) ++left_out_;
    throw RunError(ExitCode::failure,
                   no_memory_message(message.topic, message.payload.size(), due && !acknowledged));
  }

  /// A message that will not be handed to a command.
  void leave_out(const Message& message) {
    const bool counts = message.qos != Qos::at_most_once && !stop_.ends_before(message) &&
                        filter_(payload::decode(message, options_.decode_as));
    if (counts) ++left_out_;
  }

  // What is shown, and waiting.

  /// Behind the look for signals, which may ask for one, and before the wait.
  void show_table(Clock::time_point now) {
    if (!stats_->append_due(out_, signals_.asked(), now)) return;
    write();
    tell_notes(false);
  }

  void tell_notes(bool at_end) {
    if (options_.verbosity.quiet) return;
    for (const auto& note : stats_->notes(at_end)) run::log(note);
  }

  void write() {
    out_.flush();
    if (out_.closed() && !ending_) stop_.reader_left();
  }

  /// Waits for whatever comes first, while the run goes on.
  void pause(Clock::time_point now) {
    batching_.count_turn(std::exchange(taken_, 0), Clock::now());
    if (watch_) watch_->add_to(poller_);
    poller_.until(status_.due());
    if (stats_ && out_.pending() == 0) poller_.until(stats_->due());
    if (batching_.until() && !exec_) {
      poller_.add(signals_.fd(), POLLIN);
      poller_.until(batching_.until());
      return poller_.wait();
    }
    if (held_back() && can_take()) poller_.until(rate_limit_.due());
    if (stop_.reached(now)) {
      poller_.until(publisher_.stats().due());
    } else {
      poller_.until(stop_.due());
      if (retained_end_ && client_.connected()) poller_.until(retained_end_->due());
    }
    wait();
  }

  void wait() {
    poller_.add(signals_.fd(), POLLIN);
    publisher_.add_to(poller_);
    poller_.add(out_);
    poller_.add(readiness_.fd(), POLLIN);
    if (exec_) exec_->add_to(poller_);
    poller_.wait();
    if (poller_.had(readiness_.fd(), POLLIN)) readiness_.advance();
    if (poller_.had(out_.fd(), 0)) out_.close();
  }

  // The end.

  /// Takes leave of the broker, and shows what was acknowledged, also on the way out, until all of
  /// it is out or `deadline`. The code of a signal, if the first one ends it.
  std::optional<ExitCode> finish(Clock::time_point deadline) {
    ending_ = true;
    if (watch_) watch_->leave();
    const auto start = Clock::now();
    publisher_.disconnect(start);
    const auto left_by = std::min(deadline, start + run::disconnect_limit);
    while (true) {
      const auto now = Clock::now();
      cpu_affinity_.count_turn(now);
      advance(now);
      if (now >= left_by) client_.stop_receiving();
      const bool left = client_.disconnected() || now >= left_by;
      if (exec_) exec_->advance();
      drain(now);
      if (stats_ && left) stats_->finish(out_, now);
      if (left) show_held_back(Clock::time_point::max());
      write();
      if (const auto code = signals_.raised(); code && !signal_) return code;
      const bool written = (out_.pending() == 0 && !held_back()) ||
                           out_.state() != output::StandardOutput::State::open;
      const bool taken = !exec_ || signal_ || (!client_.more() && !exec_->busy());
      if ((left && written && taken) || now >= deadline) break;
      if (left && held_back() && can_take()) continue;  // There was more than fits into a buffer.
      poller_.until(left ? deadline : left_by);
      wait();
    }
    while (const auto* message = client_.receive()) leave_out(*message);
    while (const auto held = rate_limit_.take(Clock::time_point::max())) leave_out(*held);
    if (stats_) tell_notes(true);
    return std::nullopt;
  }

  /// Takes what is there, however slow the reader: it makes room for what comes before DISCONNECT
  /// is out, which is soon.
  void drain(Clock::time_point now) {
    while (!exec_ || (exec_->can_start() && !signal_)) {
      const auto* message = client_.receive();
      if (message == nullptr) break;
      if (exec_ && options_.exec->reply) {
        leave_out(*message);  // Nobody could be answered any more.
      } else {
        accept(*message, now);
      }
    }
  }

  ExitCode interrupted(ExitCode code) {
    if (exec_) exec_->stop();
    readiness_.stop();
    finish(Clock::now() + run::disconnect_limit);
    status_.end(stop_.seen(), Clock::now(),
                code == ExitCode::interrupted || code == ExitCode::quit);
    if (const auto missing = missing_text(); !missing.empty()) run::log(missing);
    return code;
  }

  ExitCode failed(const RunError& why) {
    client_.stop_receiving();
    const auto signal = finish(Clock::now() + (signal_ ? Duration{} : reader_patience));
    status_.end(stop_.seen(), Clock::now());
    const auto missing = missing_text();
    const bool lost = why.code() == ExitCode::lost && !signal && !signal_;
    if (lost && complete() && missing.empty()) return exit_code(Clock::now());
    const auto text = std::string(why.what()) + (missing.empty() ? "" : "; " + missing);
    if (!signal && !signal_) throw RunError(why.code(), text);
    run::log(text);
    return signal ? *signal : *signal_;
  }

  ExitCode exit_code(Clock::time_point now) {
    if (const auto why = stop_.explanation(now); !why.empty()) {
      run::log(why);
    } else {
      status_.end(stop_.seen(), now);
    }
    if (const auto missing = missing_text(); !missing.empty()) run::log(missing);
    const auto code = stop_.exit_code(now);
    const bool failed = readiness_.failed() || (exec_ && exec_->failures() > 0);
    if (code != ExitCode::ok) return code;
    return failed ? ExitCode::failure : publisher_.any_denied() ? ExitCode::denied : code;
  }

  /// "3 messages that were acknowledged were not written"; empty when there are none.
  std::string missing_text() const {
    if (stats_ && !out_.closed() && out_.unwritten() > 0) {
      return "the table of --stats was not written in full";
    }
    const auto missing = (stats_ ? 0 : out_.unwritten()) + left_out_ + client_.dropped();
    if (missing == 0) return {};
    return counted(missing, "message") + " that" + were(missing) + "acknowledged" + were(missing) +
           "not " +
           (exec_    ? "handed to the command"
            : stats_ ? "counted"
                     : "written");
  }

  const cli::SubOptions& options_;
  run::Signals signals_;
  run::MessageFilter filter_;
  run::RateLimit rate_limit_;
  run::StopCondition stop_;
  std::optional<run::RetainedEnd> retained_end_{};  ///< With --last.
  run::StatusLines status_;
  std::unique_ptr<output::Printer> printer_;
  output::StandardOutput out_{1};
  run::Readiness readiness_;
  connection::Client client_;
  run::Publisher publisher_;
  run::CpuAffinity cpu_affinity_{};
  std::optional<run::Exec> exec_{};
  std::optional<run::Watch> watch_{};
  std::optional<run::Stats> stats_{};
  run::Poller poller_{};
  run::OutputBatching batching_{};
  std::size_t taken_ = 0;  ///< Messages since the last pause.
  bool announced_ = false;
  bool ending_ = false;
  std::optional<ExitCode> signal_{};      ///< Of the signal that ends the run.
  std::optional<std::size_t> backlog_{};  ///< Once the end is due: messages for commands to come.
  std::uint64_t left_out_ = 0;  ///< Messages acknowledged and neither shown nor handed on.
};

}  // namespace
}  // namespace mqtt_tools

int main(int argc, char** argv) {
  using namespace mqtt_tools;
  run::run_program("mqtt-sub", [&] {
    const auto options = cli::parse_sub(argc, argv);
    if (!options) return ExitCode::ok;
    run::log_warnings(options->verbosity);
    return SubscribeRun(*options).run();
  });
}
