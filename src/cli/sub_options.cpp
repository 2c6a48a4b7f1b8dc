// SPDX-License-Identifier: MIT
#include "cli/sub_options.hpp"

#include "cli/arguments.hpp"
#include "cli/connection_options.hpp"
#include "cli/output_options.hpp"
#include "error.hpp"
#include "text.hpp"
#include "topic.hpp"

#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>

namespace mqtt_tools::cli {

namespace {

using connection::RetainHandling;
using connection::Subscription;
using output::PrinterOptions;

/// Whether a filter holds what is a wildcard in shells or in other systems of messages, and none of
/// MQTT's.
bool has_foreign_wildcard(std::string_view filter) {
  if (filter.find_first_of("+#") != std::string_view::npos) return false;
  const bool last_level = filter == ">" || filter.ends_with("/>");  // NATS
  return last_level || filter.find_first_of("*?") != std::string_view::npos;
}

/// --stats without an interval.
constexpr std::string_view at_end = "end";

Duration interval(const Setting& setting) {
  return setting.value() == at_end ? Duration::zero() : more_than_no_seconds(setting);
}

/// Two of the filters that ask for the same messages; nothing when there are none, or so many
/// filters that looking further would delay the start.
std::optional<std::pair<std::string, std::string>> overlapping(std::vector<std::string> filters) {
  std::ranges::stable_sort(filters, {}, without_share);
  const auto twice = std::ranges::adjacent_find(filters, {}, without_share);
  if (twice != filters.end()) return std::pair{*twice, *(twice + 1)};
  std::size_t comparisons = 1'000'000;  // Some 20 ms.
  for (auto one = filters.begin(); one != filters.end(); ++one) {
    if (without_share(*one).find_first_of("+#") == std::string_view::npos) continue;
    for (auto other = filters.begin(); other != filters.end(); ++other) {
      if (comparisons-- == 0) return {};
      if (one != other && overlap(without_share(*one), without_share(*other))) {
        return std::pair{*one, *other};
      }
    }
  }
  return {};
}

constexpr Rule rules[] = {
    {"last", "no-retained", "drops what --last waits for"},
    {"last", "retain-as-published",
     "and --last exclude each other: live messages could not be told from retained ones"},
    {"last", "silence", "waits for live messages, which --last does not show"},
    {"last", "watch"},
    {"!expect", "expect-in-order"},
    {"duration", "silence"},
    {"E",
     "count expect forbid silence duration idle-timeout remove-retained last match grep max-rate "
     "exec",
     "waits for messages, which -E does not"},
    {"E", "format select watch stats", "shows messages, which -E does not wait for"},
    {"no-retained", "remove-retained", "waits for what --no-retained drops"},
    {"exec", "output json format verbose N 0 select",
     "says how messages are shown, but --exec hands them to a command instead"},
    {"!exec", "jobs reply"},
    {"watch", "output json format verbose N 0",
     "says how messages are printed, but --watch shows a table of topics instead"},
    {"watch", "exec max-rate"},
    {"select", "format json"},
    {"stats", "format verbose N 0 select",
     "says how messages are shown, but --stats shows a table of topics instead"},
    {"stats", "changes max-rate", "leaves messages out, but --stats counts all of them"},
    {"stats", "exec watch"},
    {"!presence", "raw", "is for --presence; see --output"},
};

/// One reading of the options of mqtt-sub: they are declared when it is made.
class SubReader {
 public:
  SubReader();
  SubReader(const SubReader&) = delete;
  SubReader& operator=(const SubReader&) = delete;

  const Declarations& declared() const { return in_; }
  std::optional<SubOptions> read(const std::vector<std::string>& arguments,
                                 const Environment& environment);

 private:
  void declare_messages();
  void declare_leaving();
  void declare_showing();
  void declare_acting();
  void check_subscriptions(const Settings& settings);
  void check_last(const Settings& settings, const std::vector<std::string>& filters);
  void check_leaving(const Settings& settings);
  void check_showing(const Settings& settings, const Environment& environment);
  void check_stats(const Settings& settings);

  Declarations in_{};
  SubOptions options_{};

