// SPDX-License-Identifier: MIT
#include "feed/single.hpp"

#include "error.hpp"
#include "large_pages.hpp"

#include <algorithm>
#include <utility>

namespace mqtt_tools::feed {
namespace {

constexpr std::size_t block_size = 64 * 1024;

void drop_newline(std::string& text) {
  if (!text.empty() && text.back() == '\n') {
    text.pop_back();
    if (!text.empty() && text.back() == '\r') {
      text.pop_back();
    }
  }
}

}  // namespace

Single::Single(const SourceOptions& options)
    : message_(options.form),
      null_(options.kind == SourceOptions::Kind::null),
      empty_is_nothing_(options.implicit_stdin),
      keep_newline_(options.keep_newline),
      left_(options.repeat) {
  message_.payload.clear();
  if (options.kind == SourceOptions::Kind::argument) {
    message_.payload = options.text;
  }
  if (options.kind != SourceOptions::Kind::whole) {
    read_ = true;
    return;
  }
  input_.emplace(options.file);
  if (const auto total = input_->progress().total) {
    if (*total > max_payload) {
      refuse_size(*total);
    }
    // One more, to see the end without another block.
    reserve_large_pages(message_.payload, *total + 1);
  }
  if (input_->regular()) {  // It cannot keep us waiting: what is wrong with it is said at once.
    read_ = read_whole() == Supply::end;
  }
}

Supply Single::next(Clock::time_point, Message& message) {
  if (!read_) {
    const Supply supply = read_whole();
    if (supply != Supply::end) {
      return supply;
    }
    read_ = true;
  }
  if (left_ == 0) {
    return Supply::end;
  }
  --left_;
  if (left_ == 0) {
    message = std::move(message_);
  } else {
    message = message_;
  }
  return Supply::message;
}

Supply Single::read_whole() {
  std::string& text = message_.payload;
  for (;;) {
    const std::size_t size = text.size();
    if (text.capacity() == size) {
      reserve_large_pages(text, 2 * size + block_size);
    }
    text.resize(std::min(text.capacity(), size + block_size));
    std::size_t got = 0;
    const Supply supply = input_->read(text.data() + size, text.size() - size, got);
    text.resize(size + got);
    if (text.size() > max_payload) {
      refuse_size(text.size());
    }
    if (supply == Supply::not_yet) {
      return supply;
    }
    if (supply == Supply::end) {
      break;
    }
  }
  if (text.empty() && empty_is_nothing_) {
    throw UsageError{
        "no message given: give one after the topic, with -m, with -f, or on standard input"};
  }
  if (!keep_newline_) {
    drop_newline(text);
  }
  return Supply::end;
}

void Single::refuse_size(std::uint64_t size) const {
  throw UsageError{input_->name() + " has " + std::to_string(size) +
                   " bytes or more; a message holds at most " + std::to_string(max_payload)};
}

}  // namespace mqtt_tools::feed
