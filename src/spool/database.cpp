// SPDX-License-Identifier: MIT
#include "spool/database.hpp"

#include "error.hpp"
#include "shared_library.hpp"

#include <sqlite3.h>
#include <cerrno>

namespace mqtt_tools::spool {

namespace {

/// The functions that we call.
class Library {
 private:
  SharedLibrary library_{"libsqlite3.so.0", "a spool", "SQLite", "libsqlite3-0"};

 public:
  decltype(&sqlite3_open_v2) open = library_["sqlite3_open_v2"];
  decltype(&sqlite3_close_v2) close = library_["sqlite3_close_v2"];
  decltype(&sqlite3_db_config) config = library_["sqlite3_db_config"];
  decltype(&sqlite3_busy_timeout) busy_timeout = library_["sqlite3_busy_timeout"];
  decltype(&sqlite3_errmsg) error = library_["sqlite3_errmsg"];
  decltype(&sqlite3_errstr) error_of = library_["sqlite3_errstr"];
  decltype(&sqlite3_extended_errcode) error_code = library_["sqlite3_extended_errcode"];
  decltype(&sqlite3_system_errno) system_error = library_["sqlite3_system_errno"];
  decltype(&sqlite3_exec) execute = library_["sqlite3_exec"];
  decltype(&sqlite3_prepare_v2) prepare = library_["sqlite3_prepare_v2"];
  decltype(&sqlite3_step) step = library_["sqlite3_step"];
  decltype(&sqlite3_reset) reset = library_["sqlite3_reset"];
  decltype(&sqlite3_finalize) finalize = library_["sqlite3_finalize"];
  decltype(&sqlite3_bind_int64) bind_number = library_["sqlite3_bind_int64"];
  decltype(&sqlite3_bind_text64) bind_text = library_["sqlite3_bind_text64"];
  decltype(&sqlite3_bind_blob64) bind_blob = library_["sqlite3_bind_blob64"];
  decltype(&sqlite3_bind_null) bind_null = library_["sqlite3_bind_null"];
  decltype(&sqlite3_column_int64) number = library_["sqlite3_column_int64"];
  decltype(&sqlite3_column_blob) blob = library_["sqlite3_column_blob"];
  decltype(&sqlite3_column_bytes) size = library_["sqlite3_column_bytes"];
  decltype(&sqlite3_column_type) type = library_["sqlite3_column_type"];
  decltype(&sqlite3_wal_hook) log_hook = library_["sqlite3_wal_hook"];
  decltype(&sqlite3_wal_checkpoint_v2) checkpoint = library_["sqlite3_wal_checkpoint_v2"];
};

const Library& library() {
  static const Library loaded;
  return loaded;
}

/// What went wrong in the last call, with the system's reason where that says more.
DatabaseError last_error(sqlite3* database, int code) {
  const int failure = errno;
  using Kind = DatabaseError::Kind;
  const auto& sqlite = library();
  std::string text = database != nullptr ? sqlite.error(database) : sqlite.error_of(code);
  int reason = database != nullptr ? sqlite.system_error(database) : 0;
  if (reason == 0) reason = failure;  // SQLite notes none for what fails in a COMMIT.
  const int primary = code & 0xff;
  const bool failed_call =
      primary == SQLITE_IOERR || primary == SQLITE_FULL || primary == SQLITE_CANTOPEN;
  if (failed_call && reason != 0) text += ": " + reason_for(reason);
  if (primary == SQLITE_FULL ||
      (primary == SQLITE_IOERR && (reason == EFBIG || reason == EDQUOT || reason == ENOSPC))) {
    return {Kind::full, text};
  }
  if (primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB) return {Kind::damaged, text};
  return {Kind::other, text};
}

void check(sqlite3* database, int code) {
  if (code != SQLITE_OK) throw last_error(database, code);
}

int note_log_pages(void* pages, sqlite3*, const char*, int count) {
  *static_cast<int*>(pages) = count;
  return SQLITE_OK;
}

}  // namespace

Statement::Statement(sqlite3* database, const char* sql)
    : database_(database),
      statement_(nullptr, [](sqlite3_stmt* statement) { library().finalize(statement); }) {
  sqlite3_stmt* statement = nullptr;
  check(database, library().prepare(database, sql, -1, &statement, nullptr));
  statement_.reset(statement);
}

bool Statement::step() {
  errno = 0;
  const int code = library().step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  throw last_error(database_, library().error_code(database_));
}

void Statement::run() {
  while (step()) {
  }
  reset();
}

void Statement::reset() {
  library().reset(statement_.get());  // What it gives is the error of the last step, again.
}

std::int64_t Statement::number(int column) const {
  return library().number(statement_.get(), column);
}

std::string_view Statement::bytes(int column) const {
  const auto* data = static_cast<const char*>(library().blob(statement_.get(), column));
  const auto size = static_cast<std::size_t>(library().size(statement_.get(), column));
  return data == nullptr ? std::string_view{} : std::string_view{data, size};
}

bool Statement::null(int column) const {
  return library().type(statement_.get(), column) == SQLITE_NULL;
}

void Statement::bind(int index, std::int64_t value) {
  check(database_, library().bind_number(statement_.get(), index, value));
}

void Statement::bind(int index, std::string_view text) {
  // An empty view may have no address, which would be taken for NULL.
  const char* const data = text.data() == nullptr ? "" : text.data();
  check(database_, library().bind_text(statement_.get(), index, data, text.size(), SQLITE_STATIC,
                                       SQLITE_UTF8));
}

void Statement::bind(int index, Blob blob) {
  const char* const data = blob.bytes.data() == nullptr ? "" : blob.bytes.data();
  check(database_,
        library().bind_blob(statement_.get(), index, data, blob.bytes.size(), SQLITE_STATIC));
}

void Statement::bind(int index, const std::optional<std::int64_t>& value) {
  if (value) return bind(index, *value);
  check(database_, library().bind_null(statement_.get(), index));
}

void Statement::bind(int index, const std::optional<std::string>& text) {
  if (text) return bind(index, std::string_view(*text));
  check(database_, library().bind_null(statement_.get(), index));
}

Database::Database(const std::string& path)
    : database_(nullptr, [](sqlite3* database) { library().close(database); }) {
  sqlite3* database = nullptr;
  // Not SQLITE_OPEN_NOFOLLOW: it forbids links in the whole path (/var/run is one). That the file
  // itself is none was looked at (folder.hpp).
  const int code =
      library().open(path.c_str(), &database,
                     SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  database_.reset(database);
  check(database, code);
  // Our own writers wait for write.lock and never meet; this is for a stranger's sqlite3.
  library().busy_timeout(database, 5000);
  library().log_hook(database, note_log_pages, &log_pages_);
}

void Database::execute(const char* sql) {
  errno = 0;
  check(database_.get(), library().execute(database_.get(), sql, nullptr, nullptr, nullptr));
}

void Database::keep_log_at_close() {
  check(database_.get(),
        library().config(database_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr));
}

void Database::checkpoint(bool shorten) {
  const int how = shorten ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
  library().busy_timeout(database_.get(), 0);
  const int code = library().checkpoint(database_.get(), nullptr, how, &log_pages_, nullptr);
  library().busy_timeout(database_.get(), 5000);
  // A reader in the way: the next one will do it.
  if ((code & 0xff) != SQLITE_BUSY && (code & 0xff) != SQLITE_LOCKED) check(database_.get(), code);
}

}  // namespace mqtt_tools::spool
