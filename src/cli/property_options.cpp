// SPDX-License-Identifier: MIT
#include "cli/connection_options.hpp"

#include "cli/arguments.hpp"
#include "error.hpp"
#include "text.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace mqtt_tools::cli {

namespace {

using connection::Command;
using connection::Options;
using connection::PropertyList;

constexpr int session_expiry_interval = 0x11;  // MQTT 5.0 §3.1.2.11.2
constexpr int will_delay_interval = 0x18;      // MQTT 5.0 §3.1.3.2.2

constexpr int user_property = 0x26;             // MQTT 5.0 §2.2.2.2: may stand more than once.
constexpr int payload_format_indicator = 0x01;  // MQTT 5.0 §3.1.3.2.3

/// One -D.
std::pair<Command, connection::Property> read_one(const std::string& joined) {
  const std::vector<std::string_view> words = split(joined, joint);
  const Command command = connection::read_command(words.at(0));
  const std::vector<std::string> values(words.begin() + 2, words.end());
  return {command, connection::read_property(command, words.at(1), values)};
}

/// Null for `publish`, whose properties belong to the message, and without a will for its own.
PropertyList* list_for(Command command, Options& options) {
  switch (command) {
    case Command::connect:
      return &options.connect_properties;
    case Command::disconnect:
      return &options.disconnect_properties;
    case Command::subscribe:
      return &options.subscribe_properties;
    case Command::unsubscribe:
      return &options.unsubscribe_properties;
    case Command::will:
      return options.will ? &options.will->properties : nullptr;
    case Command::publish:
      break;
  }
  return nullptr;
}

bool has(const PropertyList& list, int identifier) {
  return std::ranges::count(list, identifier, &connection::Property::identifier) > 0;
}

/// Whether this program sends such packets. A file serves both programs; the command line does not.
bool sends(const Settings& settings, const Setting& setting, Command command) {
  const bool publishes = settings.declared().name == "mqtt-pub";
  const bool publisher = command == Command::publish;
  const bool subscriber = command == Command::subscribe || command == Command::unsubscribe;
  const bool sent = !(publishes && subscriber) && !(!publishes && publisher);
  if (!sent && setting.origin.source == Origin::Source::command_line) {
    throw UsageError(named(setting) + ": " + std::string{settings.declared().name} + " sends no " +
                     (publisher ? "PUBLISH" : "SUBSCRIBE"));
  }
  return sent;
}

void check_twice(const Settings& settings, const Options& options) {
  if (const Setting* expiry = settings.find("session-expiry");
      expiry != nullptr && has(options.connect_properties, session_expiry_interval)) {
    throw UsageError(named(*expiry) +
                     " and -D connect session-expiry-interval are the same; use one");
  }
  if (options.will && options.will->delay && has(options.will->properties, will_delay_interval)) {
    throw UsageError(named(*settings.find("will-delay")) +
                     " and -D will will-delay-interval are the same; use one");
  }
}

/// A session that was to end with the connection cannot be kept at its end.
void check_kept(const Setting& setting, const Options& options) {
  const auto keeps = [](const PropertyList& list) {
    const auto found =
        std::ranges::find(list, session_expiry_interval, &connection::Property::identifier);
    return found != list.end() && *found != connection::Property{session_expiry_interval, 0U};
  };
  const bool kept = !options.clean_start || options.session_expiry.value_or(0) > 0 ||
                    keeps(options.connect_properties);
  if (!kept && keeps(options.disconnect_properties)) {
    throw UsageError(named(setting) +
                     ": session-expiry-interval of disconnect needs --session-expiry, or the "
                     "session ends with the connection (MQTT 5.0 §3.14.2.2.2)");
  }
}

/// A will that says that it is text must be text.
void check_will_text(const Setting& setting, const Options& options) {
  if (!options.will || !first_invalid_utf8(options.will->message.payload)) return;
  const connection::Property is_text{payload_format_indicator, std::uint32_t{1}};
  if (std::ranges::count(options.will->properties, is_text) > 0) {
    throw UsageError(named(setting) + ": the will is not UTF-8, which " +
                     "payload-format-indicator 1 says that it is");
  }
}

}  // namespace

void check_properties(const Settings& settings, ConnectionInput& input, Options& options) {
  const Setting* setting = settings.find("property");
  if (setting == nullptr) return;
  for (const std::string& joined : input.properties) {
    auto [command, property] = with_name(*setting, read_one, joined);
    if (!sends(settings, *setting, command)) continue;
    need_version_5(options, settings, "property");
    if (command == Command::will && !options.will) {
      throw UsageError(named(*setting) + ": properties of a will need --will-topic");
    }
    if (command == Command::publish) {
      with_name(
          *setting, [&](const auto& one) { connection::apply(one, input.message_properties); },
          property);
    }
    if (PropertyList* list = list_for(command, options)) {
      if (property.identifier != user_property && has(*list, property.identifier)) {
        throw UsageError(named(*setting) + ": property " + std::string{split(joined, joint).at(1)} +
                         " may be given only once");
      }
      list->push_back(std::move(property));
    }
  }
  check_twice(settings, options);
  check_will_text(*setting, options);
  check_kept(*setting, options);
  if (has(options.connect_properties, session_expiry_interval) && !options.clean_start) {
    options.session_expiry.reset();
  }
}

}  // namespace mqtt_tools::cli
