// SPDX-License-Identifier: MIT
#include "cli/pub_options.hpp"
#include "connection/url.hpp"
#include "output/standard_output.hpp"
#include "payload/json_scalar.hpp"
#include "payload/record.hpp"
#include "run/log.hpp"
#include "run/message_source.hpp"
#include "run/poller.hpp"
#include "run/program.hpp"
#include "run/signals.hpp"
#include "run/spool_sender.hpp"
#include "spool/store.hpp"
#include "text.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <cerrno>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mqtt_tools::run {

namespace {

using Task = SpoolOptions::Task;

// Lines and records are stored as they come, those that are there already in one commit.
constexpr std::size_t most_messages = 1000;
constexpr std::size_t most_bytes = std::size_t{1} << 20;

/// One run: source → store → sender.
class SpoolRun {
 public:
  explicit SpoolRun(const cli::PubOptions& options)
      : options_(options),
        spool_(*options.spool),
        store_(spool_.folder, spool_.limit, spool_broker(options.connection), patience()),
        sender_(store_, options, options.connection) {
    if (spool_.makes_messages()) source_.emplace(options.source, options.envelope);
  }

  ExitCode run() {
    try {
      return run_to_end();
    } catch (const RunError&) {
      // A signal may be why a wait for another process ended.
      if (const auto code = signals_.raised()) return interrupted(*code);
      sender_.leave(poller_, Clock::now() + disconnect_limit);
      throw;
    }
  }

 private:
  bool sends() const { return spool_.connects(); }
  bool reads() const { return source_ && source_->open(); }

  /// As they come, for there may be time between them, or more of them than should be in memory.
  bool streams() const {
    const auto& source = options_.source;
    return source.streams() || source.rate || source.repeat_delay || source.repeat > 1;
  }

  spool::Store::Patience patience() {
    return {.limit = options_.patience(),
            .cancel = signals_.fd(),
            .waiting = [this](const std::string& text) {
              if (!options_.verbosity.quiet) log(text);
            }};
  }

  ExitCode run_to_end() {
    if (spool_.makes_messages()) {
      sender_.set_open(streams(), Clock::now());
    } else {
      store_.check_broker();
      sender_.add_own(store_.all());
    }
    for (;;) {
      auto now = Clock::now();
      take_in(now);
      if (sends()) {
        sender_.advance(now);
        if (sender_.failure()) give_up(*sender_.failure());
        if (sender_.denied() && source_) source_->close();
        if (!reads()) sender_.set_open(false, now);
      }
      if (const auto code = signals_.raised()) return interrupted(*code);
      if (!reads() && (!sends() || sender_.finished())) break;
      pause();
    }
    sender_.leave(poller_, Clock::now() + disconnect_limit);
    const auto code = signals_.raised();
    return code ? *code : exit_code();
  }

  /// What there is goes to the disk at once, in one commit where all of it is at hand.
  void take_in(Clock::time_point now) {
    if (!reads()) return;
    std::vector<Message> messages;
    std::size_t bytes = 0;
    more_ = false;
    for (Message message; source_->next(now, message); message = {}) {
      message.time = std::chrono::system_clock::now();
      bytes += message.payload.size();
      messages.push_back(std::move(message));
      more_ = streams() && (messages.size() == most_messages || bytes >= most_bytes);
      if (more_) break;
    }
    store_what_fits(messages);
    if (source_->complaint() && stored_ == 0) throw RunError(*source_->complaint());
  }

  void store_what_fits(const std::vector<Message>& messages) {
    try {
      store(messages);
    } catch (const spool::NotSynced&) {
      throw;  // They are in the spool, and must not be put there twice.
    } catch (const RunError& error) {
      // Of a stream, what came before is still to be sent, and perhaps a part of these fits in.
      if (!streams() || signals_.raised()) throw;
      const auto before = stored_;
      try {
        for (const auto& message : messages) store({message});
      } catch (const RunError&) {
        if (stored_ == 0) throw;
      }
      if (stored_ - before == messages.size()) return;
      refused_ = error;
      source_->close();
    }
  }

  void store(const std::vector<Message>& messages) {
    if (messages.empty()) return;
    const auto range = store_.add(messages);
    stored_ += messages.size();
    if (sends()) sender_.add_own(range);
    if (options_.verbosity.verbose)
      log("stored " + counted(messages.size(), "message") + " in " + store_.folder());
  }

  /// Waits for whatever comes first.
  void pause() {
    poller_.add(signals_.fd(), POLLIN);
    if (reads()) {
      poller_.add(source_->feed().fd(), POLLIN);
      poller_.until(more_ ? Clock::now() : source_->feed().due());
    }
    if (sends()) sender_.add_to(poller_);
    poller_.wait();
  }

