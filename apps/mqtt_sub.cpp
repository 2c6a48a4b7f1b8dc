// SPDX-License-Identifier: MIT
//
// mqtt-sub: prints what arrives, and tells the shell how it went.

#include "cli/breath.hpp"
#include "cli/farewell.hpp"
#include "cli/handler.hpp"
#include "cli/interrupt.hpp"
#include "cli/notices.hpp"
#include "cli/ready.hpp"
#include "cli/run.hpp"
#include "cli/sending.hpp"
#include "cli/sub_options.hpp"
#include "cli/verdict.hpp"
#include "cli/wait.hpp"
#include "cli/wanted.hpp"
#include "connection/client.hpp"
#include "connection/memory.hpp"
#include "output/printer.hpp"
#include "output/standard_output.hpp"
#include "payload/decode.hpp"
#include "text.hpp"

#include <poll.h>

#include <algorithm>
#include <new>
#include <optional>
#include <utility>

namespace mqtt_tools {
namespace {

/// Output that waits for its reader; with more than this, no message is taken.
constexpr std::size_t most_pending = std::size_t{64} * 1024;

/// After a loss, how long the reader of stdout has to take what was acknowledged.
constexpr auto reader_patience = std::chrono::seconds{1};

/// One run: broker → decode → wanted → print → verdict.
class Reception {
 public:
  explicit Reception(const cli::SubOptions& options)
      : options_(options),
        wanted_(options.wanted),
        verdict_(options.until),
        printer_(output::make_printer(options.output)),
        ready_(options.ready, options.connection),
        client_(cli::told(options.connection, options.talk), cli::notices(options.talk)),
        sending_(client_, 64, [](const auto& outcome) {
          if (!outcome.taken) cli::say("a message was not published: " + outcome.words);
        }) {
    if (options.exec) handler_.emplace(*options.exec);
    client_.subscribe(options.subscriptions, options.unsubscribe);
  }

  ExitCode run() {
    try {
      client_.start(Clock::now());
      signal_ = receive();
      if (!signal_) signal_ = finish(Clock::time_point::max());
      return signal_ ? interrupted(*signal_) : judged(Clock::now());
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
      client_.advance(now);
      sending_.collect();
      if (client_.ready()) subscribed(now);
      if (handler_) attend();
      take(now);
      write();
      sending_.deliver();
      if (client_.failure()) throw RunError(*client_.failure());
      if (const auto code = interrupt_.raised()) return code;
      if (verdict_.reached(now)) {
        if (handler_ && !backlog_) backlog_ = client_.waiting();
        if (answered() && settled()) return std::nullopt;
      }
      if (!client_.more() || !free()) pause(now);
    }
  }

  void subscribed(Clock::time_point now) {
    if (announced_) return;
    announced_ = true;
    verdict_.subscribed(now);
    ready_.announce();
  }

  /// Whether the broker has answered each subscription, as far as that matters: success is none
  /// with one of them denied. Not when a message that must not be acknowledged stands in the way.
  bool answered() {
    if (announced_ || closed_) return true;
    client_.refuse_surplus();
    return client_.blocked();
  }

  /// Whether the next message may be taken: what stands in the way holds the broker back. Not what
  /// we publish: its acknowledgements come behind the messages that we would not take.
  bool free() const { return out_.pending() < most_pending && (!handler_ || handler_->free()); }

  void take(Clock::time_point now) {
    while (free()) {
      const auto* message = client_.receive();
      if (message == nullptr) break;
      if (backlog_ && *backlog_ == 0) {
        leave_out(*message);
      } else {
        if (backlog_) --*backlog_;
        accept(*message, now);
      }
    }
  }

