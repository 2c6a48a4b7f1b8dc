// SPDX-License-Identifier: MIT
#include "run/message_filter.hpp"

#include "error.hpp"
#include "feed/pace.hpp"
#include "text.hpp"
#include "topic.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <utility>

#include <re2/re2.h>

namespace mqtt_tools::run {
namespace {

constexpr std::size_t longest = 256;  // Of what kept() gives.

/// `text` itself, or of a long one its size and two hashes: what is kept of a topic is bounded.
std::string kept(std::string text) {
  if (text.size() <= longest) return text;
  const std::hash<std::string_view> hash;
  const std::string_view all{text};
  const auto middle = all.size() / 2;
  return std::to_string(all.size()) + ' ' + std::to_string(hash(all)) + ' ' +
         std::to_string(hash(all.substr(0, middle)) ^ 3 * hash(all.substr(middle)));
}

}  // namespace

/// One regular expression. A payload that is not UTF-8 is matched byte by byte: each byte is the
/// character of that number, so that `\xff` and `.` mean a byte there.
class MessageFilter::Grep {
 public:
  explicit Grep(const std::string& expression)
      : text_(expression, options(RE2::Options::EncodingUTF8)),
        bytes_(expression, options(RE2::Options::EncodingLatin1)) {
    if (!text_.ok()) {
      throw UsageError{"--grep: " + text_.error() + " in \"" + expression + "\""};
    }
  }

  bool matches(std::string_view shown) const {
    const RE2& expression = first_invalid_utf8(shown) ? bytes_ : text_;
    return RE2::PartialMatch(re2::StringPiece{shown.data(), shown.size()}, expression);
  }

 private:
  static RE2::Options options(RE2::Options::Encoding encoding) {
    RE2::Options options;
    options.set_encoding(encoding);
    options.set_log_errors(false);
    return options;
  }

  RE2 text_;
  RE2 bytes_;
};

MessageFilter::MessageFilter(const MessageFilterOptions& options)
    : options_(options), match_(read_conditions("--match", options.match)) {
  for (const auto& pointer : options.select) select_.emplace_back(pointer);
  for (const auto& expression : options.grep) {
    grep_.push_back(std::make_shared<const Grep>(expression));
  }
}

bool MessageFilter::operator()(const payload::Decoded& decoded) const {
  const Message& message = decoded.message();

  // The cheap questions first: a payload is decoded only when it must be.
  if (message.retained ? options_.no_retained : options_.retained_only) return false;
  const auto matches_topic = [&](const auto& filter) { return matches(filter, message.topic); };
  return std::ranges::none_of(options_.filter_out, matches_topic) &&
         std::ranges::all_of(match_, [&](const auto& each) { return each.met_by(decoded); }) &&
         std::ranges::all_of(grep_,
                             [&](const auto& each) { return each->matches(decoded.shown()); });
}

bool MessageFilter::changed(const payload::Decoded& decoded) {
  if (!options_.changes) return true;
  std::string value;
  for (const auto& pointer : select_) {
    const auto selected = pointer.find(decoded);
    value += selected ? std::string{selected->text} : std::string{};
    value += '\0';
  }
  if (select_.empty()) value = decoded.message().payload;
  value = kept(std::move(value));
  if (last_bytes_ > RateLimit::most_bytes) {
    last_.clear();
    last_bytes_ = 0;
  }
  const auto [last, is_new] = last_.try_emplace(decoded.message().topic, value);
  if (is_new) last_bytes_ += last->first.size() + longest;
  return is_new || std::exchange(last->second, value) != value;
}

RateLimit::RateLimit(std::optional<double> messages_a_second) {
  if (messages_a_second) interval_ = feed::gap_at(*messages_a_second);
}

bool RateLimit::holds_back(const Message& message, Clock::time_point now) {
  const auto found = by_name_.find(message.topic);
  if (found == by_name_.end()) return false;
  Topic& topic = *found->second;
  if (!topic.held && topic.due <= now) {
    forget(found->second);
    return false;
  }
  bytes_ -= bytes_of(topic);
  if (!topic.held) ++held_;
  topic.held = message;
  bytes_ += bytes_of(topic);
  return true;
}

void RateLimit::shown(const std::string& topic, Clock::time_point now) {
  if (interval_ == Duration{}) return;
  while (!topics_.empty() && !topics_.front().held &&
         (topics_.front().due <= now || bytes_ > most_bytes)) {
    forget(topics_.begin());
  }
  topics_.push_back({topic, now + interval_, {}});
  const auto added = std::prev(topics_.end());
  bytes_ += bytes_of(*added);
  by_name_.emplace(added->name, added);
}

std::optional<Message> RateLimit::take(Clock::time_point now) {
  while (!topics_.empty() && (topics_.front().due <= now || bytes_ > most_bytes)) {
    if (auto held = forget(topics_.begin())) return held;
  }
  return {};
}

std::optional<Clock::time_point> RateLimit::due() const {
  if (empty()) return {};
  return bytes_ > most_bytes ? Clock::time_point{} : topics_.front().due;
}

std::size_t RateLimit::bytes_of(const Topic& topic) {
  constexpr std::size_t own = 400;  // With what lists, maps and the heap add.
  std::size_t bytes = own + topic.name.capacity();
  if (!topic.held) return bytes;
  return bytes + topic.held->topic.capacity() + topic.held->payload.capacity() +
         size_of(topic.held->properties);
}

/// The message of the topic that was held back, if one was.
std::optional<Message> RateLimit::forget(std::list<Topic>::iterator topic) {
  bytes_ -= bytes_of(*topic);
  auto held = std::move(topic->held);
  if (held) --held_;
  by_name_.erase(topic->name);
  topics_.erase(topic);
  return held;
}

}  // namespace mqtt_tools::run
