// SPDX-License-Identifier: MIT
#pragma once

#include "message.hpp"
#include "spool/database.hpp"
#include "spool/lock.hpp"
#include "timestamp.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mqtt_tools::spool {

/// Names a message in its spool. They grow in the order of storing, and none is used twice.
using StoredId = std::int64_t;

/// Messages that were stored in one commit: nobody else's are between them.
struct StoredRange {
  StoredId first = 0;
  StoredId last = -1;

  bool empty() const { return last < first; }
};

/// A message as the spool keeps it.
struct StoredMessage {
  StoredId id = 0;
  Message message{};                   ///< `time` is when it was made.
  std::optional<Timestamp> expires{};  ///< Message Expiry Interval (MQTT 5.0 §3.3.2.3.3).
  int losses = 0;                      ///< Connections that were lost while it was in flight.
  std::string set_aside{};             ///< Why it is not sent any more; empty: it is.
};

/// Sets its Message Expiry Interval to what is left of it at `now`, for the broker to count on.
void shorten_expiry(StoredMessage& stored, Timestamp now);

/// What became of messages that were stored.
struct Fate {
  std::uint64_t dropped = 0;            ///< Denied by the broker for good, or set aside.
  std::optional<std::string> reason{};  ///< Of the first that was dropped.
};

/// The messages of one spool: a database of SQLite's in a folder, which many processes use at once.
/// What add() was given is on the disk when it returns, whatever happens to any of them. Only the
/// holder of the folder's sender.lock may call remove(), drop(), count_losses() and set_aside().
/// Use it from one thread.
///
/// Whatever cannot be read or written is a RunError (ExitCode::failure) with the path and the
/// reason; a file that is foreign, empty or damaged is one, too, and never begun anew.
class Store {
 public:
  /// How long to wait for other processes, and a descriptor that ends the wait when it becomes
  /// readable, or -1. `waiting` is told in words what is waited for, after a second.
  struct Patience {
    Duration limit = std::chrono::seconds{40};
    int cancel = -1;
    std::function<void(const std::string&)> waiting{};
  };

  /// Makes the folder if there is none; its parent must be there. `limit`: bytes of topics and
  /// payloads that are kept at most. `broker`: the one that the messages are for; empty: any.
  /// SIGXFSZ must be ignored (run/signals.hpp): a write that is too large for a file is an error.
  Store(const std::string& folder, std::uint64_t limit, std::string broker, Patience patience);

  /// Throws UsageError that names both when the messages are for another broker. add() does, too.
  void check_broker();

  /// Stores messages in one commit, each as made at its `time`, and wakes the sender. RunError when
  /// they would be more than the limit: then none of them is stored.
  StoredRange add(const std::vector<Message>& messages);

  /// The next messages to be sent after `after`, at most `count`, and not many more than `bytes`.
  std::vector<StoredMessage> next(StoredId after, std::size_t count, std::size_t bytes);

  /// All of them, set aside or not, page by page as next() gives them.
  std::vector<StoredMessage> list(StoredId after, std::size_t count, std::size_t bytes);

  /// How many of these are still to be sent; the count stops at `most`.
  std::uint64_t waiting(StoredRange range, std::uint64_t most);

  /// All that were ever stored.
  StoredRange all();

  /// What became of these.
  Fate fate(StoredRange range);

  /// They are delivered, or expired.
  void remove(const std::vector<StoredId>& ids);

  /// The broker will never take it: it is removed, and whoever stored it can learn why by fate().
  void drop(StoredId id, const std::string& reason);

  /// The connection was lost while these were in flight.
  void count_losses(const std::vector<StoredId>& ids);

  /// It stays, and is not sent any more.
  void set_aside(StoredId id, const std::string& reason);

  /// Moves what has gathered in the log into the file, if it is much. For the holder of
  /// sender.lock: in SQLite 3.40 two checkpoints at once, or one beside a writer, can damage the
  /// file.
  void tidy();

  const std::string& folder() const { return folder_; }
  std::string path(std::string_view name) const { return folder_ + "/" + std::string(name); }

 private:
  enum class Need { plain, certain };  ///< Certain: the reserve is there for it.

  void write(const std::string& what, Need need, const std::function<void(Database&)>& changes);
  void commit(const std::function<void(Database&)>& changes);
  bool commit_with_reserve(const std::function<void(Database&)>& changes);
  template <typename Read>
  auto reading(const Read& read);
  std::vector<StoredMessage> page(const char* sql, StoredId after, std::size_t count,
                                  std::size_t bytes);
  void insert(Database& database, const std::vector<Message>& messages, StoredId first);
  void check_broker(Database& database) const;
  void lock_writers(const std::string& what);
  Database& database();
  [[noreturn]] void fail(const std::string& what, const DatabaseError& error) const;

  std::string folder_;
  std::uint64_t limit_;
  std::string broker_;
  Patience patience_;
  FileLock writers_;
  WakeFifo sender_;
  std::optional<Database> database_{};
};

}  // namespace mqtt_tools::spool
