// SPDX-License-Identifier: MIT
#include "cli/sub_options.hpp"

#include "catch.hpp"
#include "cli/fake_environment.hpp"

#include <functional>

using namespace mqtt_tools;
using namespace mqtt_tools::cli;
using namespace std::chrono_literals;

namespace {

using Form = output::PrinterOptions::Form;
using Delimiter = output::PrinterOptions::Delimiter;
using connection::RetainHandling;
using payload::DecodeAs;

struct Row {
  Words words;
  std::function<bool(const SubOptions&)> filled;
};

Words filters(const SubOptions& options) {
  Words found;
  for (const connection::Subscription& subscription : options.subscriptions) {
    found.push_back(subscription.filter);
  }
  return found;
}

const std::vector<Row>& rows() {
  static const std::vector<Row> all{
      {{"a", "b/#"},
       [](const SubOptions& o) {
         return filters(o) == Words{"a", "b/#"};
       }},
      {{"-t", "a", "--topic", "b", "c"},
       [](const SubOptions& o) {
         return filters(o) == Words{"a", "b", "c"};
       }},
      {{"[x]"}, [](const SubOptions& o) { return filters(o) == Words{"[x]"}; }},
      {{"$share/g/a"}, [](const SubOptions& o) { return filters(o) == Words{"$share/g/a"}; }},
      {{"-L", "mqtt://h/a/%23"}, [](const SubOptions& o) { return filters(o).size() == 1; }},
      {{"-L", "mqtt://h/a", "b"}, [](const SubOptions& o) { return filters(o) == Words{"b"}; }},
      {{"#", "-T", "x", "--filter-out", "y/#"},
       [](const SubOptions& o) {
         return o.filter.filter_out == Words{"x", "y/#"};
       }},
      {{"a", "-U", "x", "--unsubscribe", "y"},
       [](const SubOptions& o) {
         return o.unsubscribe == Words{"x", "y"};
       }},
      {{"-E", "-U", "x"},
       [](const SubOptions& o) { return o.subscriptions.empty() && o.stop.after_subscribe; }},
      {{"a", "b", "-q", "2"},
       [](const SubOptions& o) {
         return o.subscriptions[0].qos == Qos::exactly_once &&
                o.subscriptions[1].qos == Qos::exactly_once;
       }},
      {{"a", "-R"}, [](const SubOptions& o) { return o.filter.no_retained; }},
      {{"a", "--max-rate", "0.5", "-C", "3"},
       [](const SubOptions& o) { return o.filter.max_rate == 0.5 && !o.connection.count; }},
      {{"a", "--last"},
       [](const SubOptions& o) {
         return o.stop.last && o.filter.retained_only && !o.stop.after_retained &&
                o.subscriptions[0].qos == Qos::at_most_once;
       }},
      {{"a", "--last", "--retained-only", "--remove-retained", "-q", "1"},
       [](const SubOptions& o) {
         return !o.stop.after_retained && o.subscriptions[0].qos == Qos::at_least_once;
       }},
      {{"a", "--retained-only"},
       [](const SubOptions& o) { return o.filter.retained_only && o.stop.after_retained; }},
      {{"a", "--remove-retained"},
       [](const SubOptions& o) { return o.remove_retained && !o.stop.after_retained; }},
      {{"a", "--retain-as-published"},
       [](const SubOptions& o) {
         return o.subscriptions[0].retain_as_published &&
                o.connection.version_5_only == "--retain-as-published";
       }},
      {{"a", "--no-local"},
       [](const SubOptions& o) {
         return o.subscriptions[0].no_local && o.connection.version_5_only == "--no-local";
       }},
      {{"a", "--retain-handling", "new"},
       [](const SubOptions& o) {
         return o.subscriptions[0].retain_handling == RetainHandling::only_new &&
                o.connection.version_5_only == "--retain-handling";
       }},
      {{"a", "--retain-handling", "never"},
       [](const SubOptions& o) {
         return o.subscriptions[0].retain_handling == RetainHandling::never;
       }},
      {{"a", "--match", "{\"x\":1}", "--match", "[1]"},
       [](const SubOptions& o) {
         return o.filter.match == Words{"{\"x\":1}", "[1]"};
       }},
      {{"a", "--grep", "x.*y"}, [](const SubOptions& o) { return o.filter.grep == Words{"x.*y"}; }},
      {{"a", "-C", "5", "--remove-retained"},
       [](const SubOptions& o) { return o.stop.count == 5U && !o.connection.count; }},
      {{"a", "-C", "5", "--exec", "x", "--reply"},
       [](const SubOptions& o) { return o.stop.count == 5U && !o.connection.count; }},
      {{"a", "-C", "5", "--exec", "x"},
       [](const SubOptions& o) { return o.stop.count == 5U && o.connection.count == 5U; }},
      {{"a", "-C", "5"},
       [](const SubOptions& o) { return o.stop.count == 5U && o.connection.count == 5U; }},
      {{"a", "--timeout", "1.5"}, [](const SubOptions& o) { return o.stop.timeout == 1500ms; }},
      {{"a", "-W", "0"}, [](const SubOptions& o) { return o.stop.timeout == 0s; }},
      {{"a", "--duration", "2", "--idle-timeout", "3"},
       [](const SubOptions& o) { return o.stop.duration == 2s && o.stop.idle_timeout == 3s; }},
      {{"a", "--expect", "[\"a\",\"b\"]", "--expect", "1"},
       [](const SubOptions& o) {
         return o.stop.expect == Words{"[\"a\",\"b\"]", "1"};
       }},
      {{"a", "-E"}, [](const SubOptions& o) { return o.stop.after_subscribe; }},
      {{"a", "--on-ready", "cmd", "--ready-file", "f", "--ready-fd", "3"},
       [](const SubOptions& o) {
         return o.readiness.command == "cmd" && o.readiness.file == "f" && o.readiness.fd == 3;
       }},
      {{"a", "--exec", "cmd", "--jobs", "4", "--reply"},
       [](const SubOptions& o) {
         return o.exec && o.exec->command == "cmd" && o.exec->jobs == 4 && o.exec->reply;
       }},
      {{"a", "--exec", "cmd"},
       [](const SubOptions& o) { return o.exec && o.exec->jobs == 1 && !o.exec->reply; }},
      {{"a", "--decode", "text"},
       [](const SubOptions& o) { return o.decode_as == DecodeAs::text; }},
      {{"a", "--decode", "msgpack"},
       [](const SubOptions& o) { return o.decode_as == DecodeAs::msgpack; }},
      {{"a", "-o", "pretty"}, [](const SubOptions& o) { return o.output.form == Form::pretty; }},
      {{"a", "--output", "json"}, [](const SubOptions& o) { return o.output.form == Form::json; }},
      {{"a", "-o", "auto"}, [](const SubOptions& o) { return o.output.form == Form::raw; }},
      {{"a", "-j"}, [](const SubOptions& o) { return o.output.form == Form::json; }},
      {{"a", "-v"}, [](const SubOptions& o) { return o.output.topic; }},
      {{"a", "-F", "%t", "-v"},
       [](const SubOptions& o) {
         return o.output.form == Form::format && o.output.format == "%t" && !o.output.topic;
       }},
      {{"a", "-N"}, [](const SubOptions& o) { return o.output.delimiter == Delimiter::none; }},
      {{"a", "-0"}, [](const SubOptions& o) { return o.output.delimiter == Delimiter::null; }},
      {{"a", "--changes", "--select", "/n"},
       [](const SubOptions& o) {
         return o.filter.changes && o.filter.select == std::vector<std::string>{"/n"};
       }},
      {{"a"}, [](const SubOptions& o) { return !o.filter.changes; }},
      {{"a", "--watch"}, [](const SubOptions& o) { return o.watch; }},
      {{"a"}, [](const SubOptions& o) { return !o.watch; }},
      {{"a", "--stats"},
       [](const SubOptions& o) {
         return o.stats && !o.stats->interval && o.stats->output.form != Form::json &&
                o.filter.select.empty();
       }},
      {{"a", "--stats=2.5", "-j"},
       [](const SubOptions& o) {
         return o.stats->interval == 2'500ms && o.stats->output.form == Form::json;
       }},
      {{"--stats", "5"},
       [](const SubOptions& o) {
         return !o.stats->interval && o.subscriptions.at(0).filter == "5" &&
                o.verbosity.warnings.at(0).text == "'5' is a filter; a table each 5 s is --stats=5";
       }},
      {{"$share/g/a", "--stats"},
       [](const SubOptions& o) {
         return o.verbosity.warnings.at(0).text ==
                "gaps of --stats are also what goes to others of the group of '$share/g/a'";
       }},
      {{"a", "--stats", "-o", "auto"},
       [](const SubOptions& o) { return o.stats->output.form != Form::json; }},
      {{"a", "--stats", "--retained-only"},
       [](const SubOptions& o) { return o.stats.has_value(); }},
      {{"a"}, [](const SubOptions& o) { return !o.stats; }},
      {{"a", "--select", "/msg"},
       [](const SubOptions& o) { return o.output.select == std::vector<std::string>{"/msg"}; }},
      {{"a", "--color", "always"}, [](const SubOptions& o) { return o.output.colour; }},
      {{"a", "--quiet", "-d"},
       [](const SubOptions& o) { return o.verbosity.quiet && o.verbosity.debug; }},
      {{"a", "-D", "subscribe", "user-property", "k", "v", "-D", "unsubscribe", "user-property",
        "k", "w"},
       [](const SubOptions& o) {
         return o.connection.subscribe_properties.size() == 1 &&
                o.connection.unsubscribe_properties.size() == 1;
       }},
  };
  return all;
}

}  // namespace

