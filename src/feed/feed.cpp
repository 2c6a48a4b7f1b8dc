// SPDX-License-Identifier: MIT
#include "feed/feed.hpp"

#include "error.hpp"
#include "feed/lines.hpp"
#include "topic.hpp"

#include <utility>

namespace mqtt_tools::feed {

namespace {

void drop_newline(std::string& text) {
  if (!text.ends_with('\n')) return;
  text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
}

/// One message, as often as the user asked: a word of the command line, nothing at all, or the
/// whole of a file or of stdin.
class Single final : public Feed {
 public:
  explicit Single(const SourceOptions& options)
      : Feed(options), options_(options), message_(options.prototype), left_(options.repeat) {
    message_.payload.clear();
    if (options.kind == SourceOptions::Kind::argument) message_.payload = options.text;
    if (options.kind != SourceOptions::Kind::whole) {
      read_ = true;
      return;
    }
    input_.emplace(options.file);
    if (const auto total = input_->progress().total) {
      if (*total > max_payload) refuse_size(*total);
      // One more, to see the end without another block.
      message_.payload.reserve(*total + 1);
    }
    if (input_->regular()) {  // It cannot keep us waiting: what is wrong with it is said at once.
      read_ = read_whole() == Supply::end;
    }
  }

  bool final() const override { return options_.kind == SourceOptions::Kind::null; }
  Progress progress() const override { return input_ ? input_->progress() : Progress{}; }

 protected:
  Supply read(Clock::time_point, Message& message) override {
    if (!read_) {
      const Supply supply = read_whole();
      if (supply != Supply::end) return supply;
      read_ = true;
    }
    if (left_ == 0) return Supply::end;
    --left_;
    if (left_ == 0) {
      message = std::move(message_);
    } else {
      message = message_;
    }
    return Supply::message;
  }

  int input_fd() const override { return input_ ? input_->fd() : -1; }

 private:
  Supply read_whole() {
    constexpr std::size_t block_size = 64 * 1024;
    std::string& text = message_.payload;
    for (;;) {
      const std::size_t size = text.size();
      if (text.capacity() == size) text.reserve(2 * size + block_size);
      text.resize(std::min(text.capacity(), size + block_size));
      std::size_t got = 0;
      const Supply supply = input_->read(text.data() + size, text.size() - size, got);
      text.resize(size + got);
      if (text.size() > max_payload) refuse_size(text.size());
      if (supply == Supply::not_yet) return supply;
      if (supply == Supply::end) break;
    }
    if (text.empty() && options_.implicit_stdin) {
      throw UsageError{
          "no message given: give one after the topic, with -m, with -f, or on standard input"};
    }
    if (!options_.keep_newline) drop_newline(text);
    return Supply::end;
  }

  [[noreturn]] void refuse_size(std::uint64_t size) const {
    throw UsageError{input_->name() + " has " + std::to_string(size) +
                     " bytes or more; a message holds at most " + std::to_string(max_payload)};
  }

  SourceOptions options_;
  Message message_;
  std::optional<Input> input_{};
  bool read_ = false;   ///< The payload is whole.
  std::uint64_t left_;  ///< How often the message is still to be given.
};

/// Only what differs is copied: the same message is filled for each line.
template <typename Value>
void assign(Value& to, const Value& from) {
  if (to != from) to = from;
}

/// Each line is a message, or TOPIC<tab>MESSAGE.
class LineFeed final : public Feed {
 public:
  explicit LineFeed(const SourceOptions& options)
      : Feed(options),
        prototype_(options.prototype),
        topic_from_line_(options.topic_from_line),
        lines_(options.file, max_payload + (topic_from_line_ ? max_topic + 1 : 0)) {}

  std::string where() const override {
    return lines_.number() == 0 ? std::string{} : "line " + std::to_string(lines_.number());
  }
  Progress progress() const override { return lines_.progress(); }

 protected:
  Supply read(Clock::time_point, Message& message) override {
    std::string_view line;
    const Supply supply = lines_.next(line);
    if (supply != Supply::message) return supply;
    if (topic_from_line_) take_topic(line);
    assign(message.topic, prototype_.topic);
    message.payload.assign(line);
    message.qos = prototype_.qos;
    message.retained = prototype_.retained;
    message.duplicate = false;
    message.id = 0;
    assign(message.properties, prototype_.properties);
    return Supply::message;
  }

  int input_fd() const override { return lines_.input().fd(); }

 private:
  static constexpr std::size_t max_topic = 65'535;

  void take_topic(std::string_view& line) {
    const std::size_t tab = line.find('\t');
    if (tab == std::string_view::npos) {
      throw UsageError{where() + ": no tab between topic and message"};
    }
    const std::string_view topic = line.substr(0, tab);
    line.remove_prefix(tab + 1);
    if (!topic.empty() && topic == prototype_.topic) return;
    try {
      check_topic(topic);
    } catch (const UsageError& error) {
      throw UsageError{where() + ": " + error.what()};
    }
    prototype_.topic = topic;
  }

  Message prototype_;  ///< With topic_from_line, its topic is that of the last line.
  bool topic_from_line_;
  Lines lines_;
};

/// The least time between two messages; none: as fast as they go.
Duration gap(const SourceOptions& options) {
  const Duration gap = options.repeat_delay.value_or(Duration::zero());
  return options.rate && *options.rate > 0 ? std::max(gap, gap_at(*options.rate)) : gap;
}

}  // namespace

Feed::Feed(const SourceOptions& options) {
  if (const Duration between = gap(options); between > Duration::zero()) pace_.emplace(between);
}

Supply Feed::next(Clock::time_point now, Message& message) {
  if (!ahead_) {
    const Supply supply = read(now, message);
    if (supply != Supply::message) return supply;
  }
  if (const auto due = earliest(); due && now < *due) {
    if (!ahead_) ahead_ = std::exchange(message, {});
    return Supply::not_yet;
  }
  if (ahead_) message = *std::exchange(ahead_, std::nullopt);
  if (pace_) pace_->took(now);
  return Supply::message;
}

std::unique_ptr<Feed> open(const SourceOptions& options) {
  using Kind = SourceOptions::Kind;
  if (options.kind == Kind::lines) return std::make_unique<LineFeed>(options);
  if (options.kind == Kind::replay) return open_replay(options);
  return std::make_unique<Single>(options);
}

}  // namespace mqtt_tools::feed
