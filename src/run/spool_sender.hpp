// SPDX-License-Identifier: MIT
#pragma once

#include "cli/pub_options.hpp"
#include "connection/client.hpp"
#include "connection/options.hpp"
#include "error.hpp"
#include "run/poller.hpp"
#include "run/publisher.hpp"
#include "spool/lock.hpp"
#include "spool/store.hpp"
#include "timestamp.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

namespace mqtt_tools::run {

/// The broker as a spool remembers it: "mqtt://one:1883,two:1883". A spool is for one.
std::string spool_broker(const connection::Options& options);

/// Brings to the broker what waits in a spool, oldest first, up to the last message of this run; or
/// waits while another process does so, who holds the spool's sender.lock. A message leaves the
/// spool when it is acknowledged. One process at a time sends, so that order is kept.
///
/// Nothing here waits: advance() does what can be done, add_to() says what to wait for.
class SpoolSender {
 public:
  /// `connection` takes the place of the one in `options`. What is given must outlive it.
  SpoolSender(spool::Store& store, const cli::PubOptions& options, connection::Options connection);

  /// These are of this run: it has to wait until they are gone.
  void add_own(spool::StoredRange range);

  /// Whether more will come. As long as it does nothing is given up but what the broker refuses.
  void set_open(bool open, Clock::time_point now);

  /// Throws RunError when the spool cannot be read or written.
  void advance(Clock::time_point now);

  /// Adds what is to be waited for.
  void add_to(Poller& poller) const;

  /// Nothing of this run waits any more.
  bool finished();

  /// Why it cannot go on, once that is so.
  const std::optional<RunError>& failure() const { return failure_; }

  std::uint64_t waiting();  ///< Messages of this run that are still in the spool.

  /// "2 messages stay in the spool FOLDER"
  std::string kept_text(std::uint64_t count) const;

  /// Messages of this run that the broker denied or that were set aside, and why the first was.
  std::uint64_t dropped() const { return dropped_; }
  const std::string& reason() const { return reason_; }

  /// The broker denied one of them: it would deny more of the kind.
  bool denied() const { return denied_; }

  /// The broker would not have it known whether we are there.
  bool presence_denied() const { return publisher_ && publisher_->presence_denied(); }

  /// Sends nothing more, waits until `patience` for what is in flight to be acknowledged, and ends
  /// the connection by `deadline`.
  void leave(Poller& poller, Clock::time_point deadline, Clock::time_point patience = {});

 private:
  struct Loaded {
    spool::StoredMessage stored{};
    bool sent = false;
  };

  bool publishes() const { return options_.spool->task == SpoolOptions::Task::publish; }
  bool follows() const { return options_.spool->task == SpoolOptions::Task::follow; }
  bool endless() const { return open_ || follows(); }
  bool own_waiting();
  void wait_for_lock(Clock::time_point now);
  void begin_sending(Clock::time_point now);
  void all_sent();

  void connect(Clock::time_point now);
  void reconnect_later(const std::string& why, Clock::time_point now);
  void run_client(Clock::time_point now);
  void collect(Clock::time_point now);
  bool take(const connection::Delivery& delivery, Clock::time_point now);
  void lost();
  void end_of_client(Clock::time_point now);
  void check_patience(Clock::time_point now);

  bool load();
  bool deliver();
  std::size_t in_flight() const;
  std::deque<Loaded>::iterator find(spool::StoredId id);
  void drop(spool::StoredId id, const std::string& reason);
  void note_drop(spool::StoredId id, const std::string& reason);
  bool is_own(spool::StoredId id) const;
  spool::StoredId target() const;
  void fail(ExitCode code, const std::string& text) { failure_.emplace(code, text); }

  spool::Store& store_;
  const cli::PubOptions& options_;
  connection::Options connection_;
  spool::FileLock lock_;
  std::optional<spool::LockWatch> watch_{};  ///< While we wait for the lock, or follow.
  spool::WakeFifo wake_;
  std::unique_ptr<connection::Client> client_{};
  std::optional<Publisher> publisher_{};  ///< For --presence; its queue stays empty.
  std::optional<RunError> failure_{};

  std::deque<spool::StoredRange> own_{};  ///< Those that may wait yet, oldest first.
  std::uint64_t dropped_ = 0;
  std::string reason_{};
  bool denied_ = false;
  bool open_ = false;
  bool stopping_ = false;
  std::string refusal_{};  ///< One that may pass: nothing is sent for now.

  std::deque<Loaded> loaded_{};  ///< The oldest that wait; what is in flight is among them.
  spool::StoredId loaded_up_to_ = 0;
  bool more_ = true;   ///< There may be some behind loaded_up_to_.
  bool done_ = false;  ///< All that this run has to send is sent.

  bool connected_ = false;           ///< When we looked last.
  std::uint64_t connections_ = 0;    ///< Likewise.
  bool told_waiting_ = false;        ///< That another process is in the way.
  bool restart_ = false;             ///< The client is to begin anew at resume_at_.
  bool set_aside_ = false;           ///< With the last loss.
  Clock::time_point quiet_since_{};  ///< Nothing got on since then.
  int failures_ = 0;                 ///< To connect or to send, in a row.
  Clock::time_point resume_at_{};    ///< The end of the pause after the last one.
};

}  // namespace mqtt_tools::run
