// SPDX-License-Identifier: MIT
#include "spool/store.hpp"

#include "error.hpp"
#include "payload/record.hpp"
#include "spool/folder.hpp"
#include "text.hpp"

#include <algorithm>
#include <utility>

namespace mqtt_tools::spool {

namespace {

using std::chrono::microseconds;

// Pages of the log. Each start of a lone process reads the log, and a checkpoint must fit into the
// reserve if need be: it is kept short. Its room on the disk is used again, so that removing a
// message takes none.
constexpr int log_to_tidy = 200;
constexpr int log_to_shorten = 2000;
constexpr std::int64_t unused_to_return = 1000;  // pages of the file

std::int64_t to_number(Timestamp time) {
  return std::chrono::floor<microseconds>(time.time_since_epoch()).count();
}

Timestamp to_time(std::int64_t number) {
  return Timestamp{std::chrono::duration_cast<Timestamp::duration>(microseconds{number})};
}

/// FNV-1a. SQLite sees when a page cannot be, and not when a byte of a payload has changed.
class Checksum {
 public:
  Checksum& add(std::string_view bytes) {
    for (const char byte : bytes) {
      sum_ = (sum_ ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
    }
    return add(static_cast<std::int64_t>(bytes.size()));
  }

  Checksum& add(std::int64_t number) {
    sum_ = (sum_ ^ static_cast<std::uint64_t>(number)) * 0x100000001b3;
    return *this;
  }

  std::int64_t value() const { return static_cast<std::int64_t>(sum_); }

 private:
  std::uint64_t sum_ = 0xcbf29ce484222325;
};

std::int64_t checksum(const Message& message, std::string_view properties) {
  return Checksum{}
      .add(message.topic)
      .add(message.payload)
      .add(properties)
      .add(static_cast<std::int64_t>(message.qos))
      .add(message.retained ? 1 : 0)
      .add(to_number(message.time))
      .value();
}

/// As the properties of a record (docs/formats.md) around nothing else.
std::optional<std::string> properties_text(const Message& message) {
  if (message.properties.empty()) return std::nullopt;
  const Message bare{.topic = "t", .properties = message.properties};
  std::string text;
  payload::append_record(text, payload::decode(bare, payload::DecodeAs::binary));
  if (payload::parse_record(text).properties != message.properties) {
    throw UsageError("a property of the message to " + escaped(message.topic) +
                     " cannot be kept in a spool: it is not UTF-8");
  }
  return text;
}

/// The columns that message() reads.
#define MESSAGE_COLUMNS \
  "id, topic, qos, retain, made, expires, properties, losses, set_aside, checksum, payload"

StoredMessage stored_message(const Statement& row) {
  StoredMessage stored;
  Message& message = stored.message;
  stored.id = row.number(0);
  message.topic = row.bytes(1);
  message.qos = static_cast<Qos>(row.number(2));
  message.retained = row.number(3) != 0;
  message.time = to_time(row.number(4));
  if (!row.null(5)) stored.expires = to_time(row.number(5));
  const std::string properties{row.bytes(6)};
  stored.losses = static_cast<int>(row.number(7));
  stored.set_aside = row.bytes(8);
  message.payload = row.bytes(10);
  if (row.number(9) != checksum(message, properties)) {
    throw DatabaseError(DatabaseError::Kind::damaged,
                        "message " + std::to_string(stored.id) + " is not as it was stored");
  }
  if (!properties.empty()) message.properties = payload::parse_record(properties).properties;
  return stored;
}

/// Gives a lock up at the end of a block.
struct Unlock {
  FileLock& lock;
  ~Unlock() { lock.unlock(); }
};

[[noreturn]] void refuse(const std::string& text) { throw RunError(ExitCode::failure, text); }

}  // namespace

void shorten_expiry(StoredMessage& stored, Timestamp now) {
  if (!stored.expires) return;
  const auto left = std::chrono::ceil<std::chrono::seconds>(*stored.expires - now).count();
  const auto whole = std::int64_t{stored.message.properties.expiry.value_or(0)};
  // A clock that was set back makes no message live longer than it was meant to.
  stored.message.properties.expiry = static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(left, 1, std::max<std::int64_t>(whole, 1)));
}

Store::Store(const std::string& folder, std::uint64_t limit, std::string broker, Patience patience)
    : folder_(checked_folder(folder)),
      limit_(limit),
      broker_(std::move(broker)),
      patience_(std::move(patience)),
      writers_(path("write.lock")),
      sender_(path("wake")) {}

// The file.

/// Opened while no other process writes: the first reads the log through, and others would be told
/// to come again later.
Database& Store::database() {
  if (!database_) {
    check_database(folder_);
    database_.emplace(path("spool.db"));
    try {
      database_->keep_log_at_close();
      // NORMAL: see sync_log(). No wal_autocheckpoint: the hook that counts the pages of the log
      // has taken its place. Debian's SQLite would overwrite what is deleted, at the price of
      // writing it all again.
      database_->execute(
          "PRAGMA synchronous = NORMAL; PRAGMA cell_size_check = ON; PRAGMA secure_delete = FAST;");
    } catch (...) {
      database_.reset();
      throw;
    }
  }
  return *database_;
}

void Store::fail(const std::string& what, const DatabaseError& error) const {
  auto text = "cannot " + what + " " + path("spool.db") + ": " + error.what();
  if (error.kind() == DatabaseError::Kind::damaged) {
    text += "; it is damaged: move the folder away (sqlite3's .recover saves what can be saved)";
  }
  refuse(text);
}

template <typename Read>
auto Store::reading(const Read& read) {
  try {
    if (!database_) {
      lock_writers("open");
      const Unlock unlock{writers_};
      database();
    }
    return read(*database_);
  } catch (const DatabaseError& error) {
    fail("read", error);
  }
}

// Writing.

/// They queue up at a file of our own: at SQLite's lock each would sleep and come again, and some
/// would come too late for a second and more.
void Store::lock_writers(const std::string& what) {
  writers_.check_place();
  const auto start = Clock::now();
  const auto first = std::min<Duration>(patience_.limit, std::chrono::seconds{1});
  if (writers_.lock(start + first, patience_.cancel)) return;
  const auto other =
      "process " + std::to_string(writers_.holder()) + ", which has " + writers_.path() + " locked";
  if (patience_.waiting) patience_.waiting("waiting for " + other);
  if (writers_.lock(start + patience_.limit, patience_.cancel)) return;
  refuse("cannot " + what + " " + path("spool.db") + ": waited in vain for " + other);
}

void Store::commit(const std::function<void(Database&)>& changes) {
  auto& database = this->database();
  database.execute("BEGIN IMMEDIATE");
  try {
    changes(database);
    database.execute("COMMIT");
  } catch (...) {
    try {
      database.execute("ROLLBACK");
    } catch (const DatabaseError&) {
      // SQLite has done it already.
    }
    throw;
  }
}

/// On a full disk: with what was held in reserve. False when that is gone already.
bool Store::commit_with_reserve(const std::function<void(Database&)>& changes) {
  if (!release_reserve(folder_)) return false;
  try {
    // Then what is written begins anew at the start of the log, which is there already. A log that
    // is longer would use up the reserve for itself.
    if (log_fits_reserve(folder_)) database().checkpoint(false);
  } catch (const DatabaseError&) {
    // Then there may be room in the log.
  }
  commit(changes);
  return true;
}

void Store::write(const std::string& what, Need need,
                  const std::function<void(Database&)>& changes) {
  lock_writers(what);
  const Unlock unlock{writers_};
  try {
    try {
      commit(changes);
    } catch (const DatabaseError& error) {
      const bool full = error.kind() == DatabaseError::Kind::full;
      if (need == Need::plain || !full || !commit_with_reserve(changes)) throw;
    }
  } catch (const DatabaseError& error) {
    fail(what, error);
  }
}

void Store::check_broker(Database& database) const {
  if (broker_.empty()) return;
  auto row = database.prepare("SELECT broker FROM spool");
  if (!row.step() || row.null(0)) return;
  if (const auto kept = row.bytes(0); kept != broker_) {
    throw UsageError("the spool " + folder_ + " is for " + escaped(kept) + ", not for " +
                     escaped(broker_) + ": one spool serves one broker");
  }
}

void Store::check_broker() {
  reading([&](Database& database) { check_broker(database); });
}

void Store::insert(Database& database, const std::vector<Message>& messages, StoredId first) {
  auto insertion = database.prepare(
      "INSERT INTO messages(id, topic, qos, retain, made, expires, properties, size, checksum,"
      " payload) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)");
  for (const auto& message : messages) {
    const auto properties = properties_text(message);
    const auto made = to_number(message.time);
    std::optional<std::int64_t> expires;
    if (message.properties.expiry) {
      expires = made + microseconds{std::chrono::seconds{*message.properties.expiry}}.count();
    }
    insertion
        .with(first++, std::string_view(message.topic), static_cast<std::int64_t>(message.qos),
              std::int64_t{message.retained}, made, expires, properties,
              static_cast<std::int64_t>(size_of(message)),
              checksum(message, properties ? *properties : std::string_view{}),
              Blob{message.payload})
        .run();
  }
}

StoredRange Store::add(const std::vector<Message>& messages) {
  if (messages.empty()) return {};
  std::uint64_t bytes = 0;
  for (const auto& message : messages) bytes += size_of(message);
  const std::string what = messages.size() == 1 ? "keep the message in" : "keep the messages in";
  StoredRange range;
  write(what, Need::plain, [&](Database& database) {
    check_broker(database);
    auto state = database.prepare("SELECT next, bytes FROM spool");
    if (!state.step()) throw DatabaseError(DatabaseError::Kind::damaged, "a table is empty");
    const auto kept = static_cast<std::uint64_t>(state.number(1));
    range.first = state.number(0);
    range.last = range.first + static_cast<StoredId>(messages.size()) - 1;
    state.reset();
    if (kept + bytes > limit_) {
      refuse("cannot " + what + " " + path("spool.db") + ": " + std::to_string(bytes) +
             " bytes more than the " + std::to_string(kept) +
             " that wait there, and --spool-limit is " + std::to_string(limit_));
    }
    check_file_size(folder_, bytes);
    hold_reserve(folder_);
    if (!broker_.empty()) {
      database.prepare("UPDATE spool SET broker = ?1 WHERE broker IS NULL")
          .with(std::string_view(broker_))
          .run();
    }
    insert(database, messages, range.first);
  });
  sender_.wake();
  sync_log(folder_);
  if (database_->log_pages() > log_to_tidy) {
    // Nobody may come to send for long, and the log is to stay short.
    FileLock sender(path("sender.lock"));
    if (sender.try_lock()) tidy();
  }
  return range;
}

void Store::remove(const std::vector<StoredId>& ids) {
  if (ids.empty()) return;
  write("take what is delivered out of", Need::certain, [&](Database& database) {
    auto removal = database.prepare("DELETE FROM messages WHERE id = ?1");
    for (const auto id : ids) removal.with(id).run();
  });
}

void Store::drop(StoredId id, const std::string& reason) {
  write("take a message out of", Need::certain, [&](Database& database) {
    database.prepare("DELETE FROM messages WHERE id = ?1").with(id).run();
    database.prepare("INSERT OR REPLACE INTO dropped VALUES(?1, ?2)")
        .with(id, std::string_view(reason))
        .run();
    // Whoever waits to learn of it has asked by then.
    database.execute("DELETE FROM dropped WHERE id < (SELECT next FROM spool) - 100000");
  });
}

void Store::count_losses(const std::vector<StoredId>& ids) {
  if (ids.empty()) return;
  write("note a lost connection in", Need::certain, [&](Database& database) {
    auto count = database.prepare("UPDATE messages SET losses = losses + 1 WHERE id = ?1");
    for (const auto id : ids) count.with(id).run();
  });
}

void Store::set_aside(StoredId id, const std::string& reason) {
  write("set a message aside in", Need::certain, [&](Database& database) {
    database.prepare("UPDATE messages SET set_aside = ?2 WHERE id = ?1")
        .with(id, std::string_view(reason))
        .run();
  });
}

void Store::tidy() {
  if (!database_) return;
  const auto number = [&](const char* sql) {
    auto row = database_->prepare(sql);
    return row.step() ? row.number(0) : 0;
  };
  try {
    const auto unused = number("PRAGMA freelist_count");
    const bool much_unused = unused > unused_to_return && unused > number("PRAGMA page_count") / 2;
    if (!much_unused && database_->log_pages() < log_to_tidy) return;
    lock_writers("tidy");
    const Unlock unlock{writers_};
    if (much_unused) database_->execute("PRAGMA incremental_vacuum");
    database_->checkpoint(database_->log_pages() > log_to_shorten || file_size_limited());
  } catch (const DatabaseError&) {
    // A full disk, say. What is to be written next will tell, if it matters.
  }
}

// Reading.

std::vector<StoredMessage> Store::page(const char* sql, StoredId after, std::size_t count,
                                       std::size_t bytes) {
  return reading([&](Database& database) {
    std::vector<StoredMessage> found;
    std::uint64_t size = 0;
    auto rows = database.prepare(sql);
    rows.with(after, static_cast<std::int64_t>(count));
    while (size < bytes && rows.step()) {
      found.push_back(stored_message(rows));
      size += size_of(found.back().message);
    }
    return found;
  });
}

std::vector<StoredMessage> Store::next(StoredId after, std::size_t count, std::size_t bytes) {
  return page("SELECT " MESSAGE_COLUMNS
              " FROM messages WHERE id > ?1 AND set_aside IS NULL ORDER BY id LIMIT ?2",
              after, count, bytes);
}

std::vector<StoredMessage> Store::list(StoredId after, std::size_t count, std::size_t bytes) {
  return page("SELECT " MESSAGE_COLUMNS " FROM messages WHERE id > ?1 ORDER BY id LIMIT ?2", after,
              count, bytes);
}

std::uint64_t Store::waiting(StoredRange range, std::uint64_t most) {
  return reading([&](Database& database) {
    auto row = database.prepare(
        "SELECT count(*) FROM (SELECT 1 FROM messages WHERE id BETWEEN ?1 AND ?2"
        " AND set_aside IS NULL LIMIT ?3)");
    row.with(range.first, range.last, static_cast<std::int64_t>(most)).step();
    return static_cast<std::uint64_t>(row.number(0));
  });
}

StoredRange Store::all() {
  return reading([&](Database& database) {
    auto row = database.prepare("SELECT next FROM spool");
    row.step();
    return StoredRange{1, row.number(0) - 1};
  });
}

Fate Store::fate(StoredRange range) {
  return reading([&](Database& database) {
    Fate fate;
    for (const char* const sql :
         {"SELECT set_aside FROM messages WHERE id BETWEEN ?1 AND ?2 AND set_aside IS NOT NULL",
          "SELECT reason FROM dropped WHERE id BETWEEN ?1 AND ?2"}) {
      auto rows = database.prepare(sql);
      for (rows.with(range.first, range.last); rows.step(); ++fate.dropped) {
        if (!fate.reason) fate.reason = rows.bytes(0);
      }
    }
    return fate;
  });
}

}  // namespace mqtt_tools::spool
