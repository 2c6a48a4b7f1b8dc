// SPDX-License-Identifier: MIT
//
// MQTT 5 properties given with -D, as they are on the wire and at the other end.

#include "catch.hpp"
#include "support/programs.hpp"
#include "support/script_broker.hpp"

using namespace mqtt_tools::support;

namespace {

/// What `command` sends first of `type` to a broker that does as it is told.
Packet first(const std::string& program, PacketType type,
             std::initializer_list<std::string> words) {
  ScriptBroker broker{[](Session& session) { session.serve(); }};
  auto command = Command{program, "-h", "127.0.0.1", "-p", broker.port_text(), "t"}.add(words);
  check_exit(run(command), 0);
  const auto packets = broker.received(type);
  REQUIRE_FALSE(packets.empty());
  return packets.front();
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string property(int identifier, int value) {  // of four bytes
  std::string text = encode_byte(identifier);
  for (const int shift : {24, 16, 8, 0}) text += encode_byte((value >> shift) & 0xFF);
  return text;
}

}  // namespace

TEST_CASE("the properties of a message arrive at both kinds of subscriber") {
  Broker broker;
  Witness theirs{broker, 1, "%p|%C|%R|%D|%F|%P"};
  Process ours{broker.sub({"t", "-C", "1", "-o", "json"})};
  REQUIRE(broker.wait_for_subscription("t", 2));
  check_exit(run(broker.pub({"t",          "hi",
                             "--raw",      "-D",
                             "publish",    "content-type",
                             "text/plain", "-D",
                             "publish",    "response-topic",
                             "answers",    "-D",
                             "publish",    "correlation-data",
                             "x1",         "-D",
                             "publish",    "payload-format-indicator",
                             "1",          "-D",
                             "publish",    "message-expiry-interval",
                             "600",        "-D",
                             "publish",    "user-property",
                             "k",          "v w"})),
             0);
  CHECK(theirs.out() == "hi|text/plain|answers|x1|1|k:v w\n");
  const auto record = ours.wait().out;
  for (const std::string member :
       {R"("content-type":"text/plain")", R"("response-topic":"answers")", R"({"k":"v w"})"}) {
    CAPTURE(record);
    CHECK(contains(record, member));
  }
}

TEST_CASE("properties of four bytes are right on the wire as far as the library can carry them") {
  const std::string largest = "2147483647";
  const auto publish = first("mqtt-pub", PacketType::publish,
                             {"hi", "-D", "publish", "message-expiry-interval", largest});
  CHECK(contains(publish.properties(), property(0x02, 0x7FFFFFFF)));
  const auto connect =
      first("mqtt-sub", PacketType::connect,
            {"-E", "-D", "connect", "session-expiry-interval", "305419896", "-D", "connect",
             "maximum-packet-size", largest, "-D", "connect", "receive-maximum", "17"});
  CHECK(contains(connect.properties(), property(0x11, 0x12345678)));
  CHECK(contains(connect.properties(), property(0x27, 0x7FFFFFFF)));
  CHECK(contains(connect.properties(), encode_byte(0x21) + encode_number(17)));
}

TEST_CASE("a subscriber tells how many messages may be in flight") {
  const auto asked = [](std::initializer_list<std::string> words, int number) {
    return contains(first("mqtt-sub", PacketType::connect, words).properties(),
                    encode_byte(0x21) + encode_number(number));
  };
  CHECK(asked({"-E", "-M", "5"}, 5));
  CHECK(asked({"-E", "-M", "5", "-D", "connect", "receive-maximum", "7"}, 7));
  CHECK(asked({"-C", "100", "--duration", "0.1", "-M", "5"}, 5));
  CHECK(asked({"-C", "3", "--duration", "0.1", "-M", "5"}, 3));
}

TEST_CASE("properties of four bytes that the library would send wrongly are refused") {
  const std::vector<std::vector<std::string>> refused{
      {"mqtt-pub", "t", "hi", "-D", "publish", "message-expiry-interval", "3000000000"},
      {"mqtt-pub", "t", "hi", "-D", "connect", "session-expiry-interval", "4294967295"},
      {"mqtt-sub", "t", "-D", "connect", "session-expiry-interval", "2147483648"},
      {"mqtt-sub", "t", "-D", "connect", "maximum-packet-size", "2147483648"},
      {"mqtt-sub", "t", "-x", "2147483648"},
      {"mqtt-sub", "t", "--will-topic", "w", "--will-delay", "2147483648"},
      {"mqtt-sub", "t", "--will-topic", "w", "-D", "will", "will-delay-interval", "4294967295"},
  };
  for (const auto& words : refused) {
    const Command command{words};
    CAPTURE(command.text());
    const auto result = run(command);
    check_exit_within(result, 2, 1s);
    CHECK(contains(result.err, "2147483647"));
  }
}

TEST_CASE("a payload that says that it is text and is not is refused before connecting") {
  ScriptBroker broker{[](Session& session) { session.serve(); }};
  const std::vector<std::string> text{"-D", "publish", "payload-format-indicator", "1"};
  const std::string why = "which payload-format-indicator 1 says that it is";
  const std::vector<Command> refused{
      pub(broker.port(), {"t", "--raw", "a\xff"}),
      pub(broker.port(), {"t", "--raw", "--from", "hex", "61ff"}),
      pub(broker.port(), {"t", "--encode", "cbor", "-D", "publish", "content-type", "x", "m"}),
  };
  for (auto command : refused) {
    const auto result = run(command.add(text));
    CAPTURE(command.text());
    check_exit_within(result, 2, 1s);
    CHECK(contains(result.err, why));
  }
  CHECK(broker.connections() == 0);

  // A pipe is read on, and the connection made meanwhile.
  for (const std::string form : {"-s", "-l"}) {
    const auto piped = run(pub(broker.port(), {"t", "--raw", form}).add(text).input("a\xff\n"));
    check_exit(piped, 2);
    CHECK(contains(piped.err, why));
  }
  const auto record = run(pub(broker.port(), {"--replay", "-"})
                              .input(R"({"topic":"t","payload_base64":"/w==",)"
                                     R"("properties":{"payload-format-indicator":1}})"
                                     "\n"));
  check_exit(record, 2);
  CHECK(contains(record.err, "record 1: the message is not UTF-8 (byte 1)"));
  check_exit(run(pub(broker.port(), {"t", "--raw", "a\xff"})
                     .add({"-D", "publish", "payload-format-indicator", "0"})),
             0);
}

TEST_CASE("properties of a subscription and of a leave are sent with them") {
  ScriptBroker broker{[](Session& session) { session.serve(); }};
  check_exit(run(sub(broker.port(), {"t",
                                     "-E",
                                     "-U",
                                     "old",
                                     "-D",
                                     "subscribe",
                                     "user-property",
                                     "s",
                                     "1",
                                     "-D",
                                     "unsubscribe",
                                     "user-property",
                                     "u",
                                     "2",
                                     "-D",
                                     "disconnect",
                                     "session-expiry-interval",
                                     "77",
                                     "-D",
                                     "connect",
                                     "session-expiry-interval",
                                     "99"})),
             0);
  const auto pair = [](const std::string& key, const std::string& value) {
    return encode_byte(0x26) + encode_text(key) + encode_text(value);
  };
  REQUIRE(broker.wait_for(PacketType::disconnect));
  CHECK(contains(broker.received(PacketType::subscribe).at(0).body, pair("s", "1")));
  CHECK(contains(broker.received(PacketType::unsubscribe).at(0).body, pair("u", "2")));
  CHECK(contains(broker.received(PacketType::disconnect).at(0).body, property(0x11, 77)));
}
