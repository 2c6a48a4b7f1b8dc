// SPDX-License-Identifier: MIT
#include "cli/arguments.hpp"

#include "catch.hpp"
#include "cli/fake_environment.hpp"

#include <cstring>

using namespace mqtt_tools;
using namespace mqtt_tools::cli;

namespace {

/// Lets take_arguments() read and wipe a copy of `words`; gives what is left, "|" between words.
std::string left_in_argv(const Declarations& declared, Words words) {
  words.insert(words.begin(), "program");
  std::vector<char*> argv;
  for (std::string& word : words) {
    argv.push_back(word.data());
  }
  argv.push_back(nullptr);
  take_arguments(declared, static_cast<int>(words.size()), argv.data());
  std::string left;
  for (std::size_t at = 1; at + 1 < argv.size(); ++at) {
    left += (left.empty() ? "" : "|") + std::string{argv[at]};
  }
  return left;
}

/// The values of the option with `key`, as `words` give them.
Words values(const Declarations& declared, const Words& words, std::string_view wanted) {
  for (const Setting& setting : read_command_line(declared, words).settings) {
    if (setting.option->key == wanted) {
      return setting.values;
    }
  }
  return {"not given"};
}

Words free_words(const Declarations& declared, const Words& words) {
  return read_command_line(declared, words).operands;
}

}  // namespace

TEST_CASE("an option with a value becomes its name and its value") {
  struct Row {
    Words given;
    Words ready;
  };
  const std::string user = joined(Words{"publish", "user-property", "k", "v"}, joint);
  const std::string type = joined(Words{"publish", "content-type", "text/plain"}, joint);
  const std::vector<Row> rows{
      {{"-p1883", "t"}, {"--port", "1883", "t"}},
      {{"--pw=x=y"}, {"--password", "x=y"}},
      {{"--stdin-line", "-n"}, {"--lines", "--null-message"}},
      {{"--message=", "t"}, {"--message", "", "t"}},
      {{"-rvq1", "t"}, {"--retain", "--verbose", "--qos", "1", "t"}},
      {{"-m", "-D", "t"}, {"--message", "-D", "t"}},
      {{"-m", "--"}, {"--message", "--"}},
      {{"--", "-p", "1"}, {"--", "-p", "1"}},
      {{"-", "-5"}, {"-", "-5"}},
      {{"--nothing", "-Zq"}, {"--nothing", "-Zq"}},
      {{"-D", "publish", "user-property", "k", "v", "t", "m"}, {"--property", user, "t", "m"}},
      {{"-D", "publish", "content-type", "text/plain", "t", "m"}, {"--property", type, "t", "m"}},
      {{"--property=publish", "content-type", "text/plain", "t"}, {"--property", type, "t"}},
      {{"-rDpublish", "content-type", "text/plain"}, {"--retain", "--property", type}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.given);
    CHECK(prepared(mqtt_pub(), row.given) == row.ready);
  }
}

TEST_CASE("an option whose value is missing is refused before anything else is looked at") {
  CHECK_THROWS_WITH(prepared(mqtt_pub(), {"t", "-p"}), "--port needs N after it");
  CHECK_THROWS_WITH(
      prepared(mqtt_pub(), {"-D", "publish", "user-property", "k"}),
      "--property needs COMMAND NAME VALUE after it, such as: -D publish user-property KEY VALUE");
  CHECK_THROWS_AS(prepared(mqtt_pub(), {"-D"}), UsageError);
  CHECK_THROWS_AS(prepared(mqtt_pub(), {"-D", "publish"}), UsageError);
  CHECK_THROWS_WITH(prepared(mqtt_pub(), {"--retain=yes"}), "--retain takes no value");
}

