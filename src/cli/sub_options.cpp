// SPDX-License-Identifier: MIT
#include "cli/sub_options.hpp"

#include "cli/arguments.hpp"
#include "cli/connection_flags.hpp"
#include "cli/invocation.hpp"
#include "cli/output_flags.hpp"
#include "cli/printed_settings.hpp"
#include "cli/will_flags.hpp"
#include "error.hpp"
#include "topic.hpp"

#include <limits>
#include <ostream>

namespace mqtt_tools::cli {

namespace {

using connection::RetainHandling;
using connection::Subscription;
using payload::DecodeAs;

/// What all subscriptions of a run have in common.
Subscription read_manner(const Settings& settings, connection::Options& connection) {
  Subscription manner;
  if (const Setting* qos = settings.find("qos")) {
    manner.qos = read_qos(*qos);
  }
  manner.no_local = settings.on("no-local");
  manner.retain_as_published = settings.on("retain-as-published");
  if (const Setting* handling = settings.find("retain-handling")) {
    manner.retain_handling = choice<RetainHandling>(*handling, {{"always", RetainHandling::always},
                                                                {"new", RetainHandling::only_new},
                                                                {"never", RetainHandling::never}});
  }
  for (const std::string_view key : {"no-local", "retain-as-published", "retain-handling"}) {
    if (settings.find(key) != nullptr) {
      need_version_5(connection, *settings.find(key));
    }
  }
  return manner;
}

void read_subscriptions(const Settings& settings, const std::vector<std::string>& words,
                        SubOptions& options) {
  std::vector<std::string> filters = settings.texts("topic");
  filters.insert(filters.end(), words.begin(), words.end());
  const std::optional<Address>& address = settings.address();
  if (filters.empty() && address && !address->path.empty() && address->scheme[0] == 'm') {
    filters.push_back(address->path);
  }
  options.unsubscribe = settings.texts("unsubscribe");
  if (filters.empty() && (options.unsubscribe.empty() || !settings.on("E"))) {
    throw UsageError("no filter given; such as: mqtt-sub 'sensors/#'");
  }
  Subscription subscription = read_manner(settings, options.connection);
  for (const std::string& filter : filters) {
    check_filter(filter);
    subscription.filter = filter;
    options.subscriptions.push_back(subscription);
  }
  for (const std::string& filter : options.unsubscribe) {
    check_filter(filter);
  }
}

void read_wanted(const Settings& settings, SubOptions& options) {
  WantedOptions& wanted = options.wanted;
  wanted.filter_out = settings.texts("filter-out");
  for (const std::string& filter : wanted.filter_out) {
    check_filter(filter);
  }
  wanted.no_retained = settings.on("no-retained");
  wanted.retained_only = settings.on("retained-only");
  wanted.match = settings.texts("match");
  wanted.grep = settings.texts("grep");
  options.remove_retained = settings.on("remove-retained");
}

std::optional<Duration> read_seconds(const Settings& settings, std::string_view key) {
  const Setting* setting = settings.find(key);
  return setting == nullptr ? std::nullopt : std::optional{seconds(*setting)};
}

void read_until(const Settings& settings, SubOptions& options) {
  UntilOptions& until = options.until;
  if (const Setting* count = settings.find("count")) {
    until.count = static_cast<std::uint64_t>(
        whole_number(*count, 1, std::numeric_limits<std::int64_t>::max()));
  }
  until.timeout = read_seconds(settings, "timeout");
  until.duration = read_seconds(settings, "duration");
  until.idle_timeout = read_seconds(settings, "idle-timeout");
  until.expect = settings.texts("expect");
  until.after_subscribe = settings.on("E");
  until.after_retained = options.wanted.retained_only;
  if (until.after_subscribe) {
    refuse(settings, {"count", "expect", "duration", "idle-timeout"},
           "waits for messages, but -E leaves before any");
  }
}

void read_acts(const Settings& settings, SubOptions& options) {
  options.ready.command = settings.text("on-ready").value_or("");
  options.ready.file = settings.text("ready-file").value_or("");
  if (const Setting* fd = settings.find("ready-fd")) {
    options.ready.fd = static_cast<int>(whole_number(*fd, 0, std::numeric_limits<int>::max()));
  }
  const std::optional<std::string> command = settings.text("exec");
  if (!command) {
    refuse(settings, {"jobs", "reply"}, "needs --exec");
    return;
  }
  ExecOptions exec;
  exec.command = *command;
  if (const Setting* jobs = settings.find("jobs")) {
    exec.jobs = static_cast<int>(whole_number(*jobs, 1, 1'024));
  }
  exec.reply = settings.on("reply");
  options.exec = std::move(exec);
}

}  // namespace

std::optional<SubOptions> read_sub(const std::vector<std::string>& arguments, const World& world) {
  std::optional<Invocation> invocation = read_invocation(mqtt_sub(), arguments, world);
  if (!invocation) {
    return {};
  }
  const Settings& settings = invocation->settings;
  SubOptions options;
  options.connection = read_connection(settings, world);
  if (settings.on("print-config")) {
    check_printed(settings, world);
    *world.out << printed(settings, options.connection);
    return {};
  }
  read_subscriptions(settings, invocation->words, options);
  read_wanted(settings, options);
  read_until(settings, options);
  read_acts(settings, options);
  options.decode_as = read_decode(settings);
  // Who publishes as well must take what comes before the acknowledgements, wanted or not.
  const bool publishes = options.remove_retained || (options.exec && options.exec->reply);
  if (!publishes) {
    options.connection.count = options.until.count;
  }
  options.output = read_output(settings, world);
  options.talk.quiet = settings.on("quiet");
  options.talk.debug = settings.on("debug");
  options.talk.warnings = std::move(invocation->warnings);
  read_secrets(settings, world, options.connection, options.talk.warnings);
  return options;
}

std::optional<SubOptions> parse_sub(int argc, char** argv) {
  return read_sub(take_arguments(mqtt_sub(), argc, argv), this_world());
}

}  // namespace mqtt_tools::cli
