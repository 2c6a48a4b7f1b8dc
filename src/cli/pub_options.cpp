// SPDX-License-Identifier: MIT
#include "cli/pub_options.hpp"

#include "cli/arguments.hpp"
#include "cli/connection_options.hpp"
#include "cli/output_options.hpp"
#include "error.hpp"
#include "text.hpp"
#include "topic.hpp"

#include <algorithm>

namespace mqtt_tools::cli {

namespace {

using payload::EnvelopeOptions;
using payload::Field;
using Kind = feed::SourceOptions::Kind;

/// KEY=TEXT or KEY:=JSON: the first of `=` and `:=` splits.
std::vector<Field> fields(const Setting& setting) {
  std::vector<Field> all;
  for (const std::string& text : setting.values) {
    const std::size_t equals = text.find('=');
    const bool json = equals != std::string::npos && equals > 0 && text[equals - 1] == ':';
    const std::size_t end = json ? equals - 1 : equals;
    if (equals == std::string::npos || end == 0) reject(setting, text, "KEY=TEXT or KEY:=JSON");
    all.push_back({text.substr(0, end), text.substr(equals + 1),
                   json ? Field::Form::json : Field::Form::text});
  }
  return all;
}

constexpr std::string_view of_envelope = "field message-key time-key time-format utc encode";

/// What makes messages, and says what becomes of them.
constexpr std::string_view of_messages =
    "topic message file stdin lines topic-from-line null-message clear-retained qos retain repeat "
    "repeat-delay rate replay speed topic-prefix keep-retain skip-bad-lines raw json field from "
    "message-key time-key time-format utc encode stamp request";

constexpr std::string_view as_they_were =
    "has no meaning with --replay, which publishes payloads as they were";

constexpr Rule rules[] = {
    {"!spool", "spool-limit enqueue drain follow spool-list"},
    {"!drain", "follow"},
    {"enqueue", "drain spool-list"},
    {"drain", "spool-list"},
    {"wrap", "enqueue drain spool-list"},
    // They want to know of the broker what a message that is kept for later cannot tell. A spool
    // that stands in a file is for the runs that it suits: see read().
    {"request verify require-subscriber", "spool enqueue drain"},
    {"drain", of_messages, "has no meaning with --drain, which makes no message"},
    {"spool-list", of_messages, "has no meaning with --spool-list, which makes no message"},
    {"!lines", "topic-from-line"},
    {"lines", "repeat request", "needs one message, not --lines"},
    {"replay", "repeat request", "needs one message, not --replay"},
    {"!repeat", "repeat-delay"},
    {"!replay", "speed topic-prefix keep-retain skip-bad-lines"},
    {"replay", "retain", "has no meaning with --replay; see --keep-retain"},
    {"replay", of_envelope, as_they_were},
    {"replay", "json from", as_they_were},
    {"null-message clear-retained", of_envelope, "has no meaning for an empty payload"},
    {"null-message clear-retained", "json from", "has no meaning for an empty payload"},
    {"json", "from"},
    {"!wrap", "wrap-output"},
    {"wrap", "request verify require-subscriber output"},
    {"wrap", "json from repeat rate", "has no meaning for the messages of --wrap"},
    {"wrap", "will-topic", "and --wrap exclude each other: it has a will of its own"},
    {"verify", "request output"},
    {"verify", "retain", "would leave the message of --verify behind"},
    {"verify", "json from", "has no meaning for the message that --verify makes"},
    {"!request", "response-topic format select decode color"},
    {"!request verify", "timeout"},
    {"select", "format"},
};

/// One reading of the options of mqtt-pub: they are declared when it is made.
class PubReader {
 public:
  PubReader();
  PubReader(const PubReader&) = delete;
  PubReader& operator=(const PubReader&) = delete;

  const Declarations& declared() const { return in_; }
  std::optional<PubOptions> read(const std::vector<std::string>& arguments,
                                 const Environment& environment);

 private:
  void declare_message();
  void declare_envelope();
  void declare_spool();
  void declare_more();

