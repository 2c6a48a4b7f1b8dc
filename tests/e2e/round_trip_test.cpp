// SPDX-License-Identifier: MIT
//
// Records carry any message from one broker to another: what they must hold is made and judged by
// Python, which has its own MQTT and its own JSON.

#include "catch.hpp"
#include "support/programs.hpp"

#include <algorithm>

using namespace mqtt_tools::support;

namespace {

/// Publishes random messages, writes what they were to a file, one JSON line each.
/// Arguments: port, seed, count, file.
const std::string python_author = R"py(
import base64, json, random, sys, threading
import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
port, seed, count, path = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
chance = random.Random(seed)

def character(forbidden=''):
    """A character that MQTT lets into a topic or a property: no control, no noncharacter."""
    while True:
        top = chance.choice([0x7e, 0x7e, 0x7ff, 0xffff, 0x10ffff])
        code = chance.randint(0x20, top)
        if 0x7f <= code <= 0x9f or 0xd800 <= code <= 0xdfff or 0xfdd0 <= code <= 0xfdef:
            continue
        if code & 0xfffe != 0xfffe and chr(code) not in forbidden:
            return chr(code)

def name(longest, forbidden=''):
    return ''.join(character(forbidden) for _ in range(chance.randint(1, longest)))

def any_character():
    kind = chance.randrange(6)
    if kind == 0:
        return chr(chance.choice([0, 7, 8, 9, 10, 12, 13, 27, 31, 34, 47, 92, 127, 0x85, 0x9b]))
    if kind == 1:
        return chr(chance.choice([0x2028, 0x202e, 0x2066, 0xfeff, 0xfffd, 0xfffe, 0xffff, 0x10ffff]))
    return character()

def any_text():
    return ''.join(any_character() for _ in range(chance.randint(0, 60)))

def number():
    return chance.choice(['0', '-0', '1.0', '1e400', '-1E-400', '12345678901234567890', '2.50',
                          '0.1e+1', '9' * 40, str(chance.randint(-10**9, 10**9)),
                          repr(chance.uniform(-1e6, 1e6))])

def string():
    text = json.dumps(any_text(), ensure_ascii=chance.random() < 0.5)
    if chance.random() < 0.05:
        text = text[:-1] + chance.choice(['\\ud800', '\\udc00x', '\\ud83d\\ude00', '\\/']) + '"'
    return text

def blank():
    return chance.choice(['', '', '', ' ', '\n', '\t', '\r\n', '  '])

def value(depth):
    kind = chance.randrange(8 if depth > 0 else 6)
    if kind < 2:
        return number()
    if kind < 4:
        return string()
    if kind < 6:
        return chance.choice(['true', 'false', 'null', '[]', '{}', '""'])
    parts = []
    for _ in range(chance.randint(0, 5)):
        member = blank() + value(depth - 1) + blank()
        key = chance.choice(['"a"', '"a"', '""', string()])
        parts.append(member if kind == 6 else blank() + key + blank() + ':' + member)
    inside = ','.join(parts)
    return '[' + inside + ']' if kind == 6 else '{' + inside + '}'

def payload():
    kind = chance.randrange(8)
    if kind == 0:
        return bytes(chance.randrange(256) for _ in range(chance.randint(0, 200)))
    if kind == 1:
        return chance.choice([b'', b'\0', b'\xff', b'\xed\xa0\x80', b'\xc3\x28', b'\xef\xbb\xbf{}',
                              b'[' * 300, b'\x81' * 300, b'NaN', b'1e400', b'"', b'\r\n'])
    if kind < 5:
        return (blank() + value(4) + blank()).encode()
    return any_text().encode()

def is_text(some):
    try:
        some.decode()
        return True
    except UnicodeDecodeError:
        return False

done = threading.Event()
ready = threading.Event()
left = count
def on_publish(client, userdata, mid):
    global left
    left -= 1
    if left == 0:
        done.set()
client = mqtt.Client(protocol=mqtt.MQTTv5)
client.max_inflight_messages_set(200)
client.on_publish = on_publish
client.on_connect = lambda *_: ready.set()
client.connect('127.0.0.1', port)
client.loop_start()
assert ready.wait(30)
topics = ['t/' + name(12, '+#') for _ in range(50)]
with open(path, 'w', encoding='ascii') as expected:
    for number_of_message in range(count):
        body = payload()
        topic, qos, retain = chance.choice(topics), chance.randrange(3), chance.random() < 0.2
        properties, known = Properties(PacketTypes.PUBLISH), {}
        if chance.random() < 0.3:
            properties.ContentType = known['content-type'] = name(20)
        if chance.random() < 0.3:
            is_utf8 = is_text(body) and chance.random() < 0.8
            properties.PayloadFormatIndicator = known['payload-format-indicator'] = int(is_utf8)
        if chance.random() < 0.3:
            properties.ResponseTopic = known['response-topic'] = 'r/' + name(20, '+#')
        if chance.random() < 0.3:
            data = chance.choice([name(20).encode(), any_text().encode(),
                                  bytes(chance.randrange(256) for _ in range(16))])
            properties.CorrelationData, known['correlation-data'] = data, data.hex()
        if chance.random() < 0.3:
            properties.MessageExpiryInterval = known['message-expiry-interval'] = chance.randint(
                100000, 2000000000)
        if chance.random() < 0.4:
            pairs = [(chance.choice(['k', 'k', name(10)]), chance.choice(['', name(30)]))
                     for _ in range(chance.randint(1, 5))]
            properties.UserProperty, known['user-properties'] = pairs, [list(pair) for pair in pairs]
        client.publish(topic, body, qos, retain, properties)
        print(json.dumps([topic, qos, retain, base64.b64encode(body).decode(), known]), file=expected)
assert done.wait(120), left
client.disconnect()
client.loop_stop()
)py";

