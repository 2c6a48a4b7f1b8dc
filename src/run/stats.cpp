// SPDX-License-Identifier: MIT
#include "run/stats.hpp"

#include "text.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <utility>

namespace mqtt_tools::run {
namespace {

using std::chrono::microseconds;

/// Up to 2^7 each value has a bucket of its own; above, each power of two has 2^6 of them.
constexpr int sub_bits = 6;

std::int32_t bucket_of(std::int64_t value) {
  const auto size =
      value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
  const int shift = std::max(static_cast<int>(std::bit_width(size)) - sub_bits - 1, 0);
  const auto index = (shift << sub_bits) + static_cast<std::int32_t>(size >> shift);
  return value < 0 ? -index : index;
}

/// The middle of a bucket.
double middle_of(std::int32_t bucket) {
  const int index = bucket < 0 ? -bucket : bucket;
  const int shift = std::max((index >> sub_bits) - 1, 0);
  const auto low = static_cast<std::uint64_t>(index - (shift << sub_bits)) << shift;
  const double middle = static_cast<double>(low) + static_cast<double>((1ULL << shift) - 1) / 2;
  return bucket < 0 ? -middle : middle;
}

/// A message that is older, or from further in the future, has no stamp that could be meant. A
/// year: a spool may keep messages for long.
constexpr microseconds longest_latency = std::chrono::hours{24 * 366};

// What things take in memory, about, with what the allocator adds.
constexpr std::size_t bucket_bytes = 16;
constexpr std::size_t range_bytes = 16;
constexpr std::size_t stream_bytes = 112;
constexpr std::size_t topic_bytes = 320;

/// The eight hex digits that name a run.
std::optional<std::uint32_t> read_run(std::string_view text) {
  std::uint32_t number = 0;
  const char* const end = text.data() + text.size();
  const bool hex = std::from_chars(text.data(), end, number, 16).ptr == end;
  return hex && text.size() == 8 ? std::optional{number} : std::nullopt;
}

}  // namespace

void Histogram::add(std::int64_t value) {
  least_ = count_ == 0 ? value : std::min(least_, value);
  greatest_ = count_ == 0 ? value : std::max(greatest_, value);
  ++count_;
  add(bucket_of(value), 1);
}

void Histogram::add(const Histogram& other) {
  if (other.count_ == 0) return;
  least_ = count_ == 0 ? other.least_ : std::min(least_, other.least_);
  greatest_ = count_ == 0 ? other.greatest_ : std::max(greatest_, other.greatest_);
  count_ += other.count_;
  for (const Bucket& bucket : other.buckets_) add(bucket.index, bucket.count);
}

void Histogram::add(std::int32_t index, std::uint64_t count) {
  const auto place =
      std::lower_bound(buckets_.begin(), buckets_.end(), index,
                       [](const Bucket& bucket, std::int32_t at) { return bucket.index < at; });
  if (place != buckets_.end() && place->index == index) {
    place->count += count;
  } else {
    buckets_.insert(place, {index, count});
  }
}

std::int64_t Histogram::percentile(unsigned percent) const {
  const std::uint64_t rank =
      std::max<std::uint64_t>(count_ / 100 * percent + (count_ % 100 * percent + 99) / 100, 1);
  std::uint64_t below = 0;
  for (const Bucket& bucket : buckets_) {
    below += bucket.count;
    if (below < rank) continue;
    return std::clamp(static_cast<std::int64_t>(middle_of(bucket.index)), least_, greatest_);
  }
  return greatest_;
}

Sequence::Seen Sequence::add(std::uint64_t number, std::size_t most) {
  if (seen_.empty()) {
    seen_.push_back({number, number});
    return Seen::fresh;
  }
  if (number == seen_.back().to + 1) {  // As nearly always.
    seen_.back().to = number;
    return Seen::fresh;
  }
  if (distance(number) <= longest_jump) return insert(number, most);
  if (number == jumped_) return Seen::repeat;
  const auto before = std::exchange(jumped_, number);
  if (before == 0 || number < before || number - before > longest_jump) return Seen::jump;
  jumped_ = 0;
  if (distance(before) <= longest_gap) {
    insert(before, most);
    insert(number, most);
    return Seen::landed;
  }
  closed_ = gaps();
  seen_.assign(1, {before, before});
  return insert(number, most);
}

/// From the smallest or the largest so far; 0 between them.
std::uint64_t Sequence::distance(std::uint64_t number) const {
  if (number > seen_.back().to) return number - seen_.back().to;
  return number < seen_.front().from ? seen_.front().from - number : 0;
}

Sequence::Seen Sequence::insert(std::uint64_t number, std::size_t most) {
  const auto next =
      std::upper_bound(seen_.begin(), seen_.end(), number,
                       [](std::uint64_t at, const Range& range) { return at < range.from; });
  if (next != seen_.begin()) {
    const auto previous = next - 1;
    if (number <= previous->to) return Seen::repeat;
    if (number == previous->to + 1) {
      previous->to = number;
      if (next != seen_.end() && next->from == number + 1) {
        previous->to = next->to;
        seen_.erase(next);
      }
      return Seen::fresh;
    }
  }
  if (next != seen_.end() && next->from == number + 1) {
    next->from = number;
    return Seen::fresh;
  }
  seen_.insert(next, {number, number});
  if (seen_.size() > most) {
    closed_ += seen_[1].from - seen_[0].to - 1;
    seen_[1].from = seen_[0].from;
    seen_.erase(seen_.begin());
  }
  return Seen::fresh;
}

std::uint64_t Sequence::gaps() const {
  std::uint64_t sum = closed_;
  for (std::size_t i = 1; i < seen_.size(); ++i) sum += seen_[i].from - seen_[i - 1].to - 1;
  return sum;
}

void Stats::Topic::count(const Message& message) {
  const std::uint64_t size = message.payload.size();
  smallest = messages == 0 ? size : std::min(smallest, size);
  largest = std::max(largest, size);
  bytes += size;
  ++messages;
  last = message.time;
}

std::uint64_t Stats::Topic::all_gaps() const {
  std::uint64_t sum = gaps;
  for (const auto& [run, stream] : streams) sum += stream.sequence.gaps();
  return sum;
}

void Stats::subscribed(Clock::time_point now) {
  if (since_) return;
  since_ = interval_since_ = now;
  const bool reachable = options_.interval && *options_.interval < Clock::time_point::max() - now;
  if (reachable) next_ = now + *options_.interval;
}

void Stats::add(const Message& message, bool wanted, Clock::time_point now) {
  subscribed(now);
  if (wanted) total_.count(message);
  Topic* const topic = find(message.topic);
  if (topic == nullptr) {
    if (wanted) note(left_out, message.topic);
    return;
  }
  if (wanted) topic->count(message);
  // What a broker kept was sent long ago, and comes again with each subscription.
  if (!message.retained && !message.properties.user.empty()) {
    measure(message.topic, *topic, message, wanted);
  }
}

Stats::Topic* Stats::find(const std::string& name) {
  const auto found = topics_.find(name);
  if (found != topics_.end()) return &found->second;
  if (topics_.size() >= most_topics || !room()) return nullptr;
  used_ += topic_bytes + name.size();
  return &topics_[name];
}

/// Of properties with the same name the last one counts: mqtt-pub puts its own behind others'.
void Stats::measure(const std::string& name, Topic& topic, const Message& message, bool wanted) {
  const std::string* sent = nullptr;
  const std::string* run = nullptr;
  const std::string* seq = nullptr;
  for (const auto& [key, value] : message.properties.user) {
    if (key == "sent") sent = &value;
    if (key == "run") run = &value;
    if (key == "seq") seq = &value;
  }
  bool usable = true;
  if (sent != nullptr && wanted) {
    const auto time = from_rfc3339(*sent);
    usable = time && add_latency(name, topic, *time, message.time);
  }
  if (run != nullptr || seq != nullptr) {
    const auto id = run != nullptr ? read_run(*run) : std::nullopt;
    const auto number = seq != nullptr ? to_number<std::uint64_t>(*seq).value_or(0) : 0;
    if (id && number > 0) {
      add_number(name, topic, *id, number);
    } else {
      usable = false;
    }
  }
  if (!usable) {
    ++topic.unusable;
    note(unusable, name);
  }
}

/// False for a time that cannot be meant. Whole microseconds: nanoseconds would not reach from one
/// end of the calendar to the other.
bool Stats::add_latency(const std::string& name, Topic& topic, Timestamp sent, Timestamp came) {
  const auto took = std::chrono::floor<microseconds>(came.time_since_epoch()) -
                    std::chrono::floor<microseconds>(sent.time_since_epoch());
  if (took > longest_latency || took < -longest_latency) return false;
  if (!room()) {
    note(no_memory, name);
    return true;
  }
  const auto before = topic.latency.size();
  topic.latency.add(took.count());
  used_ += bucket_bytes * (topic.latency.size() - before);
  if (took < microseconds::zero()) {
    ++topic.negative;
    note(skew, name);
    if (took.count() < most_negative_) {
      most_negative_ = took.count();
      notes_[skew].example = name;
    }
  }
  return true;
}

void Stats::add_number(const std::string& name, Topic& topic, std::uint32_t run,
                       std::uint64_t number) {
  topic.numbered = true;
  Stream* const found = stream(name, topic, run);
  if (found == nullptr) return note(no_memory, name);
  found->used = ++uses_;
  Sequence& sequence = found->sequence;
  const auto before = sequence.size();
  const auto seen = sequence.add(number, room() ? Sequence::most_ranges : 1);
  used_ += range_bytes * sequence.size();
  used_ -= range_bytes * before;
  if (seen == Sequence::Seen::repeat) ++topic.repeats;
  if (seen == Sequence::Seen::jump) note(jump, name);
  if (seen == Sequence::Seen::landed) --notes_[jump].count;
}

Stats::Stream* Stats::stream(const std::string& name, Topic& topic, std::uint32_t run) {
  const auto found = topic.streams.find(run);
  if (found != topic.streams.end()) return &found->second;
  if (topic.streams.size() >= most_runs || !room()) forget_streams(name, topic);
  if (!room()) return nullptr;
  used_ += stream_bytes;
  return &topic.streams[run];
}

/// Those of which nothing came for the longest time: half of them, so that it is seldom done.
void Stats::forget_streams(const std::string& name, Topic& topic) {
  std::vector<std::uint64_t> used;
  for (const auto& [run, stream] : topic.streams) used.push_back(stream.used);
  if (used.empty()) return;
  const auto middle = used.begin() + static_cast<std::ptrdiff_t>((used.size() - 1) / 2);
  std::nth_element(used.begin(), middle, used.end());
  std::erase_if(topic.streams, [&](const auto& entry) {
    const auto& [sequence, last_used] = entry.second;
    if (last_used > *middle) return false;
    topic.gaps += sequence.gaps();
    used_ -= stream_bytes + range_bytes * sequence.size();
    note(forgotten, name);
    return true;
  });
}

void Stats::note(Note kind, std::string_view topic) {
  NoteState& state = notes_[kind];
  if (state.count++ == 0) state.example = topic;
}

}  // namespace mqtt_tools::run
