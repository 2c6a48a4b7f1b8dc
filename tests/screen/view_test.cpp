// SPDX-License-Identifier: MIT
//
// What the screen shows, as pictures in text.
#include "screen/view.hpp"

#include "catch.hpp"
#include "payload/json.hpp"
#include "text.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

using namespace mqtt_tools;
using namespace mqtt_tools::screen;
using namespace std::chrono_literals;
using namespace std::string_literals;

namespace {

const Clock::time_point start{1000s};

struct Screen {
  explicit Screen(int columns = 80, int rows = 8) : size{columns, rows} {}

  void add(const std::string& topic, const std::string& payload, Duration at = 0s) {
    Message message;
    message.topic = topic;
    message.payload = payload;
    message.qos = Qos::at_least_once;
    table.add(payload::decode(message), start + at);
    now = std::max(now, start + at);
  }

  void press(Key::Kind kind) { view.press(Key{kind, 0}, now); }
  void type(std::string_view letters) {
    for (const char c : letters) {
      view.press(Key{Key::Kind::character, static_cast<char32_t>(c)}, now);
    }
  }

  Frame frame() { return view.frame(size, now, status); }

  /// All lines, without the blanks at their ends.
  std::vector<std::string> picture() {
    std::vector<std::string> lines;
    for (const auto& line : frame()) {
      auto text = line.text;
      text.resize(text.find_last_not_of(' ') + 1);
      lines.push_back(text);
    }
    return lines;
  }

  /// The topics that are listed, in their order, and a * before the one that is selected.
  std::string topics() {
    std::string names;
    const auto lines = frame();
    for (std::size_t row = 2; row + 1 < lines.size(); ++row) {
      const auto text = lines[row].text;
      if (text.find_first_not_of(' ') == std::string::npos) break;
      const bool selected = (lines[row].attributes & reverse) != 0;
      names += (selected ? "*" : "") + text.substr(1, text.find(' ', 1) - 1) + " ";
    }
    return names;
  }

  Size size;
  TopicTable table{{}, payload::DecodeAs::automatic, start};
  View view{table};
  StatusText status{"broker:1883", "connected", ""};
  Clock::time_point now = start;
};

using Picture = std::vector<std::string>;

/// Two rooms with a temperature and a door, for eight seconds.
void fill(Screen& screen) {
  for (int second = 0; second < 8; ++second) {
    const auto warm = std::to_string(20 + second);
    screen.add("home/kitchen/temperature", R"({"msg":)" + warm + R"(,"data":"x"})", second * 1s);
    screen.add("home/hall/temperature", R"({"value": )" + std::to_string(30 - second) + "}",
               second * 1s);
  }
  screen.add("home/hall/door", R"({"msg":"open","data":"2026-11-28 08-00-00"})", 7s);
  screen.now = start + 8s;
}

}  // namespace

TEST_CASE("a screen of 40 columns shows topic, rate, age and value") {
  Screen screen{40, 7};
  fill(screen);
  CHECK(screen.picture() == Picture{
                                " connected  broker:18… 3 topics  2.33/s",
                                " topic▾              /s   age value",
                                " home/hall/door       0    1s open",
                                " …ll/temperature   1.00    1s {\"value\":…",
                                " …en/temperature   1.00    1s 27",
                                "",
                                "? help  / filter  s sort  space pause  …",
                            });
}

TEST_CASE("a screen of 80 columns shows messages and a sparkline, too") {
  Screen screen{80, 7};
  fill(screen);
  CHECK(screen.picture() ==
        Picture{
            " connected  broker:1883                                        3 topics  2.33/s",
            " topic▾                   messages     /s   age value",
            " home/hall/door                  1      0    1s open                           ▅",
            " home/hall/temperature           8   1.00    1s {\"value\":23}            █▇▆▅▄▃▂▁",
            " home/kitchen/temperature        8   1.00    1s 27                      ▁▂▃▄▅▆▇█",
            "",
            "? help  / filter  s sort  space pause  Enter details  c clear  q quit",
        });
}

