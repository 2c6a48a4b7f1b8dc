// SPDX-License-Identifier: MIT
//
// Nothing that others wrote acts on the terminal, whichever way it gets there.

#include "catch.hpp"
#include "support/programs.hpp"
#include "support/script_broker.hpp"

#include <signal.h>
#include <cstdio>

using namespace mqtt_tools::support;
using namespace std::string_literals;

namespace {

struct Attack {
  const char* name;
  std::string bytes;
};

const std::vector<Attack>& attacks() {
  static const std::vector<Attack> all{
      {"a title", "\x1b]0;owned\x07"},
      {"the clipboard (OSC 52)", "\x1b]52;c;cm0gLXJmIC8=\x1b\\"},
      {"clear the screen", "\x1b[2J\x1b[H"},
      {"colours", "\x1b[31mred"},
      {"a device query", "\x1b[6n\x05"},
      {"C1 as raw bytes", "\x9b\x32J\x9d\x30;x\x9c"},
      {"C1 as UTF-8", "\u009b2J\u009d0;x\u009c"},
      {"NEL and others of C1", "\u0085\u0090\u009f"},
      {"bidi overrides", "abc\u202egpj.exe\u202c\u202a\u202b\u202d"},
      {"bidi isolates", "\u2066\u2067\u2068\u2069"},
      {"a lone surrogate (CESU-8)", "\xed\xa0\x80 \xed\xb0\x80"},
      {"overlong ESC", "\xc0\x9b\xe0\x80\x9b"},
      {"half a character", "\xe2\x80"},
      {"DEL", "a\x7f\x7f"},
      {"backspace and return", "secret\b\b\b\b\b\b\rhidden"},
      {"NUL, shift out, form feed", "\0\x0e\x0f\x0c\x0b"s},
  };
  return all;
}

/// What a terminal would act on in `text`; empty when nothing. Newlines and tabs are ours to use.
std::string dangers(const std::string& text) {
  std::string found;
  const auto byte = [&](std::size_t at) {
    return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
  };
  const auto report = [&](std::size_t at, unsigned what) {
    char words[40];
    std::snprintf(words, sizeof words, "%X at %zu; ", what, at);
    found += words;
  };
  for (std::size_t at = 0; at < text.size();) {
    const unsigned lead = byte(at);
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    unsigned code = lead < 0x80 ? lead : lead & (0x7fU >> length);
    for (std::size_t i = 1; i < length; ++i) code = (code << 6) | (byte(at + i) & 0x3fU);
    const bool whole = [&] {
      if (lead >= 0x80 && (lead < 0xc2 || lead > 0xf4)) return false;
      for (std::size_t i = 1; i < length; ++i) {
        if ((byte(at + i) & 0xc0U) != 0x80) return false;
      }
      return (length != 3 || (code >= 0x800 && (code < 0xd800 || code > 0xdfff))) &&
             (length != 4 || (code >= 0x10000 && code <= 0x10ffff));
    }();
    if (!whole) {
      report(at, lead);
      ++at;
      continue;
    }
    const bool control = (code < 0x20 && code != '\n' && code != '\t') || code == 0x7f;
    if (control || (code >= 0x80 && code < 0xa0) || (code >= 0x202a && code <= 0x202e) ||
        (code >= 0x2066 && code <= 0x2069)) {
      report(at, code);
    }
    at += length;
  }
  return found;
}

/// Without what our own colours are: ESC [ digits and semicolons m.
std::string without_colours(const std::string& text) {
  std::string rest;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text.compare(at, 2, "\x1b[") == 0) {
      const auto end = text.find_first_not_of("0123456789;", at + 2);
      if (end != std::string::npos && text[end] == 'm') {
        at = end;
        continue;
      }
    }
    rest += text[at];
  }
  return rest;
}

std::string in_json(const std::string& bytes) {
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    char escape[8];
    std::snprintf(escape, sizeof escape, "\\u%04x", byte);
    text += byte < 0x20 || byte == 0x7f || c == '"' || c == '\\' ? escape : std::string(1, c);
  }
  return text;
}

/// Whether a topic can hold it: the connection ends when a topic is no text of MQTT's (MQTT 5.0
/// §1.5.4).
bool is_text(const std::string& bytes) {
  return bytes.find('\0') == std::string::npos &&
         run(Command{"iconv", "-f", "UTF-8", "-t", "UTF-8"}, bytes).code == 0;
}

