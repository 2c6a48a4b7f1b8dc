// SPDX-License-Identifier: MIT
#include "screen/topic_table.hpp"

#include "bytes.hpp"
#include "payload/json.hpp"
#include "payload/json_scalar.hpp"
#include "text.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace mqtt_tools::screen {

namespace {

using payload::JsonToken;
using payload::JsonTokens;
using Kind = JsonToken::Kind;

constexpr double forgotten_after = 5;  ///< Seconds, by which a message counts for 1/e.
constexpr std::size_t most_followed = 16;
constexpr std::size_t longest_value = 4096;  ///< Bytes of a value that a line may show.
constexpr std::size_t longest_place = 200;

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

std::optional<double> read_number(std::string_view text) {
  const auto value = to_number<double>(text);
  return value && std::isfinite(*value) ? value : std::nullopt;
}

/// A step of a JSON pointer (RFC 6901 §3).
std::string step(std::string_view key) {
  std::string text = "/";
  for (const char c : payload::unquoted(key)) {
    text += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  }
  return text;
}

/// Adds the numbers in the value at `place` that `first` begins, until there are `most`. Nested no
/// deeper than valid JSON may be.
void add_numbers(std::vector<Number>& found, std::size_t most, JsonTokens& tokens,
                 const JsonToken& first, std::string& place) {
  const std::size_t before = place.size();
  if (first.kind == Kind::number || first.kind == Kind::string) {
    const bool text = first.kind == Kind::string;
    const auto number =
        read_number(text ? first.text.substr(1, first.text.size() - 2) : first.text);
    if (number && place.size() <= longest_place) found.push_back({place, *number});
  } else if (first.kind == Kind::begin_object) {
    for (JsonToken key; found.size() < most && tokens.next_key(key);) {
      place += step(key.text);
      add_numbers(found, most, tokens, tokens.next(), place);
      place.resize(before);
    }
  } else if (first.kind == Kind::begin_array) {
    std::size_t index = 0;
    for (JsonToken item; found.size() < most && tokens.next_element(item);) {
      place += "/" + std::to_string(index++);
      add_numbers(found, most, tokens, item, place);
      place.resize(before);
    }
  }
}

}  // namespace

std::vector<double> Series::last(std::size_t most) const {
  const std::size_t count = std::min(most, samples_.size());
  std::vector<double> values;
  values.reserve(count);
  for (std::size_t i = samples_.size() - count; i < samples_.size(); ++i) {
    values.push_back(value(i));
  }
  return values;
}

std::vector<double> Series::between(std::uint32_t from, std::uint32_t to,
                                    std::size_t columns) const {
  std::vector<double> values(columns, std::numeric_limits<double>::quiet_NaN());
  if (columns == 0) return values;
  const double span = std::max(1.0, static_cast<double>(to) - from);
  std::size_t next = 0;
  double current = std::numeric_limits<double>::quiet_NaN();
  for (std::size_t column = 0; column < columns; ++column) {
    const double until =
        from + span * static_cast<double>(column + 1) / static_cast<double>(columns);
    const bool last = column + 1 == columns;
    while (next < samples_.size() &&
           (last ? samples_[next].second <= to : samples_[next].second < until)) {
      current = value(next++);
    }
    values[column] = current;
  }
  return values;
}

double Series::value(std::size_t index) const {
  const Sample& sample = samples_[index];
  if (kind_ == Kind::values || index == 0) return sample.value;
  return sample.value / static_cast<double>(sample.second - samples_[index - 1].second);
}

void Series::add(Kind kind, std::uint32_t second, double value) {
  if (kind != kind_) samples_.clear();
  kind_ = kind;
  if (!samples_.empty() && samples_.back().second >= second) {
    const double before = kind == Kind::rate ? samples_.back().value : 0;
    samples_.back().value = static_cast<float>(before + value);
    return;
  }
  if (samples_.size() == capacity) samples_.erase(samples_.begin());
  samples_.push_back({second, static_cast<float>(value)});
}

std::vector<Number> numbers_in(const payload::Decoded& decoded, std::size_t most) {
  if (const auto json = decoded.json()) {
    JsonTokens tokens{*json};
    std::vector<Number> found;
    std::string place;
    add_numbers(found, most, tokens, tokens.next(), place);
    return found;
  }
  const auto number = read_number(decoded.shown());
  if (number) return {{"", *number}};
  return {};
}

void TopicEntry::arrived(Clock::time_point now, bool retained) {
  if (messages == 0) first_ = now;
  if (!retained) {
    decayed_ = decayed_ * std::exp(-seconds(now - latest) / forgotten_after) + 1 / forgotten_after;
    arrivals_[live_++ % remembered] = now;
  }
  latest = now;
  ++messages;
}

