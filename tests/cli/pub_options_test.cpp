// SPDX-License-Identifier: MIT
#include "cli/pub_options.hpp"

#include "catch.hpp"
#include "cli/declarations.hpp"
#include "cli/fake_environment.hpp"
#include "cli/temporary_folder.hpp"

#include <functional>

using namespace mqtt_tools;
using namespace mqtt_tools::cli;
using namespace std::chrono_literals;

namespace {

using Kind = feed::SourceOptions::Kind;
using Input = payload::EnvelopeOptions::Input;
using Encoding = payload::EnvelopeOptions::Encoding;

struct Row {
  Words words;
  std::function<bool(const PubOptions&)> filled;
};

const std::vector<Row>& rows() {
  static const std::vector<Row> all{
      {{"a/b", "hello"},
       [](const PubOptions& o) {
         return o.source.kind == Kind::argument && o.source.prototype.topic == "a/b" &&
                o.source.text == "hello";
       }},
      {{"-t", "a", "-m", "x"},
       [](const PubOptions& o) { return o.source.prototype.topic == "a" && o.source.text == "x"; }},
      {{"-t", "a", "x"},
       [](const PubOptions& o) { return o.source.prototype.topic == "a" && o.source.text == "x"; }},
      {{"a", "-m", "x"},
       [](const PubOptions& o) { return o.source.prototype.topic == "a" && o.source.text == "x"; }},
      {{"-L", "mqtt://h/a/b", "x"},
       [](const PubOptions& o) {
         return o.source.prototype.topic == "a/b" && o.source.text == "x";
       }},
      {{"-L", "mqtt://h/a/b", "-m", "x"},
       [](const PubOptions& o) {
         return o.source.prototype.topic == "a/b" && o.source.text == "x";
       }},
      {{"-L", "mqtt://h/a", "b", "x"},
       [](const PubOptions& o) { return o.source.prototype.topic == "b" && o.source.text == "x"; }},
      {{"-L", "mqtt://h/a", "-t", "b", "x"},
       [](const PubOptions& o) { return o.source.prototype.topic == "b" && o.source.text == "x"; }},
      {{"-L", "ws://h/socket", "b", "x"},
       [](const PubOptions& o) { return o.source.prototype.topic == "b" && o.source.text == "x"; }},
      {{"top", "-5"}, [](const PubOptions& o) { return o.source.text == "-5"; }},
      {{"top", "-m", "-x"}, [](const PubOptions& o) { return o.source.text == "-x"; }},
      {{"--message=-5", "top"}, [](const PubOptions& o) { return o.source.text == "-5"; }},
      {{"--", "top", "-x"}, [](const PubOptions& o) { return o.source.text == "-x"; }},
      {{"top", ""},
       [](const PubOptions& o) {
         return o.source.kind == Kind::argument && o.source.text.empty();
       }},
      {{"-m", "", "top"},
       [](const PubOptions& o) {
         return o.source.kind == Kind::argument && o.source.text.empty();
       }},
      {{"a", "-f", "x.bin"},
       [](const PubOptions& o) {
         return o.source.kind == Kind::whole && o.source.file == "x.bin" &&
                !o.source.implicit_stdin && !o.source.keep_newline;
       }},
      {{"a", "--file", "-"},
       [](const PubOptions& o) {
         return o.source.kind == Kind::whole && !o.source.file && !o.source.implicit_stdin;
       }},
      {{"a", "-s"},
       [](const PubOptions& o) {
         return o.source.kind == Kind::whole && !o.source.file && !o.source.implicit_stdin;
       }},
      {{"a", "-s", "--raw"},
       [](const PubOptions& o) { return o.source.keep_newline && o.envelope.raw; }},
      {{"a", "-l"},
       [](const PubOptions& o) {
         return o.source.kind == Kind::lines && !o.source.file && !o.source.topic_from_line;
       }},
      {{"a", "-l", "-f", "x"},
       [](const PubOptions& o) { return o.source.kind == Kind::lines && o.source.file == "x"; }},
      {{"--topic-from-line", "--lines"},
       [](const PubOptions& o) {
         return o.source.topic_from_line && o.source.prototype.topic.empty();
       }},
      {{"a", "-n"},
       [](const PubOptions& o) {
         return o.source.kind == Kind::null && !o.source.prototype.retained;
       }},
      {{"a", "--null-message", "-r"},
       [](const PubOptions& o) {
         return o.source.kind == Kind::null && o.source.prototype.retained;
       }},
      {{"a", "--clear-retained"},
       [](const PubOptions& o) {
         return o.source.kind == Kind::null && o.source.prototype.retained;
       }},
      {{"a", "x", "-q", "2", "--retain"},
       [](const PubOptions& o) {
         return o.source.prototype.qos == Qos::exactly_once && o.source.prototype.retained;
       }},
      {{"a", "x", "--qos", "0"},
       [](const PubOptions& o) { return o.source.prototype.qos == Qos::at_most_once; }},
      {{"a", "x", "--repeat", "3", "--repeat-delay", "0.5"},
       [](const PubOptions& o) { return o.source.repeat == 3 && o.source.repeat_delay == 500ms; }},
      {{"a", "-l", "--rate", "2.5"}, [](const PubOptions& o) { return o.source.rate == 2.5; }},
      {{"a", "x", "--window", "1"}, [](const PubOptions& o) { return o.window == 1; }},
      {{"a", "x", "--ack-timeout", "7"}, [](const PubOptions& o) { return o.ack_timeout == 7s; }},
      {{"a", "1", "--json"},
       [](const PubOptions& o) { return o.envelope.input == Input::json && !o.envelope.raw; }},
      {{"a", "1", "--json", "--raw"},
       [](const PubOptions& o) { return o.envelope.input == Input::json && o.envelope.raw; }},
      {{"a", "ff", "--raw", "--from", "hex"},
       [](const PubOptions& o) { return o.envelope.input == Input::hex; }},
      {{"a", "ff", "--raw", "--from", "base64"},
       [](const PubOptions& o) { return o.envelope.input == Input::base64; }},
      {{"a", "x", "--field", "k=v=w", "--field", "n:=[1,2]", "--field", "c=a:=b"},
       [](const PubOptions& o) {
         const auto& f = o.envelope.fields;
         using Form = payload::Field::Form;
         return f.size() == 3 && f[0].key == "k" && f[0].value == "v=w" &&
                f[0].form == Form::text && f[1].key == "n" && f[1].value == "[1,2]" &&
                f[1].form == Form::json && f[2].key == "c" && f[2].value == "a:=b" &&
                f[2].form == Form::text;
       }},
      {{"a", "x", "--message-key", "m", "--time-key", "t"},
       [](const PubOptions& o) {
         return o.envelope.message_key == "m" && o.envelope.time_key == "t";
       }},
      {{"a", "x", "--time-format", "unix"},
       [](const PubOptions& o) { return o.envelope.time_format.text(Timestamp{}) == "0"; }},
      {{"a", "x", "--utc"},
       [](const PubOptions& o) {
         return o.envelope.time_format.text(Timestamp{}) == "1970-01-01 00-00-00";
       }},
      {{"a", "x", "--utc", "--time-format", "%H"},
       [](const PubOptions& o) { return o.envelope.time_format.text(Timestamp{}) == "00"; }},
      {{"a", "x", "--encode", "cbor"},
       [](const PubOptions& o) {
         return o.envelope.encoding == Encoding::cbor && o.envelope.announce &&
                o.connection.version_5_only.empty();
       }},
      {{"a", "x", "--encode", "msgpack"},
       [](const PubOptions& o) {
         return o.envelope.encoding == Encoding::msgpack && o.envelope.announce;
       }},
      {{"a", "x", "--encode", "json"},
       [](const PubOptions& o) {
         return o.envelope.encoding == Encoding::json && o.envelope.announce;
       }},
      {{"a", "x", "-D", "publish", "user-property", "k", "v", "-D", "publish", "content-type", "c"},
       [](const PubOptions& o) {
         return o.source.prototype.properties.user.size() == 1 &&
                o.source.prototype.properties.user[0].second == "v" &&
                o.source.prototype.properties.content_type == "c" &&
                o.connection.version_5_only == "--property";
       }},
      {{"a", "x", "--request"},
       [](const PubOptions& o) {
         return o.request && !o.request->timeout && !o.request->response_topic &&
                o.connection.version_5_only == "--request";
       }},
      {{"a", "x", "--request", "-W", "2", "--response-topic", "r"},
       [](const PubOptions& o) {
         return o.request && o.request->timeout == 2s && o.request->response_topic == "r";
       }},
      {{"a", "x", "--request", "-o", "json", "--decode", "cbor"},
       [](const PubOptions& o) {
         return o.request->output.form == output::PrinterOptions::Form::json &&
                o.request->decode_as == payload::DecodeAs::cbor;
       }},
      {{"a", "x", "--request", "-F", "%p", "--color", "always"},
       [](const PubOptions& o) {
         return o.request->output.form == output::PrinterOptions::Form::format &&
                o.request->output.format == "%p" && o.request->output.colour;
       }},
      {{"a", "x", "--request", "--timeout", "0"},
       [](const PubOptions& o) { return o.request->timeout == 0s; }},
      {{"--replay", "f"},
       [](const PubOptions& o) {
         return o.source.kind == Kind::replay && o.source.file == "f" && o.source.speed == 0 &&
                !o.source.keep_retain && !o.source.skip_bad_lines;
       }},
      {{"--replay", "-", "--speed", "2", "--topic-prefix", "p/", "--keep-retain",
        "--skip-bad-lines"},
       [](const PubOptions& o) {
         return o.source.kind == Kind::replay && !o.source.file && o.source.speed == 2 &&
                o.source.topic_prefix == "p/" && o.source.keep_retain && o.source.skip_bad_lines;
       }},
      {{"a", "x", "-v"},
       [](const PubOptions& o) { return o.verbosity.verbose && !o.verbosity.quiet && o.progress; }},
      {{"a", "x", "--quiet", "--debug"},
       [](const PubOptions& o) { return o.verbosity.quiet && o.verbosity.debug && !o.progress; }},
      {{"a", "x", "--no-progress"}, [](const PubOptions& o) { return !o.progress; }},
  };
  return all;
}

}  // namespace

