// SPDX-License-Identifier: MIT
//
// A run that shows what is retained and leaves: complete, however the broker orders its packets.

#include "catch.hpp"
#include "support/programs.hpp"
#include "support/script_broker.hpp"

#include <algorithm>

using namespace mqtt_tools::support;

namespace {

void retained(Session& session, const std::string& payload) {
  session.send(encode_packet(
      PacketType::publish, 1,
      encode_text("t") + (session.level() >= 5 ? std::string(1, '\0') : "") + payload));
}

auto lines_in(const std::string& text) { return std::count(text.begin(), text.end(), '\n'); }

}  // namespace

TEST_CASE("all that is retained on a busy broker is shown, nothing live, and the run ends") {
  BrokerOptions options;
  options.lines = "max_queued_messages 1000\nmax_inflight_messages 20\n";
  Broker broker{options};
  std::string lines;
  for (int i = 0; i < 12'500; ++i) lines += "r/" + std::to_string(i) + "\tkept\n";
  check_exit(run(broker.pub({"-l", "--topic-from-line", "--raw", "-r"}), lines), 0);
  Process live{broker.pub({"r/live", "live", "--raw", "--repeat", "1000000", "--rate", "1000"})};
  check_exit(run(broker.sub({"r/live", "-C", "1", "-W", "10"})), 0);
  for (const auto* version : {"5", "3.1.1"}) {
    const auto result = run(broker.sub({"r/#", "--last", "-V", version}), 4 * patience);
    check_exit(result, 0);
    CHECK(lines_in(result.out) == 12'500);
    CHECK(result.out.find("live") == std::string::npos);
  }
  const auto some = run(broker.sub({"r/#", "--last", "-F", "%t", "--grep", "kept", "-C", "3"}));
  check_exit(some, 0);
  CHECK(lines_in(some.out) == 3);
}

TEST_CASE("a run ends with what is retained in the ways that it is asked to") {
  Broker broker;
  check_exit(run(broker.pub({"r/1", R"({"state":"up"})", "--raw", "-r"})), 0);
  check_exit(run(broker.pub({"r/2", R"({"state":"down"})", "--raw", "-r"})), 0);
  const auto last = [&](std::initializer_list<std::string> words) {
    return run(broker.sub({"r/#", "--last"}).add(words));
  };
  CHECK(last({"--match", R"({"state":"up"})", "--select", "/state"}).out == "up\n");
  check_exit(last({"--expect", R"(/state == "down")"}), 0);
  const auto unmet = last({"--expect", R"(/state == "off")"});
  check_exit(unmet, 27);
  CHECK(unmet.err.find("not met: /state == \"off\"") != std::string::npos);
  check_exit(last({"--forbid", R"(/state == "down")"}), 1);
  check_exit(last({"-W", "20"}), 0);
  const auto started = last({"--exec", "echo $MQTT_TOPIC"});
  check_exit(started, 0);
  CHECK(lines_in(started.out) == 2);
  check_exit(last({"--remove-retained"}), 0);
  const auto nothing = last({"-o", "json"});
  check_exit(nothing, 0);
  CHECK(nothing.out.empty());
}

TEST_CASE("what is retained may come late, between answers to other packets") {
  for (const auto* version : {"5", "3.1.1"}) {
    ScriptBroker broker{[](Session& session) {
      session.accept_subscription();
      for (int i = 0; i < 5; ++i) {
        const auto probe = session.expect(PacketType::unsubscribe);
        session.publish("t", "live");
        retained(session, std::to_string(i));
        session.answer(probe);
        session.publish("t", "live");
      }
      session.serve();
    }};
    const auto result = run(sub(broker.port(), {"t", "--last", "-V", version}));
    check_exit(result, 0);
    CHECK(result.out == sequence(0, 4));
  }
}

TEST_CASE("a broker that drops packets is named, and what came is shown") {
  const std::string words =
      "dropped messages, what is retained has not come in full (Mosquitto: "
      "max_queued_messages)";
  for (const bool answers_later : {true, false}) {
    ScriptBroker broker{[=](Session& session) {
      session.accept_subscription();
      retained(session, "kept");
      session.expect(PacketType::unsubscribe);
      if (answers_later) session.serve();
      session.stay_silent();
    }};
    const auto result =
        run(sub(broker.port(), {"t", "--last", "--connect-timeout", answers_later ? "60" : "2"}));
    check_exit(result, 1);
    CHECK(result.out == "kept\n");
    CHECK(result.err.find(words) != std::string::npos);
  }
  ScriptBroker ungranted{[](Session& session) {  // SUBACK is among what was dropped.
    session.accept();
    session.expect(PacketType::subscribe);
    retained(session, "kept");
    session.serve();
  }};
  const auto result = run(sub(ungranted.port(), {"t", "--last", "--connect-timeout", "1"}));
  check_exit(result, 1);
  CHECK(result.err.find(words) != std::string::npos);

  ScriptBroker silent{[](Session& session) {
    session.accept();
    session.stay_silent();
  }};
  const auto unanswered = run(sub(silent.port(), {"t", "--last", "--connect-timeout", "0.5"}));
  check_exit(unanswered, 3);
  CHECK(unanswered.err.find("did not answer SUBSCRIBE in time") != std::string::npos);
}

TEST_CASE("a connection lost amid what is retained is made again, and it all comes") {
  const auto breaks = [](Session& session) {
    session.accept_subscription();
    retained(session, "1");
    session.expect(PacketType::unsubscribe);
    session.close();
  };
  ScriptBroker broker{{breaks, [](Session& session) {
                         session.accept_subscription();
                         retained(session, "1");
                         retained(session, "2");
                         session.serve();
                       }}};
  const auto result = run(sub(broker.port(), {"t", "--last"}));
  check_exit(result, 0);
  CHECK(result.out == "1\n1\n2\n");
  ScriptBroker gone{breaks};
  const auto lost = run(sub(gone.port(), {"t", "--last", "--no-reconnect"}));
  check_exit(lost, 6);
  CHECK(lost.out == "1\n");
  ScriptBroker denies{[](Session& session) {
    session.accept();
    session.suback(session.expect(PacketType::subscribe), {0x87});
    session.serve();
  }};
  check_exit(run(sub(denies.port(), {"t", "--last"})), 5);
}
