// SPDX-License-Identifier: MIT
#include "feed/lines.hpp"

#include "error.hpp"
#include "text.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace mqtt_tools::feed {

namespace {

/// What is left of a regular file; stdin may be somewhere in its middle. Files of /proc have a size
/// of 0 and tell nothing.
std::optional<std::uint64_t> size_left(int fd, off_t size) {
  const off_t at = ::lseek(fd, 0, SEEK_CUR);
  if (size == 0 || at < 0 || at > size) return {};
  return static_cast<std::uint64_t>(size - at);
}

constexpr std::size_t block_size = 64 * 1024;
constexpr std::size_t line_end = 2;  // "\r\n"

}  // namespace

Input::Input(const std::optional<std::string>& path)
    : name_(path.value_or("stdin")), fd_(STDIN_FILENO) {
  if (path) {
    // Not to wait for the writer of a FIFO; poll() says nothing about it until one has come.
    own_.reset(::open(path->c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    fd_ = own_.get();
    if (fd_ < 0) throw failed_call("cannot read " + name_);
  }
  struct stat status = {};
  if (::fstat(fd_, &status) < 0) throw failed_call("cannot read " + name_);
  if (S_ISDIR(status.st_mode)) throw failed_call("cannot read " + name_, EISDIR);
  regular_ = S_ISREG(status.st_mode);
  progress_.typed = S_ISCHR(status.st_mode) && ::isatty(fd_) == 1;
  if (regular_) progress_.total = size_left(fd_, status.st_size);
}

Supply Input::read(char* to, std::size_t size, std::size_t& got) {
  got = 0;
  waiting_ = false;
  while (!ended_) {
    // stdin is shared with other processes: it cannot be made non-blocking, only asked first.
    pollfd readable{fd_, POLLIN, 0};
    const ssize_t count =
        !regular_ && ::poll(&readable, 1, 0) == 0 ? (errno = EAGAIN, -1) : ::read(fd_, to, size);
    if (count > 0) {
      got = static_cast<std::size_t>(count);
      progress_.bytes += got;
      return Supply::message;
    }
    if (count == 0) {
      ended_ = true;
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      waiting_ = true;
      return Supply::not_yet;
    } else if (errno != EINTR) {
      throw failed_call("cannot read " + name_);
    }
  }
  return Supply::end;
}

Lines::Lines(const std::optional<std::string>& path, std::size_t limit)
    : input_(path),
      limit_(limit),
      capacity_(block_size),
      block_(std::make_unique_for_overwrite<char[]>(capacity_)) {}

Supply Lines::next(std::string_view& line) {
  for (;;) {
    if (scanned_ < end_) {
      const char* const from = block_.get() + scanned_;
      if (const void* newline = std::memchr(from, '\n', end_ - scanned_)) {
        const auto at = static_cast<std::size_t>(static_cast<const char*>(newline) - block_.get());
        const bool carriage_return = at > begin_ && block_[at - 1] == '\r';
        take(line, at - begin_ - (carriage_return ? 1 : 0), at - begin_ + 1);
        return Supply::message;
      }
      scanned_ = end_;
    }

    const Supply supply = fill();
    if (supply == Supply::end && begin_ < end_) {
      take(line, end_ - begin_, end_ - begin_);
      return Supply::message;
    }
    if (supply != Supply::message) return supply;
  }
}

Progress Lines::progress() const {
  Progress progress = input_.progress();
  progress.bytes -= end_ - begin_;
  return progress;
}

/// Reads one more block behind what is there.
Supply Lines::fill() {
  if (end_ - begin_ > limit_ + line_end) {
    throw UsageError{"line " + std::to_string(number_ + 1) + ": more than " +
                     std::to_string(limit_) + " bytes; a message cannot hold them"};
  }
  make_room();
  std::size_t got = 0;
  const Supply supply = input_.read(block_.get() + end_, capacity_ - end_, got);
  end_ += got;
  return supply;
}

/// What is there moves to the front. A long line doubles the block, so that its bytes are copied
/// and looked at a constant number of times; the block is small again after it.
void Lines::make_room() {
  const std::size_t size = end_ - begin_;
  std::size_t wanted = block_size;
  if (size > block_size / 2) wanted = size < capacity_ ? capacity_ : 2 * capacity_;
  if (wanted != capacity_) {
    auto larger = std::make_unique_for_overwrite<char[]>(wanted);
    std::memcpy(larger.get(), block_.get() + begin_, size);
    block_ = std::move(larger);
    capacity_ = wanted;
  } else if (begin_ > 0 && size > 0) {
    std::memmove(block_.get(), block_.get() + begin_, size);
  }
  scanned_ -= begin_;
  begin_ = 0;
  end_ = size;
}

void Lines::take(std::string_view& line, std::size_t length, std::size_t consumed) {
  ++number_;
  if (length > limit_) {
    throw UsageError{"line " + std::to_string(number_) + ": " + std::to_string(length) +
                     " bytes; a message holds at most " + std::to_string(limit_)};
  }
  line = {block_.get() + begin_, length};
  if (number_ == 1) line = without_byte_order_mark(line);  // It belongs to the file.
  begin_ += consumed;
  scanned_ = begin_;
}

}  // namespace mqtt_tools::feed
