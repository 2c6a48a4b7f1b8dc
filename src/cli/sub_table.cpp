// SPDX-License-Identifier: MIT
#include "cli/tool.hpp"

namespace mqtt_tools::cli {

namespace {

using enum Option::Takes;

Option repeated(Option option) {
  option.repeat = true;
  return option;
}

Option one_of(std::string_view field, Option option) {
  option.field = field;
  return option;
}

Option may_be_empty(Option option) {
  option.empty = true;
  return option;
}

OptionGroup messages() {
  return {"Which messages",
          {
              repeated({"-t,--topic", text, "FILTER", "as the words FILTER"}),
              repeated({"-T,--filter-out", text, "FILTER", "drop what matches"}),
              repeated({"-U,--unsubscribe", text, "FILTER", "unsubscribe first"}),
              {"-q,--qos", number, "N", "0, 1 or 2", "1", true},
              one_of("retained", {"-R,--no-retained", nothing, ""}),
              one_of("retained",
                     {"--retained-only", nothing, "", "live ones only; retained ones only"}),
              {"--remove-retained", nothing, "", "clear each retained message that comes"},
              {"--retain-as-published", nothing, ""},
              {"--no-local", nothing, "", "MQTT 5"},
              {"--retain-handling", text, "always|new|never", "MQTT 5", "always"},
              repeated({"--match", text, "JSON"}),
              may_be_empty(repeated({"--grep", text, "REGEX", "what the payload must contain"})),
          }};
}

OptionGroup leaving() {
  return {"When to leave",
          {
              {"-C,--count", number, "N", "after N messages"},
              {"-W,--timeout", number, "SEC", "with 27 after SEC"},
              {"--duration", number, "SEC"},
              {"--idle-timeout", number, "SEC", "with 0 after SEC, or after silence"},
              repeated({"--expect", text, "JSON", "when a message contains it; repeat for all"}),
              {"-E", nothing, "", "once subscribed"},
          }};
}

OptionGroup showing() {
  return {
      "How to show them",
      {
          one_of("output", {"-o,--output", text, "auto|pretty|raw|json",
                            "pretty on a terminal, else raw", "auto", true}),
          one_of("output", {"-j,--json", nothing, "", "-o json"}),
          may_be_empty(one_of(
              "output", {"-F,--format", text, "FMT", "mosquitto_sub's %t %p %q..., \\n \\t"})),
          {"-v,--verbose", nothing, "", "topic before payload"},
          one_of("delimiter", {"-N", nothing, ""}),
          one_of("delimiter", {"-0", nothing, "", "no newline, or NUL, after each"}),
          may_be_empty({"--select", text, "/POINTER", "only this value"}),
          {"--decode", text, "FORM", "json text hex base64 cbor msgpack binary", "auto"},
          {"--color", text, "auto|always|never", "auto: a terminal without NO_COLOR", "auto", true},
      }};
}

OptionGroup acting() {
  return {"What to start",
          {
              {"--on-ready", text, "CMD"},
              {"--ready-file", text, "FILE"},
              {"--ready-fd", number, "N", "once subscribed"},
              {"--exec", text, "CMD", "for each message"},
              {"--jobs", number, "N", "", "1"},
              {"--reply", nothing, "", "at once; its output is the answer"},
          }};
}

Tool make() {
  Tool tool;
  tool.name = "mqtt-sub";
  tool.usage = "mqtt-sub [OPTION]... [FILTER]...";
  tool.summary = "Subscribes and shows what comes.";
  tool.examples =
      "  mqtt-sub 'sensors/#'                    from localhost\n"
      "  mqtt-sub -L mqtts://user@broker.example -j '#' | jq .value\n"
      "  mqtt-sub -C 1 -W 5 --expect '{\"msg\":\"ok\"}' ci/smoke --on-ready 'mqtt-pub ci/smoke "
      "ok'\n";
  tool.groups = {messages(), leaving(), showing(), acting()};
  for (OptionGroup& group : connection_groups()) {
    tool.groups.push_back(std::move(group));
  }
  return tool;
}

}  // namespace

const Tool& mqtt_sub() {
  static const Tool tool = make();
  return tool;
}

}  // namespace mqtt_tools::cli