TEST_CASE("the list of processes shows no secret after the start") {
  struct Row {
    Words given;
    std::string left;
  };
  const std::vector<Row> rows{
      {{"-P", "s3cret", "t"}, "-P|*|t"},
      {{"-Ps3cret"}, "-P*"},
      {{"-rP", "s3cret"}, "-rP|*"},
      {{"--password", "s3cret"}, "--password|*"},
      {{"--password=s3cret"}, "--password=*"},
      {{"--pw=s3cret"}, "--pw=*"},
      {{"-L", "mqtts://joe:s3cret@h/t"}, "-L|mqtts://*@h/t"},
      {{"--broker=mqtt://joe:s3@cret@h"}, "--broker=mqtt://*@h"},
      {{"-L", "mqtt://h/t"}, "-L|mqtt://h/t"},
      {{"--psk", "0123"}, "--psk|*"},
      {{"--http-proxy", "http://joe:s3cret@h:1"}, "--http-proxy|http://*@h:1"},
      {{"--ws-header", "Authorization: Bearer s3cret"}, "--ws-header|Authorization:*"},
      {{"-D", "connect", "authentication-data", "s3cret"}, "-D|connect|authentication-data|*"},
      {{"-D", "Connect", "Authentication-Data", "s3cret"}, "-D|Connect|Authentication-Data|*"},
      {{"-L", "mqtt://joe:s3/cret"}, "-L|mqtt://joe:*"},
      {{"-L", "ws://h/p#s3cret"}, "-L|ws://h/p#*"},
      {{"-L", "mqtt://h:1883/a/#"}, "-L|mqtt://h:1883/a/#"},
      {{"-D", "publish", "user-property", "k", "v"}, "-D|publish|user-property|k|v"},
      {{"-m", "-P", "t"}, "-m|-P|t"},
      {{"--", "-P", "t"}, "--|-P|t"},
      {{"-h", "joe:s3cret@h"}, "-h|*@h"},
      {{"-P", ""}, "-P|"},
      {{"t", "-P"}, "t|-P"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.given);
    CHECK(left_in_argv(mqtt_pub(), row.given) == row.left);
  }
}

TEST_CASE("wiping leaves not one byte of the secret behind its end") {
  std::string program = "program";
  std::string name = "-P";
  std::string word = "s3cret";
  char* argv[] = {program.data(), name.data(), word.data(), nullptr};
  const Words words = take_arguments(mqtt_pub(), 3, argv);
  CHECK(words == Words{"-P", "s3cret"});
  CHECK(word == std::string("*\0\0\0\0\0", 6));
}

TEST_CASE("a program started without even a name has no arguments") {
  char* argv[] = {nullptr};
  CHECK(take_arguments(mqtt_sub(), 0, argv).empty());
}

TEST_CASE("a token in the query of a URL is wiped, also one with an @") {
  for (const char* url : {"ws://h/p?token=s3cret", "ws://h/p?token=a@s3cret",
                          "ws://h:9001/p?token=s3cret@b", "ws://u:p@h/p?token=s3cret@s3cret"}) {
    CAPTURE(url);
    const auto left = left_in_argv(mqtt_pub(), {"-L", url});
    CHECK(left.find("s3cret") == std::string::npos);
    CHECK(left.find("ws://") != std::string::npos);
  }
}

TEST_CASE("an option takes one value and leaves the next word alone") {
  CHECK(free_words(mqtt_pub(), {"-h", "a", "t", "m"}) == Words{"t", "m"});
  CHECK(free_words(mqtt_pub(), {"--field", "a=1", "top", "m"}) == Words{"top", "m"});
  CHECK(free_words(mqtt_sub(), {"-t", "a", "b", "c"}) == Words{"b", "c"});
  CHECK(values(mqtt_sub(), {"-t", "a", "-t", "b", "c"}, "topic") == Words{"a", "b"});
}

TEST_CASE("values arrive as they were written") {
  CHECK(values(mqtt_sub(), {"--expect", R"(["a","b"])"}, "expect") == Words{R"(["a","b"])"});
  CHECK(values(mqtt_pub(), {"--field", "b:={\"x\":[1,2]}"}, "field") == Words{"b:={\"x\":[1,2]}"});
  for (const char* value : {"-5", "--help", "", "'x'", "%%", "[x]", "a,b", "{}", "\"q\"", "=5"}) {
    CHECK(values(mqtt_pub(), {"-m", value, "t"}, "message") == Words{value});
    CHECK(values(mqtt_pub(), {std::string{"--message="} + value, "t"}, "message") == Words{value});
  }
}