/// Each attack where a message can hold it: payload, content type, response topic, correlation
/// data, user properties; as it is and as text in JSON.
std::vector<ScriptBroker::Script> attackers() {
  std::vector<std::pair<std::string, std::string>> messages;
  std::vector<std::string> properties;
  for (const auto& [name, bytes] : attacks()) {
    const auto topic = "t/" + (is_text(bytes) ? bytes : std::string{"bytes"});
    const auto json = in_json(bytes);
    properties.insert(properties.end(), 4,
                      "\x03" + encode_text(bytes) + "\x08" + encode_text("r/" + bytes) + "\x09" +
                          encode_text(bytes) + "\x26" + encode_text("key" + bytes) +
                          encode_text(bytes));
    messages.emplace_back(topic, bytes);
    messages.emplace_back(topic, R"({"msg":")" + json + R"(","data":"x"})");
    messages.emplace_back(topic, R"({"msg":[")" + json + R"("],"a)" + json +
                                     R"(":1,"b":"\u001b[2J\u009b\u202e\ud800"})");
    messages.emplace_back(topic, R"({"msg":"\u001b[2J\u009b\u202e\u007f"})");
  }
  return {[=](Session& session) {
    session.accept_subscription();
    for (std::size_t i = 0; i < messages.size(); ++i) {
      session.publish(messages[i].first, messages[i].second, 0, 0, properties[i]);
    }
    session.publish("t/end", R"({"msg":"the end"})");
    session.serve();
  }};
}

/// What a terminal gets that is stdout and stderr.
Result shown(const std::vector<std::string>& words) {
  ScriptBroker broker{attackers()};
  auto command = sub(broker.port(), {"t/#", "-V", "5", "--no-reconnect"});
  for (const auto& word : words) command.add({word});
  Process process{command.terminal_output().terminal_errors()};
  CHECK(process.wait_for_out("the end"));
  process.signal(SIGTERM);
  return process.wait();
}

}  // namespace

TEST_CASE("no form shows anything that a terminal acts on") {
  const std::vector<std::vector<std::string>> forms{
      {"-o", "pretty", "--color", "never"},
      {"-o", "raw"},
      {"-o", "raw", "-v"},
      {"-o", "json"},
      {"-F", "%t %p %C %R %D %P %j %J %x"},
      {"--select", "/msg", "-v"},
      {"-o", "raw", "--decode", "text", "--debug"},
  };
  for (const auto& form : forms) {
    CAPTURE(Command{form}.text());
    const auto result = shown(form);
    check_exit(result, 143);
    CHECK(dangers(result.out) == "");
  }
  const auto coloured = shown({"-o", "pretty", "--color", "always"}).out;
  CHECK(coloured.find("\x1b[") != std::string::npos);
  // The colours of the attack itself are not among what is taken away: they come escaped.
  CHECK(coloured.find("\x1b[31mred") == std::string::npos);
  CHECK(dangers(without_colours(coloured)) == "");
}

TEST_CASE("in a pipe raw is byte exact, whatever a terminal would do") {
  Broker broker;
  const auto all = std::to_string(attacks().size());
  Process raw{broker.sub({"t", "-C", all, "-o", "raw"})};
  Process verbose{broker.sub({"t", "-C", all, "-v"})};
  Process format{broker.sub({"t", "-C", all, "-F", "%t %p"})};
  REQUIRE(broker.wait_for_subscription("t", 3));
  std::string payloads;
  std::string with_topic;
  for (const auto& attack : attacks()) {
    check_exit(run(broker.pub({"t", "--raw", "-s"}), attack.bytes), 0);
    payloads += attack.bytes + "\n";
    with_topic += "t " + attack.bytes + "\n";
  }
  CHECK(raw.wait().out == payloads);
  CHECK(verbose.wait().out == with_topic);
  CHECK(format.wait().out == with_topic);
}

TEST_CASE("nothing that a broker says in its reasons acts on the terminal") {
  for (const auto& [name, bytes] : attacks()) {
    CAPTURE(name);
    const auto reason = "\x1f" + encode_text("told " + bytes);
    const std::vector<ScriptBroker::Script> scripts{
        [&](Session& session) {
          session.expect(PacketType::connect);
          session.connack(0x87, reason);
        },
        [&](Session& session) {
          session.accept_subscription();
          session.disconnect(0x98, reason);
        },
        [&](Session& session) {
          session.accept();
          const auto packet = session.read();
          const auto body = encode_number(packet.type == PacketType::publish
                                              ? packet.id()
                                              : static_cast<unsigned char>(packet.body[1]));
          const auto properties = encode_bytes(reason);
          if (packet.type == PacketType::publish) {
            session.send(encode_packet(PacketType::puback, 0, body + "\x87" + properties));
          } else {
            session.send(encode_packet(PacketType::suback, 0, body + properties + "\x87"));
          }
          session.serve();
        },
    };
    for (const auto& script : scripts) {
      ScriptBroker broker{script};
      const auto said =
          run(sub(broker.port(), {"t", "-V", "5", "--no-reconnect", "--debug"}).terminal_errors());
      CHECK(dangers(said.err) == "");
      CHECK(said.code >= 4);
    }
    for (const auto& script : {scripts.front(), scripts.back()}) {
      ScriptBroker broker{script};
      const auto said = run(pub(broker.port(), {"t", "m", "-V", "5", "--no-reconnect", "-v", "-d"})
                                .terminal_errors());
      CHECK(dangers(said.err) == "");
      CHECK(said.code >= 4);
    }
  }
}

