// SPDX-License-Identifier: MIT
#include "output/standard_output.hpp"

#include "descriptor.hpp"
#include "error.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mqtt_tools::output {

namespace {

/// A pipe that poll calls writable takes this much at once, and takes it whole or not at all
/// (PIPE_BUF on Linux).
constexpr std::size_t small_piece = 4096;

/// A pipe holds so many buffers, each of a page, and a write begins a new one unless it fits into
/// the last.
const std::size_t page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));

std::size_t pages(std::size_t bytes) { return (bytes + page - 1) / page; }

/// Between two looks whether there is room for a large record: poll can only tell of a page.
constexpr Duration shortest_pause = std::chrono::microseconds{200};
constexpr Duration longest_pause = std::chrono::milliseconds{50};

/// A buffer beyond this was needed for a large message; it is not kept.
constexpr std::size_t usual_capacity = std::size_t{1} << 20;

bool writable_now(int fd) {
  pollfd asked{fd, POLLOUT, 0};
  return poll(&asked, 1, 0) == 1;
}

}  // namespace

StandardOutput::StandardOutput(int fd) : fd_(fd) {
  struct stat status {};
  const int flags = fcntl(fd, F_GETFL);
  if (flags == -1 || (flags & O_ACCMODE) == O_RDONLY || fstat(fd, &status) != 0) {
    fd_ = -1;
    way_ = Way::none;
    return;
  }
  terminal_ = isatty(fd) == 1;
  if (S_ISSOCK(status.st_mode)) {
    way_ = Way::socket;
  } else if (S_ISFIFO(status.st_mode) || terminal_) {
    const int own = open_again(fd);
    way_ = own == -1 ? Way::borrowed : Way::own;
    fd_ = own == -1 ? fd : own;
    if (way_ == Way::own && !terminal_) {
      const int size = fcntl(fd_, F_GETPIPE_SZ);
      capacity_ = size > 0 ? static_cast<std::size_t>(size) / page : 0;
    }
  }
}

StandardOutput::~StandardOutput() {
  if (way_ == Way::own) ::close(fd_);
}

void StandardOutput::end_record(Qos qos) {
  const auto end = out_ + pending();
  if (end > out_) records_.push_back({end, qos});
}

std::uint64_t StandardOutput::unwritten() const {
  return static_cast<std::uint64_t>(
      std::count_if(records_.begin(), records_.end(),
                    [](const Record& record) { return record.qos != Qos::at_most_once; }));
}

short StandardOutput::events() const { return pending() > 0 && !retry_after_ ? POLLOUT : 0; }

StandardOutput::State StandardOutput::flush() {
  while (state_ == State::open && pending() > 0) {
    const auto piece = next_piece();
    if (piece.empty()) break;
    const std::ptrdiff_t size = write_some(piece);
    if (size >= 0) {
      wrote(static_cast<std::size_t>(size));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) break;
    const int error = errno;
    const bool left = error == EPIPE || error == ECONNRESET;
    state_ = left ? State::closed : State::failed;
    tidy();
    if (left) break;
    throw failed_call("cannot write to stdout", error);
  }
  tidy();
  return state_;
}

void StandardOutput::wrote(std::size_t size) {
  written_ += size;
  out_ += size;
  while (!records_.empty() && records_.front().end <= out_) {
    boundary_ = records_.front().end;
    records_.pop_front();
  }
  if (capacity_ > 0) {
    in_pipe_.push_back(size);
    in_pipe_bytes_ += size;
  }
}

/// How many pages of the pipe are empty for sure. Each write of ours took no more pages than it
/// fills alone; which writes are still unread tells the number of bytes that are.
std::size_t StandardOutput::free_pages() {
  int unread = 0;
  if (::ioctl(fd_, FIONREAD, &unread) != 0) return 0;
  unread_ = unread;
  auto left = static_cast<std::size_t>(unread);
  while (!in_pipe_.empty() && in_pipe_bytes_ - in_pipe_.front() >= left) {
    in_pipe_bytes_ -= in_pipe_.front();
    in_pipe_.pop_front();
  }
  if (left > in_pipe_bytes_) {
    return 0;  // Others write to it, too.
  }
  std::size_t used = 0;
  for (auto write = in_pipe_.rbegin(); write != in_pipe_.rend(); ++write) {
    const auto size = std::min(left, *write);
    used += std::min(pages(*write), pages(size) + 1);  // Its rest may begin in mid-page.
    left -= size;
  }
  return capacity_ > used ? capacity_ - used : 0;
}

std::string_view StandardOutput::next_piece() {
  const auto waited = std::exchange(retry_after_, std::nullopt);
  const auto all = std::string_view{buffer_}.substr(written_);
  if (way_ != Way::borrowed && capacity_ == 0) return all;
  if (all.size() <= small_piece) return all;
  const auto before = unread_;
  const auto room = std::max(small_piece, capacity_ > 0 ? free_pages() * page : 0);
  std::size_t fits = 0;
  for (const auto& record : records_) {
    const auto end = static_cast<std::size_t>(record.end - out_);
    if (end > room) break;
    fits = end;
  }
  if (fits > 0) return all.substr(0, fits);
  if (records_.empty()) return all;
  const auto first = all.substr(0, static_cast<std::size_t>(records_.front().end - out_));
  const bool begun = out_ > boundary_;
  if (begun || capacity_ == 0 || pages(first.size()) > capacity_) {
    return first;  // In as many parts as it takes.
  }
  const bool stalled = waited && unread_ == before;
  retry_after_ = stalled ? std::min(2 * *waited, longest_pause) : shortest_pause;
  return {};
}

std::ptrdiff_t StandardOutput::write_some(std::string_view text) {
  if (way_ == Way::none) {
    errno = EBADF;
    return -1;
  }
  if (way_ == Way::socket) return send(fd_, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (way_ == Way::borrowed) {
    if (!writable_now(fd_)) {
      errno = EAGAIN;
      return -1;
    }
    text = text.substr(0, small_piece);
  }
  const std::ptrdiff_t size = write(fd_, text.data(), text.size());
  if (size == -1 && errno == EIO && terminal_) errno = EPIPE;
  return size;
}

void StandardOutput::tidy() {
  if (state_ != State::open) written_ = buffer_.size();
  if (pending() == 0) {
    buffer_.clear();
    written_ = 0;
    if (buffer_.capacity() > usual_capacity) buffer_ = std::string{};
  } else if (written_ >= buffer_.size() / 2) {
    // Each byte that moves down makes room for one that is out: linear however small the pieces.
    if (buffer_.capacity() > usual_capacity) {
      buffer_ = buffer_.substr(written_);
    } else {
      buffer_.erase(0, written_);
    }
    written_ = 0;
  }
}

}  // namespace mqtt_tools::output