TEST_CASE("words may be anything that is not an option") {
  for (const char* word : {"-5", "[x]", "", "-", "a b", "x=y", "+/#", "{\"a\":[1]}"}) {
    CHECK(free_words(mqtt_sub(), {"top", word}) == Words{"top", word});
  }
  CHECK(free_words(mqtt_pub(), {"--", "-x", "--", "-m"}) == Words{"-x", "--", "-m"});
}

TEST_CASE("letters of flags may stand together") {
  CHECK(values(mqtt_sub(), {"-vN0"}, "verbose").empty());
  CHECK(values(mqtt_sub(), {"-vN0"}, "N").empty());
  CHECK(values(mqtt_sub(), {"-vNC5", "t"}, "count") == Words{"5"});
}

TEST_CASE("an unknown option is named alone, with the one that was meant") {
  CHECK_THROWS_WITH(read_command_line(mqtt_pub(), {"--pasword", "s3cret", "t"}),
                    "unknown option --pasword; did you mean --password?");
  CHECK_THROWS_WITH(read_command_line(mqtt_pub(), {"--passwort=s3cret"}),
                    "unknown option --passwort; did you mean --password?");
  CHECK_THROWS_WITH(read_command_line(mqtt_pub(), {"top", "-Zs3cret"}),
                    "unknown option -Z; see --help all");
  CHECK_THROWS_WITH(read_command_line(mqtt_pub(), {"--frobnicate"}),
                    "unknown option --frobnicate; see --help all");
  CHECK_THROWS_WITH(read_command_line(mqtt_pub(), {"--\x1b[31m"}),
                    "unknown option --\\x1b[31m; see --help all");
}

TEST_CASE("a letter or digit behind a flag is no value of it") {
  for (const auto& [word, error] :
       {std::pair{"-r1", "-r takes no value, and there is no option -1"},
        {"-v5", "-v takes no value, and there is no option -5"},
        {"-rv2", "-v takes no value, and there is no option -2"},
        {"-n0", "-n takes no value, and there is no option -0"},
        {"-dz", "-d takes no value, and there is no option -z"},
        {"-r=1", "-r takes no value, and there is no option -="},
        {"-r\u00e9", "-r takes no value, and there is no option -\u00e9"},
        {"-r\x1b", "-r takes no value, and there is no option -\\x1b"}}) {
    CAPTURE(word);
    CHECK_THROWS_WITH(read_command_line(mqtt_pub(), {word, "t", "m"}), error);
  }
  CHECK_THROWS_WITH(read_command_line(mqtt_sub(), {"-v1", "t"}),
                    "-v takes no value, and there is no option -1");
  CHECK_THROWS_WITH(read_command_line(mqtt_sub(), {"-05", "t"}),
                    "-0 takes no value, and there is no option -5");
  CHECK(values(mqtt_pub(), {"-vq1", "t"}, "qos") == Words{"1"});
  CHECK(free_words(mqtt_sub(), {"-5x"}) == Words{"-5x"});
}

TEST_CASE("a long name behind a single dash is not taken for letters, whichever it is") {
  for (const Declarations* declared : {&mqtt_pub(), &mqtt_sub()}) {
    for (const Option& option : declared->options()) {
      for (const std::string_view name : names(option)) {
        if (name.size() < 4) continue;
        const std::string word{name.substr(1)};
        CAPTURE(declared->name, word);
        const std::string error = word + ": long names begin with two dashes; " +
                                  (word == "-help" ? std::string{"see "} : std::string{"write "}) +
                                  std::string{name};
        CHECK_THROWS_WITH(read_command_line(*declared, {word, "x"}), error);
        CHECK_THROWS_WITH(read_command_line(*declared, {word + "=x"}), error);
      }
    }
  }
  CHECK(values(mqtt_pub(), {"-hosts", "t"}, "host") == Words{"osts"});
  CHECK(values(mqtt_pub(), {"-m", "-help", "t"}, "message") == Words{"-help"});
  CHECK(free_words(mqtt_pub(), {"--", "-help"}) == Words{"-help"});
}

