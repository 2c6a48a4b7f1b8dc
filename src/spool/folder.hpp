// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

// The folder of a spool and the files in it:
//
//   spool.db  spool.db-wal  spool.db-shm   the messages (see Store)
//   write.lock                             locked by who writes to them
//   sender.lock                            locked by who sends them
//   wake                                   a FIFO that wakes who sends
//   reserve                                room on the disk, to be given up when it is full
//
// What cannot be is told as RunError (ExitCode::failure) with the path and the reason.

namespace mqtt_tools::spool {

/// The folder without a slash at its end: there, ours, and not writable by others. It is made, with
/// mode 0700, if there is none; its parent must be there.
std::string checked_folder(const std::string& folder);

/// Makes spool.db if there is none, and else looks whether it is a spool and whole as far as its
/// header tells. One that is empty, foreign or damaged is never begun anew. Only while write.lock
/// is held, and before SQLite has the file open: a descriptor of it that is closed takes SQLite's
/// locks along.
void check_database(const std::string& folder);

/// Waits until all that was committed is on the disk. With `synchronous = FULL` SQLite would do it
/// inside of each commit, while the others wait for write.lock: here many wait for the disk at
/// once, and it serves them together. What is moved from the log into the file meanwhile is synced
/// by SQLite before. A removal need not be waited for: should the machine crash, the message is
/// there again, and arrives twice.
void sync_log(const std::string& folder);

/// Makes sure that there is a file of a megabyte that can be given up, so that what was delivered
/// can be removed on a full disk.
void hold_reserve(const std::string& folder);

/// Gives it up. False when there is none.
bool release_reserve(const std::string& folder);

/// Whether spool.db-wal is no larger than it.
bool log_fits_reserve(const std::string& folder);

/// Whether this process has a limit for the size of its files (RLIMIT_FSIZE, ulimit -f).
bool file_size_limited();

/// Checks that `bytes` more, and what it takes to remove them again, are within that limit. Throws
/// DatabaseError of kind full.
void check_file_size(const std::string& folder, std::uint64_t bytes);

}  // namespace mqtt_tools::spool