TEST_CASE("a screen of 200 columns gives topics and sparklines more room") {
  Screen screen{200, 7};
  fill(screen);
  CHECK(screen.picture() ==
        Picture{
            " connected  broker:1883                                                               "
            "                                                                                      "
            "           3 topics  2.33/s",
            " topic▾                   messages     /s   age value",
            " home/hall/door                  1      0    1s open                                  "
            "                                                                                      "
            "                           ▅",
            " home/hall/temperature           8   1.00    1s {\"value\":23}                        "
            "                                                                                      "
            "                      █▇▆▅▄▃▂▁",
            " home/kitchen/temperature        8   1.00    1s 27                                    "
            "                                                                                      "
            "                    ▁▂▃▄▅▆▇█",
            "",
            "? help  / filter  s sort  space pause  Enter details  c clear  q quit",
        });
}

TEST_CASE("details show figures, a chart and the payload, indented") {
  Screen screen{60, 20};
  fill(screen);
  screen.picture();
  screen.press(Key::Kind::down);
  screen.press(Key::Kind::enter);
  CHECK(screen.picture() == Picture{
                                " connected  broker:1883                    3 topics  2.33/s",
                                " home/hall/temperature",
                                " 8 messages, 1.00/s, last: 1s, QoS 1, 13 bytes",
                                " /value  23.0  min 23.0  max 30.0  over 8s  (1 of 2)",
                                " ███████▁▁▁▁▁▁▁",
                                " ██████████████▃▃▃▃▃▃▃",
                                " █████████████████████▄▄▄▄▄▄▄▄",
                                " █████████████████████████████▅▅▅▅▅▅▅",
                                " ████████████████████████████████████▆▆▆▆▆▆▆",
                                " ██████████████████████████████████████████████████▁▁▁▁▁▁▁▁",
                                " {",
                                "   \"value\": 23",
                                " }",
                                "",
                                "",
                                "",
                                "",
                                "",
                                "",
                                "Tab number  arrows scroll  Esc back  space pause  q quit",
                            });
}

TEST_CASE("each line is as wide as the screen, and there are as many as it has") {
  Screen screen;
  fill(screen);
  screen.add("日本/東京", "こんにちは、世界 🙂 \x1b[2J", 8s);
  screen.add(std::string(60'000, 't'), std::string(60'000, 'p'), 8s);
  screen.add("bytes", "\xff\x00\x1b"s, 8s);
  screen.add("lines", "one\ntwo\tthree\r\n", 8s);
  screen.status.last_line = std::string(500, 's');
  for (const auto* keys : {"", "?", "x/", "o", "\x01"}) {
    for (const char c : std::string_view{keys}) {
      if (c == '\x01') {
        screen.press(Key::Kind::escape);
        screen.press(Key::Kind::down);
        screen.press(Key::Kind::enter);
      } else {
        screen.type(std::string(1, c));
      }
    }
    for (const int columns : {1, 2, 10, 39, 40, 59, 60, 69, 70, 80, 110, 160, 200, 500}) {
      for (const int rows : {1, 2, 3, 4, 12, 50}) {
        screen.size = {columns, rows};
        const auto lines = screen.frame();
        CAPTURE(keys, columns, rows);
        CHECK(lines.size() == static_cast<std::size_t>(rows));
        for (const auto& line : lines) {
          CHECK(mqtt_tools::columns(line.text) == static_cast<std::size_t>(columns));
          CHECK(escaped(line.text) == line.text);
        }
      }
    }
  }
}

TEST_CASE("topics are sorted by name, by rate and by age") {
  Screen screen;
  for (int i = 0; i < 10; ++i) screen.add("b", "1", i * 100ms);
  for (int i = 0; i < 5; ++i) screen.add("a", "1", i * 200ms + 100ms);
  screen.add("c", "1", 950ms);
  screen.now = start + 1s;
  CHECK(screen.topics() == "*a b c ");
  CHECK(screen.picture()[1].starts_with(" topic▾"));
  screen.type("s");
  CHECK(screen.topics() == "*b a c ");
  screen.type("s");
  CHECK(screen.topics() == "*c b a ");
  screen.type("s");
  CHECK(screen.topics() == "*a b c ");
}

TEST_CASE("the selected topic stays selected when others come before it") {
  Screen screen;
  for (const auto* topic : {"m", "n", "o"}) screen.add(topic, "1");
  CHECK(screen.topics() == "*m n o ");
  screen.press(Key::Kind::down);
  CHECK(screen.topics() == "m *n o ");
  screen.add("a", "1");
  screen.add("z", "1");
  CHECK(screen.topics() == "a m *n o z ");
}

