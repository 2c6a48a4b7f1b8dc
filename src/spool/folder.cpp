// SPDX-License-Identifier: MIT
#include "spool/folder.hpp"

#include "descriptor.hpp"
#include "error.hpp"
#include "spool/database.hpp"
#include "text.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <filesystem>
#include <string_view>

namespace mqtt_tools::spool {

namespace {

constexpr std::int64_t application_id = 0x6d717370;  // "mqsp", in the file's header
constexpr std::int64_t user_version = 1;             // of what schema lays down
constexpr off_t reserve_size = 1'000'000;

/// `bytes` and `next` are kept where messages go in and out, so that nobody has to count. `made`
/// and `expires` are microseconds since 1970.
constexpr const char* schema =
    "PRAGMA auto_vacuum = INCREMENTAL;"
    "PRAGMA synchronous = FULL;"
    "PRAGMA application_id = 0x6d717370;"
    "PRAGMA user_version = 1;"
    "BEGIN;"
    "CREATE TABLE spool(broker TEXT, next INTEGER NOT NULL, bytes INTEGER NOT NULL);"
    "INSERT INTO spool VALUES(NULL, 1, 0);"
    "CREATE TABLE messages(id INTEGER PRIMARY KEY, topic TEXT NOT NULL, qos INTEGER NOT NULL,"
    " retain INTEGER NOT NULL, made INTEGER NOT NULL, expires INTEGER, properties TEXT,"
    " losses INTEGER NOT NULL DEFAULT 0, set_aside TEXT, size INTEGER NOT NULL,"
    " checksum INTEGER NOT NULL, payload BLOB NOT NULL);"
    "CREATE TABLE dropped(id INTEGER PRIMARY KEY, reason TEXT NOT NULL);"
    "CREATE TRIGGER put_in AFTER INSERT ON messages BEGIN"
    " UPDATE spool SET bytes = bytes + NEW.size, next = NEW.id + 1; END;"
    "CREATE TRIGGER taken_out AFTER DELETE ON messages BEGIN"
    " UPDATE spool SET bytes = bytes - OLD.size; END;"
    "COMMIT;";

[[noreturn]] void refuse(const std::string& text) { throw RunError(ExitCode::failure, text); }

std::uint64_t file_size(const std::string& path) {
  struct stat found {};
  return ::stat(path.c_str(), &found) == 0 ? static_cast<std::uint64_t>(found.st_size) : 0;
}

/// A number of `count` bytes, the first the most significant, as the file's header has them.
std::uint32_t big_endian(std::string_view header, std::size_t at, std::size_t count) {
  std::uint32_t number = 0;
  for (const char byte : header.substr(at, count)) {
    number = number << 8 | static_cast<unsigned char>(byte);
  }
  return number;
}

/// A new name is on the disk only once its folder is.
void sync_folder(const std::string& folder) {
  const Descriptor fd{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (fd.get() < 0 || ::fsync(fd.get()) < 0) {
    throw failed_call("cannot write the folder " + folder);
  }
}

/// Under another name until it is whole: a spool.db that is there is never half made.
void make_database(const std::string& folder) {
  const auto draft = folder + "/new.db";
  for (const char* const end : {"", "-journal", "-wal", "-shm"}) ::unlink((draft + end).c_str());
  const Descriptor made{
      ::open(draft.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (made.get() < 0) throw failed_call("cannot make " + draft);
  try {
    Database database(draft);
    database.execute(schema);
    auto mode = database.prepare("PRAGMA journal_mode = WAL");
    if (!mode.step() || mode.bytes(0) != "wal") {
      refuse("cannot make a spool in " + folder +
             ": SQLite's write-ahead log does not work there; give a folder on a local disk");
    }
  } catch (const DatabaseError& error) {
    refuse("cannot make " + draft + ": " + error.what());
  }
  // SQLite would make the log when it is wanted, and sync its name each time that it syncs it.
  const Descriptor log{
      ::open((folder + "/spool.db-wal").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (log.get() < 0) throw failed_call("cannot make " + folder + "/spool.db-wal");
  if (::rename(draft.c_str(), (folder + "/spool.db").c_str()) < 0) {
    throw failed_call("cannot rename " + draft);
  }
  sync_folder(folder);
}

/// What is wrong with an open spool.db, or nothing.
std::string fault_of(int fd, std::uint64_t size, bool has_log) {
  if (size == 0) return "is empty, which a spool never is";
  std::array<char, 100> bytes{};
  const auto got = ::pread(fd, bytes.data(), bytes.size(), 0);
  const std::string_view header{bytes.data(), bytes.size()};
  if (got != static_cast<ssize_t>(bytes.size()) ||
      !header.starts_with(std::string_view{"SQLite format 3\0", 16})) {
    return "is not an SQLite database";
  }
  if (big_endian(header, 68, 4) != application_id) return "is not a spool but another database";
  if (big_endian(header, 60, 4) != user_version) return "was made by another version of mqtt-pub";
  const auto whole = std::uint64_t{big_endian(header, 16, 2)} * big_endian(header, 28, 4);
  // With a log, the rest may be there.
  if (size < whole && !has_log) {
    return "is damaged: of its " + std::to_string(whole) + " bytes " + std::to_string(size) +
           " are there";
  }
  return {};
}

rlim_t file_size_limit() {
  rlimit limit{};
  return ::getrlimit(RLIMIT_FSIZE, &limit) == 0 ? limit.rlim_cur : RLIM_INFINITY;
}

}  // namespace

std::string checked_folder(const std::string& folder) {
  std::string path = folder;
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  if (::mkdir(path.c_str(), 0700) == 0) {
    const auto parent = std::filesystem::path(path).parent_path().string();
    sync_folder(parent.empty() ? "." : parent);
  } else if (errno != EEXIST) {
    throw failed_call("cannot make the spool's folder " + path);
  }
  struct stat found {};
  if (::stat(path.c_str(), &found) < 0) {
    throw failed_call("cannot look at the spool's folder " + path);
  }
  if (!S_ISDIR(found.st_mode)) {
    refuse("the spool " + path + " is not a folder: give one, or a path where nothing is yet");
  }
  if (found.st_uid != ::geteuid()) {
    refuse("the spool's folder " + path + " belongs to another user: give a folder of your own");
  }
  if ((found.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    refuse("others may write to the spool's folder " + path + ": chmod 700 " + shell_word(path));
  }
  if (::access(path.c_str(), R_OK | W_OK | X_OK) < 0) {
    throw failed_call("cannot use the spool's folder " + path);
  }
  return path;
}

void check_database(const std::string& folder) {
  const auto name = folder + "/spool.db";
  const bool has_log = file_size(name + "-wal") > 0;
  // A FIFO in its place must not be waited for.
  const Descriptor fd{::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
  if (fd.get() < 0 && errno == ENOENT) {
    if (has_log) refuse(name + " is gone, and its log spool.db-wal is there: put the file back");
    return make_database(folder);
  }
  struct stat found {};
  if (fd.get() < 0 || ::fstat(fd.get(), &found) < 0) throw failed_call("cannot open " + name);
  const auto fault = S_ISREG(found.st_mode)
                         ? fault_of(fd.get(), static_cast<std::uint64_t>(found.st_size), has_log)
                         : "is not a regular file";
  if (!fault.empty()) {
    refuse(name + " " + fault + "; it is left as it is: give another --spool, or move it away");
  }
}

void sync_log(const std::string& folder) {
  const auto name = folder + "/spool.db-wal";
  const Descriptor fd{::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
  if (fd.get() >= 0 && ::fdatasync(fd.get()) == 0) return;
  throw NotSynced(ExitCode::failure,
                  failed_call("cannot write " + name).what() +
                      std::string{"; --spool-list shows whether the message is there"});
}

void hold_reserve(const std::string& folder) {
  const auto name = folder + "/reserve";
  if (file_size(name) >= static_cast<std::uint64_t>(reserve_size)) return;
  const Descriptor fd{::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (fd.get() < 0) throw failed_call("cannot make " + name);
  const int error = ::posix_fallocate(fd.get(), 0, reserve_size);
  if (error == 0) return;
  release_reserve(folder);
  refuse("cannot hold a megabyte in reserve in " + name + ": " + reason_for(error) +
         "; without it a full disk would keep delivered messages in the spool");
}

bool release_reserve(const std::string& folder) {
  return ::truncate((folder + "/reserve").c_str(), 0) == 0;
}

bool log_fits_reserve(const std::string& folder) {
  return file_size(folder + "/spool.db-wal") <= static_cast<std::uint64_t>(reserve_size);
}

bool file_size_limited() { return file_size_limit() != RLIM_INFINITY; }

/// In all, the log must not exceed what is left when it is moved into the file, which is how
/// messages are removed when the log may not grow.
void check_file_size(const std::string& folder, std::uint64_t bytes) {
  if (!file_size_limited()) return;
  const auto need = file_size(folder + "/spool.db") + file_size(folder + "/spool.db-wal") +
                    2 * bytes + 2 * static_cast<std::uint64_t>(reserve_size);
  if (need > file_size_limit()) {
    throw DatabaseError(DatabaseError::Kind::full, "no file of this process may have more than " +
                                                       std::to_string(file_size_limit()) +
                                                       " bytes (ulimit -f)");
  }
}

}  // namespace mqtt_tools::spool
