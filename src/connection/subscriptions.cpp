// SPDX-License-Identifier: MIT

#include "connection/subscriptions.hpp"

#include "connection/reason_code.hpp"
#include "text.hpp"

#include <algorithm>
#include <utility>

namespace mqtt_tools::connection {
namespace {

constexpr const char* probe_filter = "mqtt-tools/nobody-subscribes-to-this";

}  // namespace

void Subscriptions::set(std::vector<Subscription> subscriptions,
                        std::vector<std::string> unsubscribe) {
  subscriptions_ = std::move(subscriptions);
  unsubscribe_ = std::move(unsubscribe);
}

bool Subscriptions::kept(bool session_present) {
  // A session that the broker kept has our subscriptions; asking again would bring the retained
  // messages again.
  probes_ = {};
  granted_.assign(subscriptions_.size(), session_present && settled_);
  unsubscribed_.assign(unsubscribe_.size(), settled_);
  return complete();
}

void Subscriptions::ask(paho::Client& client, Log& log) const {
  for (std::size_t i = 0; i < unsubscribe_.size() && !settled_; ++i) {
    log.debug("-> UNSUBSCRIBE " + unsubscribe_[i]);
    client.unsubscribe(i, unsubscribe_[i]);
  }
  for (std::size_t i = 0; i < subscriptions_.size(); ++i) {
    log.debug("-> SUBSCRIBE " + subscriptions_[i].filter + " qos " +
              std::to_string(static_cast<int>(subscriptions_[i].qos)));
    client.subscribe(i, subscriptions_[i]);
  }
}

std::optional<RunError> Subscriptions::answer(const Event& event, const std::string& broker,
                                              Log& log) {
  const bool refused = event.code >= 0x80;
  if (event.kind == Event::Kind::unsubscribed) {
    unsubscribed_[event.index] = true;
    const auto& filter = unsubscribe_[event.index];
    const auto words = with_text(reason_message(event.code), event.text);
    if (refused) {
      return RunError(ExitCode::denied,
                      escaped(broker + " refused to unsubscribe us from " + filter + ": " + words));
    }
    if (event.code != 0 || !event.text.empty()) {
      log.say(LogLine::Level::verbose, "unsubscribed from " + filter + ": " + words);
    }
    return std::nullopt;
  }
  const auto& filter = subscriptions_[event.index].filter;
  if (refused) {
    return RunError(ExitCode::denied,
                    escaped(broker + " denied the subscription to " + filter + ": " +
                            with_text(suback_message(event.code), event.text)));
  }
  granted_[event.index] = true;
  log.debug("<- SUBACK qos " + std::to_string(event.code));
  if (!event.text.empty()) {
    log.say(LogLine::Level::verbose, "subscribed to " + filter + ": " + event.text);
  }
  return std::nullopt;
}

void Subscriptions::probe(paho::Client& client, Log& log) {
  log.debug(std::string{"-> UNSUBSCRIBE "} + probe_filter);
  client.unsubscribe(unsubscribe_.size() + probes_.sent++, probe_filter);
}

bool Subscriptions::probed(const Event& event) {
  if (event.kind != Event::Kind::unsubscribed || event.index < unsubscribe_.size()) return false;
  ++probes_.answered;
  probes_.latest = std::max<std::uint64_t>(probes_.latest, event.index - unsubscribe_.size() + 1);
  return true;
}

bool Subscriptions::complete() const {
  return std::ranges::count(granted_, false) + std::ranges::count(unsubscribed_, false) == 0;
}

const char* Subscriptions::unanswered() const {
  return std::ranges::count(granted_, false) > 0 ? "SUBSCRIBE" : "UNSUBSCRIBE";
}

}  // namespace mqtt_tools::connection
