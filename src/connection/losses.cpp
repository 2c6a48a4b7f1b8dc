// SPDX-License-Identifier: MIT

#include "connection/losses.hpp"

#include "text.hpp"

namespace mqtt_tools::connection {

namespace {

constexpr std::size_t most_with_progress = 15;

}  // namespace

void Losses::add(Clock::time_point since, Clock::time_point now, bool progress) {
  const bool early = now - since < std::chrono::seconds{5};
  in_a_row_ = early && !progress ? in_a_row_ + 1 : 0;
  if (!early) early_.clear();
  if (early) early_.push_back(now);
  while (early_.size() > most_with_progress) early_.pop_front();
}

bool Losses::rivalry() const {
  if (in_a_row_ >= 3 && early_.back() - early_[early_.size() - 3] < std::chrono::seconds{10}) {
    return true;
  }
  return early_.size() == most_with_progress &&
         early_.back() - early_.front() < std::chrono::minutes{1};
}

std::optional<RunError> Losses::ending(const std::string& text, const Options& options) const {
  const auto end = [](const std::string& why) { return RunError(ExitCode::lost, escaped(why)); };
  if (options.client_id_given && rivalry()) {
    return end(text + " three times within 10 s: another client may be using id " +
               options.client_id);
  }
  if (hopeless()) {
    return end(text +
               " three times in a row soon after connecting: not allowed on this topic, a message "
               "too large, or one that the broker or we cannot read?");
  }
  if (!options.reconnect) return end(text);
  return std::nullopt;
}

}  // namespace mqtt_tools::connection
