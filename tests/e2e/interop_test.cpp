// SPDX-License-Identifier: MIT
//
// Programs of others that speak our wire format: Python with paho-mqtt, and Mosquitto's.

#include "catch.hpp"
#include "support/programs.hpp"

using namespace mqtt_tools::support;

namespace {

/// Prints what it reads out of our envelope; arguments: port, count.
const std::string python_subscriber = R"(
import json, sys, time
import paho.mqtt.client as mqtt
left = int(sys.argv[2])
def on_connect(client, userdata, flags, rc):
    client.subscribe('t', 1)
def on_subscribe(client, userdata, mid, granted):
    print('subscribed', flush=True)
def on_message(client, userdata, message):
    global left
    data = json.loads(message.payload.decode('utf-8'))
    time.strptime(data['data'], '%Y-%m-%d %H-%M-%S')
    print(list(data), data['msg'], flush=True)
    left -= 1
    if left == 0:
        client.disconnect()
client = mqtt.Client()
client.on_connect, client.on_subscribe, client.on_message = on_connect, on_subscribe, on_message
client.connect('127.0.0.1', int(sys.argv[1]))
client.loop_forever()
)";

/// Publishes one text as such programs do; arguments: port, text.
const std::string python_publisher = R"(
import json, sys, time
import paho.mqtt.publish as publish
payload = json.dumps({'msg': sys.argv[2], 'data': time.strftime('%Y-%m-%d %H-%M-%S')}, ensure_ascii=False)
publish.single('t', payload, 1, hostname='127.0.0.1', port=int(sys.argv[1]))
)";

const std::string text = "MQTT信息发布!";

}  // namespace

TEST_CASE("a subscriber in Python reads what mqtt-pub publishes") {
  Broker broker;
  Process subscriber{python(python_subscriber, {broker.port_text(), "3"})
                         .environment("PYTHONIOENCODING", "utf-8")};
  REQUIRE(subscriber.wait_for_out("subscribed\n"));
  check_exit(run(broker.pub({"t", text})), 0);
  check_exit(run(broker.pub({"t", "-l"}), "one\n\"two\"\n"), 0);
  const auto result = subscriber.wait();
  check_exit(result, 0);
  CHECK(result.out ==
        "subscribed\n['msg', 'data'] " + text + "\n['msg', 'data'] one\n['msg', 'data'] \"two\"\n");
}

TEST_CASE("mqtt-sub reads what a publisher in Python publishes") {
  Broker broker;
  Process raw{broker.sub({"t", "-C", "1"})};
  Process selected{broker.sub({"t", "-C", "1", "--select", "/msg"})};
  Process pretty{broker.sub({"t", "-C", "1", "-o", "pretty"})};
  REQUIRE(broker.wait_for_subscription("t", 3));
  check_exit(run(python(python_publisher, {broker.port_text(), text})), 0);
  CHECK(raw.wait().out.starts_with(R"({"msg": ")" + text + R"(", "data": ")"));
  CHECK(selected.wait().out == text + "\n");
  const auto shown = pretty.wait().out;
  CHECK(shown.find(text) != std::string::npos);
  CHECK(shown.find('{') == std::string::npos);
}

TEST_CASE("an expectation is met by a message that Python published") {
  Broker broker;
  Process process{broker.sub({"t", "-W", "20", "--expect", R"({"msg":")" + text + R"("})"})};
  REQUIRE(broker.wait_for_subscription("t"));
  check_exit(run(python(python_publisher, {broker.port_text(), "something else"})), 0);
  check_exit(run(python(python_publisher, {broker.port_text(), text})), 0);
  check_exit(process.wait(), 0);
}

TEST_CASE("Mosquitto's programs and ours understand each other in both versions") {
  Broker broker;
  for (const auto* ours : {"3.1.1", "5"}) {
    for (const auto* theirs : {"311", "5"}) {
      const std::string topic = std::string{"x/"} + ours + "/" + theirs;
      check_exit(run(broker.pub({topic, "--raw", text, "-r", "-V", ours, "-q", "2"})), 0);
      const auto read =
          broker.command("/usr/bin/mosquitto_sub", {"-t", topic, "-C", "1", "-V", theirs});
      CHECK(run(read).out == text + "\n");
      CHECK(run(broker.sub({topic, "-C", "1", "-V", ours, "-q", "2"})).out == text + "\n");
    }
  }
}