/// Compares records on stdin with what was published, and says how many there were.
/// Arguments: the file, the most seconds that an expiry may have run down.
const std::string python_judge = R"py(
import base64, json, sys
exact = dict(parse_int=str, parse_float=str, parse_constant=str)

def refuse(text):
    raise ValueError(text)

def published(line):
    topic, qos, retain, body, properties = json.loads(line)
    return qos, [topic, retain, base64.b64decode(body), properties]

def recorded(line):
    record = json.loads(line.decode('utf-8'), parse_constant=refuse)
    assert list(record)[:5] == ['tst', 'topic', 'qos', 'retain', 'payloadlen'], line
    body = base64.b64decode(record['payload_base64'], validate=True) \
        if 'payload_base64' in record else record['payload'].encode('utf-8')
    assert len(body) == record['payloadlen'], line
    properties = dict(record.get('properties', {}))
    if 'correlation-data-base64' in properties:
        properties['correlation-data'] = base64.b64decode(
            properties.pop('correlation-data-base64')).hex()
    elif 'correlation-data' in properties:
        properties['correlation-data'] = properties['correlation-data'].encode('utf-8').hex()
    if 'user-properties' in properties:
        properties['user-properties'] = [[key, value] for member in properties['user-properties']
                                         for key, value in member.items()]
    judge_value(line, body)
    return record['qos'], [record['topic'], record['retain'], body, properties]

def judge_value(line, body):
    """The value is that of the payload, with all members and with its numbers as written."""
    pairs = dict(object_pairs_hook=list, **exact)
    record = dict(json.loads(line.decode('utf-8'), **pairs))
    try:
        value = json.loads(body.decode('utf-8'), object_pairs_hook=list, parse_int=str,
                           parse_float=str, parse_constant=refuse)
        json.dumps(value, ensure_ascii=False).encode('utf-8')  # no lone surrogates
    except ValueError:  # also of UTF-8
        return
    assert record.get('value', 'absent') == value, line

longest_run = int(sys.argv[2])
expected = {0: [], 1: [], 2: []}
actual = {0: [], 1: [], 2: []}
with open(sys.argv[1], encoding='ascii') as lines:
    for line in lines:
        qos, message = published(line)
        expected[qos].append(message)
for line in sys.stdin.buffer:
    qos, message = recorded(line)
    actual[qos].append(message)
for qos in expected:
    assert len(actual[qos]) == len(expected[qos]), (qos, len(actual[qos]), len(expected[qos]))
    for wanted, found in zip(expected[qos], actual[qos]):
        runs = wanted[3].pop('message-expiry-interval', None)
        left = found[3].pop('message-expiry-interval', None)
        assert (runs is None) == (left is None), (wanted, found)
        assert runs is None or 0 <= runs - left <= longest_run, (runs, left)
        assert wanted == found, (qos, wanted, found)
print(sum(map(len, actual.values())))
)py";

BrokerOptions without_limits() {
  BrokerOptions options;
  options.lines = "max_inflight_messages 0\nmax_queued_bytes 0\nmax_inflight_bytes 0\n";
  return options;
}

Command recorder(const Broker& broker, int count) {
  return broker.sub(
      {"t/#", "-q", "2", "--retain-as-published", "-o", "json", "-C", std::to_string(count)});
}

void travel(int seed, int count) {
  CAPTURE(seed, count);
  Broker from{without_limits()};
  Broker to{without_limits()};
  const TemporaryDirectory directory;
  const auto expected = directory / "expected";
  const auto limit = patience + slowness * milliseconds{10 * count};
  const auto words = std::to_string(count);

  Process first{recorder(from, count)};
  REQUIRE(from.wait_for_subscription("t/#"));
  check_exit(
      run(python(python_author, {from.port_text(), std::to_string(seed), words, expected}), limit),
      0);
  const auto recorded = first.wait(limit);
  check_exit(recorded, 0);

  Process second{recorder(to, count)};
  REQUIRE(to.wait_for_subscription("t/#"));
  check_exit(run(to.pub({"--replay", "-", "--keep-retain"}), recorded.out, limit), 0);
  const auto replayed = second.wait(limit);
  check_exit(replayed, 0);

  for (const auto* records : {&recorded.out, &replayed.out}) {
    const auto judged = run(python(python_judge, {expected, "600"}), *records, limit);
    check_exit(judged, 0);
    CHECK(judged.out == words + "\n");
  }
  const auto accepted = run(Command{"/usr/bin/jq", "-e", "-c", "."}, replayed.out, limit);
  check_exit(accepted, 0);
  CHECK(std::count(accepted.out.begin(), accepted.out.end(), '\n') == count);
}

}  // namespace

TEST_CASE("random messages go through records to another broker and stay what they were") {
  travel(20'261'123, 1'000);
}

TEST_CASE("10,000 random messages go through records to another broker", "[.slow]") {
  for (const int seed : {1, 2, 3}) travel(seed, 10'000);
}