TEST_CASE("each option of mqtt-sub fills what it is for") {
  for (const Row& row : rows()) {
    CAPTURE(row.words);
    CHECK(row.filled(FakeEnvironment{}.sub(row.words)));
  }
}

TEST_CASE("mqtt-sub has the defaults that --help names") {
  const SubOptions options = FakeEnvironment{}.sub({"a"});
  CHECK(options.subscriptions[0].qos == Qos::at_least_once);
  CHECK(options.subscriptions[0].retain_handling == RetainHandling::always);
  CHECK(options.decode_as == DecodeAs::automatic);
  CHECK(options.output.form == Form::raw);
  CHECK(options.output.delimiter == Delimiter::newline);
  CHECK_FALSE(options.output.colour);
  CHECK_FALSE(options.stop.count);
  CHECK_FALSE(options.connection.count);
  CHECK_FALSE(options.exec);
}

TEST_CASE("on a terminal messages are pretty and coloured, unless told otherwise") {
  FakeEnvironment fake;
  fake.terminal = true;
  CHECK(fake.sub({"a"}).output.form == Form::pretty);
  CHECK(fake.sub({"a"}).output.colour);
  CHECK(fake.sub({"a"}).output.terminal);
  CHECK(fake.sub({"a"}).output.width == 100);
  CHECK(fake.sub({"a", "-o", "raw"}).output.form == Form::raw);
  CHECK(fake.sub({"a"}).output.columns() == 100);
  CHECK(fake.sub({"a", "--time-precision", "MS"}).output.decimals == 3);
  CHECK_FALSE(fake.sub({"a", "--color", "never"}).output.colour);
  fake.variables["NO_COLOR"] = "1";
  CHECK_FALSE(fake.sub({"a"}).output.colour);
  CHECK(fake.sub({"a", "--color", "always"}).output.colour);
  fake.variables["NO_COLOR"] = "";
  CHECK(fake.sub({"a"}).output.colour);
}