/// Between the last messages, in seconds. What was retained tells nothing of it.
std::optional<double> TopicEntry::interval() const {
  if (live_ < 2) return {};
  const std::size_t count = static_cast<std::size_t>(std::min<std::uint64_t>(live_, remembered));
  const auto newest = arrivals_[(live_ - 1) % remembered];
  const auto oldest = arrivals_[(live_ - count) % remembered];
  return seconds(newest - oldest) / static_cast<double>(count - 1);
}

double TopicEntry::rate(Clock::time_point now) const {
  const auto usual = interval();
  if (!usual) return 0;
  const double age = std::max(seconds(now - latest), 0.0);
  if (*usual > 0.3) return 1 / (age > 3 * *usual ? age : *usual);
  // In the first seconds less can have been forgotten.
  const double span = std::max(seconds(now - first_), 1.0);
  return decayed_ * std::exp(-age / forgotten_after) / (1 - std::exp(-span / forgotten_after));
}

bool TopicEntry::stale(Clock::time_point now) const {
  const auto usual = interval();
  return live_ >= 3 && usual && seconds(now - latest) > std::max(3 * *usual, 1.0);
}

TopicTable::TopicTable(const std::vector<std::string>& select, payload::DecodeAs decode_as,
                       Clock::time_point start)
    : decode_as_(decode_as), start_(start) {
  for (const auto& pointer : select) select_.emplace_back(pointer);
}

void TopicTable::add(const payload::Decoded& decoded, Clock::time_point now) {
  const Message& message = decoded.message();
  all_.arrived(now, message.retained);
  auto found = by_name_.find(message.topic);
  if (found == by_name_.end()) {
    if (entries_.size() >= most_topics || name_bytes_ + message.topic.size() > most_name_bytes) {
      ++left_out_;
      return;
    }
    name_bytes_ += message.topic.size();
    TopicEntry& made = entries_.emplace_back();
    made.last.topic = message.topic;
    found = by_name_.emplace(made.last.topic, entries_.size() - 1).first;
  }
  const std::size_t index = found->second;
  TopicEntry& entry = entries_[index];
  if (frozen_size_ && index < *frozen_size_) frozen_.try_emplace(index, entry);
  entry.arrived(now, message.retained);
  keep(entry, decoded);
  sample(entry, decoded, now);
  if (index == followed_index_) sample_all(decoded, now);
}

/// Keeps the message itself, as much of it as there is room for.
void TopicTable::keep(TopicEntry& entry, const payload::Decoded& decoded) {
  const Message& message = decoded.message();
  const auto content = [&] {
    return entry.last.payload.size() + entry.selected.size() + size_of(entry.last.properties);
  };
  content_bytes_ -= content();
  const std::size_t properties = size_of(message.properties);
  const bool room = content_bytes_ + message.payload.size() + properties <= most_content_bytes;
  const std::size_t longest = room ? longest_payload : 1024;
  entry.size = message.payload.size();
  if (entry.size <= longest) {
    entry.last.payload = message.payload;
    entry.selected.clear();
  } else {
    entry.last.payload.assign(message.payload, 0, longest);
    const auto value = select_.empty() ? std::nullopt : select(decoded);
    entry.selected = value ? value->substr(0, std::min(longest, longest_value)) : "";
  }
  // A string keeps the room of the longest text that it ever held.
  if (entry.last.payload.capacity() > 2 * entry.last.payload.size() + 1024) {
    entry.last.payload.shrink_to_fit();
  }
  entry.last.qos = message.qos;
  entry.last.retained = message.retained;
  entry.last.duplicate = message.duplicate;
  entry.last.time = message.time;
  if (!message.properties.empty() && room && properties <= longest) {
    entry.last.properties = message.properties;
  } else if (!entry.last.properties.empty()) {
    entry.last.properties = {};
  }
  content_bytes_ += content();
}

void TopicTable::sample(TopicEntry& entry, const payload::Decoded& decoded, Clock::time_point now) {
  if (!entry.rate_chosen) {
    const bool first = entry.place.empty();
    const auto found = numbers(decoded, first ? 1 : most_followed);
    const auto wanted = std::find_if(found.begin(), found.end(), [&](const auto& number) {
      return first || number.place == entry.place;
    });
    if (wanted != found.end()) return entry.series.add_value(second(now), wanted->value);
    // One message without its number does not make a topic one that has none.
    if (!entry.series.empty() && entry.series.kind() == Series::Kind::values) return;
  }
  entry.series.count(second(now));
}