TEST_CASE("each option of mqtt-pub fills what it is for") {
  for (const Row& row : rows()) {
    CAPTURE(row.words);
    CHECK(row.filled(FakeEnvironment{}.pub(row.words)));
  }
}

TEST_CASE("mqtt-pub has the defaults that --help names") {
  const PubOptions options = FakeEnvironment{}.pub({"t", "m"});
  CHECK(options.source.prototype.qos == Qos::at_least_once);
  CHECK_FALSE(options.source.prototype.retained);
  CHECK(options.source.repeat == 1);
  CHECK_FALSE(options.source.rate);
  CHECK(options.window == 64);
  CHECK(options.ack_timeout == 30s);
  CHECK(options.envelope.message_key == "msg");
  CHECK(options.envelope.time_key == "data");
  CHECK_FALSE(options.envelope.announce);
  CHECK_FALSE(options.request);
  CHECK(options.progress);
}

TEST_CASE("without a message a stdin that has something to give is the message") {
  FakeEnvironment fake;
  fake.stdin_gives = true;
  const PubOptions options = fake.pub({"t"});
  CHECK(options.source.kind == Kind::whole);
  CHECK(options.source.implicit_stdin);
  CHECK_FALSE(options.source.file);
  CHECK_FALSE(fake.pub({"t", "m"}).source.implicit_stdin);
  CHECK(FakeEnvironment{}.pub_error({"t"}) ==
        "no message given; such as: mqtt-pub TOPIC MESSAGE, or -n for an empty payload; more: "
        "--help");
}