TEST_CASE("only somebody at a terminal is told of the subscription and the count") {
  FakeEnvironment fake;
  CHECK_FALSE(fake.sub({"a"}).status_lines);
  CHECK_FALSE(fake.sub({"a"}).output.columns);
  fake.terminal = true;
  CHECK(fake.sub({"a"}).status_lines);
  for (const Words& words :
       {Words{"-o", "raw"}, {"--quiet"}, {"--watch"}, {"-N"}, {"-0"}, {"--exec", "x"}}) {
    CAPTURE(words);
    Words all{"a"};
    all.insert(all.end(), words.begin(), words.end());
    CHECK_FALSE(fake.sub(all).status_lines);
  }
  CHECK(fake.sub({"a", "-W", "1"}).open_ended);
  for (const Words& words :
       {Words{"-C", "1"}, {"--expect", "1"}, {"--last"}, {"-E"}, {"--stats"}}) {
    CAPTURE(words);
    Words all{"a"};
    all.insert(all.end(), words.begin(), words.end());
    CHECK(fake.sub(all).status_lines);
    CHECK_FALSE(fake.sub(all).open_ended);
  }
  fake.mosquitto = true;
  CHECK_FALSE(fake.sub({"a"}).status_lines);
}

TEST_CASE("what cannot be subscribed to is refused in one line that says what would be right") {
  struct Row {
    Words words;
    std::string error;
  };
  const std::string no_filter =
      "no filter given; such as: mqtt-sub 'sensors/#', in quotes, as # begins a comment in shells; "
      "more: --help";
  const std::vector<Row> refusals{
      {{}, no_filter},
      {{"-U", "x"}, no_filter},
      {{"a", "-q", "3"}, "--qos must be a whole number from 0 to 2, not '3'"},
      {{"a", "-C", "0"}, "--count must be a whole number of at least 1, not '0'"},
      {{"a", "-C", "1.5"}, "--count must be a whole number of at least 1, not '1.5'"},
      {{"a", "-C", "9223372036854775808"},
       "--count must be a whole number from 1 to 9223372036854775807, not '9223372036854775808'"},
      {{"a", "-W", "nan"},
       "--timeout must be a time in seconds or with the units d, h, m, s and ms, such as 2.5, "
       "500ms or "
       "1h30m, not 'nan'"},
      {{"a", "-R", "--retained-only"},
       "--no-retained and --retained-only exclude each other, use one of them"},
      {{"a", "--retain-handling", "x"},
       "--retain-handling must be one of always, new, never, not 'x'"},
      {{"a", "-V", "311", "--no-local"},
       "--no-local needs MQTT 5; leave out --protocol-version or say 5"},
      {{"a", "-V", "311", "--retain-as-published"},
       "--retain-as-published needs MQTT 5; leave out --protocol-version or say 5"},
      {{"a", "-V", "311", "--retain-handling", "new"},
       "--retain-handling needs MQTT 5; leave out --protocol-version or say 5"},
      {{"a", "-V", "311", "--exec", "cat", "--reply"},
       "--reply needs MQTT 5; leave out --protocol-version or say 5"},
      {{"a", "-o", "xml"}, "--output must be one of auto, pretty, raw, json, csv, not 'xml'"},
      {{"a", "-o", "raw", "-j"}, "--output and --json exclude each other, use one of them"},
      {{"a", "-F", "%p", "-j"}, "--json and --format exclude each other, use one of them"},
      {{"a", "-N", "-0"}, "-N and -0 exclude each other, use one of them"},
      {{"a", "-j", "--select", "/x"}, "--json and --select exclude each other, use one of them"},
      {{"a", "--color", "blue"}, "--color must be one of auto, always, never, not 'blue'"},
      {{"a", "--decode", "xml"},
       "--decode must be one of auto, json, text, hex, base64, cbor, msgpack, binary, not 'xml'"},
      {{"a", "--jobs", "2"}, "--jobs needs --exec"},
      {{"a", "--reply"}, "--reply needs --exec"},
      {{"a", "--exec", "x", "--jobs", "1025"},
       "--jobs must be a whole number from 1 to 1024, not '1025'"},
      {{"a", "--ready-fd", "x"}, "--ready-fd must be a whole number from 0 to 2147483647, not 'x'"},
      {{"a", "-E", "-C", "1"}, "--count waits for messages, which -E does not"},
      {{"a", "-E", "--remove-retained"}, "--remove-retained waits for messages, which -E does not"},
      {{"a", "-E", "--exec", "x"}, "--exec waits for messages, which -E does not"},
      {{"a", "-E", "--grep", "x"}, "--grep waits for messages, which -E does not"},
      {{"a", "-E", "--watch"}, "--watch shows messages, which -E does not wait for"},
      {{"a", "--watch", "-o", "json"},
       "--output says how messages are printed, but --watch shows a table of topics instead"},
      {{"a", "--watch", "-F", "%p"},
       "--format says how messages are printed, but --watch shows a table of topics instead"},
      {{"a", "--watch", "-N"},
       "-N says how messages are printed, but --watch shows a table of topics instead"},
      {{"a", "--watch", "-0"},
       "-0 says how messages are printed, but --watch shows a table of topics instead"},
      {{"a", "--watch", "-v"},
       "--verbose says how messages are printed, but --watch shows a table of topics instead"},
      {{"a", "--watch", "--exec", "x"}, "--exec and --watch exclude each other, use one of them"},
      {{"a", "-E", "-F", "%p"}, "--format shows messages, which -E does not wait for"},
      {{"a", "--exec", "x", "-F", "%p"},
       "--format says how messages are shown, but --exec hands them to a command instead"},
      {{"a", "--exec", "x", "-o", "json"},
       "--output says how messages are shown, but --exec hands them to a command instead"},
      {{"a", "--exec", "x", "-N"},
       "-N says how messages are shown, but --exec hands them to a command instead"},
      {{"a", "-R", "--remove-retained"}, "--remove-retained waits for what --no-retained drops"},
      {{"a", "--max-rate", "0"}, "--max-rate must be more than 0, not '0'"},
      {{"a", "--max-rate", "-1"},
       "--max-rate must be a decimal number of more than 0, such as 2.5, not '-1'"},
      {{"a", "--max-rate", "1", "--watch"},
       "--max-rate and --watch exclude each other, use one of them"},
      {{"a", "--last", "-R"}, "--no-retained drops what --last waits for"},
      {{"a", "--last", "--retain-as-published"},
       "--retain-as-published and --last exclude each other: live messages could not be told from "
       "retained ones"},
      {{"a", "--last", "--silence", "1"},
       "--silence waits for live messages, which --last does not show"},
      {{"a", "--last", "--watch"}, "--watch and --last exclude each other, use one of them"},
      {{"a", "--last", "-c", "-i", "x"},
       "--no-clean and --last exclude each other: what waits in the session would be taken and not "
       "shown"},
      {{"a", "--last", "--retain-handling", "never"},
       "--retain-handling never keeps away what --last waits for"},
      {{"a", "$share/g/b", "--no-local"}, "--no-local is not allowed for $share"},
      {{"a", "--select", "/v", "--decode", "hex"},
       "--decode leaves no value to --select: that needs JSON, CBOR or MessagePack"},
      {{"a", "$share/g/b", "--last"},
       "--last finds nothing under '$share/g/b': what is retained is not sent for $share"},
      {{"a", "-E", "--last"}, "--last waits for messages, which -E does not"},
      {{"a", "--retain-handling", "never", "--retained-only"},
       "--retained-only waits for what --retain-handling never keeps away"},
      {{"a", "-M", "5", "-V", "3.1.1"},
       "--max-inflight needs MQTT 5; leave out --protocol-version or say 5"},
      {{"a", "--exec", "x", "--exec", "y"}, "--exec is given twice; leave one of them out"},
      {{"a", "-D", "publish", "content-type", "x"}, "--property: mqtt-sub sends no PUBLISH"},
      {{"a", "--statistics"}, "unknown option --statistics; see --help all"},
      {{"a", "--stats="},
       "--stats must be a time in seconds or with the units d, h, m, s and ms, such as 2.5, 500ms "
       "or 1h30m, not ''"},
      {{"a", "--stats=0"}, "--stats must be more than 0, not '0'"},
      {{"a", "--stats=never"},
       "--stats must be a time in seconds or with the units d, h, m, s and ms, such as 2.5, 500ms "
       "or 1h30m, not 'never'"},
      {{"a", "--stats", "--stats=5"}, "--stats is given twice; leave one of them out"},
      {{"a", "--stats", "-o", "pretty"},
       "--output shows messages; with --stats there are auto, a table, and json"},
      {{"a", "--stats", "-o", "raw"},
       "--output shows messages; with --stats there are auto, a table, and json"},
      {{"a", "--stats", "-F", "%p"},
       "--format says how messages are shown, but --stats shows a table of topics instead"},
      {{"a", "--stats", "-v"},
       "--verbose says how messages are shown, but --stats shows a table of topics instead"},
      {{"a", "--stats", "-N"},
       "-N says how messages are shown, but --stats shows a table of topics instead"},
      {{"a", "--stats", "--select", "/n"},
       "--select says how messages are shown, but --stats shows a table of topics instead"},
      {{"a", "--stats", "--changes"},
       "--changes leaves messages out, but --stats counts all of them"},
      {{"a", "--stats", "--exec", "x"}, "--exec and --stats exclude each other, use one of them"},
      {{"a", "--stats", "--watch"}, "--watch and --stats exclude each other, use one of them"},
      {{"a", "-E", "--stats"}, "--stats shows messages, which -E does not wait for"},
  };
  for (const Row& row : refusals) {
    CAPTURE(row.words);
    CHECK(FakeEnvironment{}.sub_error(row.words) == row.error);
  }
}