  void accept(const Message& message, Clock::time_point now) {
    if (unasked(message)) return;
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

  /// Only what is retained was asked for, or so many, and the run goes on for another reason.
  bool unasked(const Message& message) { return verdict_.ends_before(message) || verdict_.full(); }

  /// False when the message does not count.
  bool show(const Message& message, Clock::time_point now) {
    const auto decoded = payload::decode(message, options_.decode_as);
    if (!wanted_(decoded)) return false;
    if (handler_) {
      handler_->start(message);
    } else if (printer_->print(decoded, out_.buffer())) {
      out_.end_record(delivery(message));
    } else {
      return false;
    }
    if (options_.remove_retained && message.retained) remove(message.topic);
    verdict_.consider(decoded, now);
    return true;
  }

  static output::StandardOutput::Delivery delivery(const Message& message) {
    using Delivery = output::StandardOutput::Delivery;
    return message.qos == Qos::at_most_once ? Delivery::at_most_once : Delivery::acknowledged;
  }

  [[noreturn]] void no_memory(const Message& message) {
    const bool due = message.qos != Qos::at_most_once;
    const bool acknowledged = client_.stop_receiving() && due;
    if (acknowledged) ++left_out_;
    throw RunError(ExitCode::failure,
                   escaped(connection::no_memory_words(message.topic, message.payload.size(),
                                                       due && !acknowledged)));
  }

  /// A message that will not be handed to a command.
  void leave_out(const Message& message) {
    const bool counts = message.qos != Qos::at_most_once && !unasked(message) &&
                        wanted_(payload::decode(message, options_.decode_as));
    if (counts) ++left_out_;
  }

  /// An empty retained message takes the retained one away (MQTT 5.0 §3.3.1.3).
  void remove(const std::string& topic) {
    Message empty;
    empty.topic = topic;
    empty.qos = Qos::at_least_once;
    empty.retained = true;
    sending_.add(std::move(empty));
  }

  void attend() {
    handler_->attend();
    for (auto& reply : handler_->replies()) sending_.add(std::move(reply));
  }

  void write() {
    if (closed_ || broken_) return;
    broken_ = true;  // Unless it returns.
    closed_ = out_.flush() == output::StandardOutput::State::closed;
    broken_ = false;
    if (closed_) reader_left();
  }

  /// All that was started is done, and what is to be published is acknowledged.
  bool settled() const {
    return sending_.empty() && (!handler_ || (!handler_->busy() && backlog_.value_or(0) == 0));
  }

  /// The one place that waits, while the run goes on.
  void pause(Clock::time_point now) {
    breath_.turn(std::exchange(taken_, 0), Clock::now());
    if (breath_.until() && !handler_) {
      wait_.on(interrupt_.fd(), POLLIN);
      wait_.until(breath_.until());
      wait_.now();
      return;
    }
    if (!verdict_.reached(now)) wait_.until(verdict_.due());
    wait();
  }

  void wait() {
    wait_.on(interrupt_.fd(), POLLIN);
    wait_.on(client_.fd(), POLLIN);
    wait_.on(closed_ ? -1 : out_.fd(), out_.events());
    wait_.on(ready_.fd(), POLLIN);
    if (handler_) handler_->on(wait_);
    wait_.until(client_.due());
    if (out_.retry_after()) wait_.until(Clock::now() + *out_.retry_after());
    wait_.now();
    if (wait_.had(ready_.fd(), POLLIN)) ready_.attend();
    if (!closed_ && wait_.had(out_.fd(), 0)) reader_left();
  }

  void reader_left() {
    closed_ = true;
    if (!ending_) verdict_.reader_left();
  }

  // The end.

  /// Takes leave of the broker, and shows what was acknowledged, also on the way out, until all of
  /// it is out or `deadline`. The code of a signal, if the first one ends it.
  std::optional<ExitCode> finish(Clock::time_point deadline) {
    ending_ = true;
    const auto start = Clock::now();
    client_.leave(start);
    const auto left_by = std::min(deadline, start + cli::farewell_limit);
    while (true) {
      const auto now = Clock::now();
      client_.advance(now);
      if (now >= left_by) client_.stop_receiving();
      const bool left = client_.left() || now >= left_by;
      if (handler_) handler_->attend();
      drain(now);
      write();
      if (const auto code = interrupt_.raised(); code && !signal_) return code;
      const bool written = out_.pending() == 0 || closed_ || broken_;
      const bool taken = !handler_ || signal_ || (!client_.more() && !handler_->busy());
      if ((left && written && taken) || now >= deadline) break;
      wait_.until(left ? deadline : left_by);
      wait();
    }
    while (const auto* message = client_.receive()) leave_out(*message);
    return std::nullopt;
  }

  /// Takes what is there, however slow the reader: it makes room for what comes before DISCONNECT
  /// is out, which is soon.
  void drain(Clock::time_point now) {
    while (!handler_ || (handler_->free() && !signal_)) {
      const auto* message = client_.receive();
      if (message == nullptr) break;
      if (handler_ && options_.exec->reply) {
        leave_out(*message);  // Nobody could be answered any more.
      } else {
        accept(*message, now);
      }
    }
  }

  ExitCode interrupted(ExitCode code) {
    if (handler_) handler_->stop();
    ready_.stop();
    finish(Clock::now() + cli::farewell_limit);
    if (const auto missing = missing_words(); !missing.empty()) cli::say(missing);
    return code;
  }

  ExitCode failed(const RunError& why) {
    client_.stop_receiving();
    const auto signal = finish(Clock::now() + (signal_ ? Duration{} : reader_patience));
    const auto missing = missing_words();
    const auto words = std::string(why.what()) + (missing.empty() ? "" : "; " + missing);
    if (!signal && !signal_) throw RunError(why.code(), words);
    cli::say(words);
    return signal ? *signal : *signal_;
  }

  ExitCode judged(Clock::time_point now) {
    if (const auto why = verdict_.explanation(now); !why.empty()) cli::say(why);
    if (const auto missing = missing_words(); !missing.empty() && !options_.talk.quiet) {
      cli::say(missing);
    }
    const auto code = verdict_.exit_code(now);
    const bool failed = ready_.failed() || (handler_ && handler_->failures() > 0);
    return code == ExitCode::ok && failed ? ExitCode::failure : code;
  }

  /// "3 messages that were acknowledged were not written"; empty when there are none.
  std::string missing_words() const {
    const auto missing = out_.unwritten() + left_out_ + client_.dropped();
    if (missing == 0) return {};
    return std::to_string(missing) +
           (missing == 1 ? " message that was acknowledged was not "
                         : " messages that were acknowledged were not ") +
           (handler_ ? "handed to the command" : "written");
  }

  const cli::SubOptions& options_;
  cli::Interrupt interrupt_{};
  cli::Wanted wanted_;
  cli::Verdict verdict_;
  std::unique_ptr<output::Printer> printer_;
  output::StandardOutput out_{1};
  cli::Ready ready_;
  connection::Client client_;
  cli::Sending sending_;
  std::optional<cli::Handler> handler_{};
  cli::Wait wait_{};
  cli::Breath breath_{};
  std::size_t taken_ = 0;  ///< Messages since the last pause.
  bool announced_ = false;
  bool ending_ = false;
  std::optional<ExitCode> signal_{};      ///< Of the signal that ends the run.
  std::optional<std::size_t> backlog_{};  ///< Once the end is due: messages for commands to come.
  std::uint64_t left_out_ = 0;  ///< Messages acknowledged and neither shown nor handed on.
  bool closed_ = false;         ///< The reader of stdout went away.
  bool broken_ = false;         ///< Writing to stdout failed.
};

}  // namespace
}  // namespace mqtt_tools

int main(int argc, char** argv) {
  using namespace mqtt_tools;
  cli::run("mqtt-sub", [&] {
    const auto options = cli::parse_sub(argc, argv);
    if (!options) return ExitCode::ok;
    cli::say_warnings(options->talk);
    return Reception(*options).run();
  });
}