TEST_CASE("a path in a URL of the environment is the topic only when none is given") {
  FakeEnvironment fake;
  fake.variables["MQTT_URL"] = "mqtt://h/far";
  CHECK(fake.pub({"near", "m"}).source.prototype.topic == "near");
  CHECK(fake.pub({"-m", "m"}).source.prototype.topic == "far");
  CHECK(fake.pub_error({"word"}).rfind("no message given", 0) == 0);
}

TEST_CASE("what cannot be published is refused in one line that says what would be right") {
  struct Row {
    Words words;
    std::string error;
  };
  const std::string twice = "the message is given twice: ";
  const std::vector<Row> refusals{
      {{},
       "no message given; such as: mqtt-pub TOPIC MESSAGE, or -n for an empty payload; more: "
       "--help"},
      {{"-m", "x"}, "no topic given; such as: mqtt-pub TOPIC MESSAGE"},
      {{"a", "b", "c"}, "too many words: 'c' is the third; put a message with spaces in quotes"},
      {{"a", "--wrap", "echo", "hi"},
       "--wrap needs the command behind all options and --, such as: mqtt-pub TOPIC --wrap -- make "
       "all"},
      {{"-t", "a", "b", "c"}, "the topic is given twice: 'b' and --topic"},
      {{"-t", "a", "-t", "b/+", "c"},
       "the topic \"b/+\" contains the wildcard +; messages are published to one topic, wildcards "
       "are for subscribing"},
      {{"a", "-m", "b", "-m", "c"}, "--message is given twice; leave one of them out"},
      {{"-t", "a", "-m", "b", "c"}, twice + "'c' and --message"},
      {{"a", "c", "-m", "b"}, twice + "'c' and --message"},
      {{"-L", "mqtt://h/a", "-m", "b", "c"}, twice + "'c' and --message"},
      {{"a", "b", "-n"}, twice + "'b' and --null-message"},
      {{"a", "-m", "b", "-l"}, twice + "--message and --lines"},
      {{"a", "-s", "-f", "x"}, twice + "--file and --stdin"},
      {{"a", "-s", "-l"}, twice + "--lines and --stdin"},
      {{"a", "-n", "--replay", "f"}, twice + "--null-message and --replay"},
      {{"--replay", "f", "-t", "a"},
       "--replay takes the topic from each record; see --topic-prefix"},
      {{"a", "-l", "--topic-from-line"},
       "--topic-from-line takes the topic from each line; leave out the other"},
      {{"--topic-from-line", "-m", "x"}, "--topic-from-line needs --lines"},
      {{"a", "x", "-q", "3"}, "--qos must be a whole number from 0 to 2, not '3'"},
      {{"a", "x", "--repeat", "0"}, "--repeat must be a whole number of at least 1, not '0'"},
      {{"a", "-l", "--repeat", "2"}, "--repeat needs one message, not --lines"},
      {{"--replay", "f", "--repeat", "2"}, "--repeat needs one message, not --replay"},
      {{"a", "x", "--repeat-delay", "2"}, "--repeat-delay needs --repeat"},
      {{"a", "x", "--rate", "0"}, "--rate must be more than 0, not '0'"},
      {{"a", "x", "--window", "0"}, "--window must be a whole number from 1 to 65535, not '0'"},
      {{"a", "x", "--window", "65536"},
       "--window must be a whole number from 1 to 65535, not '65536'"},
      {{"a", "x", "-W", "1"}, "--timeout needs --request or --verify"},
      {{"a", "x", "--response-topic", "r"}, "--response-topic needs --request"},
      {{"a", "x", "-o", "raw"},
       "--output needs --request; without it there is -o json only, a line for each message"},
      {{"a", "x", "-q", "0", "--require-subscriber"},
       "--require-subscriber needs QoS 1 or 2: with 0 no broker says who had it"},
      {{"a", "x", "--stamp", "-V", "3.1"},
       "--stamp needs MQTT 5; leave out --protocol-version or say 5"},
      {{"a", "x", "--verify"}, twice + "'x' and --verify"},
      {{"a", "-r", "--verify"}, "--retain would leave the message of --verify behind"},
      {{"-t", "a", "-t", "b", "--verify"}, "--verify takes one topic"},
      {{"q/r", "x", "--request", "--response-topic", "q/r"},
       "--response-topic must differ from the topic of the request, which would come back as its "
       "own answer"},
      {{"a", "x", "--select", "/a"}, "--select needs --request"},
      {{"a", "-l", "--request"}, "--request needs one message, not --lines"},
      {{"a", "x", "--repeat", "2", "--request"}, "--request needs one message, not --repeat"},
      {{"a", "x", "-V", "4", "--request"},
       "--request needs MQTT 5; leave out --protocol-version or say 5"},
      {{"a", "x", "--speed", "2"}, "--speed needs --replay"},
      {{"a", "x", "--keep-retain"}, "--keep-retain needs --replay"},
      {{"a", "x", "--skip-bad-lines"}, "--skip-bad-lines needs --replay"},
      {{"a", "x", "--topic-prefix", "p"}, "--topic-prefix needs --replay"},
      {{"--replay", "f", "-r"}, "--retain has no meaning with --replay; see --keep-retain"},
      {{"--replay", "f", "--json"},
       "--json has no meaning with --replay, which publishes payloads as they were"},
      {{"a", "-n", "--field", "k=v"}, "--field has no meaning for an empty payload"},
      {{"a", "x", "--raw", "--field", "k=v"},
       "--field belongs to the envelope, which --raw leaves out"},
      {{"a", "x", "--raw", "--encode", "cbor"},
       "--encode belongs to the envelope, which --raw leaves out"},
      {{"a", "x", "--raw", "--utc"}, "--utc belongs to the envelope, which --raw leaves out"},
      {{"a", "x", "--from", "hex"}, "--from needs --raw: an envelope holds text, not bytes"},
      {{"a", "x", "--raw", "--from", "uu"}, "--from must be one of hex, base64, not 'uu'"},
      {{"a", "x", "--raw", "--json", "--from", "hex"},
       "--from and --json exclude each other, use one of them"},
      {{"a", "x", "--encode", "bson"}, "--encode must be one of json, cbor, msgpack, not 'bson'"},
      {{"a", "x", "--field", "k"}, "--field must be KEY=TEXT or KEY:=JSON, not 'k'"},
      {{"a", "x", "--field", "=v"}, "--field must be KEY=TEXT or KEY:=JSON, not '=v'"},
      {{"a", "x", "-D", "subscribe", "user-property", "k", "v"},
       "--property: mqtt-pub sends no SUBSCRIBE"},
      {{"a", "x", "--request", "-D", "publish", "response-topic", "r"},
       "--request: the answer's topic is for --response-topic, not -D publish"},
      {{"a", "x", "--enqueue"}, "--enqueue needs --spool"},
      {{"--drain"}, "--drain needs --spool"},
      {{"--spool-list"}, "--spool-list needs --spool"},
      {{"a", "x", "--spool-limit", "1MB"}, "--spool-limit needs --spool"},
      {{"a", "x", "--spool", "d", "--follow"}, "--follow needs --drain"},
      {{"a", "x", "--spool", "d", "--enqueue", "--drain"},
       "--drain and --enqueue exclude each other, use one of them"},
      {{"--spool", "d", "--drain", "--spool-list"},
       "--spool-list and --drain exclude each other, use one of them"},
      {{"a", "x", "--spool", "d", "--request"},
       "--spool and --request exclude each other, use one of them"},
      {{"a", "--spool", "d", "--drain"}, "--drain makes no message: leave out 'a'"},
      {{"--spool", "d", "--drain", "-l"},
       "--lines has no meaning with --drain, which makes no message"},
      {{"--spool", "d", "--drain", "--stamp"},
       "--stamp has no meaning with --drain, which makes no message"},
      {{"--spool", "d", "--spool-list", "--encode", "cbor"},
       "--encode has no meaning with --spool-list, which makes no message"},
      {{"--spool", "d", "--spool-list", "-t", "a"},
       "--topic has no meaning with --spool-list, which makes no message"},
      {{"a", "x", "--spool", "d", "--spool-limit", "0"},
       "--spool-limit must be a size from 1 to 1000000000000000 bytes, such as 64KiB or 10MB, not "
       "'0'"},
      {{"a", "x", "--spool", ""}, "--spool needs DIR, not an empty string"},
      {{"a", "x", "--no-local"}, "unknown option --no-local; mqtt-sub has it"},
  };
  for (const Row& row : refusals) {
    CAPTURE(row.words);
    CHECK(FakeEnvironment{}.pub_error(row.words) == row.error);
  }
}