TEST_CASE("keys move through a list that is longer than the screen") {
  Screen screen{80, 8};  // Five topics.
  for (char c = 'a'; c <= 'z'; ++c) screen.add(std::string(1, c), "1");
  CHECK(screen.topics() == "*a b c d e ");
  screen.press(Key::Kind::page_down);
  CHECK(screen.topics() == "a b c d *e ");
  screen.press(Key::Kind::down);
  CHECK(screen.topics() == "b c d e *f ");
  screen.press(Key::Kind::end);
  CHECK(screen.topics() == "v w x y *z ");
  screen.press(Key::Kind::down);
  screen.press(Key::Kind::page_up);
  CHECK(screen.topics() == "*v w x y z ");
  screen.press(Key::Kind::home);
  screen.press(Key::Kind::up);
  CHECK(screen.topics() == "*a b c d e ");
  screen.press(Key::Kind::end);
  screen.size.rows = 30;
  CHECK(screen.topics().size() == 2 * 26 + 1);
}

TEST_CASE("a filter leaves what it is part of, as it is typed") {
  Screen screen;
  for (const auto* topic : {"hall/door", "Hall/light", "kitchen/door"}) screen.add(topic, "1");
  screen.type("/ha");
  CHECK(screen.topics() == "*Hall/light hall/door ");
  CHECK(screen.picture().back() == "/ha_");
  screen.type("ll/d");
  CHECK(screen.topics() == "*hall/door ");
  screen.press(Key::Kind::backspace);
  CHECK(screen.topics() == "*Hall/light hall/door ");
  screen.type(" q");
  CHECK_FALSE(screen.view.quit());
  CHECK(screen.picture()[2] == " no topic has \"hall/ q\" in its name");
  screen.press(Key::Kind::backspace);
  screen.press(Key::Kind::backspace);
  screen.press(Key::Kind::enter);
  CHECK(screen.picture().back().find("filter: hall/") == 0);
  screen.add("hall/new", "1");
  screen.add("cellar", "1");
  CHECK(screen.topics() == "*Hall/light hall/door hall/new ");
  screen.press(Key::Kind::escape);
  CHECK(screen.topics() == "*Hall/light cellar hall/door hall/new kitchen/door ");
}

TEST_CASE("a filter of more than one byte a letter is deleted letter by letter") {
  Screen screen;
  screen.add("tür", "1");
  screen.add("tor", "1");
  screen.type("/t");
  screen.view.press(Key{Key::Kind::character, U'ü'}, screen.now);
  CHECK(screen.topics() == "*tür ");
  screen.press(Key::Kind::backspace);
  CHECK(screen.topics() == "*tor tür ");
  screen.press(Key::Kind::backspace);
  screen.press(Key::Kind::backspace);
  CHECK(screen.picture().back().find("? help") == 0);
}

TEST_CASE("while it pauses the picture stays, and then shows what came") {
  Screen screen;
  screen.add("a", "before");
  screen.type(" ");
  const auto paused = screen.picture();
  CHECK(paused[0].find("PAUSED") != std::string::npos);
  screen.add("a", "after", 5s);
  screen.add("b", "1", 5s);
  const auto later = screen.picture();
  CHECK(Picture(later.begin() + 1, later.end()) == Picture(paused.begin() + 1, paused.end()));
  screen.type(" ");
  const auto on = screen.picture();
  CHECK(on[0].find("PAUSED") == std::string::npos);
  CHECK(on[2].find("after") != std::string::npos);
  CHECK(screen.topics() == "*a b ");
}

TEST_CASE("clearing forgets all topics, also from details and in a pause") {
  Screen screen;
  screen.add("a", "1");
  screen.press(Key::Kind::enter);
  screen.topics();
  screen.press(Key::Kind::enter);
  screen.type(" c");
  CHECK(screen.picture()[2] == " no message yet");
  screen.type(" ");
  screen.add("b", "2");
  CHECK(screen.topics() == "*b ");
}

TEST_CASE("a stale topic is marked and dim") {
  Screen screen;
  for (int i = 0; i < 4; ++i) screen.add("t", "1", i * 1s);
  screen.now = start + 5s;
  CHECK(screen.frame()[2].attributes == reverse);
  screen.now = start + 7s;
  CHECK(screen.frame()[2].attributes == (reverse | dim));
  CHECK(screen.picture()[2].front() == '!');
}