void TopicTable::sample_all(const payload::Decoded& decoded, Clock::time_point now) {
  followed_.back().second.count(second(now));
  for (const auto& number : numbers(decoded, most_followed)) {
    auto place = std::find_if(followed_.begin(), followed_.end() - 1,
                              [&](const auto& known) { return known.first == number.place; });
    if (place == followed_.end() - 1) {
      if (followed_.size() > most_followed) continue;
      place = followed_.insert(place, {number.place, Series{}});
    }
    place->second.add_value(second(now), number.value);
  }
}

std::vector<Number> TopicTable::numbers(const payload::Decoded& decoded, std::size_t most) const {
  if (decoded.message().payload.size() > longest_payload) return {};
  if (select_.empty()) return numbers_in(decoded, most);
  const auto value = select(decoded);
  const auto number = value ? read_number(*value) : std::nullopt;
  if (number) return {{"", *number}};
  return {};
}

std::optional<std::string> TopicTable::select(const payload::Decoded& decoded) const {
  std::optional<std::string> text;
  for (const auto& pointer : select_) {
    if (const auto value = pointer.select(decoded)) text = text ? *text + " " + *value : *value;
  }
  return text;
}

void TopicTable::clear() {
  by_name_.clear();
  entries_.clear();
  frozen_.clear();
  if (frozen_size_) frozen_size_ = 0;
  followed_index_.reset();
  followed_.clear();
  name_bytes_ = 0;
  content_bytes_ = 0;
  all_ = {};
  left_out_ = 0;
}

void TopicTable::freeze(bool frozen) {
  frozen_.clear();
  frozen_size_.reset();
  if (frozen) frozen_size_ = entries_.size();
}

const TopicEntry& TopicTable::operator[](std::size_t index) const {
  const auto found = frozen_.empty() ? frozen_.end() : frozen_.find(index);
  return found == frozen_.end() ? entries_[index] : found->second;
}

std::string TopicTable::value(const TopicEntry& entry) const {
  const auto decoded = decode(entry);
  if (!select_.empty()) {
    if (!entry.whole()) return entry.selected;
    return select(decoded).value_or("").substr(0, longest_value);
  }
  if (entry.size == 0) return "(empty)";
  if (const auto json = decoded.json()) {
    std::string_view shown = *json;
    JsonTokens tokens{*json};
    if (tokens.next().kind == Kind::begin_object) {
      JsonToken key;
      if (tokens.next_key(key) && key.text == "\"msg\"") {
        const auto message = tokens.next_value();
        if (message.kind == Kind::string)
          return payload::unquoted(message.text).substr(0, longest_value);
        shown = message.text;
      }
    }
    return payload::compact(shown).substr(0, longest_value);
  }
  if (decoded.kind() == payload::Kind::binary && decoded.shown() == entry.last.payload) {
    return "0x" + to_hex(std::string_view{entry.last.payload}.substr(0, longest_value / 8));
  }
  return std::string{decoded.shown().substr(0, longest_value)};
}

void TopicTable::follow(std::optional<std::size_t> index) {
  followed_index_ = index;
  followed_.clear();
  if (!index) return;
  const TopicEntry& entry = entries_[*index];
  std::string shown = entry.place;
  if (entry.whole()) {
    for (const auto& number : numbers(decode(entry), most_followed)) {
      if (followed_.empty() && shown.empty() && !entry.rate_chosen) shown = number.place;
      followed_.emplace_back(number.place, Series{});
    }
  }
  followed_.emplace_back("", Series{});
  // What the sparkline shows is known for longer already.
  if (entry.series.kind() == Series::Kind::rate) {
    followed_.back().second = entry.series;
  } else {
    for (auto& [place, series] : followed_) {
      if (place == shown && &place != &followed_.back().first) series = entry.series;
    }
  }
}

void TopicTable::choose(std::size_t choice) {
  if (!followed_index_ || choice >= followed_.size()) return;
  TopicEntry& entry = entries_[*followed_index_];
  entry.rate_chosen = choice + 1 == followed_.size();
  entry.place = followed_[choice].first;
  entry.series = followed_[choice].second;
  if (const auto frozen = frozen_.find(*followed_index_); frozen != frozen_.end()) {
    frozen->second.rate_chosen = entry.rate_chosen;
    frozen->second.place = entry.place;
    frozen->second.series = entry.series;
  }
}

std::uint32_t TopicTable::second(Clock::time_point now) const {
  return static_cast<std::uint32_t>(std::max(seconds(now - start_), 0.0));
}

}  // namespace mqtt_tools::screen
