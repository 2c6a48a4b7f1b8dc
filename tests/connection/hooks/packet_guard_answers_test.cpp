// SPDX-License-Identifier: MIT

#include "connection/hooks/packet_guard.hpp"

#include "catch.hpp"
#include "connection/hooks/guarded.hpp"
#include "support/packet.hpp"

#include <string>
#include <utility>
#include <vector>

// Which answer an id waits for, what of it is remembered, and what the server's own ids may do.

namespace mqtt_tools::connection::hooks {
namespace {

using support::encode_bytes;
using support::encode_number;
using support::encode_text;

using Ids = std::vector<std::uint16_t>;

/// Hands over `bytes` that are legal.
void receive(PacketGuard& guard, const std::string& bytes) {
  const auto handed = guard.received(bytes);
  if (guard.violation()) FAIL_CHECK(guard.violation()->words);
  CHECK(handed == bytes.size());
}

std::string ours(int version, int first, const std::string& topic, int id) {
  return version == 5 ? publish(first, topic, id, "") : publish_3(first, topic, id);
}

/// SUBACK or UNSUBACK for one filter.
std::string answer(int version, int first, int id) {
  if (version == 5) return with_id(first, id, raw({0, 0}));
  return with_id(first, id, first == 0x90 ? raw({0}) : "");
}

TEST_CASE("an id takes no acknowledgement but the one that it waits for") {
  struct State {
    std::string name;     ///< Of the packet that it waits for.
    std::string section;  ///< Where it is said that it comes next.
    int awaited;
  };
  const std::vector<State> states{{"", "", 0},
                                  {"PUBACK", "§4.3.2", 0x40},
                                  {"PUBREC", "§4.3.3", 0x50},
                                  {"our PUBREL", "§4.3.3", 0},
                                  {"PUBCOMP", "§4.3.3", 0x70},
                                  {"SUBACK", "§3.8.4", 0x90},
                                  {"UNSUBACK", "§3.10.4", 0xB0}};
  const std::vector<std::pair<int, std::string>> answers{{0x40, "a PUBACK"},
                                                         {0x50, "a PUBREC"},
                                                         {0x70, "a PUBCOMP"},
                                                         {0x90, "a SUBACK"},
                                                         {0xB0, "an UNSUBACK"}};
  for (const int version : {4, 5}) {
    for (const auto& state : states) {
      for (const auto& [first, name] : answers) {
        INFO("MQTT " << version << ": " << name << " where " << state.name << " is waited for");
        const auto guard = guard_after({.version = version});
        guard->sent(ours(version, 0x32, "other", 8));
        if (state.name == "PUBACK") guard->sent(ours(version, 0x32, "t", 7));
        if (state.section == "§4.3.3") guard->sent(ours(version, 0x34, "t", 7));
        if (state.name == "our PUBREL") receive(*guard, with_id(0x50, 7));
        if (state.name == "PUBCOMP") guard->sent(with_id(0x62, 7));
        if (state.name == "SUBACK") guard->sent(subscribe(version, 7, 1));
        if (state.name == "UNSUBACK") guard->sent(subscribe(version, 7, 1, 0xA2));

        const auto bytes =
            first == 0x90 || first == 0xB0 ? answer(version, first, 7) : with_id(first, 7);
        const bool again = version == 4 && first == 0x50 &&
                           (state.name == "our PUBREL" || state.name == "PUBCOMP");
        const bool legal = first == state.awaited || again;
        CHECK(guard->received(bytes) == bytes.size() - (legal ? 0 : 1));
        REQUIRE(guard->violation().has_value() == !legal);
        if (!legal) {
          CHECK(guard->violation()->reason == 0x82);
          CHECK(guard->violation()->words ==
                name + " for id 7, which " +
                    (state.name.empty() ? "nothing waits for" : "waits for " + state.name));
          if (!state.name.empty()) {
            CHECK(guard->violation()->rule ==
                  (version == 5 ? "MQTT 5.0 " : "MQTT 3.1.1 ") + state.section);
          }
        } else if (version == 5 || first != 0x50) {
          // It was the one answer. PUBREC may be repeated before MQTT 5.
          CHECK(guard->received(bytes) == bytes.size() - 1);
        }
      }
    }
  }
}

TEST_CASE("a PUBREC that refuses ends the message") {
  const auto guard = guard_after({.ours = publish(0x34, "t", 7, "")});
  receive(*guard, with_id(0x50, 7, raw({0x87})));
  CHECK(guard->received(with_id(0x70, 7)) == 3);
  CHECK(guard->violation()->words == "a PUBCOMP for id 7, which nothing waits for");
}

TEST_CASE("a PUBREL of an earlier connection waits for its PUBCOMP") {
  takes({.ours = with_id(0x62, 7)}, with_id(0x70, 7, raw({0x92})));
}

TEST_CASE("acknowledgements have the reason codes of their table") {
  struct Case {
    int first;
    std::vector<int> legal;
    std::vector<int> illegal;
    std::string section;
  };
  for (const auto& [first, legal, illegal, section] :
       std::vector<Case>{{0x40, {0, 0x10, 0x80, 0x87, 0xFF}, {1, 0x11, 0x7F}, "§3.4.2.1"},
                         {0x50, {0, 0x10, 0x97}, {2, 0x18, 0x7F}, "§3.5.2.1"},
                         {0x62, {0, 0x92}, {1, 0x10, 0x80, 0x91}, "§3.6.2.1"},
                         {0x70, {0, 0x92}, {1, 0x10}, "§3.7.2.1"}}) {
    const Setting setting{.ours = first == 0x40 ? publish(0x32, "t", 7, "")
                                                : publish(0x34, "t", 7, "") +
                                                      (first == 0x70 ? with_id(0x62, 7) : "")};
    for (const int code : legal) {
      INFO(first << " with " << code);
      takes(setting, with_id(first, 7, raw({code})));
      takes(setting, with_id(first, 7, raw({code}) + encode_bytes("")));
      takes(setting,
            with_id(first, 7, raw({code}) + encode_bytes(reason_string() + user_property())));
    }
    for (const int code : illegal) {
      INFO(first << " with " << code);
      CHECK(outcome(setting, with_id(first, 7, raw({code}))).rule == "MQTT 5.0 " + section);
    }
    CHECK(outcome(setting, with_id(first, 7, raw({0, 0, 0})))
              .words.find(" with 1 byte behind its end") != std::string::npos);
  }
  refuses({}, with_id(0x62, 0), 0x81, "MQTT 5.0 §2.2.1", "a PUBREL with packet id 0");
  takes({}, with_id(0x62, 999));
}

TEST_CASE("SUBACK and UNSUBACK have one code for each filter") {
  struct Case {
    int version;
    int request;
    std::size_t filters;
    std::vector<int> codes;
    std::string words;  ///< None: it is legal.
  };
  for (const auto& [version, request, filters, codes, words] :
       std::vector<Case>{{4, 0x82, 1, {2}, ""},
                         {4, 0x82, 3, {0, 1, 0x80}, ""},
                         {4, 0xA2, 3, {}, ""},
                         {5, 0x82, 3, {0, 0x87, 2}, ""},
                         {5, 0xA2, 3, {0, 0x11, 0x80}, ""},
                         {4, 0x82, 1, {3}, "a SUBACK with the code 0x03"},
                         {4, 0x82, 1, {0x87}, "a SUBACK with the code 0x87"},
                         {5, 0x82, 1, {3}, "a SUBACK with the code 0x03"},
                         {5, 0xA2, 1, {1}, "an UNSUBACK with the code 0x01"},
                         {4, 0x82, 2, {0}, "a SUBACK with 1 code for 2 topic filters"},
                         {4, 0x82, 1, {0, 0}, "a SUBACK with 2 codes for 1 topic filter"},
                         {5, 0x82, 2, {0}, "a SUBACK with 1 code for 2 topic filters"},
                         {5, 0xA2, 1, {0, 0}, "an UNSUBACK with 2 codes for 1 topic filter"}}) {
    INFO("MQTT " << version << ", " << codes.size() << " codes for " << filters);
    const auto bytes = with_id(request == 0x82 ? 0x90 : 0xB0, 7,
                               (version == 5 ? encode_bytes(reason_string()) : "") + raw(codes));
    const auto result =
        outcome({.version = version, .ours = subscribe(version, 7, filters, request)}, bytes);
    CHECK(result.words == words);
    CHECK((result.handed == bytes.size()) == words.empty());
  }
  const auto many = with_id(0x90, 7, std::string(50'000, '\0'));
  const auto guard = guard_after({.version = 4, .ours = subscribe(4, 7, 1)});
  CHECK(guard->received(many) == many.size() - 1);
  CHECK(guard->violation()->words == "a SUBACK with 50000 codes for 1 topic filter");
  // A request of ours that MQTT forbids, too.
  refuses({.ours = subscribe(5, 7, 0, 0xA2)}, with_id(0xB0, 7, encode_bytes(reason_string())), 0x82,
          "MQTT 5.0 §3.11.3", "an UNSUBACK with 0 codes for 0 topic filters");
}

TEST_CASE("a PINGRESP answers a PINGREQ") {
  takes({.ours = packet(0xC0) + packet(0xC0)}, packet(0xD0) + packet(0xD0));
  for (const int version : {4, 5}) {
    refuses({.version = version, .ours = packet(0xC0)}, packet(0xD0) + packet(0xD0), 0x82,
            version == 5 ? "MQTT 5.0 §3.13" : "MQTT 3.1.1 §3.13",
            "a PINGRESP, but there was no PINGREQ to answer");
  }
}

TEST_CASE("what the server says with an answer is kept until it is asked for") {
  const auto guard = guard_after({.accepted = false});
  receive(*guard, packet(0x20, raw({0, 0}) + encode_bytes(reason_string("hello") + "\x1C" +
                                                          encode_text("other:1883"))));
  const auto welcome = guard->take_remark(PacketType::connack, 0);
  REQUIRE(welcome);
  CHECK(welcome->code == 0);
  CHECK(welcome->reason == "hello");
  CHECK(welcome->server_reference == "other:1883");
  CHECK_FALSE(guard->take_remark(PacketType::connack, 0));

  guard->sent(publish(0x32, "t", 1, "") + publish(0x32, "t", 2, "") + publish(0x34, "t", 3, "") +
              subscribe(5, 4, 2) + subscribe(5, 5, 1, 0xA2) + subscribe(5, 6, 1));
  receive(*guard, with_id(0x40, 1) + with_id(0x40, 2, raw({0x10})) + with_id(0x50, 3, raw({0x87})) +
                      with_id(0x90, 4, raw({0, 1, 0x87})) + with_id(0xB0, 5, raw({0, 0x11})) +
                      with_id(0x90, 6, raw({0, 2})));
  CHECK_FALSE(guard->take_remark(PacketType::puback, 1));
  CHECK(guard->take_remark(PacketType::puback, 2)->code == 0x10);
  CHECK_FALSE(guard->take_remark(PacketType::puback, 3));
  CHECK(guard->take_remark(PacketType::pubrec, 3)->code == 0x87);
  CHECK(guard->take_remark(PacketType::suback, 4)->code == 1);
  CHECK(guard->take_remark(PacketType::unsuback, 5)->code == 0x11);
  CHECK_FALSE(guard->take_remark(PacketType::suback, 6));

  receive(*guard, packet(0xE0, raw({0x8B}) + encode_bytes(reason_string("bye"))));
  CHECK(guard->take_remark(PacketType::disconnect, 0)->reason == "bye");
}

TEST_CASE("of what nobody asks for no more than so much is kept") {
  const auto guard = guard_after({});
  for (int id = 1; id <= 5000; ++id) {
    guard->sent(publish(0x32, "t", id, ""));
    receive(*guard, with_id(0x40, id, raw({0x10})));
  }
  CHECK_FALSE(guard->take_remark(PacketType::puback, 904));
  CHECK(guard->take_remark(PacketType::puback, 905));

  const std::string long_reason(40'000, 'r');
  for (const int id : {1, 2}) {
    guard->sent(publish(0x32, "t", id, ""));
    receive(*guard, with_id(0x40, id, raw({0x97}) + encode_bytes(reason_string(long_reason))));
  }
  CHECK_FALSE(guard->take_remark(PacketType::puback, 1));
  CHECK(guard->take_remark(PacketType::puback, 2)->reason == long_reason);

  const std::string longest(65'535, 'r');
  receive(*guard, packet(0xE0, raw({0x9D}) + encode_bytes("\x1C" + encode_text(longest) +
                                                          reason_string(longest))));
  const auto remark = guard->take_remark(PacketType::disconnect, 0);
  REQUIRE(remark);
  CHECK(remark->reason == longest);
  CHECK(remark->server_reference.empty());
}

TEST_CASE("an id of QoS 2 is used anew only after its PUBREL") {
  for (const int version : {4, 5}) {
    const auto first = ours(version, 0x34, "t", 7);
    const auto repeated = ours(version, 0x3C, "t", 7);
    const auto released = with_id(0x62, 7);
    takes({.version = version}, first + repeated + released + first + released);
    refuses({.version = version}, first + first, 0x82,
            version == 5 ? "MQTT 5.0 §2.2.1" : "MQTT 3.1.1 §2.3.1",
            "a PUBLISH with QoS 2 and id 7, which an earlier one without PUBREL has");
  }
}

TEST_CASE("QoS 2 messages without PUBREL take no more memory than so much") {
  for (const int version : {3, 4, 5}) {
    const auto message = [&](int id) { return ours(version, 0x34, "t", id); };
    const auto size = message(1).size();
    const Setting setting{.version = version, .limits = {.max_unreleased = 2 * size}};
    const auto repeated = ours(version, 0x3C, "t", 2);
    takes(setting, message(1) + message(2) + repeated + with_id(0x62, 1) + message(3));
    const auto result = outcome(setting, message(1) + message(2) + message(3));
    CHECK(result.reason == 0x97);
    CHECK(result.words == "a PUBLISH with QoS 2 that brings those without PUBREL to " +
                              std::to_string(3 * size) + " bytes, above the limit of " +
                              std::to_string(2 * size));
    CHECK(result.handed == 3 * size - std::string("payload").size() - 1);
  }
}

TEST_CASE("a server of MQTT 5 keeps to our receive-maximum") {
  const Setting setting{.properties = raw({0x21, 0, 2})};
  const auto once = publish(0x32, "t", 1, "");
  const auto twice = publish(0x34, "t", 2, "");
  refuses(setting, once + twice + once, 0x93, "MQTT 5.0 §3.3.4",
          "a PUBLISH with QoS 1 above our receive-maximum of 2");
  for (const auto& answered : {with_id(0x40, 1), with_id(0x70, 2), with_id(0x50, 2, raw({0x83}))}) {
    const auto guard = guard_after(setting);
    receive(*guard, once + twice);
    guard->sent(with_id(0x50, 2));
    CHECK(guard->received(once) < once.size());

    const auto freed = guard_after(setting);
    receive(*freed, once + twice);
    freed->sent(answered);
    receive(*freed, once);
    CHECK(freed->received(once) < once.size());
  }
  // PUBCOMP for a message of an earlier connection makes no room beyond the maximum.
  const auto guard = guard_after(setting);
  guard->sent(with_id(0x70, 9));
  receive(*guard, once + twice);
  CHECK(guard->received(once) < once.size());
}

TEST_CASE("a topic alias stands for the topic that it last came with") {
  const auto guard = guard_after({.properties = raw({0x22, 0, 2})});
  const auto aliased = [](const std::string& topic, int alias) {
    return publish(0x30, topic, 0, raw({0x23}) + encode_number(alias));
  };
  CHECK(guard->topic_of(1).empty());
  receive(*guard, aliased("a", 1) + aliased("b", 2) + aliased("", 1));
  CHECK(guard->topic_of(1) == "a");
  CHECK(guard->topic_of(2) == "b");
  receive(*guard, aliased("c", 1) + aliased("", 1));
  CHECK(guard->topic_of(1) == "c");

  const auto filled = guard_after({.properties = raw({0x22, 0xFF, 0xFF})});
  const std::string longest(65'535, 't');
  for (int alias = 1; alias <= 256; ++alias) receive(*filled, aliased(longest, alias));
  receive(*filled, aliased(longest, 256));
  CHECK(filled->received(aliased(longest, 257)) < longest.size() + 20);
  CHECK(filled->violation()->reason == 0x97);
}

Ids ids(const PacketGuard& guard) {
  const auto all = guard.unreleased();
  return {all.begin(), all.end()};
}

TEST_CASE("under MQTT 3 messages with QoS 2 are handed over when they come, and once") {
  const auto first = guard_after({.version = 4, .flags = 0});
  const auto message = publish_3(0x35, "a", 7);
  receive(*first, message.substr(0, message.size() - 1));
  CHECK_FALSE(first->any_arrived());
  receive(*first, message.substr(message.size() - 1) + publish_3(0x34, "b", 8));
  auto arrived = first->take_arrived();
  REQUIRE(arrived.size() == 2);
  CHECK(arrived[0].id == 7);
  CHECK(arrived[0].topic == "a");
  CHECK(arrived[0].payload == "payload");
  CHECK(arrived[0].retained);
  CHECK(arrived[1].id == 8);
  CHECK_FALSE(arrived[1].retained);
  CHECK(first->given_before(8));  // what Paho hands over is not to be looked at
  receive(*first, publish_3(0x3C, "a", 7) + with_id(0x62, 8) + publish_3(0x32, "c", 9));
  CHECK_FALSE(first->any_arrived());
  CHECK(ids(*first) == Ids{7});

  const auto second = guard_after({.version = 4, .flags = 0, .accepted = false});
  second->resume(first->unreleased());
  receive(*second, packet(0x20, raw({1, 0})) + publish_3(0x3C, "a", 7) + with_id(0x62, 7));
  CHECK_FALSE(second->any_arrived());
  receive(*second, publish_3(0x3C, "d", 7) + packet(0x34, raw({0, 1, 'e', 0, 8})));
  arrived = second->take_arrived();
  REQUIRE(arrived.size() == 2);
  CHECK(arrived[0].topic == "d");
  CHECK(arrived[1].payload.empty());

  CHECK_FALSE([&] {
    const auto five = guard_after({});
    receive(*five, publish(0x34, "t", 7, ""));
    return five->any_arrived();  // Paho does it
  }());
}

TEST_CASE("a message with QoS 2 is received with its last byte, and stays so when it is repeated") {
  for (const int version : {4, 5}) {
    const auto message = [&](int first) { return ours(version, first, "t", 7); };
    const auto receive_all_but = [&](PacketGuard& guard, const std::string& all, std::size_t rest) {
      receive(guard, all.substr(0, all.size() - rest));
    };
    const auto guard = guard_after({.version = version, .flags = 0});
    receive_all_but(*guard, message(0x34), 1);
    CHECK(ids(*guard).empty());
    receive(*guard, message(0x34).substr(message(0x34).size() - 1));
    CHECK(ids(*guard) == Ids{7});
    receive_all_but(*guard, message(0x3C), 1);
    CHECK(ids(*guard) == Ids{7});
  }
}

TEST_CASE("a PUBREC of ours amid a payload does not end what is kept of it") {
  const auto guard = guard_after({.version = 4});
  const auto message = publish_3(0x34, "t", 7);
  receive(*guard, message.substr(0, message.size() - 3));
  guard->sent(with_id(0x50, 7, raw({0x80})));  // MQTT 3.1.1 has no reason codes
  receive(*guard, message.substr(message.size() - 3));
  CHECK(guard->take_arrived().at(0).payload == "payload");
  CHECK(ids(*guard) == Ids{7});
}

TEST_CASE("ids without PUBREL go on to the next connection of the session") {
  const auto first = guard_after({});
  receive(*first, publish(0x34, "t", 7, "") + publish(0x34, "t", 8, "") +
                      publish(0x34, "t", 9, "") + publish(0x34, "t", 10, "") + with_id(0x62, 8));
  first->sent(with_id(0x50, 10, raw({0x87})));
  CHECK(ids(*first) == Ids{7, 9});

  const auto connected = [&](const std::string& answer, int flags = 0, int version = 5) {
    auto guard = guard_after({.version = version, .flags = flags, .accepted = false});
    guard->resume(first->unreleased());
    receive(*guard, answer);
    return guard;
  };
  const auto resumed = connected(packet(0x20, raw({1, 0, 0})));
  CHECK(resumed->given_before(7));
  CHECK_FALSE(resumed->given_before(8));
  receive(*resumed, publish(0x3C, "t", 7, "") + publish(0x34, "t", 9, ""));
  CHECK(resumed->given_before(7));
  CHECK_FALSE(resumed->given_before(9));
  CHECK(ids(*resumed) == Ids{7, 9});
  receive(*resumed, with_id(0x62, 7));
  CHECK_FALSE(resumed->given_before(7));
  CHECK(ids(*resumed) == Ids{9});

  CHECK(connected(packet(0x20, raw({0, 0, 0})))->unreleased().empty());
  CHECK(ids(*connected(packet(0x20, raw({0, 0x87, 0})))) == Ids{7, 9});
  CHECK(ids(*connected(packet(0x20, raw({0, 0})), 0, 3)) == Ids{7, 9});
  CHECK(connected(packet(0x20, raw({0, 0})), 2, 3)->unreleased().empty());
  CHECK(connected(packet(0x20, raw({0, 0})), 0, 4)->unreleased().empty());
}

}  // namespace
}  // namespace mqtt_tools::connection::hooks