  void check_spool(const Settings& settings);
  void sort_operands(const Settings& settings);
  void choose_kind(const Settings& settings, const Environment& environment);
  void check_topics(const Settings& settings);
  void choose_envelope(const Settings& settings);
  void check_envelope(const Settings& settings);
  void check_stamp(const Settings& settings);

  Declarations in_{};
  PubOptions options_{};

  // What decides nothing alone.
  ConnectionInput connection_{};
  ResultInput results_{};
  std::vector<std::string> topics_{};
  std::optional<std::string> topic_{};  ///< The first of them.
  run::SpoolOptions spool_{};
  std::optional<std::string> message_{};
  std::string message_from_{};  ///< What gives the message, for people; empty if nothing does.
  bool clear_retained_ = false;
  std::string time_format_{"%Y-%m-%d %H-%M-%S"};
  bool utc_ = false;
  bool json_ = false;
};

PubReader::PubReader() {
  in_.name = "mqtt-pub";
  in_.usage = "mqtt-pub [OPTION]... [TOPIC] [MESSAGE]";
  in_.summary = "Publishes messages and exits 0 when the broker has taken them all.";
  in_.examples =
      "  mqtt-pub test hello                     to localhost\n"
      "  tail -f log | mqtt-pub -L mqtts://user@broker.example/log -l\n"
      "  mqtt-pub --raw -r status/lamp on        no envelope, retained\n";
  in_.brief =
      "  mqtt-pub test hello                     {\"msg\":\"hello\",\"data\":TIME}, localhost\n"
      "  mqtt-pub --raw -r status/lamp on        the word alone, retained\n"
      "  mqtt-pub -h broker.example -u me --ask-password test hello\n"
      "  tail -f log | mqtt-pub -L mqtts://broker.example/log -l\n"
      "  mqtt-pub jobs/backup --wrap -- tar czf /b.tgz /home\n"
      "\n"
      "  -h, --host HOST[:PORT]    the broker (localhost); or --url, with login and TLS\n"
      "  -u, --username NAME       and --ask-password or --password-file FILE\n"
      "  --tls, --cafile FILE      TLS; with certificates of one's own authority\n"
      "  -f, --file FILE           a file is the message; -s, --stdin: all of stdin\n"
      "  -l, --lines               each line of stdin is a message\n"
      "  --raw                     the bytes as they are, without the envelope\n"
      "  --field KEY=TEXT          more members of the envelope; KEY:=JSON\n"
      "  -r, --retain              the broker keeps it for those who subscribe later\n"
      "  --clear-retained          and throws it away\n"
      "  -q, --qos N               0, 1 or 2 (1)\n"
      "  --spool DIR               keep on the disk what cannot be delivered now\n"
      "  --request                 wait for an answer and print it\n"
      "  -v, --verbose             show on stderr what becomes of each message\n"
      "  -d, --debug               show each packet on stderr\n";
  options_.source.prototype.qos = Qos::at_least_once;
  declare_message();
  declare_envelope();
  declare_spool();
  declare_more();
  declare_connection(in_, options_.connection, options_.verbosity, connection_);
}

void PubReader::declare_message() {
  feed::SourceOptions& source = options_.source;
  in_.group("What to publish");
  in_.option("-t,--topic", topics_, "TOPIC", "repeat it: each message goes to each");
  in_.option("-m,--message", message_, "TEXT", "topic and message may also be words")
      .may_be_empty();
  in_.option("-f,--file", source.file, "FILE");
  in_.unbound_flag("-s,--stdin,--stdin-file", "all of it is one message");
  in_.unbound_flag("-l,--lines,--stdin-line", "each line of stdin, or of FILE, is one");
  in_.flag("--topic-from-line", source.topic_from_line, "each line is TOPIC<tab>MESSAGE");
  in_.unbound_flag("-n,--null-message");
  in_.flag("--clear-retained", clear_retained_, "empty payload; the same with -r");
  in_.flag("--stamp", source.stamp, "say when and by which run it was made; MQTT 5");
  in_.option("-q,--qos", source.prototype.qos, "N", "0, 1 or 2").qos().by_default("1").in_file();
  in_.flag("-r,--retain", source.prototype.retained, "the broker keeps it for newcomers");
  in_.option("--repeat", source.repeat, "N").from(1);
  in_.option("--repeat-delay", source.repeat_delay, "SEC", "publish it again");
  in_.option("--rate", source.rate, "N", "at most N messages a second").as(more_than_none);
  in_.option("-M,--window,--max-inflight", options_.window, "N", "messages in flight")
      .from(1, 65'535)
      .by_default("64");
  in_.option("--ack-timeout", options_.ack_timeout, "SEC", "give up when nothing is acknowledged")
      .as(more_than_no_seconds)
      .by_default("30");
}

void PubReader::declare_envelope() {
  using Encoding = EnvelopeOptions::Encoding;
  using Input = EnvelopeOptions::Input;
  EnvelopeOptions& envelope = options_.envelope;
  in_.group("Envelope {\"msg\":TEXT,\"data\":TIME}");
  in_.flag("--raw", envelope.raw).decides("envelope").from_variable("MQTT_RAW").in_file();
  in_.flag("--envelope", envelope.raw, "the bytes as they are; undoes a raw of elsewhere")
      .clears()
      .decides("envelope");
  in_.flag("--json", json_, "MESSAGE is JSON");
  in_.option("--field", envelope.fields, "KEY=TEXT|KEY:=JSON", "more members")
      .as(fields)
      .repeated();
  in_.option("--message-key", envelope.message_key, "KEY").by_default("msg");
  in_.option("--time-key", envelope.time_key, "KEY", "names of its members").by_default("data");
  in_.option("--time-format", time_format_, "FMT", "strftime, iso, unix, unix-ms")
      .by_default("%Y-%m-%d %H-%M-%S")
      .in_file();
  in_.flag("--utc", utc_, "not local time").in_file();
  in_.option("--encode", envelope.encoding, "FORM", "json, cbor or msgpack")
      .one_of({{"json", Encoding::json}, {"cbor", Encoding::cbor}, {"msgpack", Encoding::msgpack}})
      .by_default("json");
  in_.option("--from", envelope.input, "FORM", "MESSAGE is hex or base64 (with --raw)")
      .one_of({{"hex", Input::hex}, {"base64", Input::base64}});
}

void PubReader::declare_spool() {
  in_.group("Spool: what cannot be delivered now is kept on the disk");
  in_.option("--spool", spool_.folder, "DIR", "store messages in it, then send them").in_file();
  in_.option("--spool-limit", spool_.limit, "SIZE", "bytes kept at most")
      .size_from(1, 1'000'000'000'000'000)
      .by_default("1GB");
  in_.unbound_flag("--enqueue", "only store them");
  in_.unbound_flag("--drain", "only send what is there");
  in_.unbound_flag("--follow", "and stay, to send what others store");
  in_.unbound_flag("--spool-list", "print what is there");
}

void PubReader::declare_more() {
  feed::SourceOptions& source = options_.source;
  declare_results(in_, options_, results_);
  in_.group("Replay, progress");
  in_.unbound("--replay", "FILE", "records of mqtt-sub -o json; '-' is stdin");
  in_.option("--speed", source.speed, "N", "2 is twice as fast, 0 at once").by_default("0");
  in_.option("--topic-prefix", source.topic_prefix, "P").as(topic_text);
  in_.flag("--keep-retain", source.keep_retain);
  in_.flag("--skip-bad-lines", source.skip_bad_lines, "with --replay");
  in_.flag("-v,--verbose", options_.verbosity.verbose);
  in_.flag("--no-progress", options_.progress, "say more, less on stderr").clears();
}

void PubReader::check_spool(const Settings& settings) {
  using Task = run::SpoolOptions::Task;
  static constexpr std::pair<std::string_view, Task> tasks[] = {{"enqueue", Task::enqueue},
                                                                {"drain", Task::drain},
                                                                {"follow", Task::follow},
                                                                {"spool-list", Task::list}};
  for (const auto& [key, task] : tasks) {
    if (settings.on(key)) spool_.task = task;
  }
  if (settings.typed("output")) {  // One of a file is for those who show messages.
    refuse(settings, "spool enqueue drain", "and --output exclude each other, use one of them");
  }
  if (!spool_.makes_messages() && !settings.operands().empty()) {
    throw UsageError((settings.on("drain") ? "--drain" : "--spool-list") +
                     std::string{" makes no message: leave out '"} +
                     escaped(settings.operands().front()) + "'");
  }
}

/// Two operands: topic, message. One: the topic; but the message when -t, or a path in a
/// command-line URL, gives the topic.
void PubReader::sort_operands(const Settings& settings) {
  if (settings.on("wrap") && results_.wrap.command.empty()) {
    throw UsageError(
        "--wrap needs the command behind all options and --, such as: mqtt-pub TOPIC --wrap -- "
        "make all");
  }
  const std::vector<std::string>& operands = settings.operands();
  if (connection_.mosquitto && topics_.size() > 1) topics_ = {topics_.back()};
  if (!topics_.empty()) topic_ = topics_.front();
  message_from_ = message_ ? "--message" : "";
  if (operands.size() > 2) {
    throw UsageError("too many words: " + in_quotes(operands[2]) +
                     " is the third; put a message with spaces in quotes");
  }
  const bool path =
      settings.topic_of_url() && settings.address()->origin.source == Origin::Source::command_line;
  const bool topic_first = operands.size() == 2 || (operands.size() == 1 && !topic_ && !path);
  if (topic_first) {
    if (topic_) {
      throw UsageError("the topic is given twice: " + in_quotes(operands[0]) + " and --topic");
    }
    topic_ = operands[0];
  }
  if (operands.size() == (topic_first ? 2U : 1U)) {
    if (message_) {
      throw UsageError("the message is given twice: " + in_quotes(operands.back()) +
                       " and --message");
    }
    message_ = operands.back();
    message_from_ = in_quotes(operands.back());
  }
}

/// Sees to it that one thing gives the message, and that something does.
void PubReader::choose_kind(const Settings& settings, const Environment& environment) {
  static constexpr std::pair<std::string_view, Kind> choices[] = {
      {"lines", Kind::lines},       {"file", Kind::whole},          {"stdin", Kind::whole},
      {"null-message", Kind::null}, {"clear-retained", Kind::null}, {"replay", Kind::replay},
      {"verify", Kind::argument},   {"wrap", Kind::argument}};
  feed::SourceOptions& source = options_.source;
  for (const auto& [key, kind] : choices) {
    const bool same = (key == "file" && settings.on("lines")) ||
                      (key == "clear-retained" && settings.on("null-message"));
    if (settings.find(key) == nullptr || same) continue;
    const std::string name = "--" + std::string{key};
    if (!message_from_.empty()) {
      throw UsageError("the message is given twice: " + message_from_ + " and " + name);
    }
    message_from_ = name;
    source.kind = kind;
  }
  if (message_) {
    source.text = *message_;
  } else if (message_from_.empty()) {
    if (!environment.stdin_gives) {
      throw UsageError(
          topic_ == "help"
              ? "no message given for the topic 'help'; --help shows what there is"
              : "no message given; such as: mqtt-pub TOPIC MESSAGE, or -n for an empty payload; "
                "more: --help");
    }
    source.kind = Kind::whole;
    source.implicit_stdin = true;
  }
  if (const Setting* replay = settings.find("replay")) source.file = replay->value();
  if (source.file == "-") source.file.reset();
}

void PubReader::check_topics(const Settings& settings) {
  feed::SourceOptions& source = options_.source;
  if (source.topic_from_line || source.kind == Kind::replay) {
    if (topic_) {
      throw UsageError(source.topic_from_line
                           ? "--topic-from-line takes the topic from each line; leave out the other"
                           : "--replay takes the topic from each record; see --topic-prefix");
    }
    return;
  }
  const std::optional<std::string> topic = topic_ ? topic_ : settings.topic_of_url();
  if (!topic) throw UsageError("no topic given; such as: mqtt-pub TOPIC MESSAGE");
  check_topic(*topic);
  check_pasted(*topic, options_.verbosity.warnings);
  source.prototype.topic = *topic;
  for (std::size_t at = 1; at < topics_.size(); ++at) {
    check_topic(topics_[at]);
    check_pasted(topics_[at], options_.verbosity.warnings);
    source.more_topics.push_back(topics_[at]);
  }
  if (source.rate) {  // It counts messages, and the feed gives each topic one at once.
    *source.rate /= 1.0 + static_cast<double>(source.more_topics.size());
  }
}

/// A `raw` of the environment or of a file gives way to what the command line says.
void PubReader::choose_envelope(const Settings& settings) {
  const auto typed = [&settings](std::string_view key) { return settings.typed(key); };
  const bool needed = typed("json") || std::ranges::any_of(split(of_envelope, " "), typed);
  if (needed && !typed("raw")) options_.envelope.raw = false;
}

void PubReader::check_envelope(const Settings& settings) {
  EnvelopeOptions& envelope = options_.envelope;
  if (envelope.raw) {
    refuse(settings, of_envelope, "belongs to the envelope, which --raw leaves out");
  } else {
    refuse(settings, "from", "needs --raw: an envelope holds text, not bytes");
  }
  if (json_) envelope.input = EnvelopeOptions::Input::json;
  envelope.announce = settings.find("encode") != nullptr;
  if (settings.find("time-format") != nullptr || utc_) {
    envelope.time_format = TimeFormat{time_format_, utc_ ? Zone::utc : Zone::local};
  }
}

void PubReader::check_stamp(const Settings& settings) {
  if (!options_.source.stamp) return;
  need_version_5(options_.connection, settings, "stamp");
  for (const auto& [name, value] : options_.source.prototype.properties.user) {
    if (feed::is_stamp(name)) {
      throw UsageError("--stamp makes the user property " + name + "; leave out -D publish");
    }
  }
}

std::optional<PubOptions> PubReader::read(const std::vector<std::string>& arguments,
                                          const Environment& environment) {
  std::vector<std::string> ours = arguments;
  results_.wrap.command = take_command(ours);
  const std::optional<Settings> settings =
      read_connection(in_, ours, environment, connection_, options_.connection, options_.verbosity);
  if (!settings) return {};
  check_rules(*settings, rules);
  check_spool(*settings);
  if (spool_.makes_messages()) {
    sort_operands(*settings);
    choose_kind(*settings, environment);
    check_topics(*settings);
  }
  choose_envelope(*settings);
  options_.source.keep_newline = options_.envelope.raw;
  options_.source.prototype.retained = options_.source.prototype.retained || clear_retained_;
  options_.source.prototype.properties = connection_.message_properties;
  check_envelope(*settings);
  check_stamp(*settings);
  check_results(*settings, environment, results_, options_);
  // One that stands in a file is for the runs that it suits.
  const bool spools = !options_.request && !options_.verify && !options_.require_subscriber &&
                      !options_.print_results;
  if (settings->find("spool") != nullptr && spools) options_.spool = spool_;
  check_presence(*settings, connection_,
                 options_.source.streams() || options_.source.repeat > 1 ||
                     spool_.task == run::SpoolOptions::Task::follow || settings->on("wrap"),
                 options_.connection);
  options_.progress = options_.progress && !options_.verbosity.quiet;
  if (!options_.spool || options_.spool->connects()) {
    read_secrets(*settings, environment, connection_, options_.connection,
                 options_.verbosity.warnings);
  } else if (const Setting* file = settings->find("password-file");
             file != nullptr && file->value() == "-" && options_.source.reads_stdin()) {
    environment.line_of_stdin();  // Nobody is logged in to, but it is no message.
  }
  return std::move(options_);
}

}  // namespace

const Declarations& mqtt_pub() {
  static const PubReader reader;
  return reader.declared();
}

std::optional<PubOptions> read_pub(const std::vector<std::string>& arguments,
                                   const Environment& environment) {
  return PubReader{}.read(arguments, environment);
}

std::optional<PubOptions> parse_pub(int argc, char** argv) {
  PubReader reader;
  return reader.read(take_arguments(reader.declared(), argc, argv),
                     this_environment(argc > 0 ? argv[0] : ""));
}

}  // namespace mqtt_tools::cli