  // What decides nothing alone.
  ConnectionInput connection_{};
  OutputInput output_{};
  std::vector<std::string> topics_{};
  Subscription manner_{};  ///< What all subscriptions have in common.
  run::ExecOptions exec_{};
  std::optional<Duration> stats_{};  ///< 0: only at the end.
  bool json_ = false;
  bool verbose_ = false;
};

SubReader::SubReader() {
  in_.name = "mqtt-sub";
  in_.usage = "mqtt-sub [OPTION]... [FILTER]...";
  in_.summary = "Subscribes and shows what comes.";
  in_.examples =
      "  mqtt-sub 'sensors/#'                    from localhost\n"
      "  mqtt-sub -L mqtts://user@broker.example -j '#' | jq .value\n"
      "  mqtt-sub -C 1 -W 5 --expect '{\"msg\":\"ok\"}' ci/smoke --on-ready 'mqtt-pub ci/smoke "
      "ok'\n";
  in_.brief =
      "  mqtt-sub 'sensors/#'                    all below sensors, from localhost\n"
      "  mqtt-sub -h broker.example -u me --ask-password '#'\n"
      "  mqtt-sub -L mqtts://broker.example -j '#' | jq .value\n"
      "  mqtt-sub --watch '#'                    a live table of topics\n"
      "  mqtt-sub -W 10 --expect '/state == \"up\"' app/state && echo it is up\n"
      "\n"
      "  -h, --host HOST[:PORT]    the broker (localhost); or --url, with login and TLS\n"
      "  -u, --username NAME       and --ask-password or --password-file FILE\n"
      "  --tls, --cafile FILE      TLS; with certificates of one's own authority\n"
      "  -o, --output FORM         pretty (on a terminal), raw (in a pipe), json, csv\n"
      "  -v, --verbose             topic before payload\n"
      "  -F, --format FMT          as '%I %t %p'\n"
      "  --select /POINTER         only this value of a JSON payload\n"
      "  --match COND              only messages such as '/temperature > 30'\n"
      "  --changes                 only what differs from the last of its topic\n"
      "  --stats                   a table of rates, sizes and latencies instead\n"
      "  -R, --no-retained         only what is published from now on\n"
      "  --last                    only what is retained, and leave\n"
      "  -C, --count N             leave after N messages\n"
      "  -W, --timeout SEC         leave after a time (10, 2m), with exit code 27\n"
      "  --exec CMD                run a command for each message\n"
      "  -d, --debug               show each packet on stderr\n";
  declare_messages();
  declare_leaving();
  declare_showing();
  declare_acting();
  declare_connection(in_, options_.connection, options_.verbosity, connection_);
}

void SubReader::declare_messages() {
  run::MessageFilterOptions& filter = options_.filter;
  in_.group("Which messages");
  in_.option("-t,--topic", topics_, "FILTER", "as the words FILTER");
  in_.option("-T,--filter-out", filter.filter_out, "FILTER", "drop what matches");
  in_.option("-U,--unsubscribe", options_.unsubscribe, "FILTER", "unsubscribe first");
  in_.option("-q,--qos", manner_.qos, "N", "0, 1 or 2").qos().by_default("1").in_file();
  in_.option("-M,--max-inflight", options_.connection.receive_maximum, "N", "messages in flight")
      .from(1, 65'535);
  in_.flag("-R,--no-retained", filter.no_retained).decides("retained");
  in_.flag("--retained-only", filter.retained_only, "live ones only; retained ones only")
      .decides("retained");
  in_.flag("--remove-retained", options_.remove_retained, "clear each retained message that comes");
  in_.flag("--retain-as-published", manner_.retain_as_published);
  in_.flag("--no-local", manner_.no_local, "MQTT 5");
  in_.option("--retain-handling", manner_.retain_handling, "always|new|never", "MQTT 5")
      .one_of({{"always", RetainHandling::always},
               {"new", RetainHandling::only_new},
               {"never", RetainHandling::never}})
      .by_default("always");
  in_.flag("--changes", filter.changes, "only what differs from the last of its topic");
  in_.option("--max-rate", filter.max_rate, "N", "a topic's newest, at most N a second")
      .as(more_than_none);
  in_.option("--match", filter.match, "JSON|COND", "COND is POINTER OP VALUE: '/n >= 3'");
  in_.option("--grep", filter.grep, "REGEX", "what the payload must contain").may_be_empty();
}

void SubReader::declare_leaving() {
  run::StopOptions& stop = options_.stop;
  in_.group("When to leave");
  in_.option("-C,--count", stop.count, "N", "after N messages").from(1);
  in_.option("-W,--timeout", stop.timeout, "SEC", "with 27 after SEC");
  in_.option("--duration", stop.duration, "SEC");
  in_.option("--idle-timeout", stop.idle_timeout, "SEC", "with 0 after SEC, or after silence")
      .as(more_than_no_seconds);
  in_.option("--silence", stop.silence, "SEC", "with 27 when a filter is silent for SEC")
      .as(more_than_no_seconds);
  in_.option("--expect", stop.expect, "JSON|COND", "when a message meets it; repeat for all");
  in_.flag("--expect-in-order", stop.in_order, "one after the other");
  in_.option("--forbid", stop.forbid, "JSON|COND", "with 1 when a message meets it");
  in_.flag("--last", stop.last, "what is retained, then leave; no live ones");
  in_.flag("-E", stop.after_subscribe, "once subscribed");
}

void SubReader::declare_showing() {
  in_.group("How to show them");
  declare_form(in_, output_, "FORM", "auto, pretty, raw, json, csv");
  in_.flag("--watch", options_.watch, "a live table of topics, on the whole screen");
  in_.option("--stats", stats_, "SEC", "a table of topics at the end, on SIGUSR1, each SEC")
      .implied(at_end)
      .as(interval);
  in_.flag("-j,--json", json_, "-o json").decides("output");
  declare_format(in_, options_.output, "mosquitto_sub's %t %p %q..., \\n \\t");
  in_.flag("-v,--verbose", verbose_, "topic before payload");
  in_.unbound_flag("-N").decides("delimiter");
  in_.unbound_flag("-0", "no newline, or NUL, after each").decides("delimiter");
  declare_select(in_, options_.output, "only this value");
  declare_decode(in_, options_.decode_as, "json text hex base64 cbor msgpack binary");
  declare_colour(in_, output_, "auto|always|never", "auto: a terminal without NO_COLOR");
  in_.option("--time-precision", options_.output.decimals, "s|ms|us",
             "of the times that pretty shows")
      .one_of({{"s", 0}, {"ms", 3}, {"us", 6}})
      .by_default("s");
}

void SubReader::declare_acting() {
  in_.group("What to start");
  in_.option("--on-ready", options_.readiness.command, "CMD");
  in_.option("--ready-file", options_.readiness.file, "FILE");
  in_.option("--ready-fd", options_.readiness.fd, "N", "once subscribed")
      .from(0, std::numeric_limits<int>::max());
  in_.option("--exec", exec_.command, "CMD", "for each message");
  in_.flag("--raw", connection_.presence.raw, "bare words for --presence").in_file();
  in_.option("--jobs", exec_.jobs, "N").from(1, 1'024).by_default("1");
  in_.flag("--reply", exec_.reply, "at once; its output is the answer");
}

void SubReader::check_subscriptions(const Settings& settings) {
  std::vector<std::string> all = topics_;
  all.insert(all.end(), settings.operands().begin(), settings.operands().end());
  if ((all.empty() || connection_.mosquitto) && settings.topic_of_url()) {
    all.push_back(*settings.topic_of_url());
  }
  if (all.empty() && (options_.unsubscribe.empty() || !options_.stop.after_subscribe)) {
    throw UsageError(
        "no filter given; such as: mqtt-sub 'sensors/#', in quotes, as # begins a "
        "comment in shells; more: --help");
  }
  need_version_5(options_.connection, settings,
                 "no-local retain-as-published retain-handling reply");
  // To mosquitto_sub it means something else before MQTT 5.
  if (!connection_.mosquitto) need_version_5(options_.connection, settings, "max-inflight");
  for (const std::vector<std::string>* filters :
       {&all, &options_.unsubscribe, &options_.filter.filter_out}) {
    for (const std::string& filter : *filters) {
      check_filter(filter);
      check_pasted(filter, options_.verbosity.warnings);
      if (filter == "/#" || filter.starts_with("/broker/")) {
        options_.verbosity.warnings.push_back(
            {in_quotes(filter) +
             " begins with an empty level; to a shell, $SYS without quotes is nothing"});
      }
      if (has_foreign_wildcard(filter)) {
        options_.verbosity.warnings.push_back(
            {in_quotes(filter) +
             " has no wildcard: in MQTT + stands for one level and # for all that follow"});
      }
    }
  }
  if (const auto pair = overlapping(all)) {
    options_.verbosity.warnings.push_back(
        {pair->first == pair->second
             ? "the filter " + in_quotes(pair->first) +
                   " is given twice: brokers send what is retained for each"
             : in_quotes(pair->first) + " and " + in_quotes(pair->second) +
                   " overlap: brokers may send a message that matches both for each of them"});
  }
  if (options_.stop.last) check_last(settings, all);
  // At QoS 1 brokers queue what is retained, and drop what exceeds the queue (Mosquitto: 1,000).
  if ((options_.filter.retained_only || options_.remove_retained) && !settings.typed("qos")) {
    manner_.qos = Qos::at_most_once;
  }
  for (const std::string& filter : all) {
    // MQTT 5.0 §3.8.3.1; brokers close the connection.
    if (is_shared(filter)) refuse(settings, "no-local", "is not allowed for $share");
    manner_.filter = filter;
    options_.subscriptions.push_back(manner_);
    // What we clear would come back as an empty message; under $share nothing retained comes.
    Subscription& added = options_.subscriptions.back();
    added.no_local = added.no_local || (options_.remove_retained && !is_shared(filter));
  }
}

void SubReader::check_leaving(const Settings& settings) {
  run::StopOptions& stop = options_.stop;
  stop.after_retained = options_.filter.retained_only && !stop.last;
  for (const Subscription& subscription : options_.subscriptions) {
    stop.filters.push_back(subscription.filter);
  }
  if (manner_.retain_handling == RetainHandling::never) {
    refuse(settings, "retained-only remove-retained",
           "waits for what --retain-handling never keeps away");
  }
  // Who publishes as well must take what comes before the acknowledgements, wanted or not.
  // With --max-rate nobody knows which of those that come will be shown.
  const bool publishes = options_.remove_retained || exec_.reply;
  if (!publishes && !options_.filter.max_rate) options_.connection.count = stop.count;
}

void SubReader::check_showing(const Settings& settings, const Environment& environment) {
  PrinterOptions& output = options_.output;
  if (json_) output_.form = PrinterOptions::Form::json;
  check_output(settings, environment, output_, options_.decode_as, output);
  // A format says where the topic stands.
  output.topic = verbose_ && output.form != PrinterOptions::Form::format;
  output.delimiter = settings.on("N")   ? PrinterOptions::Delimiter::none
                     : settings.on("0") ? PrinterOptions::Delimiter::null
                                        : PrinterOptions::Delimiter::newline;
  if (output.form == PrinterOptions::Form::csv) {
    refuse(settings, "verbose N 0", "does not go with csv, which has its own lines");
  }
  options_.status_lines = output.terminal && output.form == PrinterOptions::Form::pretty &&
                          output.delimiter == PrinterOptions::Delimiter::newline &&
                          !options_.verbosity.quiet && !options_.watch && !options_.exec;
  const run::StopOptions& stop = options_.stop;
  options_.open_ended =
      !stats_ && !stop.count && stop.expect.empty() && !stop.last && !stop.after_subscribe;
  options_.filter.select = output.select;
}

/// --last, which shows what is retained under `filters` and leaves then.
void SubReader::check_last(const Settings& settings, const std::vector<std::string>& filters) {
  refuse(settings, "no-clean",
         "and --last exclude each other: what waits in the session would be taken and not shown",
         any_source);
  if (manner_.retain_handling == RetainHandling::never) {
    refuse(settings, "retain-handling", "never keeps away what --last waits for");
  }
  for (const std::string& filter : filters) {
    if (is_shared(filter)) {
      throw UsageError("--last finds nothing under " + in_quotes(filter) +
                       ": what is retained is not sent for $share");
    }
  }
  options_.filter.retained_only = true;
}

/// Once it is known how messages would be shown.
void SubReader::check_stats(const Settings& settings) {
  if (!stats_) return;
  const auto form = output_.form.value_or(PrinterOptions::Form::json);
  if (form != PrinterOptions::Form::json) {
    refuse(settings, "output", "shows messages; with --stats there are auto, a table, and json");
  }
  for (const std::string& word : settings.operands()) {
    if (word.find_first_not_of("0123456789.") == std::string::npos) {
      options_.verbosity.warnings.push_back(
          {"'" + word + "' is a filter; a table each " + word + " s is --stats=" + word});
    }
  }
  for (const Subscription& subscription : options_.subscriptions) {
    if (is_shared(subscription.filter)) {
      options_.verbosity.warnings.push_back(
          {"gaps of --stats are also what goes to others of the group of " +
           in_quotes(subscription.filter)});
    }
  }
  options_.stats = run::StatsOptions{{}, options_.output};
  if (*stats_ != Duration::zero()) options_.stats->interval = stats_;
}

std::optional<SubOptions> SubReader::read(const std::vector<std::string>& arguments,
                                          const Environment& environment) {
  const std::optional<Settings> settings = read_connection(in_, arguments, environment, connection_,
                                                           options_.connection, options_.verbosity);
  if (!settings) return {};
  check_rules(*settings, rules);
  check_subscriptions(*settings);
  check_leaving(*settings);
  if (settings->on("exec")) options_.exec = exec_;
  check_showing(*settings, environment);
  check_stats(*settings);
  check_presence(*settings, connection_, true, options_.connection);
  read_secrets(*settings, environment, connection_, options_.connection,
               options_.verbosity.warnings);
  return std::move(options_);
}

}  // namespace

const Declarations& mqtt_sub() {
  static const SubReader reader;
  return reader.declared();
}

std::optional<SubOptions> read_sub(const std::vector<std::string>& arguments,
                                   const Environment& environment) {
  return SubReader{}.read(arguments, environment);
}

std::optional<SubOptions> parse_sub(int argc, char** argv) {
  SubReader reader;
  return reader.read(take_arguments(reader.declared(), argc, argv),
                     this_environment(argc > 0 ? argv[0] : ""));
}

}  // namespace mqtt_tools::cli
