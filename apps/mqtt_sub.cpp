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
#include "output/printer.hpp"
#include "output/standard_output.hpp"
#include "payload/decode.hpp"

#include <poll.h>

#include <optional>
#include <utility>

namespace mqtt_tools {
namespace {

/// Output that waits for its reader; with more than this, no message is taken.
constexpr std::size_t most_pending = std::size_t{64} * 1024;

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
    client_.start(Clock::now());
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
      if (const auto code = interrupt_.raised()) return interrupted(*code);
      if (verdict_.reached(now) && settled()) break;
      if (!client_.more() || !free()) pause();
    }
    cli::take_leave(client_, wait_, Clock::now() + cli::farewell_limit);
    return judged(Clock::now());
  }

 private:
  void subscribed(Clock::time_point now) {
    if (announced_) return;
    announced_ = true;
    verdict_.subscribed(now);
    ready_.announce();
  }

  /// Whether the next message may be taken: what stands in the way holds the broker back. Not what
  /// we publish: its acknowledgements come behind the messages that we would not take.
  bool free() const { return out_.pending() < most_pending && (!handler_ || handler_->free()); }

  void take(Clock::time_point now) {
    while (free() && !verdict_.reached(now)) {
      const auto* message = client_.receive();
      if (message == nullptr) break;
      if (verdict_.ends_before(*message)) break;
      ++taken_;
      if (!show(*message, now)) client_.give_back();
      client_.let_go();
    }
    // As long as something is to be published, what nobody wants any more must not stand in the
    // way.
    while (!sending_.empty() && verdict_.reached(now) && client_.receive() != nullptr) {
    }
  }

  /// False when the message does not count.
  bool show(const Message& message, Clock::time_point now) {
    const auto decoded = payload::decode(message, options_.decode_as);
    if (!wanted_(decoded)) return false;
    if (handler_) {
      handler_->start(message);
    } else if (!printer_->print(decoded, out_.buffer())) {
      return false;
    }
    if (options_.remove_retained && message.retained) remove(message.topic);
    verdict_.consider(decoded, now);
    return true;
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
    if (out_.flush() == output::StandardOutput::State::closed) verdict_.reader_left();
  }

  /// All that was started is done and written.
  bool settled() const {
    return out_.pending() == 0 && sending_.empty() && (!handler_ || !handler_->busy());
  }

  /// The one place that waits.
  void pause() {
    wait_.on(interrupt_.fd(), POLLIN);
    breath_.turn(std::exchange(taken_, 0), Clock::now());
    if (breath_.until() && !handler_) {
      wait_.until(breath_.until());
      wait_.now();
      return;
    }
    wait_.on(client_.fd(), POLLIN);
    wait_.on(out_.fd(), out_.pending() > 0 ? POLLOUT : 0);
    wait_.on(ready_.fd(), POLLIN);
    if (handler_) handler_->on(wait_);
    wait_.until(client_.due());
    wait_.until(verdict_.due());
    wait_.now();
    if (wait_.had(ready_.fd(), POLLIN)) ready_.attend();
    if (wait_.had(out_.fd(), POLLERR)) verdict_.reader_left();
  }

  ExitCode interrupted(ExitCode code) {
    if (handler_) handler_->stop();
    const auto deadline = Clock::now() + cli::farewell_limit;
    cli::take_leave(client_, wait_, deadline);
    // What was acknowledged meanwhile is shown, as far as its reader takes it.
    take(Clock::now());
    write();
    return code;
  }

  ExitCode judged(Clock::time_point now) {
    if (const auto why = verdict_.explanation(now); !why.empty()) cli::say(why);
    const auto code = verdict_.exit_code(now);
    const bool failed = ready_.failed() || (handler_ && handler_->failures() > 0);
    return code == ExitCode::ok && failed ? ExitCode::failure : code;
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