TEST_CASE("What is to be done with a spool is read") {
  using Task = run::SpoolOptions::Task;
  FakeEnvironment environment;
  CHECK_FALSE(environment.pub({"a", "x"}).spool);
  const auto spool = environment.pub({"a", "x", "--spool", "d", "--spool-limit", "64KiB"}).spool;
  REQUIRE(spool);
  CHECK(spool->folder == "d");
  CHECK(spool->limit == 65'536);
  CHECK(spool->task == Task::publish);
  const auto task = [&](const Words& words) { return environment.pub(words).spool.value().task; };
  CHECK(task({"a", "x", "--spool", "d", "--enqueue"}) == Task::enqueue);
  CHECK(task({"--spool", "d", "--drain"}) == Task::drain);
  CHECK(task({"--spool", "d", "--drain", "--follow"}) == Task::follow);
  CHECK(task({"--spool", "d", "--spool-list"}) == Task::list);
}

TEST_CASE("a form of output that stands in a file does not stand in the way of a spool") {
  const TemporaryFolder folder;
  const std::string file = folder.write("c.toml", "output = \"json\"\n");
  const auto spool = [&](Words words) {
    words.insert(words.end(), {"--spool", "d", "--config", file});
    return FakeEnvironment{}.pub(words).spool.has_value();
  };
  CHECK(spool({"a", "x"}));
  CHECK(spool({"a", "x", "--enqueue"}));
  CHECK(spool({"--drain"}));
  CHECK(FakeEnvironment{}.pub_error({"a", "x", "--spool", "d", "-o", "json"}) ==
        "--spool and --output exclude each other, use one of them");
}

TEST_CASE("help as a word is a topic without a message, and points to the option") {
  CHECK(FakeEnvironment{}.pub_error({"help"}) ==
        "no message given for the topic 'help'; --help shows what there is");
  CHECK(FakeEnvironment{}.pub({"help", "m"}).source.prototype.topic == "help");
}

TEST_CASE("what is long is cut short in an error") {
  const std::string long_word(500, 'x');
  const std::string cut = "'" + std::string(60, 'x') + "...'";
  CHECK(FakeEnvironment{}.pub_error({"a", "b", long_word}).find(cut + " is the third") !=
        std::string::npos);
  CHECK(FakeEnvironment{}.pub_error({"a", long_word, "-m", "b"}).find(cut) != std::string::npos);
  CHECK(FakeEnvironment{}.pub_error({"a", "b", "-q", long_word}).find(cut) != std::string::npos);
  CHECK(FakeEnvironment{}.pub_error({"a", "b", "--wait", std::string(300, '9')}).size() < 150);
  CHECK(FakeEnvironment{}.pub_error({"a", "b", "--encode", long_word}).find(cut) !=
        std::string::npos);
}

TEST_CASE("topics that brokers refuse are refused before connecting") {
  for (const char* topic : {"", "a/+", "#", "a\x01", "\xff"}) {
    CAPTURE(topic);
    CHECK_FALSE(FakeEnvironment{}.pub_error({topic, "m"}).empty());
    CHECK_FALSE(FakeEnvironment{}.pub_error({"t", "m", "--will-topic", topic}).empty());
    CHECK_FALSE(
        FakeEnvironment{}.pub_error({"t", "m", "--request", "--response-topic", topic}).empty());
  }
  CHECK_FALSE(FakeEnvironment{}.pub_error({std::string(65'536, 'x'), "m"}).empty());
}

TEST_CASE("no error repeats a secret") {
  const std::vector<Words> all{
      {"--pasword", "s3cret", "t"},
      {"--passwrd=s3cret", "t"},
      {"-P", "s3cret", "--ask-password", "t", "m"},
      {"-L", "mqtt://joe:s3cret@h:99999", "t", "m"},
      {"-L", "nonsense://joe:s3cret@h", "t", "m"},
      {"-L", "mqtt://joe:s3cret@", "t", "m"},
      {"-L", "joe:s3cret@h", "t", "m"},
      {"-L", "mqtt://joe:s3cret@h x", "t", "m"},
      {"-L", "mqtt://joe:%zzs3cret@h", "t", "m"},
      {"-h", "joe:s3cret@h", "t", "m"},
      {"--psk", "s3cret", "--psk-identity", "x", "t", "m"},
      {"--ws-header", "s3cret", "-L", "ws://h", "t", "m"},
      {"--http-proxy", "ftp://joe:s3cret@h", "t", "m"},
      {"--http-proxy", "http://joe:s3cret@h:0", "t", "m"},
      {"-D", "connect", "authentication-data", "s3cret", "-V", "3.1.1", "t", "m"},
      {"-D", "publish", "authentication-data", "s3cret", "t", "m"},
      {"-P", "s3cret", "-V", "3.1", "t", "m"},
      {"-P", "s3cret"},
  };
  for (const Words& words : all) {
    CAPTURE(words);
    const std::string error = FakeEnvironment{}.pub_error(words);
    CHECK_FALSE(error.empty());
    CHECK(error.find("s3cret") == std::string::npos);
    CHECK(error.find('\n') == std::string::npos);
  }
}

TEST_CASE("a password that goes in plain text to another machine is worth a line") {
  const auto warnings = [](const Words& words, FakeEnvironment& fake) {
    Words all = words;
    all.insert(all.end(), {"t", "m"});
    std::string text;
    for (const run::Warning& warning : fake.pub(all).verbosity.warnings) {
      CHECK_FALSE(warning.always);
      text += warning.text + "\n";
    }
    return text;
  };
  FakeEnvironment fake;
  CHECK(warnings({"-h", "far", "-u", "joe", "-P", "s3cret"}, fake) ==
        "the password goes to far in plain text; --tls encrypts it\n");
  CHECK(warnings({"-h", "far", "-u", "joe", "-P", "x", "--tls"}, fake).empty());
  CHECK(warnings({"-h", "far", "-u", "joe"}, fake).empty());
  for (const char* host : {"localhost", "127.0.0.1", "127.1.2.3", "::1", "x.localhost"}) {
    CHECK(warnings({"-h", host, "-u", "joe", "-P", "x"}, fake).empty());
  }
  fake.variables["MQTT_PASSWORD"] = "s3cret";
  CHECK(warnings({"-h", "far", "-u", "joe"}, fake) ==
        "the password from environment MQTT_PASSWORD goes to far in plain text; --tls encrypts "
        "it\n");
}

TEST_CASE("each option of mqtt-pub that rules out others stands alone") {
  for (const Words& words : std::vector<Words>{{"a", "x", "--spool", "d", "--enqueue"},
                                               {"--spool", "d", "--drain"},
                                               {"--spool", "d", "--spool-list"},
                                               {"a", "x", "--request", "--select", "/a"},
                                               {"a", "x", "--require-subscriber"},
                                               {"a", "x", "-o", "json"},
                                               {"a", "--verify"},
                                               {"a", "--wrap", "--", "true"},
                                               {"a", "--clear-retained"},
                                               {"a", "1", "--json"},
                                               {"--replay", "file"}}) {
    CAPTURE(words);
    CHECK(FakeEnvironment{}.pub_error(words).empty());
  }
}
