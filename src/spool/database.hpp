// SPDX-License-Identifier: MIT
#pragma once

#include "error.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace mqtt_tools::spool {

/// What was committed may not be on the disk: it is there unless the machine crashes.
class NotSynced : public RunError {
  using RunError::RunError;
};

/// SQLite could not do it. The text is SQLite's reason and, where there is one, the system's.
class DatabaseError : public std::runtime_error {
 public:
  enum class Kind {
    full,     ///< No room: the disk, a quota, the size that a file may have (RLIMIT_FSIZE).
    damaged,  ///< What the file holds cannot be.
    other,
  };

  DatabaseError(Kind kind, const std::string& text) : std::runtime_error(text), kind_(kind) {}

  Kind kind() const { return kind_; }

 private:
  Kind kind_;
};

/// A value that is bytes, not text.
struct Blob {
  std::string_view bytes{};
};

/// One statement, compiled once and run as often as it is wanted. It must not outlive its Database.
class Statement {
 public:
  Statement(sqlite3* database, const char* sql);

  /// Gives the parameters ?1, ?2, … their values and begins anew. Texts and blobs must stay as they
  /// are until the last row was read. A nullopt is NULL.
  template <typename... Values>
  Statement& with(const Values&... values) {
    reset();
    int index = 0;
    (bind(++index, values), ...);
    return *this;
  }

  bool step();   ///< The next row; false when there is none.
  void run();    ///< To the end, without rows.
  void reset();  ///< Lets go of what it reads: no row is at hand any more.

  // Of the row that step() found; columns count from 0. Views are good until the next call.
  std::int64_t number(int column) const;
  std::string_view bytes(int column) const;
  bool null(int column) const;

 private:
  void bind(int index, std::int64_t value);
  void bind(int index, std::string_view text);
  void bind(int index, Blob blob);
  void bind(int index, const std::optional<std::int64_t>& value);
  void bind(int index, const std::optional<std::string>& text);

  sqlite3* database_;
  std::unique_ptr<sqlite3_stmt, void (*)(sqlite3_stmt*)> statement_;
};

/// One connection to a database of SQLite's. The library is loaded when the first one is made, so
/// that a run without a spool neither links nor loads it. Use it from one thread.
class Database {
 public:
  /// Opens the file, which must exist; it may be empty. Throws DatabaseError, and RunError when the
  /// library is not there.
  explicit Database(const std::string& path);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// Runs statements that give no rows.
  void execute(const char* sql);

  Statement prepare(const char* sql) { return {database_.get(), sql}; }

  /// Does not move the log into the file when this connection is closed as the last one.
  void keep_log_at_close();

  /// Pages in the log after the last commit of this connection; 0 before there was one.
  int log_pages() const { return log_pages_; }

  /// Moves what the log holds into the file as far as no reader is in the way, and with `shorten`
  /// gives its room back to the disk. Never waits for others.
  void checkpoint(bool shorten);

 private:
  std::unique_ptr<sqlite3, void (*)(sqlite3*)> database_;
  int log_pages_ = 0;
};

}  // namespace mqtt_tools::spool
