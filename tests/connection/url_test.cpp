// SPDX-License-Identifier: MIT
#include "connection/url.hpp"

#include "connection/url.hpp"
#include "error.hpp"

#include "catch.hpp"

#include <string>
#include <vector>

using namespace mqtt_tools::connection;
using mqtt_tools::UsageError;

namespace {

/// What is told about a text that is refused.
template <typename Reader>
std::string refusal(Reader reader, const std::string& text) {
  try {
    reader(text);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "not refused";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a host with colons that is no IPv6 address is not told about brackets that it has not") {
  CHECK_THROWS_WITH(
      read_endpoint("a:b:c"),
      "host 'a:*': it is not an IPv6 address, and in any other host a ':' stands only "
      "before the port");
  CHECK_THROWS_WITH(read_endpoint("[a:b]"),
                    "host '[a:b]': what stands in '[' and ']' is not an IPv6 address");
  CHECK(read_endpoint("::1").host == "::1");
}

TEST_CASE(
    "an IPv6 address in a URL without brackets and a list of hosts in one are known as such") {
  CHECK(contains(refusal(read_url, "mqtt://::1:1883/a"), "in an IPv6 address in '[' and ']'"));
  CHECK(contains(refusal(read_url, "mqtt://:1883/a"), "the host name is missing"));
  for (const std::string list : {"a,b", "a;b", "127.0.0.1,"}) {
    CHECK(contains(refusal(read_endpoint, list), "punctuation"));
  }
}

TEST_CASE("a broker URL is taken apart") {
  struct Case {
    std::string text;
    std::string scheme;
    std::string host;
    std::optional<int> port;
    std::string path;
  };
  const std::vector<Case> cases{
      {"mqtt://host", "mqtt", "host", {}, ""},
      {"mqtt://host/", "mqtt", "host", {}, ""},
      {"MQTT://host:1883", "mqtt", "host", 1883, ""},
      {"mqtts://broker.example:8883/a/b", "mqtts", "broker.example", 8883, "a/b"},
      {"tcp://h:1", "mqtt", "h", 1, ""},
      {"ssl://h:65535", "mqtts", "h", 65535, ""},
      {"tls://h", "mqtts", "h", {}, ""},
      {"ws://h", "ws", "h", {}, ""},
      {"ws://h/", "ws", "h", {}, "/"},
      {"wss://h:443/mqtt?token=a%2Fb&x=1", "wss", "h", 443, "/mqtt?token=a%2Fb&x=1"},
      {"ws://h?x=1", "ws", "h", {}, "/?x=1"},
      {"mqtt://[::1]:1884/t", "mqtt", "::1", 1884, "t"},
      {"mqtt://[2001:db8::7]", "mqtt", "2001:db8::7", {}, ""},
      {"mqtt://[fe80::1%25eth0]:1883", "mqtt", "fe80::1%eth0", 1883, ""},
      {"mqtt://[fe80::1%253]", "mqtt", "fe80::1%3", {}, ""},
      {"mqtt://127.0.0.1:1883//x", "mqtt", "127.0.0.1", 1883, "/x"},
      {"mqtt://h/a%20b/%C3%A4", "mqtt", "h", {}, "a b/ä"},
      {"mqtt://h/a/+/#", "mqtt", "h", {}, "a/+/#"},
      {"mqtt://h/what?", "mqtt", "h", {}, "what?"},
      {"mqtt://h/a@b:c", "mqtt", "h", {}, "a@b:c"},
  };
  for (const auto& expected : cases) {
    INFO(expected.text);
    const auto url = read_url(expected.text);
    CHECK(url.scheme == expected.scheme);
    CHECK(url.host == expected.host);
    CHECK(url.port == expected.port);
    CHECK(url.path == expected.path);
    CHECK_FALSE(url.username);
    CHECK_FALSE(url.password);
  }
}

TEST_CASE("a login in a URL is decoded") {
  struct Case {
    std::string text;
    std::optional<std::string> username;
    std::optional<std::string> password;
  };
  const std::vector<Case> cases{
      {"mqtt://user:secret@h", "user", "secret"},
      {"mqtt://user@h/t", "user", {}},
      {"mqtt://user:@h", "user", ""},
      {"mqtt://:secret@h", {}, "secret"},
      {"mqtt://@h", {}, {}},
      {"mqtt://u%40x:p%3A%2F%25%00@h", "u@x", std::string{"p:/%\0", 5}},
      {"ws://u:a:b@h/mqtt", "u", "a:b"},
      {"mqtt://u:p@ss@h", "u", "p@ss"},
      {"mqtt://u:p@[::1]:1883", "u", "p"},
  };
  for (const auto& expected : cases) {
    INFO(expected.text);
    const auto url = read_url(expected.text);
    CHECK(url.username == expected.username);
    CHECK(url.password == expected.password);
  }
}

TEST_CASE("a URL that is none is refused") {
  for (const std::string text : {"",
                                 "host",
                                 "host:1883",
                                 "://h",
                                 "mqtt:/h",
                                 "mqtt://",
                                 "mqtt:///t",
                                 "mqtt://:1883",
                                 "mqtt://u:p@",
                                 "mqtt://h:",
                                 "mqtt://h:0",
                                 "mqtt://h:65536",
                                 "mqtt://h:-1",
                                 "mqtt://h:1x",
                                 "mqtt://h: 1",
                                 "mqtt://h:+1",
                                 "mqtt://h:99999999999999999999",
                                 "mqtt://::1",
                                 "mqtt://[::1",
                                 "mqtt://[::1]1883",
                                 "mqtt://[h]:1883",
                                 "mqtt://[]",
                                 "mqtt://[127.0.0.1]",
                                 "mqtt://a b",
                                 "mqtt://a%zz@h",
                                 "mqtt://a%4@h",
                                 "mqtt://u:%@h",
                                 "mqtt://h/%zz",
                                 "mqtt://h/a%2",
                                 "mqtt://h?x",
                                 "mqtt://h#x",
                                 "mqtt://%ff@h",
                                 "ws://h/a b",
                                 "ws://h/a\r\nX: y",
                                 "ws://h/#x",
                                 "ws://h/\xC3\xA4",
                                 "mqtt://h\n",
                                 "mqtt://h%41",
                                 "http://h",
                                 "unix://run/broker",
                                 "unix://",
                                 "unix:/run/broker",
                                 "unix:///%zz"}) {
    INFO(text);
    CHECK_THROWS_AS(read_url(text), UsageError);
  }
}

TEST_CASE("a URL may name a socket of the file system, and nothing else") {
  const auto url = read_url("UNIX:///run/a%20b");
  CHECK(url.scheme == "unix");
  CHECK(url.socket_path == "/run/a b");
  CHECK(url.host.empty());
  CHECK(url.path.empty());
  CHECK_FALSE(url.tls());
}

TEST_CASE("an unknown scheme is answered with the right ones") {
  const auto told = refusal(read_url, "http://h");
  CHECK(contains(told, "'http'"));
  for (const std::string scheme : {"mqtt", "mqtts", "ws", "wss", "tcp", "ssl", "tls", "unix"}) {
    CHECK(contains(told, scheme));
  }
}

TEST_CASE("a refused URL never repeats a password") {
  for (const std::string text :
       {"foo://u:s3cret@h", "mqtt://u:s3cret@h:99999", "mqtt://u:s3cret@", "u:s3cret@h",
        "mqtt://u:s3cret%zz@h", "mqtt://u:s3/cret@h", "mqtt://u:s3?cret@h", "mqtt://u:s3#cret@h",
        "mqtt://u:s3cret@h/%zz", "ws://u:s3cret@h/a b", "mqtt://u:@s3cret:@h h"}) {
    const auto told = refusal(read_url, text);
    INFO(text << " -> " << told);
    CHECK(told != "not refused");
    CHECK_FALSE(contains(told, "s3"));
    CHECK_FALSE(contains(told, "cret"));
  }
}

TEST_CASE("a refused URL repeats neither login nor query, however malformed") {
  for (const std::string text :
       {"ws://h/mqtt?x=SECRET#",    "ws://h/mqtt?x=SECRET#y", "ws://h/#SECRET",
        "ws:/h/mqtt?x=SECRET",      "foo://h/mqtt?x=SECRET",  "ws://h:x/mqtt?x=SECRET",
        "ws://h/a b?x=SECRET",      "ws://h/?x=a@SECRET&b= ", "ws://SECRET@h/ ",
        "ws://u:p@h/?t=a@b SECRET", "mqtt://u:SECRET",        "mqtt://u:SE/SECRET",
        "u:SECRET@h://x",           "h?t=SECRET://x",         "u:SECRET",
        "mqtt:u:SECRET@h",          "mqtt://[::1]:SECRET",    "mqtt://[SECRET@h:x",
        "http://h?SECRET",          "wss://h/\xC3?SECRET",    "mqtt://u:123456789",
        "mqtt://@SECRET:x@h:0"}) {
    CAPTURE(text);
    for (const auto& told :
         {refusal(read_url, text), refusal(read_proxy, text), refusal(read_endpoint, text)}) {
      CAPTURE(told);
      CHECK(told != "not refused");
      CHECK_FALSE(contains(told, "SECRET"));
      CHECK_FALSE(contains(told, "123456"));
    }
  }
}

TEST_CASE("a masked URL keeps what helps, and is never longer") {
  const std::vector<std::pair<std::string, std::string>> masks{
      {"mqtt://h:1883/a/b", "mqtt://h:1883/a/b"},
      {"mqtt://u:p@h:1883/a/#", "mqtt://*@h:1883/a/#"},
      {"mqtts://token@h", "mqtts://*@h"},
      {"mqtt://@h", "mqtt://@h"},
      {"ws://h/p?token=x", "ws://h/p?*"},
      {"ws://u:p@h/p?token=x", "ws://*@h/p?*"},
      {"ws://h/p?t=a@b", "ws://*"},
      {"ws://h/p?", "ws://h/p?"},
      {"ws://h/p#x", "ws://h/p#*"},
      {"mqtt://[::1]:1883", "mqtt://[::1]:1883"},
      {"mqtt://::1", "mqtt://::1"},
      {"mqtt://h:", "mqtt://h:"},
      {"mqtt://h:p/w", "mqtt://h:*"},
      {"h:1883", "h:1883"},
      {"fe80::1", "fe80::1"},
      {"", ""},
  };
  for (const auto& [url, masked] : masks) {
    CAPTURE(url);
    CHECK(masked_url(url) == masked);
    CHECK(masked_url(url).size() <= url.size());
  }
}

TEST_CASE("beside a host a URL need not name one") {
  const auto url = read_url_beside_host("wss:///socket?x=1");
  CHECK(url.scheme == "wss");
  CHECK(url.host.empty());
  CHECK(url.path == "/socket?x=1");
  CHECK(read_url_beside_host("mqtt:///a/b").path == "a/b");
  CHECK(read_url_beside_host("mqtt://h/a").host == "h");
  CHECK_THROWS_AS(read_url_beside_host("mqtt://:1/a"), UsageError);
}

TEST_CASE(
    "the loopback interface is known by names and addresses, and by nothing that looks alike") {
  for (const std::string host :
       {"localhost", "LOCALHOST", "localhost.", "a.localhost", "a.b.localhost.", "127.0.0.1",
        "127.255.0.9", "127.1", "0x7f.1", "2130706433", "::1", "0:0:0:0:0:0:0:1", "::1%lo",
        "::ffff:127.0.0.1", "::FFFF:7f01:203"}) {
    CAPTURE(host);
    CHECK(is_loopback(host));
  }
  for (const std::string host : {"",
                                 ".",
                                 "127.evil.example",
                                 "127.0.0.1.evil.example",
                                 "127.0.0.1 evil",
                                 "127.0.0.1.",
                                 "128.0.0.1",
                                 "10.127.0.0",
                                 "localhost.evil.example",
                                 "notlocalhost",
                                 ".localhost",
                                 "localhost..",
                                 "::",
                                 "::2",
                                 "::1:1",
                                 "::ffff:128.0.0.1",
                                 "::127.0.0.1",
                                 "1::1",
                                 "fe80::1%lo",
                                 "0.0.0.0",
                                 "127",
                                 "localhost6"}) {
    CAPTURE(host);
    CHECK_FALSE(is_loopback(host));
  }
  CHECK_FALSE(is_loopback(std::string{"127.0.0.1\0.evil", 15}));
}

TEST_CASE("a control character in a refused URL does not reach the terminal") {
  const auto told = refusal(read_url, "x\x1b[2J://h");
  CHECK(told.find('\x1b') == std::string::npos);
}

TEST_CASE("a host may bring its port") {
  struct Case {
    std::string text;
    Endpoint endpoint;
  };
  const std::vector<Case> cases{
      {"localhost", {"localhost", 0}},
      {"broker.example:8883", {"broker.example", 8883}},
      {"::1", {"::1", 0}},
      {"2001:db8::1:1883", {"2001:db8::1:1883", 0}},
      {"[::1]", {"::1", 0}},
      {"[::1]:1884", {"::1", 1884}},
      {"fe80::1%lo", {"fe80::1%lo", 0}},
      {"[fe80::1%25lo]:1884", {"fe80::1%lo", 1884}},
      {"fe80::1%25", {"fe80::1%25", 0}},
      {"fe80::1%250", {"fe80::1%250", 0}},
      {"[fe80::1%253]:1884", {"fe80::1%253", 1884}},
      {"192.0.2.1:1", {"192.0.2.1", 1}},
      {"under_score-dash.example", {"under_score-dash.example", 0}},
  };
  for (const auto& expected : cases) {
    INFO(expected.text);
    CHECK(read_endpoint(expected.text) == expected.endpoint);
  }
}

TEST_CASE("a host that is none is refused") {
  for (const std::string text :
       {"", ":1883", "h:", "h:x", "h:0", "h:65536", "a:b:c", "1:2:3:4", "[::1]:", "[::1", "[h]:1",
        "a b", "a/b", "mqtt://h", "fe80::1%", "fe80::1", "[fe80::1]:1883", "FEBF::1"}) {
    INFO(text);
    CHECK_THROWS_AS(read_endpoint(text), UsageError);
  }
  CHECK(contains(refusal(read_endpoint, "mqtt://u:s3cret@h"), "--url"));
  CHECK_FALSE(contains(refusal(read_endpoint, "mqtt://u:s3cret@h"), "s3cret"));
}

TEST_CASE("what is not seen behind a port is named") {
  for (const std::string end : {"\n", " ", "\r\n", "\t"}) {
    CHECK(
        contains(refusal(read_url, "mqtt://h:1883" + end), "end of a line stands behind the port"));
    CHECK(contains(refusal(read_endpoint, "h:1883" + end), "end of a line stands behind the port"));
  }
  CHECK(contains(refusal(read_endpoint, "h:x"), "the port is a number"));
  CHECK(contains(refusal(read_endpoint, "h:"), "the port is a number"));
}

TEST_CASE("a proxy is an HTTP URL without a path") {
  const auto whole = read_proxy("http://me:p%40ss@proxy.example:3128/");
  CHECK(whole.host == "proxy.example");
  CHECK(whole.port == 3128);
  CHECK(whole.username == "me");
  CHECK(whole.password == "p@ss");

  CHECK(read_proxy("http://[::1]").host == "::1");
  CHECK(read_proxy("http://proxy").port == 80);

  for (const std::string text : {"http://me:p%40s%2F%20s@proxy.example:3128", "http://:word@h:80",
                                 "http://me@[::1]:8080", "http://proxy:1"}) {
    CHECK(url_of(read_proxy(text)) == text);
  }

  for (const std::string text : {"proxy:3128", "https://proxy", "socks5://proxy", "http://",
                                 "http://proxy/path", "http://proxy:0", "http://u:%zz@proxy"}) {
    INFO(text);
    CHECK_THROWS_AS(read_proxy(text), UsageError);
  }
  CHECK_FALSE(contains(refusal(read_proxy, "socks5://u:s3cret@proxy"), "s3cret"));
}