TEST_CASE("a filter with the wildcard of another system gets a hint and is used") {
  const auto hints = [](const Words& words) {
    const SubOptions options = FakeEnvironment{}.sub(words);
    std::string text;
    for (const run::Warning& warning : options.verbosity.warnings) text += warning.text;
    return text;
  };
  for (const char* filter : {"sensors/*", "*", "a/*/b", "a*", "a/**", "orders/>", ">", "a/?"}) {
    const std::string hint = "'" + std::string{filter} +
                             "' has no wildcard: in MQTT + stands for one level and # for all "
                             "that follow";
    CAPTURE(filter);
    CHECK(hints({filter}) == hint);
    CHECK(hints({"a", "-T", filter}) == hint);
    CHECK(hints({"a", "-U", filter}) == hint);
  }
  for (const char* filter : {"/#", "/broker/uptime"}) {
    CHECK(hints({filter}) == "'" + std::string{filter} +
                                 "' begins with an empty level; to a shell, $SYS without quotes "
                                 "is nothing");
  }
  for (const char* filter :
       {"a/b", "a/+", "#", "a>b", "+/*", "a/>/b", "/a/#", "$SYS/#", "a\u201Cb", "k\u00E4se"}) {
    CAPTURE(filter);
    CHECK(hints({filter}).empty());
  }
  CHECK(hints({"\u201Ca/b\u201D"}) ==
        "'\u201Ca/b\u201D' begins with a quotation mark that is a "
        "letter to the shell, whose own are ' and \"");
  CHECK(hints({"a\u200B"}) == "'a\\u200b' has a character that nobody sees; was it pasted?");
  CHECK(hints({std::string(100, 'a') + "\u00A0"}).empty());  // Not within what is looked at.
}

