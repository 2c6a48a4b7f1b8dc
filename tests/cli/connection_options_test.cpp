// SPDX-License-Identifier: MIT
#include "cli/connection_options.hpp"

#include "catch.hpp"
#include "cli/fake_environment.hpp"
#include "cli/temporary_folder.hpp"

#include <functional>
#include <tuple>

using namespace mqtt_tools;
using namespace mqtt_tools::cli;
using namespace std::chrono_literals;

namespace {

using connection::Options;
using connection::Transport;
using connection::Version;

struct Row {
  Words words;
  std::function<bool(const Options&)> filled;
};

struct Refusal {
  Words words;
  std::string error;
};

const std::vector<Row>& rows() {
  static const std::vector<Row> all{
      {{},
       [](const Options& o) {
         return o.endpoints.size() == 1 && o.endpoints[0].host == "localhost" &&
                o.endpoints[0].port == 0;
       }},
      {{"-L", "mqtt://joe:pw@h:1884"},
       [](const Options& o) {
         return o.endpoints[0].host == "h" && o.endpoints[0].port == 1884 &&
                o.credentials.username == "joe" && o.credentials.password == "pw";
       }},
      {{"--url", "ws://h/x"},
       [](const Options& o) {
         return o.transport == Transport::websocket && o.websocket_path == "/x" && !o.tls.on;
       }},
      {{"--broker", "wss://h"},
       [](const Options& o) {
         return o.transport == Transport::websocket && o.websocket_path == "/mqtt" && o.tls.on;
       }},
      {{"-L", "mqtt://[::1]:1884"},
       [](const Options& o) {
         return o.endpoints[0].host == "::1" && o.endpoints[0].port == 1884;
       }},
      {{"-h", "a", "--host", "b:5", "-p", "7"},
       [](const Options& o) {
         return o.endpoints == std::vector<connection::Endpoint>{{"a", 7}, {"b", 5}};
       }},
      {{"-h", "::1"}, [](const Options& o) { return o.endpoints[0].host == "::1"; }},
      {{"-p", "65535"}, [](const Options& o) { return o.endpoints[0].port == 65'535; }},
      {{"-i", "me"}, [](const Options& o) { return o.client_id == "me" && o.client_id_given; }},
      {{"--id", "me"}, [](const Options& o) { return o.client_id == "me"; }},
      {{"-I", "lab-"},
       [](const Options& o) {
         return o.client_id.rfind("lab-", 0) == 0 && o.client_id.size() == 20 && !o.client_id_given;
       }},
      {{"--id-prefix", "x"}, [](const Options& o) { return o.client_id.rfind("x", 0) == 0; }},
      {{"-u", "joe"},
       [](const Options& o) { return o.credentials.username == "joe" && !o.credentials.password; }},
      {{"--user", "joe", "--pw", ""},
       [](const Options& o) { return o.credentials.password == ""; }},
      {{"-u", "joe", "-P", "x"}, [](const Options& o) { return o.credentials.password == "x"; }},
      {{"-u", "joe", "--password-file", "-"},
       [](const Options& o) { return o.credentials.password == "from-stdin"; }},
      {{"-u", "joe", "--ask-password"},
       [](const Options& o) { return o.credentials.password == "asked"; }},
      {{"-V", "auto"}, [](const Options& o) { return o.version == Version::automatic; }},
      {{"-k", "0"}, [](const Options& o) { return o.keep_alive == 0s; }},
      {{"--keepalive", "65535"}, [](const Options& o) { return o.keep_alive == 65'535s; }},
      {{"-c", "-i", "me"},
       [](const Options& o) {
         return !o.clean_start && o.session_expiry == 0x7FFF'FFFFU && o.version_5_only.empty();
       }},
      {{"-c", "-i", "me", "-x", "60"},
       [](const Options& o) {
         return !o.clean_start && o.session_expiry == 60U && o.version_5_only.empty();
       }},
      {{"-x", "60"},
       [](const Options& o) {
         return o.clean_start && o.session_expiry == 60U && o.version_5_only == "--session-expiry";
       }},
      {{"--connect-timeout", "2.5"}, [](const Options& o) { return o.connect_timeout == 2500ms; }},
      {{"--wait", "7"}, [](const Options& o) { return o.wait == 7s; }},
      {{"--no-reconnect"}, [](const Options& o) { return !o.reconnect; }},
      {{"--reconnect-max", "0.05"}, [](const Options& o) { return o.reconnect_max == 50ms; }},
      {{"--reconnect-for", "9"}, [](const Options& o) { return o.reconnect_for == 9s; }},
      {{"-L", "ws://h", "--ws-header", "Authorization: Bearer x", "--ws-header", "X:y"},
       [](const Options& o) {
         return o.websocket_headers.size() == 2 &&
                o.websocket_headers[0] ==
                    std::pair<std::string, std::string>{"Authorization", "Bearer x"} &&
                o.websocket_headers[1].second == "y";
       }},
      {{"--http-proxy", "http://joe:pw@p:3128"},
       [](const Options& o) {
         return o.proxy && o.proxy->host == "p" && o.proxy->port == 3128 &&
                o.proxy->password == "pw";
       }},
      {{"--will-topic", "w", "--will-payload", "bye", "--will-qos", "2", "--will-retain",
        "--will-delay", "5"},
       [](const Options& o) {
         return o.will && o.will->message.topic == "w" && o.will->message.payload == "bye" &&
                o.will->message.qos == Qos::exactly_once && o.will->message.retained &&
                o.will->delay == 5U && o.version_5_only == "--will-delay";
       }},
      {{"--will-topic", "w", "--will-message", "x"},
       [](const Options& o) {
         return o.will && o.will->message.payload == "x" &&
                o.will->message.qos == Qos::at_most_once && !o.will->message.retained &&
                o.version_5_only.empty();
       }},
      {{"-D", "connect", "receive-maximum", "5", "-D", "disconnect", "reason-string", "x",
        "--property", "will", "content-type", "y", "--will-topic", "w"},
       [](const Options& o) {
         return o.connect_properties.size() == 1 && o.disconnect_properties.size() == 1 &&
                o.will->properties.size() == 1 && o.version_5_only == "--property";
       }},
      {{"-d"}, [](const Options& o) { return o.debug; }},
      {{"--tls"},
       [](const Options& o) { return o.tls.on && o.tls.verify && o.tls.ca_file.empty(); }},
      {{"--cafile", "f"}, [](const Options& o) { return o.tls.on && o.tls.ca_file == "f"; }},
      {{"--capath", "d"}, [](const Options& o) { return o.tls.on && o.tls.ca_path == "d"; }},
      {{"--cert", "c", "--key", "k"},
       [](const Options& o) { return o.tls.on && o.tls.certificate == "c" && o.tls.key == "k"; }},
      {{"--cert", "c"}, [](const Options& o) { return o.tls.on && o.tls.key.empty(); }},
      {{"--tls", "--insecure"}, [](const Options& o) { return o.tls.on && !o.tls.verify; }},
      {{"--ciphers", "HIGH"}, [](const Options& o) { return o.tls.on && o.tls.ciphers == "HIGH"; }},
      {{"--tls-version", "1.3"},
       [](const Options& o) { return o.tls.on && o.tls.minimum == connection::TlsVersion::v1_3; }},
      {{"--tls-alpn", "mqtt,x"},
       [](const Options& o) {
         return o.tls.on && o.tls.alpn == Words{"mqtt", "x"};
       }},
      {{"--psk", "0aF1", "--psk-identity", "me"},
       [](const Options& o) {
         return o.tls.on && o.tls.psk == "0aF1" && o.tls.psk_identity == "me";
       }},
      {{"-h", "h:8883"}, [](const Options& o) { return o.tls.on; }},
      {{"-p", "8883"}, [](const Options& o) { return o.tls.on; }},
      {{"-L", "ssl://h"}, [](const Options& o) { return o.tls.on; }},
      {{"-L", "tcp://h"}, [](const Options& o) { return !o.tls.on; }},
  };
  return all;
}

}  // namespace

TEST_CASE("each option of the connection fills what it is for, in both programs") {
  for (const Row& row : rows()) {
    CAPTURE(row.words);
    FakeEnvironment fake;
    Words pub = row.words;
    pub.insert(pub.end(), {"--", "t", "m"});
    CHECK(row.filled(fake.pub(pub).connection));
    Words sub = row.words;
    sub.push_back("t");
    CHECK(row.filled(fake.sub(sub).connection));
  }
}

TEST_CASE("the defaults are those that --help names") {
  const Options options = FakeEnvironment{}.pub({"t", "m"}).connection;
  CHECK(options.version == Version::automatic);
  CHECK(options.keep_alive == 30s);
  CHECK(options.connect_timeout == 10s);
  CHECK(options.wait == 0s);
  CHECK(options.reconnect_max == 30s);
  CHECK_FALSE(options.reconnect_for);
  CHECK(options.clean_start);
  CHECK_FALSE(options.tls.on);
  CHECK_FALSE(options.will);
}

TEST_CASE("every spelling of the protocol version is understood") {
  const std::vector<std::pair<const char*, Version>> spellings{
      {"5", Version::v5},
      {"5.0", Version::v5},
      {"mqttv5", Version::v5},
      {"3.1.1", Version::v3_1_1},
      {"311", Version::v3_1_1},
      {"4", Version::v3_1_1},
      {"mqttv311", Version::v3_1_1},
      {"3.1", Version::v3_1},
      {"31", Version::v3_1},
      {"3", Version::v3_1},
      {"mqttv31", Version::v3_1},
      {"auto", Version::automatic},
  };
  for (const auto& [spelling, version] : spellings) {
    CHECK(FakeEnvironment{}.pub({"-V", spelling, "t", "m"}).connection.version == version);
    CHECK(FakeEnvironment{}.sub({"--mqtt-version", spelling, "t"}).connection.version == version);
  }
}

TEST_CASE("the client id is short, plain, and another one in every process") {
  FakeEnvironment fake;
  const std::string id = fake.pub({"t", "m"}).connection.client_id;
  CHECK(id == "mqttpub2hwcf00000000001");
  CHECK(id.size() == 23);
  CHECK(fake.sub({"t"}).connection.client_id.rfind("mqttsub", 0) == 0);
  Environment other = fake.environment();
  other.random = 0xFFFF'FFFF'FFFF'FFFF;
  const std::string far = read_pub({"t", "m"}, other)->connection.client_id;
  CHECK(far.size() == 23);
  CHECK(far != id);
  CHECK(far.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyz") == std::string::npos);
}

TEST_CASE("wrong options of the connection are refused in one line that says what would be right") {
  const std::vector<Refusal> refusals{
      {{"-p", "0"}, "--port must be a whole number from 1 to 65535, not '0'"},
      {{"-p", "65536"}, "--port must be a whole number from 1 to 65535, not '65536'"},
      {{"-p", "0x10"}, "--port must be a whole number from 1 to 65535, not '0x10'"},
      {{"-p", "-1"}, "--port must be a whole number from 1 to 65535, not '-1'"},
      {{"-p", ""}, "--port must be a whole number from 1 to 65535, not ''"},
      {{"-k", "65536"},
       "--keepalive must be a whole number of seconds from 0 to 65535, such as 30 or 2m, not "
       "'65536'"},
      {{"-x", "2147483648"},
       "--session-expiry must be a whole number of seconds from 0 to 2147483647, such as 30 or 2m, "
       "not "
       "'2147483648'"},
      {{"-c"}, "--no-clean needs --client-id: the broker finds a session by its id"},
      {{"-V", "6"},
       "--protocol-version must be one of auto, 5, 3.1.1, 3.1, 5.0, 311, 31, 4, 3, "
       "mqttv5, mqttv311, mqttv31, not '6'"},
      {{"-V", "3.1.1", "-x", "5"},
       "--session-expiry needs MQTT 5; leave out --protocol-version or say 5"},
      {{"-V", "4", "-D", "connect", "receive-maximum", "5"},
       "--property needs MQTT 5; leave out --protocol-version or say 5"},
      {{"-V", "4", "--will-topic", "w", "--will-delay", "5"},
       "--will-delay needs MQTT 5; leave out --protocol-version or say 5"},
      {{"-V", "4", "-P", "x"}, "--password needs --username before MQTT 5"},
      {{"-i", ""}, "--client-id needs ID, not an empty string"},
      {{"-h", "joe:s3cret@h"}, "--host takes HOST or HOST:PORT; a URL is for --url"},
      {{"-h", "mqtt://h"}, "--host takes HOST or HOST:PORT; a URL is for --url"},
      {{"--connect-timeout", "0"}, "--connect-timeout must be more than 0, not '0'"},
      {{"--no-reconnect", "--reconnect-for", "5"},
       "--reconnect-for has no meaning with --no-reconnect"},
      {{"--ws-header", "K: s3cret"}, "--ws-header needs WebSocket: --url ws://… or wss://…"},
      {{"-L", "ws://h", "--ws-header", "s3cret"},
       "--ws-header must be one line such as 'Name: value'"},
      {{"-L", "ws://h", "--ws-header", "a: b\nc"},
       "--ws-header must be one line such as 'Name: value'"},
      {{"--will-payload", "x"}, "--will-payload needs --will-topic"},
      {{"--will-qos", "1"}, "--will-qos needs --will-topic"},
      {{"--will-retain"}, "--will-retain needs --will-topic"},
      {{"--will-delay", "1"}, "--will-delay needs --will-topic"},
      {{"--will-topic", "w", "--will-qos", "3"},
       "--will-qos must be a whole number from 0 to 2, not '3'"},
      {{"-D", "will", "content-type", "x"}, "--property: properties of a will need --will-topic"},
      {{"-x", "5", "-D", "connect", "session-expiry-interval", "6"},
       "--session-expiry and -D connect session-expiry-interval are the same; use one"},
  };
  for (const Refusal& refusal : refusals) {
    CAPTURE(refusal.words);
    FakeEnvironment fake;
    Words words = refusal.words;
    words.insert(words.end(), {"t", "m"});
    CHECK(fake.pub_error(words) == refusal.error);
    CHECK(fake.sub_error(words) == refusal.error);
  }
}

TEST_CASE("names and topics that brokers close the connection for are refused before connecting") {
  const std::string needed =
      " must be at most 65535 bytes of UTF-8 without control characters and noncharacters "
      "(brokers close the connection for them)";
  const std::vector<std::string> texts{
      "\xff",         "a\x01",        "a\nb",         "\x7f",     "\xC2\x85",
      "\xEF\xBF\xBE", "\xEF\xB7\x90", "\xED\xA0\x80", "\xC0\xAF", std::string(65'536, 'a')};
  for (const std::string& text : texts) {
    CAPTURE(text.substr(0, 10));
    for (const std::string option : {"--username", "--client-id"}) {
      FakeEnvironment fake;
      CHECK(fake.pub_error({option, text, "t", "m"}).rfind(option + needed, 0) == 0);
      CHECK(fake.sub_error({option, text, "t"}).rfind(option + needed, 0) == 0);
    }
    CHECK(FakeEnvironment{}.pub_error({"-I", text, "t", "m"}).rfind("--id-prefix must be", 0) == 0);
    CHECK(FakeEnvironment{}.sub_error({"--will-topic", text, "t"}).rfind("--will-topic: ", 0) == 0);
    CHECK(FakeEnvironment{}
              .pub_error({"--request", "--response-topic", text, "t", "m"})
              .rfind("--response-topic: ", 0) == 0);
    CHECK_FALSE(FakeEnvironment{}.pub_error({text, "m"}).empty());
    CHECK_FALSE(FakeEnvironment{}.pub_error({"--replay", "f", "--topic-prefix", text}).empty());
    CHECK_FALSE(FakeEnvironment{}.sub_error({text}).empty());
    CHECK_FALSE(FakeEnvironment{}.sub_error({"-T", text, "t"}).empty());
    CHECK_FALSE(FakeEnvironment{}.sub_error({"-U", text, "t"}).empty());
  }
  FakeEnvironment fake;
  fake.variables["MQTT_USERNAME"] = "\xff";
  CHECK(fake.sub_error({"t"}).rfind("MQTT_USERNAME" + needed, 0) == 0);
  CHECK(
      FakeEnvironment{}.pub_error({"-L", "mqtt://a%01b@h", "t", "m"}).rfind("--url" + needed, 0) ==
      0);
  CHECK(FakeEnvironment{}
            .pub({"-I", std::string(65'519, 'a'), "t", "m"})
            .connection.client_id.size() == 65'535);
  CHECK_FALSE(FakeEnvironment{}.pub_error({"-I", std::string(65'520, 'a'), "t", "m"}).empty());
}

TEST_CASE("a password may be any bytes") {
  const std::string bytes{"\xff\x01\xC0"};
  CHECK(
      FakeEnvironment{}.pub({"-u", "joe", "-P", bytes, "t", "m"}).connection.credentials.password ==
      bytes);
  CHECK(FakeEnvironment{}.sub({"-L", "mqtt://joe:%ff%00@h", "t"}).connection.credentials.password ==
        std::string("\xff\0", 2));
  FakeEnvironment fake;
  fake.variables = {{"MQTT_USERNAME", "joe"}, {"MQTT_PASSWORD", bytes}};
  CHECK(fake.sub({"t"}).connection.credentials.password == bytes);
}

TEST_CASE("an empty value is refused where it would name a thing, and taken where it is content") {
  const auto empty_is_refused = [](const Declarations& declared, const Option& option, bool sub) {
    const std::string name = spelling(option);
    CAPTURE(name);
    FakeEnvironment fake;
    Words words{"t"};
    if (!sub) words.push_back("m");
    const Words given = option.implied.empty() ? Words{name, ""} : Words{name + "="};
    words.insert(words.begin(), given.begin(), given.end());
    const std::string error = sub ? fake.sub_error(words) : fake.pub_error(words);
    static_cast<void>(declared);
    return !error.empty() && error.find(name) != std::string::npos;
  };
  const std::vector<std::string_view> content{"message", "will-payload", "username", "password",
                                              "select",  "format",       "grep"};
  int refused = 0;
  for (const Declarations* declared : {&mqtt_pub(), &mqtt_sub()}) {
    for (const Option& option : declared->options()) {
      using Takes = Option::Takes;
      if (option.takes == Takes::nothing || option.takes == Takes::property) continue;
      const bool may = std::count(content.begin(), content.end(), option.key) > 0;
      CAPTURE(declared->name, option.key);
      CHECK(option.empty == may);
      if (may) continue;
      CHECK(empty_is_refused(*declared, option, declared == &mqtt_sub()));
      ++refused;
    }
  }
  CHECK(refused > 80);
  CHECK(FakeEnvironment{}.pub({"t", "-m", ""}).source.text.empty());
  CHECK(FakeEnvironment{}.pub({"-u", "", "-P", "", "t", "m"}).connection.credentials.username ==
        "");
  CHECK(FakeEnvironment{}.sub({"--will-topic", "w", "--will-payload", "", "t"}).connection.will);
}

TEST_CASE("seconds are finite, not negative, and decimal, or have units that there are") {
  for (const char* wrong : {"nan",  "inf", "1e400", "1e3",   "0x10",     "-1",    "",     "1.2.3",
                            ".",    "5x",  "5us",   "5 s",   "2w",       "1y",    "5sec", "5min",
                            "ms",   "h",   "1h30",  "30m1h", "1m1m",     "1s500", "-5m",  "1h-5m",
                            "1,5m", ".m",  "5m ",   " 5m",   "5\u00b5s", "infm",  "nanms"}) {
    CAPTURE(wrong);
    CHECK(FakeEnvironment{}.pub_error({"--wait", wrong, "t", "m"}) ==
          std::string{"--wait must be a time in seconds or with the units d, h, m, s and ms, such "
                      "as 2.5, 500ms or 1h30m, not '"} +
              wrong + "'");
    CHECK_FALSE(FakeEnvironment{}.pub_error({"-k", wrong, "t", "m"}).empty());
  }
  CHECK(FakeEnvironment{}.pub_error({"--wait", "20000d", "t", "m"}) ==
        "--wait must be at most 1000000000 seconds, not '20000d'");
  CHECK(FakeEnvironment{}.pub_error({"--wait", "99999999999", "t", "m"}) ==
        "--wait must be at most 1000000000 seconds, not '99999999999'");
  CHECK(FakeEnvironment{}.pub({"--wait", ".5", "t", "m"}).connection.wait == 500ms);
}

TEST_CASE("a time may have units") {
  for (const auto& [text, time] : {std::pair{"500ms", Duration{500ms}},
                                   {"0.5m", 30s},
                                   {"2m", 120s},
                                   {"1h30m", 5'400s},
                                   {"1d", 86'400s},
                                   {"1d2h3m4s5ms", 93'784'005ms},
                                   {"2.5", 2'500ms},
                                   {"2.5s", 2'500ms},
                                   {"1.5h30m", 2h},
                                   {"0", 0s},
                                   {"0ms", 0s},
                                   {"2M", 120s},
                                   {"250MS", 250ms}}) {
    CAPTURE(text);
    CHECK(FakeEnvironment{}.pub({"--wait", text, "t", "m"}).connection.wait == time);
  }
  CHECK(FakeEnvironment{}.sub({"-k", "2m", "t"}).connection.keep_alive == 120s);
  CHECK(FakeEnvironment{}.sub({"-k", "5000ms", "t"}).connection.keep_alive == 5s);
  CHECK(FakeEnvironment{}.sub({"-x", "1d", "t"}).connection.session_expiry == 86'400U);
  CHECK(FakeEnvironment{}.sub({"-k", "0.5m", "t"}).connection.keep_alive == 30s);
  CHECK(FakeEnvironment{}.sub_error({"-k", "500ms", "t"}).rfind("--keepalive must be a whole", 0) ==
        0);
  CHECK(FakeEnvironment{}.sub_error({"-k", "19h", "t"}).rfind("--keepalive must be a whole", 0) ==
        0);
}

TEST_CASE("each option whose value is a time takes units, and --help calls it SEC") {
  std::size_t times = 0;
  for (const Declarations* declared : {&mqtt_pub(), &mqtt_sub()}) {
    for (const Option& option : declared->options()) {
      CAPTURE(declared->name, option.key);
      CHECK((option.takes == Option::Takes::time) == (option.value == "SEC"));
      if (option.value != "SEC") continue;
      CHECK_NOTHROW(option.store({&option, {"1m30s"}, {}, false}));
      CHECK_THROWS_AS(option.store({&option, {"90x"}, {}, false}), UsageError);
      ++times;
    }
  }
  CHECK(times > 15);
}

TEST_CASE("a session that is to be kept for ever may be written as mosquitto does it") {
  for (const char* never : {"-1", "4294967295", "2147483647"}) {
    CAPTURE(never);
    CHECK(FakeEnvironment{}.sub({"-i", "me", "-x", never, "t"}).connection.session_expiry ==
          0x7FFF'FFFFU);
  }
  CHECK_FALSE(FakeEnvironment{}.sub_error({"-i", "me", "-x", "4294967294", "t"}).empty());
}

TEST_CASE("an option with one value that is given twice is refused, whichever it is") {
  std::size_t refused = 0;
  for (const Declarations* declared : {&mqtt_pub(), &mqtt_sub()}) {
    for (const Option& option : declared->options()) {
      if (option.takes == Option::Takes::nothing || option.repeat) continue;
      if (option.key == "help") continue;  // It wins over whatever is wrong.
      const std::string name = spelling(option);
      CAPTURE(declared->name, name);
      FakeEnvironment fake;
      const Words words{name, "1", std::string{names(option).back()}, "1", "t", "m"};
      const bool sub = declared == &mqtt_sub();
      CHECK((sub ? fake.sub_error(words) : fake.pub_error(words)) ==
            name + " is given twice; leave one of them out");
      ++refused;
    }
  }
  CHECK(refused > 80);
}

TEST_CASE("of options that may be repeated each use counts") {
  const Words twice{"-h",   "a",  "--host", "b", "--ws-header", "K: 1", "--ws-header",
                    "K: 2", "-L", "ws://h", "t"};
  CHECK(FakeEnvironment{}.sub_error(twice).find("given twice") == std::string::npos);
  CHECK(FakeEnvironment{}.sub({"-h", "a", "-h", "b", "t"}).connection.endpoints.size() == 2);
  CHECK(FakeEnvironment{}.pub({"-v", "-v", "-r", "-r", "t", "m"}).source.prototype.retained);
}

TEST_CASE("a property that MQTT allows once is refused when it is given twice") {
  for (const char* command : {"connect", "will"}) {
    for (const auto& [name, one, other] :
         {std::tuple{"receive-maximum", "5", "6"}, {"content-type", "a", "b"}}) {
      const Words words{"-D", command, name,           one, "-D", command,
                        name, other,   "--will-topic", "w", "t"};
      const std::string error = FakeEnvironment{}.sub_error(words);
      CAPTURE(command, name, error);
      CHECK((error == "--property: property " + std::string{name} + " may be given only once" ||
             error.find("has no property") != std::string::npos));
    }
  }
  CHECK(FakeEnvironment{}.sub_error({"-D", "connect", "user-property", "k", "v", "-D", "connect",
                                     "user-property", "k", "v", "t"}) == "");
}

TEST_CASE("a session is kept at the end of a connection only if it was to outlive it") {
  const Words keep{"-D", "disconnect", "session-expiry-interval", "5", "-i", "me", "t"};
  CHECK(FakeEnvironment{}.sub_error(keep).find(
            "session-expiry-interval of disconnect needs --session-expiry") != std::string::npos);
  for (const Words& more :
       {Words{"-x", "1"}, {"-c"}, {"-D", "connect", "session-expiry-interval", "1"}}) {
    Words words = keep;
    words.insert(words.end(), more.begin(), more.end());
    CHECK(FakeEnvironment{}.sub_error(words) == "");
  }
  Words end = keep;
  end[3] = "0";
  CHECK(FakeEnvironment{}.sub_error(end) == "");
}

TEST_CASE("commands and names of properties may be in any case") {
  CHECK(FakeEnvironment{}
            .pub({"-D", "PUBLISH", "User-Property", "k", "V", "t", "m"})
            .source.prototype.properties.user.at(0) ==
        std::pair<std::string, std::string>{"k", "V"});
  CHECK(FakeEnvironment{}
            .sub({"-D", "Connect", "RECEIVE-MAXIMUM", "5", "t"})
            .connection.connect_properties.size() == 1);
  CHECK(FakeEnvironment{}
            .pub_error({"-D", "PUBLISH", "nonsense", "k", "t", "m"})
            .rfind("--property: publish has no property 'nonsense'", 0) == 0);
}

TEST_CASE("words that options take may be in any case") {
  CHECK(FakeEnvironment{}.pub({"-V", "MQTTv5", "t", "m"}).connection.version == Version::v5);
  CHECK(FakeEnvironment{}.pub({"--tls-version", "TLSv1.3", "t", "m"}).connection.tls.minimum ==
        connection::TlsVersion::v1_3);
  CHECK(FakeEnvironment{}
            .sub({"-o", "JSON", "--color", "Never", "--decode", "CBOR", "t"})
            .decode_as == payload::DecodeAs::cbor);
  CHECK(FakeEnvironment{}.sub({"--max-packet", "64kib", "t"}).connection.max_packet == 65'536);
}

TEST_CASE("a will that says that it is text must be text") {
  const Words words{"--will-topic", "w",    "--will-payload",          "\xff", "t",
                    "-D",           "will", "payload-format-indicator"};
  Words text = words;
  text.push_back("1");
  Words bytes = words;
  bytes.push_back("0");
  CHECK(FakeEnvironment{}.sub_error(text) ==
        "--property: the will is not UTF-8, which payload-format-indicator 1 says that it is");
  CHECK(FakeEnvironment{}.sub_error(bytes) == "");
}

TEST_CASE("a session that nobody finds again is warned about") {
  const auto warnings = [](const Words& words) {
    std::string text;
    for (const run::Warning& warning : FakeEnvironment{}.sub(words).verbosity.warnings) {
      text += warning.text;
    }
    return text;
  };
  CHECK(warnings({"-x", "300", "t"}) ==
        "--session-expiry keeps a session that nobody finds again: its client id is new each time; "
        "add --client-id");
  CHECK(warnings({"-x", "300", "-i", "me", "t"}).empty());
  CHECK(warnings({"-x", "0", "t"}).empty());
  CHECK(warnings({"-x", "300", "-c", "-i", "me", "t"}).empty());
  CHECK(
      warnings({"-x", "300", "-c", "-i", "me", "-V", "3.1.1", "t"}) ==
      "--session-expiry is of MQTT 5: before it the broker decides how long it keeps the session");
}

TEST_CASE("a time without which nothing works is not 0") {
  for (const char* option : {"--connect-timeout", "--reconnect-max"}) {
    CHECK(FakeEnvironment{}.sub_error({option, "0", "t"}) ==
          option + std::string{" must be more than 0, not '0'"});
  }
  CHECK(FakeEnvironment{}.pub_error({"--ack-timeout", "0.0", "t", "m"}) ==
        "--ack-timeout must be more than 0, not '0.0'");
  CHECK(FakeEnvironment{}.sub_error({"--idle-timeout", "0", "t"}) ==
        "--idle-timeout must be more than 0, not '0'");
}