TEST_CASE("a dash that word processors make of ours is named") {
  for (const auto& [word, meant] : {std::pair{"\u2013t", "-t"},
                                    {"\u2014retain", "--retain"},
                                    {"\u2013-retain", "--retain"},
                                    {"\u2212q", "-q"},
                                    {"\uff0dp1883", "-p"},
                                    {"\u2013vt", "-vt"},
                                    {"\u2013rq1", "-rq"},
                                    {"-\u2013qos=1", "--qos"},
                                    {"\u2010h", "-h"},
                                    {"\u2015lines", "--lines"},
                                    {"\u2014\u2014help", "--help"}}) {
    CAPTURE(word);
    try {
      read_command_line(mqtt_pub(), {word, "x", "m"});
      FAIL("no error");
    } catch (const UsageError& error) {
      const std::string text = error.what();
      CHECK(text.find(std::string{" begins with a dash that is not '-'; type "} + meant) !=
            std::string::npos);
    }
  }
  for (const char* word :
       {"\u2013 see above", "\u2014", "\u20135 degrees", "\u2013topics", "a\u2013t"}) {
    CAPTURE(word);
    CHECK(free_words(mqtt_pub(), {"t", word}) == Words{"t", word});
  }
  CHECK(free_words(mqtt_pub(), {"--", "\u2013t"}) == Words{"\u2013t"});
  CHECK(values(mqtt_pub(), {"-m", "\u2013t"}, "message") == Words{"\u2013t"});
}

TEST_CASE("options of other tools are answered with ours, or that there is none") {
  struct Row {
    std::string word;
    std::string answer;
  };
  const std::vector<Row> rows{
      {"-S", "there is none for SRV records of DNS; repeat --host for brokers to try"},
      {"--proxy", "there is none for SOCKS; --http-proxy URL is for HTTP proxies"},
      {"--tls-engine",
       "there is none for keys in an OpenSSL engine; --key FILE takes a key in PEM"},
      {"--tls-engine-kpass-sha1",
       "there is none for keys in an OpenSSL engine; --key FILE takes a key in PEM"},
      {"--tls-keylog", "there is none for a log of TLS keys"},
      {"--pretty", "ours is -o pretty, of mqtt-sub"},
      {"--hostname", "ours is --host HOST"},
      {"--ca=x", "ours is --cafile FILE"},
      {"--payload", "ours is --message TEXT"},
      {"--content-type", "it is a property: -D publish NAME VALUE"},
      {"--message_expiry", "it is a property: -D publish NAME VALUE"},
      {"--cleanStart", "it is the default; --no-clean asks for the other"},
      {"--keypass", "ours is --keypass-file FILE"},
      {"-e", "ours is --request --response-topic TOPIC"},
      {"-?", "ours is --help"},
      {"--no-local", "mqtt-sub has it"},
      {"--pass", "did you mean --password?"},
      {"--keepAlive", "did you mean --keepalive?"},
      {"--retained", "did you mean --retain?"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.word);
    const std::string name = row.word.substr(0, row.word.find('='));
    CHECK_THROWS_WITH(read_command_line(mqtt_pub(), {row.word, "s3cret", "t"}),
                      "unknown option " + name + "; " + row.answer);
  }
  CHECK_THROWS_WITH(read_command_line(mqtt_sub(), {"--pretty"}),
                    "unknown option --pretty; ours is -o pretty");
  CHECK_THROWS_WITH(read_command_line(mqtt_sub(), {"--replay", "f"}),
                    "unknown option --replay; mqtt-pub has it");
  CHECK_THROWS_WITH(read_command_line(mqtt_pub(), {"--" + std::string(500, 'x')}),
                    "unknown option --" + std::string(58, 'x') + "...; see --help all");
}

TEST_CASE("help and version are pointed to where other programs have them") {
  CHECK_THROWS_WITH(prepared(mqtt_pub(), {"-h"}),
                    "--host needs HOST[:PORT] after it; help is --help");
  CHECK_THROWS_WITH(
      prepared(mqtt_sub(), {"-V"}),
      "--protocol-version needs V after it; the version of this program is --version");
}

TEST_CASE("the distance of two words counts changes, additions, losses and swaps") {
  CHECK(distance("port", "port") == 0);
  CHECK(distance("port", "prt") == 1);
  CHECK(distance("hots", "host") == 1);
  CHECK(distance("", "abc") == 3);
  CHECK(distance("kitten", "sitting") == 3);
}