TEST_CASE("the key Tab goes round the numbers of a topic and its rate") {
  Screen screen{80, 24};
  for (int i = 0; i < 5; ++i) {
    screen.add("t", R"({"a":)" + std::to_string(i) + R"(,"b":{"c":7},"s":"text"})", i * 1s);
  }
  screen.picture();
  screen.press(Key::Kind::enter);
  const auto title = [&] {
    const auto line = screen.picture()[3];
    return line.substr(0, line.find(' ', 2));
  };
  CHECK(title() == " /a");
  CHECK(screen.picture()[3].find("4.00  min 0  max 4.00") != std::string::npos);
  screen.press(Key::Kind::tab);
  CHECK(title() == " /b/c");
  screen.press(Key::Kind::tab);
  CHECK(screen.picture()[3].find(" messages a second") == 0);
  screen.press(Key::Kind::tab);
  CHECK(title() == " /a");
  screen.press(Key::Kind::tab);
  screen.press(Key::Kind::escape);
  screen.press(Key::Kind::enter);
  CHECK(title() == " /b/c");
}

TEST_CASE("a long payload is scrolled in the details") {
  Screen screen{40, 12};
  std::string lines;
  for (int i = 0; i < 100; ++i) lines += "line " + std::to_string(i) + "\n";
  screen.add("t", lines + "the end");
  screen.picture();
  screen.press(Key::Kind::enter);
  const auto first = [&] { return screen.picture()[7]; };
  CHECK(first() == " line 0");
  screen.press(Key::Kind::down);
  CHECK(first() == " line 1");
  screen.press(Key::Kind::page_down);
  CHECK(first() == " line 4");
  screen.press(Key::Kind::end);
  CHECK(screen.picture()[10] == " the end");
  screen.press(Key::Kind::page_up);
  screen.press(Key::Kind::home);
  screen.press(Key::Kind::up);
  CHECK(first() == " line 0");
}

TEST_CASE("details show properties and what is left out of a large payload") {
  Screen screen{100, 24};
  Message message;
  message.topic = "t";
  message.payload = std::string(100'000, 'x');
  message.retained = true;
  message.properties.content_type = "text/plain\x1b[2J";
  message.properties.correlation_data = "\xff";
  message.properties.user = {{"key", "value"}};
  screen.table.add(payload::decode(message), start);
  screen.picture();
  screen.press(Key::Kind::enter);
  const auto picture = screen.picture();
  CHECK(picture[2] ==
        " 1 message, 0/s, last: now, QoS 0, retained, 100000 bytes of which 65536 are kept");
  const auto has = [&](const std::string& line) {
    return std::find(picture.begin(), picture.end(), line) != picture.end();
  };
  CHECK(has(R"( content-type: text/plain\x1b[2J)"));
  CHECK(has(" correlation-data: ff"));
  CHECK(has(" key = value"));
}

TEST_CASE("help shows each key, and any key ends it") {
  Screen screen{40, 24};
  screen.add("a", "1");
  screen.type("?");
  std::string all;
  for (const auto& line : screen.picture()) all += line + "\n";
  CHECK(all.find("…") == std::string::npos);  // A narrow screen has all of it, too.
  for (const auto* key :
       {"Up Down", "PgUp", "/ ", "s ", "space", "Enter", "Tab", "c ", "q ", "Esc"}) {
    CAPTURE(key);
    CHECK(all.find("\n"s + (key == "Tab"s || key == "Esc"s ? "  " : "") + key) !=
          std::string::npos);
  }
  screen.type("x");
  CHECK(screen.topics() == "*a ");
  screen.type("q");
  CHECK(screen.view.quit());
}

TEST_CASE("the last line for stderr stands in the status line") {
  Screen screen;
  screen.status = {"", "connecting", "mqtt-sub: connection lost\x1b[2J"};
  CHECK(screen.picture().back() == R"(mqtt-sub: connection lost\x1b[2J)");
  CHECK(screen.picture().front().find(" connecting ") == 0);
}

TEST_CASE("no payload is decoded for a topic that is not on the screen") {
  Screen screen{80, 8};
  for (int i = 0; i < 500; ++i) screen.add("t" + std::to_string(i), R"({"a":[1,2,3]})");
  screen.picture();
  const auto before = payload::JsonTokens::bytes_begun();
  screen.picture();
  CHECK(payload::JsonTokens::bytes_begun() == before);
  screen.press(Key::Kind::end);
  screen.picture();
  CHECK(payload::JsonTokens::bytes_begun() < before + 5 * 200);
}