TEST_CASE("filters that are wrong are refused before connecting, whatever they are for") {
  for (const char* filter : {"", "a#", "a/#/b", "a+", "$share/g", "\xff"}) {
    CAPTURE(filter);
    CHECK_FALSE(FakeEnvironment{}.sub_error({filter}).empty());
    CHECK_FALSE(FakeEnvironment{}.sub_error({"a", "-T", filter}).empty());
    CHECK_FALSE(FakeEnvironment{}.sub_error({"a", "-U", filter}).empty());
  }
}

TEST_CASE("the form of output may stand in a file, and -F wins over it") {
  FakeEnvironment fake;
  CHECK(fake.sub({"a", "-F", "%t"}).output.form == Form::format);
}

TEST_CASE("filters that ask for the same messages are named once") {
  const auto warning = [](const Words& words) {
    const auto options = FakeEnvironment{}.sub(words);
    const auto& warnings = options.verbosity.warnings;
    REQUIRE(warnings.size() < 2);
    return warnings.empty() ? std::string{} : warnings[0].text;
  };
  CHECK(warning({"a/b", "c/#", "a/#", "a/c"}) ==
        "'a/#' and 'a/b' overlap: brokers may send a message that matches both for each of them");
  CHECK(warning({"a", "b", "a"}) ==
        "the filter 'a' is given twice: brokers send what is retained for each");
  CHECK(warning({"$share/g/a/+", "a/b"}) ==
        "'$share/g/a/+' and 'a/b' overlap: brokers may send a message that matches both for each "
        "of them");
  CHECK(warning({"$share/g/a", "a"}).find("overlap") != std::string::npos);
  CHECK(warning({"#", "$SYS/#"}).empty());
  CHECK(warning({"a/+/c", "a/b", "a/b/d", "+"}).empty());
  // However many: nothing that would delay the start.
  Words many;
  for (int i = 0; i < 20'000; ++i) many.push_back(std::to_string(i) + "/#");
  CHECK(warning(many).empty());
  many.push_back("17");
  many.push_back("17");
  CHECK(warning(many).find("twice") != std::string::npos);
}

TEST_CASE("each option of mqtt-sub that rules out others stands alone") {
  for (const Words& words : std::vector<Words>{{"a", "--last"},
                                               {"a", "--duration", "1"},
                                               {"a", "-E"},
                                               {"a", "--no-retained"},
                                               {"a", "--exec", "x"},
                                               {"a", "--watch"},
                                               {"a", "--select", "/x"},
                                               {"a", "--stats"}}) {
    CAPTURE(words);
    CHECK(FakeEnvironment{}.sub_error(words).empty());
  }
}
