// SPDX-License-Identifier: MIT
#include "cli/source_flags.hpp"

#include "cli/will_flags.hpp"
#include "error.hpp"
#include "escape.hpp"
#include "topic.hpp"

#include <limits>

namespace mqtt_tools::cli {

namespace {

using feed::SourceOptions;
using Kind = SourceOptions::Kind;

constexpr std::size_t largest_packet = 268'435'455;  // MQTT 5.0 §1.5.5: four bytes of length.

/// Topic and message as the command line names them.
struct Named {
  std::optional<std::string> topic{};
  std::optional<std::string> message{};
  std::string source{};  ///< What gives the message, for people; empty if nothing does.
};

bool path_is_topic(const Settings& settings) {
  const std::optional<Address>& address = settings.address();
  return address && !address->path.empty() &&
         (address->scheme == "mqtt" || address->scheme == "mqtts");
}

std::optional<std::string> once(const Settings& settings, std::string_view key) {
  const Setting* setting = settings.find(key);
  if (setting != nullptr && setting->values.size() > 1) {
    throw UsageError(named(*setting) + " is given twice; one " + std::string{key} + " is right");
  }
  return settings.text(key);
}

/// Two words: topic, message. One word: the topic; but the message when -t, or a path in a
/// command-line URL, gives the topic.
Named sort_words(const Settings& settings, const std::vector<std::string>& words) {
  Named found{once(settings, "topic"), once(settings, "message"), {}};
  found.source = found.message ? "--message" : "";
  if (words.size() > 2) {
    throw UsageError("too many words: '" + escaped(words[2]) +
                     "' is the third; put a message with blanks in quotes");
  }
  const bool path =
      path_is_topic(settings) && settings.address()->origin.layer == Origin::Layer::command_line;
  const bool topic_first = words.size() == 2 || (words.size() == 1 && !found.topic && !path);
  if (topic_first) {
    if (found.topic) {
      throw UsageError("the topic is given twice: '" + escaped(words[0]) + "' and --topic");
    }
    found.topic = words[0];
  }
  if (words.size() == (topic_first ? 2U : 1U)) {
    if (found.message) {
      throw UsageError("the message is given twice: '" + escaped(words.back()) + "' and --message");
    }
    found.message = words.back();
    found.source = "'" + escaped(words.back()) + "'";
  }
  return found;
}

/// Sees to it that one thing gives the message, and that something does.
void choose_kind(const Settings& settings, Named& found, const World& world,
                 SourceOptions& source) {
  struct Choice {
    std::string_view key;
    Kind kind;
  };
  const bool lines = settings.on("lines");
  for (const Choice& choice :
       {Choice{"lines", Kind::lines}, Choice{"file", Kind::whole}, Choice{"stdin", Kind::whole},
        Choice{"null-message", Kind::null}, Choice{"clear-retained", Kind::null},
        Choice{"replay", Kind::replay}}) {
    const bool same = (choice.key == "file" && lines) ||
                      (choice.key == "clear-retained" && settings.on("null-message"));
    if (settings.find(choice.key) == nullptr || same) {
      continue;
    }
    const std::string name = "--" + std::string{choice.key};
    if (!found.source.empty()) {
      throw UsageError("the message is given twice: " + found.source + " and " + name);
    }
    found.source = name;
    source.kind = choice.kind;
  }
  if (found.message) {
    source.text = *found.message;
  } else if (found.source.empty()) {
    if (!world.stdin_gives) {
      throw UsageError(
          "no message given; such as: mqtt-pub TOPIC MESSAGE, or -n for an empty payload");
    }
    source.kind = Kind::whole;
    source.implicit_stdin = true;
  }

  for (const std::string_view key : {"file", "replay"}) {
    const std::optional<std::string> path = settings.text(key);
    if (path && *path != "-") {
      source.file = path;
    }
  }
}

void read_topic(const Settings& settings, const Named& found, SourceOptions& source) {
  source.topic_from_line = settings.on("topic-from-line");
  if (source.topic_from_line && source.kind != Kind::lines) {
    throw UsageError("--topic-from-line needs --lines");
  }
  if (source.topic_from_line || source.kind == Kind::replay) {
    if (found.topic) {
      throw UsageError(source.topic_from_line
                           ? "--topic-from-line takes the topic from each line; leave out the other"
                           : "--replay takes the topic from each record; see --topic-prefix");
    }
    return;
  }
  if (!found.topic && !path_is_topic(settings)) {
    throw UsageError("no topic given; such as: mqtt-pub TOPIC MESSAGE");
  }
  source.form.topic = found.topic ? *found.topic : settings.address()->path;
  check_topic(source.form.topic);
  const std::size_t header = 1 + 4 + 2 + source.form.topic.size() + 2;
  if (source.text.size() > largest_packet - header) {
    throw UsageError("the message is too large: MQTT takes at most 268435455 bytes with the topic");
  }
}

void read_pace(const Settings& settings, SourceOptions& source) {
  if (const Setting* repeat = settings.find("repeat")) {
    if (source.kind == Kind::lines || source.kind == Kind::replay) {
      throw UsageError("--repeat needs one message, not --" +
                       std::string{source.kind == Kind::lines ? "lines" : "replay"});
    }
    source.repeat = static_cast<std::uint64_t>(
        whole_number(*repeat, 1, std::numeric_limits<std::int64_t>::max()));
  }
  if (const Setting* delay = settings.find("repeat-delay")) {
    if (settings.find("repeat") == nullptr) {
      throw UsageError("--repeat-delay needs --repeat");
    }
    source.repeat_delay = seconds(*delay);
  }
  if (const Setting* rate = settings.find("rate")) {
    source.rate = number(*rate);
    if (*source.rate <= 0) {
      reject(*rate, rate->value(), "more than 0");
    }
  }
}

void read_replay(const Settings& settings, SourceOptions& source) {
  if (source.kind != Kind::replay) {
    refuse(settings, {"speed", "topic-prefix", "keep-retain", "skip-bad-lines"}, "needs --replay");
    return;
  }
  refuse(settings, {"retain"}, "has no meaning with --replay; see --keep-retain");
  if (const Setting* speed = settings.find("speed")) {
    source.speed = number(*speed);
  }
  source.topic_prefix = settings.text("topic-prefix").value_or("");
  if (!source.topic_prefix.empty()) {
    check_topic(source.topic_prefix);
  }
  source.keep_retain = settings.on("keep-retain");
  source.skip_bad_lines = settings.on("skip-bad-lines");
}

}  // namespace

SourceOptions read_source(const Settings& settings, const std::vector<std::string>& words,
                          const World& world) {
  SourceOptions source;
  Named found = sort_words(settings, words);
  choose_kind(settings, found, world, source);
  read_topic(settings, found, source);
  read_pace(settings, source);
  read_replay(settings, source);
  source.keep_newline = settings.on("raw");
  const Setting* qos = settings.find("qos");
  source.form.qos = qos == nullptr ? Qos::at_least_once : read_qos(*qos);
  source.form.retained = settings.on("retain") || settings.on("clear-retained");
  return source;
}

}  // namespace mqtt_tools::cli