  ExitCode interrupted(ExitCode code) {
    const auto deadline = Clock::now() + disconnect_limit;
    sender_.leave(poller_, deadline, deadline - disconnect_time);
    const auto left = sender_.waiting();
    if (left > 0) {
      log_interrupted(code, "; " + sender_.kept_text(left));
    } else if (!options_.verbosity.quiet) {
      log_interrupted(code);
    }
    return code;
  }

  /// A run that only sends has told each as it came.
  void tell_about_dropped() const {
    const auto count = sender_.dropped();
    if (count == 0 || !spool_.makes_messages()) return;
    log(counted(count, "message") + " of " + std::to_string(stored_) + were(count) +
        "not delivered, " + sender_.reason());
  }

  [[noreturn]] void give_up(const RunError& why) {
    tell_about_source();
    tell_about_dropped();
    const auto left = sender_.waiting();
    if (left == 0) throw RunError(why);
    const bool in_vain = why.code() == ExitCode::no_connection || why.code() == ExitCode::lost;
    throw RunError(in_vain ? ExitCode::kept : why.code(),
                   std::string(why.what()) + "; " + sender_.kept_text(left));
  }

  void tell_about_source() {
    if (!source_) return;
    if (!options_.verbosity.quiet) log_remarks(source_->feed().remarks());
    const auto kept = "; " + counted(stored_, "message") + were(stored_) + "kept";
    if (source_->complaint()) log(source_->complaint()->what() + kept);
    if (refused_) log(refused_->what() + kept);
  }

  ExitCode exit_code() {
    tell_about_source();
    tell_about_dropped();
    if (refused_) return refused_->code();
    if (source_ && source_->complaint()) return source_->complaint()->code();
    const bool denied = sender_.dropped() > 0 || sender_.presence_denied();
    return denied ? ExitCode::denied : ExitCode::ok;
  }

  const cli::PubOptions& options_;
  const SpoolOptions& spool_;
  Signals signals_{};
  spool::Store store_;
  SpoolSender sender_;
  std::optional<MessageSource> source_{};
  std::optional<RunError> refused_{};  ///< The spool took no more.
  std::uint64_t stored_ = 0;
  bool more_ = false;  ///< The source may have more at once: its descriptor need not tell.
  Poller poller_{};
};

/// Prints records, and why a message that is set aside is.
ExitCode list(const cli::PubOptions& options) {
  const auto& folder = options.spool->folder;
  if (::access(folder.c_str(), F_OK) < 0) throw failed_call("cannot read the spool " + folder);
  const auto absent = [&folder](const char* file) {
    return ::faccessat(AT_FDCWD, (folder + file).c_str(), F_OK, AT_SYMLINK_NOFOLLOW) < 0 &&
           errno == ENOENT;
  };
  // A log without its database holds messages: then Store says what is wrong.
  if (absent("/spool.db") && absent("/spool.db-wal")) return ExitCode::ok;
  spool::Store store(folder, options.spool->limit, {}, {});
  output::StandardOutput out{STDOUT_FILENO};
  Poller poller;
  std::vector<spool::StoredMessage> found;
  for (spool::StoredId after = 0; !(found = store.list(after, 100, most_bytes)).empty();
       after = found.back().id) {
    for (const auto& stored : found) {
      auto& text = out.buffer();
      payload::append_record(text, payload::decode(stored.message));
      if (!stored.set_aside.empty()) {
        text.pop_back();
        text += ",\"set_aside\":";
        payload::append_string(text, stored.set_aside);
        text += '}';
      }
      text += '\n';
      out.end_record(Qos::at_most_once);
    }
    while (out.flush() == output::StandardOutput::State::open && out.pending() > 0) {
      poller.add(out);
      poller.wait();
    }
    if (out.closed()) break;
  }
  return ExitCode::ok;
}

}  // namespace

std::string spool_broker(const connection::Options& options) {
  const bool websocket = options.transport == connection::Transport::websocket;
  std::string text = websocket ? "ws" : "mqtt";
  text += options.tls.on ? "s://" : "://";
  for (const auto& endpoint : options.endpoints) {
    if (!text.ends_with("//")) text += ',';
    text += connection::name_of(endpoint, options);
  }
  return text;
}

ExitCode run_with_spool(const cli::PubOptions& options) {
  if (options.spool->task == Task::list) return list(options);
  return SpoolRun(options).run();
}

}  // namespace mqtt_tools::run
