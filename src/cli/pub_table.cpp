// SPDX-License-Identifier: MIT
#include "cli/tool.hpp"

namespace mqtt_tools::cli {

namespace {

using enum Option::Takes;

Option one_of(std::string_view field, Option option) {
  option.field = field;
  return option;
}

Option may_be_empty(Option option) {
  option.empty = true;
  return option;
}

OptionGroup message() {
  return {"What to publish",
          {
              {"-t,--topic", text, "TOPIC"},
              may_be_empty({"-m,--message", text, "TEXT", "as the words TOPIC and MESSAGE"}),
              {"-f,--file", text, "FILE"},
              {"-s,--stdin", nothing, "", "all of it is one message"},
              {"-l,--lines", nothing, "", "each line of stdin, or of FILE, is one"},
              {"--topic-from-line", nothing, "", "each line is TOPIC<tab>MESSAGE"},
              {"-n,--null-message", nothing, ""},
              {"--clear-retained", nothing, "", "empty payload; the same with -r"},
              {"-q,--qos", number, "N", "0, 1 or 2", "1", true},
              {"-r,--retain", nothing, "", "the broker keeps it for newcomers"},
              {"--repeat", number, "N"},
              {"--repeat-delay", number, "SEC", "publish it again"},
              {"--rate", number, "N", "at most N messages a second"},
              {"--window", number, "N", "messages in flight", "64"},
              {"--ack-timeout", number, "SEC", "give up when nothing is acknowledged", "30"},
          }};
}

OptionGroup envelope() {
  return {"Envelope {\"msg\":TEXT,\"data\":TIME}",
          {
              {"--raw", nothing, "", "no envelope, the bytes as they are"},
              {"--json", nothing, "", "MESSAGE is JSON"},
              {"--field", text, "KEY=TEXT|KEY:=JSON", "more members", "", false, true},
              {"--message-key", text, "KEY", "", "msg"},
              {"--time-key", text, "KEY", "names of its members", "data"},
              {"--time-format", text, "FMT", "strftime, iso, unix, unix-ms", "%Y-%m-%d %H-%M-%S"},
              {"--utc", nothing, "", "not local time"},
              {"--encode", text, "FORM", "json, cbor or msgpack", "json"},
              {"--from", text, "FORM", "MESSAGE is hex or base64 (with --raw)"},
          }};
}

OptionGroup more() {
  return {"Request, replay, progress",
          {
              {"--request", nothing, ""},
              {"--response-topic", text, "T"},
              {"-W,--timeout", number, "SEC", "the answer; 27 if none came"},
              one_of("output", {"-o,--output", text, "FORM", "", "auto", true}),
              may_be_empty(one_of("output", {"-F,--format", text, "FMT", "how, as mqtt-sub does"})),
              may_be_empty({"--select", text, "/POINTER"}),
              {"--decode", text, "FORM", "", "auto"},
              {"--color", text, "WHEN", "likewise", "auto", true},
              {"--replay", text, "FILE", "records of mqtt-sub -o json; '-' is stdin"},
              {"--speed", number, "N", "2 is twice as fast, 0 at once", "0"},
              {"--topic-prefix", text, "P"},
              {"--keep-retain", nothing, ""},
              {"--skip-bad-lines", nothing, "", "with --replay"},
              {"-v,--verbose", nothing, ""},
              {"--no-progress", nothing, "", "say more, less on stderr"},
          }};
}

Tool make() {
  Tool tool;
  tool.name = "mqtt-pub";
  tool.usage = "mqtt-pub [OPTION]... [TOPIC] [MESSAGE]";
  tool.summary = "Publishes messages and exits 0 when the broker has taken them all.";
  tool.examples =
      "  mqtt-pub test hello                     to localhost\n"
      "  tail -f log | mqtt-pub -L mqtts://user@broker.example/log -l\n"
      "  mqtt-pub --raw -r status/lamp on        no envelope, retained\n";
  tool.groups = {message(), envelope(), more()};
  for (OptionGroup& group : connection_groups()) {
    tool.groups.push_back(std::move(group));
  }
  return tool;
}

}  // namespace

const Tool& mqtt_pub() {
  static const Tool tool = make();
  return tool;
}

}  // namespace mqtt_tools::cli