TEST_CASE("a topic that is no text ends the run and is not shown as it is") {
  for (const auto& bytes : {"\x9b\x32J"s, "\xed\xa0\x80\x1b]0;x\x07"s}) {
    ScriptBroker broker{[topic = bytes](Session& session) {
      session.accept_subscription();
      session.publish("t/" + topic, "x");
      session.serve();
    }};
    const auto result = run(sub(broker.port(), {"t/#", "--no-reconnect"}).terminal_errors());
    check_exit(result, 6);
    CHECK(result.err.find("not UTF-8") != std::string::npos);
    CHECK(dangers(result.err) == "");
  }
}

TEST_CASE("a wrong argument that is repeated does not act on the terminal") {
  std::string x = "x";
  for (const auto& attack : attacks()) {
    if (attack.bytes.find('\0') == std::string::npos) x += attack.bytes;  // no argument holds NUL
  }
  const std::vector<std::vector<std::string>> wrong{
      {"mqtt-pub", "--" + x},
      {"mqtt-pub", "-q", x, "t", "m"},
      {"mqtt-pub", x + "/#", "m"},
      {"mqtt-pub", "t", "m", x, x},
      {"mqtt-pub", "t", "-f", "/nowhere/" + x},
      {"mqtt-pub", "t", "--json", x},
      {"mqtt-pub", "t", "m", "--field", x},
      {"mqtt-pub", "t", "m", "--time-format", "%" + x},
      {"mqtt-pub", "t", "m", "--encode", x},
      {"mqtt-pub", "t", "--raw", "--from", "hex", x},
      {"mqtt-pub", "-h", x, "t", "m", "--connect-timeout", "1"},
      {"mqtt-pub", "-L", "mqtt://" + x + "/%", "t", "m"},
      {"mqtt-pub", "-L", x + "://h/t", "t", "m"},
      {"mqtt-pub", "-D", "publish", x, "v", "t", "m"},
      {"mqtt-pub", "--cafile", "/nowhere/" + x, "t", "m"},
      {"mqtt-pub", "--config", "/nowhere/" + x, "t", "m"},
      {"mqtt-pub", "--profile", x, "t", "m"},
      {"mqtt-pub", "--replay", "/nowhere/" + x},
      {"mqtt-sub", x + "#"},
      {"mqtt-sub", "$share/" + x},
      {"mqtt-sub", "t", "-F", "%" + x},
      {"mqtt-sub", "t", "--select", x},
      {"mqtt-sub", "t", "--grep", "(" + x},
      {"mqtt-sub", "t", "--match", x},
      {"mqtt-sub", "t", "--expect", x},
      {"mqtt-sub", "t", "-W", x},
      {"mqtt-sub", "t", "--ready-file", "/nowhere/" + x, "-h", "127.0.0.1", "-p", "1"},
  };
  for (const auto& words : wrong) {
    Command command{words};
    CAPTURE(words[1], words.back());
    const auto result = run(command.terminal_output().terminal_errors());
    CHECK(result.code != 0);
    CHECK(result.out.starts_with(words[0] + ": "));
    CHECK(dangers(result.out) == "");
  }
}

TEST_CASE("what is said about messages does not act on the terminal") {
  ScriptBroker broker{attackers()};
  const auto unmet = run(sub(broker.port(), {"t/#", "-V", "5", "--expect", "1", "-C", "20"})
                             .terminal_output()
                             .terminal_errors());
  check_exit(unmet, 27);
  CHECK(dangers(without_colours(unmet.out)) == "");
  const auto failed =
      run(sub(broker.port(), {"t/#", "-V", "5", "--exec", "exit 3", "-C", "20"}).terminal_errors());
  check_exit(failed, 1);
  CHECK(failed.err.find("t/") != std::string::npos);
  CHECK(dangers(failed.err) == "");
}

TEST_CASE("a bad record or line that is repeated does not act on the terminal") {
  const TemporaryDirectory directory;
  for (const auto& [name, bytes] : attacks()) {
    CAPTURE(name);
    const auto file = directory.write("records", "{\"topic\":\"" + bytes + "\"}\n" + bytes + "\n");
    const auto record = run(pub(1, {"--replay", file}).terminal_errors());
    check_exit(record, 2);
    CHECK(dangers(record.err) == "");
    const auto lines = directory.write("lines", bytes + "/#\tx\n");
    const auto line = run(pub(1, {"-l", "-f", lines, "--topic-from-line"}).terminal_errors());
    check_exit(line, 2);
    CHECK(dangers(line.err) == "");
  }
}
