// SPDX-License-Identifier: MIT

#include "connection/hooks/packet_guard.hpp"

#include "catch.hpp"
#include "connection/hooks/guarded.hpp"
#include "support/packet.hpp"

#include <string>
#include <utility>
#include <vector>

namespace mqtt_tools::connection::hooks {
namespace {

using support::encode_byte;
using support::encode_text;

const std::string ping = packet(0xC0);

TEST_CASE("nothing may come before CONNECT and nothing but CONNACK before CONNACK") {
  PacketGuard guard{PacketGuard::Limits{}};
  CHECK_FALSE(guard.connect_sent());
  CHECK(guard.received(connack(5)) == 0);
  REQUIRE(guard.violation());
  CHECK(guard.violation()->words == "a CONNACK before our CONNECT");

  for (const int version : {3, 4, 5}) {
    const Setting setting{.version = version, .accepted = false};
    const std::string rule = version == 5 ? "MQTT 5.0 §3.2" : "MQTT 3.1.1 §3.2";
    refuses(setting, with_id(0x40, 1), 0x82, rule, "a PUBACK before CONNACK");
    refuses(setting, publish(0x30, "t", 0, ""), 0x82, rule, "a PUBLISH before CONNACK");
    refuses({.version = version}, connack(version), 0x82, rule, "a CONNACK a second time");
    CHECK(guard_after(setting)->version() == version);
    CHECK_FALSE(guard_after(setting)->accepted());
    CHECK(guard_after({.version = version})->accepted());
  }
  refuses({.accepted = false}, packet(0xE0), 0x82, "MQTT 5.0 §3.2", "a DISCONNECT before CONNACK");
}

TEST_CASE("packets that only Paho sees are told by type and id, whole or in pieces") {
  for (const bool whole : {true, false}) {
    std::vector<std::string> told;
    PacketGuard::Limits limits;
    limits.tell = [&](bool ours, PacketType type, std::uint16_t id) {
      told.push_back((ours ? "-> " : "<- ") + packet_name(type) + " " + std::to_string(id));
    };
    PacketGuard guard{limits};
    const auto pass = [&](const std::string& bytes, bool ours) {
      const auto size = whole ? bytes.size() : 1;
      for (std::size_t at = 0; at < bytes.size(); at += size) {
        const auto part = std::string_view{bytes}.substr(at, size);
        if (ours) {
          guard.sent(part);
        } else {
          CHECK(guard.received(part) == part.size());
        }
      }
    };
    pass(connect({.version = 4}), true);
    pass(connack(4), false);
    pass(publish_3(0x34, "t", 7, "\xC0 payload"), true);
    pass(with_id(0x50, 7), false);
    pass(with_id(0x62, 7) + ping, true);
    pass(packet(0xD0) + with_id(0x70, 7) + publish_3(0x32, "t", 65535, "\xD0"), false);
    pass(with_id(0x40, 65535), true);
    CHECK(told == std::vector<std::string>{"<- PUBREC 7", "-> PUBREL 7", "-> PINGREQ 0",
                                           "<- PINGRESP 0", "<- PUBCOMP 7", "-> PUBACK 65535"});
  }
}

TEST_CASE("what a server may not send is refused at its first byte") {
  struct Case {
    int version;
    int first;
    int reason;
    std::string rule;
    std::string words;
  };
  for (const auto& [version, first, reason, rule, words] : std::vector<Case>{
           {5, 0x00, 0x81, "MQTT 5.0 §2.1.2", "a packet of type 0, which does not exist"},
           {4, 0x00, 0x81, "MQTT 3.1.1 §2.2.1", "a packet of type 0, which does not exist"},
           {5, 0x10, 0x82, "MQTT 5.0 §2.1.2", "a CONNECT, which only a client may send"},
           {5, 0x82, 0x82, "MQTT 5.0 §2.1.2", "a SUBSCRIBE, which only a client may send"},
           {4, 0xA2, 0x82, "MQTT 3.1.1 §2.2.1", "an UNSUBSCRIBE, which only a client may send"},
           {5, 0xC0, 0x82, "MQTT 5.0 §2.1.2", "a PINGREQ, which only a client may send"},
           {4, 0xE0, 0x82, "MQTT 3.1.1 §3.14", "a DISCONNECT, which only a client may send"},
           {4, 0xF0, 0x81, "MQTT 3.1.1 §2.2.1", "an AUTH, which MQTT 3.1.1 does not have"},
           {5, 0xF0, 0x82, "MQTT 5.0 §4.12",
            "an AUTH, but we asked for no enhanced authentication"},
           {5, 0x36, 0x81, "MQTT 5.0 §3.3.1.2", "a PUBLISH with QoS 3"},
           {4, 0x38, 0x81, "MQTT 3.1.1 §3.3.1.1", "a PUBLISH with QoS 0 and the flag DUP"},
           {5, 0x41, 0x81, "MQTT 5.0 §2.1.3", "a PUBACK with flags 1"},
           {5, 0x60, 0x81, "MQTT 5.0 §2.1.3", "a PUBREL with flags 0"},
           {4, 0x92, 0x81, "MQTT 3.1.1 §2.2.2", "a SUBACK with flags 2"},
           {5, 0xD8, 0x81, "MQTT 5.0 §2.1.3", "a PINGRESP with flags 8"}}) {
    INFO(words);
    const Setting setting{.version = version, .ours = ping};
    refuses(setting, encode_byte(first), reason, rule, words);
    CHECK(outcome(setting, encode_byte(first) + "more").handed == 0);
  }
  refuses({.properties = "\x15" + encode_text("method")}, encode_byte(0xF0), 0x82, "MQTT 5.0 §4.12",
          "an AUTH, but enhanced authentication is not supported here");
}

TEST_CASE("a remaining length is refused at its last byte") {
  refuses({}, raw({0x30, 0xFF, 0xFF, 0xFF, 0xFF}), 0x81, "MQTT 5.0 §2.1.4",
          "a PUBLISH with a remaining length of more than four bytes");
  refuses({.version = 4}, raw({0x30, 0xFF, 0xFF, 0xFF, 0xFF}), 0x81, "MQTT 3.1.1 §2.2.3",
          "a PUBLISH with a remaining length of more than four bytes");
  refuses({}, raw({0x30, 0x84, 0x00}), 0x81, "MQTT 5.0 §1.5.5",
          "a PUBLISH with a remaining length in too many bytes");
  // MQTT 3.1.1 does not ask for the shortest form.
  takes({.version = 4}, raw({0x30, 0x84, 0x00, 0, 1, 't', '!'}));
  refuses({}, raw({0xD0, 1}), 0x81, "MQTT 5.0 §3.13",
          "a PINGRESP with a remaining length of 1, which it cannot have");
  refuses({.version = 4}, raw({0x40, 3}), 0x81, "MQTT 3.1.1 §3.4",
          "a PUBACK with a remaining length of 3, which it cannot have");
  refuses({}, raw({0x40, 1}), 0x81, "MQTT 5.0 §3.4",
          "a PUBACK with a remaining length of 1, which it cannot have");
}

TEST_CASE("a packet above the limit is refused before its body") {
  const PacketGuard::Limits limits{.max_packet = 1000};
  const auto just = publish(0x30, "t", 0, "", std::string(1000 - 3 - 4, 'x'));
  REQUIRE(just.size() == 1000);
  takes({.limits = limits}, just);
  for (const int version : {4, 5}) {
    const auto guard = guard_after({.version = version, .limits = limits});
    CHECK(guard->received(raw({0x30, 0xE6, 0x07})) == 2);
    REQUIRE(guard->violation());
    CHECK(guard->violation()->too_large);
    CHECK(guard->violation()->reason == 0x95);
    CHECK(guard->violation()->words == "a PUBLISH of 1001 bytes, above the limit of 1000");
  }
  // The limit of our CONNECT is another one.
  const auto smaller = guard_after({.properties = raw({0x27, 0, 0, 0, 50}), .limits = limits});
  CHECK(smaller->received(raw({0x30, 49})) == 1);
  CHECK(smaller->violation()->words == "a PUBLISH of 51 bytes, above the limit of 50");
  CHECK_FALSE(smaller->violation()->too_large);
}

TEST_CASE("CONNACK says one of what MQTT knows") {
  struct Case {
    int version;
    std::vector<int> body;
    std::string words;  ///< None: it is legal.
  };
  for (const auto& [version, body, words] : std::vector<Case>{
           {4, {0, 0}, ""},
           {4, {1, 0}, ""},
           {4, {0, 5}, ""},
           {4, {0, 0x84}, ""},
           {4, {0, 0x84, 0}, ""},
           {5, {0, 0, 0}, ""},
           {5, {1, 0, 0}, ""},
           {5, {0, 0x87, 0}, ""},
           {5, {0, 1}, ""},
           {5, {0, 0x84}, ""},
           {5, {0, 0, 3, 0x21, 0, 1}, ""},
           {4, {2, 0}, "a CONNACK with reserved flags"},
           {5, {0x80, 0, 0}, "a CONNACK with reserved flags"},
           {4, {0, 6}, "a CONNACK with the code 0x06"},
           {4, {0, 0, 0}, "a CONNACK with 1 byte behind its end"},
           {5, {0, 6, 0}, "a CONNACK with the code 0x06"},
           {5, {0, 0}, "a CONNACK without properties"},
           {5, {0, 0, 0, 0}, "a CONNACK with 1 byte behind its end"},
           {5, {0, 0, 3, 0x21, 0, 0}, "a CONNACK with a receive-maximum of 0"},
           {5, {0, 0, 5, 0x27, 0, 0, 0, 0}, "a CONNACK with a maximum-packet-size of 0"},
           {5, {0, 0, 2, 0x24, 2}, "a CONNACK with a maximum-qos of 2"},
           {5, {0, 0, 2, 0x2A, 2}, "a CONNACK with a shared-subscription-available of 2"},
           {5, {0, 0, 4, 0x25, 1, 0x25, 1}, "a CONNACK with more than one retain-available"},
           {5,
            {0, 0, 2, 0x01, 1},
            "a CONNACK with a payload-format-indicator, which such a packet cannot have"},
           {5, {0, 0, 2, 0x7E, 1}, "a CONNACK with property 126, which MQTT does not have"},
           {5, {0, 0, 3, 0x9F, 0, 0}, "a CONNACK with a property identifier that is too long"},
           {5, {0, 0, 0x80, 0}, "a CONNACK with a property length in too many bytes"},
           {5,
            {0, 0, 4, 0x15, 0, 1, 'm'},
            "a CONNACK with an authentication-method, but our CONNECT had none"},
           {5, {0, 0, 4, 0x16, 0, 1, 'm'}, "a CONNACK with authentication-data but no method"}}) {
    const Setting setting{.version = version, .accepted = false};
    const auto bytes = packet(0x20, raw(body));
    INFO("MQTT " << version << ", " << body.size() << " bytes, code " << body[1]);
    const auto result = outcome(setting, bytes);
    CHECK(result.words == words);
    CHECK((result.handed == bytes.size()) == words.empty());
  }
  for (const int version : {4, 5}) {
    const Setting setting{.version = version, .flags = 2, .accepted = false};
    refuses(setting, packet(0x20, version == 5 ? raw({1, 0, 0}) : raw({1, 0})), 0x82,
            version == 5 ? "MQTT 5.0 §3.2.2.1.1" : "MQTT 3.1.1 §3.2.2.2",
            "a CONNACK with an old session, but we asked for a new one");
  }
}

TEST_CASE("after a refusal and after DISCONNECT nothing may come") {
  for (const auto& [version, refusal] :
       {std::pair{4, raw({0, 5})}, {5, raw({0, 0x87, 0})}, {5, raw({0, 1})}}) {
    const auto guard = guard_after({.version = version, .accepted = false});
    CHECK(guard->received(packet(0x20, refusal) + "!") == 2 + refusal.size());
    CHECK_FALSE(guard->accepted());
    CHECK(guard->violation()->words.find(" after it had refused the connection") !=
          std::string::npos);
  }
  for (const auto& body : {raw({}), raw({0x8B}), raw({0x8B, 0})}) {
    const auto guard = guard_after({});
    CHECK(guard->received(packet(0xE0, body) + packet(0xD0)) == 2 + body.size());
    REQUIRE(guard->violation());
    CHECK(guard->violation()->words == "a PINGRESP after its DISCONNECT");
  }
  refuses({}, packet(0xE0, raw({0x04})), 0x81, "MQTT 5.0 §3.14.2.1",
          "a DISCONNECT with the reason code 0x04");
  refuses({}, packet(0xE0, raw({0x8B, 5, 0x11, 0, 0, 0, 1})), 0x82, "MQTT 5.0 §2.2.2.2",
          "a DISCONNECT with a session-expiry-interval, which such a packet cannot have");
}

TEST_CASE("PUBLISH has a topic, an id and properties as MQTT wants them") {
  struct Case {
    std::string bytes;
    int reason;
    std::string words;
  };
  for (const auto& [bytes, reason, words] : std::vector<Case>{
           {publish(0x30, "a/+", 0, ""), 0x81, "a PUBLISH with a topic that holds a wildcard"},
           {publish(0x30, "a/#", 0, ""), 0x81, "a PUBLISH with a topic that holds a wildcard"},
           {publish(0x30, raw({'a', 0}), 0, ""), 0x81, "a PUBLISH with a topic that is not UTF-8"},
           {publish(0x30, "\xED\xA0\x80", 0, ""), 0x81, "a PUBLISH with a topic that is not UTF-8"},
           {publish(0x30, "", 0, ""), 0x82, "a PUBLISH without a topic"},
           {publish(0x32, "t", 0, ""), 0x81, "a PUBLISH with packet id 0"},
           {publish(0x30, "t", 0, raw({1, 2})), 0x82,
            "a PUBLISH with a payload-format-indicator of 2"},
           {publish(0x30, "t", 0, raw({0x0B, 0})), 0x82,
            "a PUBLISH with a subscription-identifier of 0"},
           {publish(0x30, "t", 0, raw({0x0B, 0x81, 0})), 0x81,
            "a PUBLISH with a subscription-identifier in too many bytes"},
           {publish(0x30, "t", 0, "\x08" + encode_text("a/+")), 0x82,
            "a PUBLISH with a response-topic that holds a wildcard"},
           {publish(0x30, "t", 0, raw({0x23, 0, 0})), 0x82, "a PUBLISH with a topic-alias of 0"},
           {publish(0x30, "t", 0, raw({0x23, 0, 6})), 0x94,
            "a PUBLISH with a topic-alias of 6, where 5 is the limit"},
           {publish(0x30, "", 0, raw({0x23, 0, 5})), 0x82,
            "a PUBLISH with a topic-alias of 5, which stands for no topic"}}) {
    const auto result = outcome({.properties = raw({0x22, 0, 5})}, bytes);
    CHECK(result.words == words);
    CHECK(result.reason == reason);
  }
  refuses({.version = 4}, publish_3(0x30, "", 0), 0x82, "MQTT 3.1.1 §4.7.3",
          "a PUBLISH without a topic");
  refuses({}, publish(0x30, "t", 0, raw({0x23, 0, 1})), 0x94, "MQTT 5.0 §3.3.2.3.4",
          "a PUBLISH with a topic-alias of 1, where 0 is the limit");
  std::string many;
  for (int i = 0; i < 65'536; ++i) many += raw({0x0B, 1});
  const auto full = publish(0x30, "t", 0, many);
  CHECK(guard_after({})->received(full) == full.size());
  const auto guard = guard_after({});
  guard->received(publish(0x30, "t", 0, many + raw({0x0B, 1})));
  REQUIRE(guard->violation());
  CHECK(guard->violation()->words == "a PUBLISH with more than 65536 properties");
  takes({.properties = raw({0x22, 0, 5})},
        publish(0x3D, "caf\xC3\xA9\t\xEF\xBF\xBF", 9,
                raw({1, 1, 2, 0, 0, 0, 9, 0x0B, 1, 0x0B, 0x80, 1, 0x23, 0, 5}) + user_property() +
                    "\x09" + encode_text(raw({0, 255})) + "\x08" + encode_text("r") + "\x03" +
                    encode_text("text/plain") + user_property()));
}

}  // namespace
}  // namespace mqtt_tools::connection::hooks
