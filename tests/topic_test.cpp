// SPDX-License-Identifier: MIT
#include "topic.hpp"

#include "error.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include "catch.hpp"

using namespace mqtt_tools;
using namespace std::string_literals;
using mqtt_tools::support::Contains;

TEST_CASE("a topic may be any text without wildcards") {
  for (const std::string& topic :
       {"a"s, "/"s, "a//b"s, "/a/"s, " "s, "a b"s, "$SYS/x"s, "$share/a/b"s,
        "\u00e9\u20ac\U0001f600"s, "\ufeff"s, std::string(65535, 'x')}) {
    CHECK_NOTHROW(check_topic(topic));
  }
}

TEST_CASE("a wrong topic is refused with the reason") {
  struct Case {
    std::string topic;
    std::string reason;
  };
  const Case cases[] = {
      {"", "the topic is empty"},
      {"a/+/b", "the topic \"a/+/b\" contains the wildcard +"},
      {"a/#", "the topic \"a/#\" contains the wildcard #"},
      {"a\0b"s, "\"a\\x00b\" contains NUL (byte 2)"},
      {"ab\x01", "\"ab\\x01\" contains a control character or noncharacter (byte 3)"},
      {"a\x7f", "(byte 2)"},
      {"a\u0085", "\"a\\u0085\" contains a control character"},
      {"\ufffe", "noncharacter"},
      {"\uffff", "noncharacter"},
      {"\ufdd0", "noncharacter"},
      {"\U0010ffff", "noncharacter"},
      {"ab\xff", "\"ab\\xff\" is not UTF-8 (byte 3)"},
      {std::string(65536, 'x'), "has 65536 bytes; at most 65,535 are possible"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.reason);
    CHECK_THROWS_AS(check_topic(c.topic), UsageError);
    CHECK_THROWS_WITH(check_topic(c.topic), Contains(c.reason));
  }
}

TEST_CASE("the error about a long topic stays short") {
  try {
    check_topic(std::string(65536, '\x01'));
    FAIL("accepted");
  } catch (const UsageError& e) {
    CHECK(std::string(e.what()).size() < 1000);
  }
}

TEST_CASE("a filter may have wildcards that fill a level") {
  for (const char* filter : {"#", "+", "/", "a/#", "a/+/b", "+/+", "/+", "+/", "+/#", "a//#",
                             "$SYS/#", "$share/g/a/+/#", "$share/g/#", "$share/g//", "$shared"}) {
    CAPTURE(filter);
    CHECK_NOTHROW(check_filter(filter));
  }
}

TEST_CASE("a wrong filter is refused with the reason") {
  struct Case {
    std::string filter;
    std::string reason;
  };
  const Case cases[] = {
      {"", "the filter is empty"},
      {"a#", "the filter \"a#\" has a wildcard beside other characters"},
      {"a/b+", "has a wildcard beside other characters"},
      {"a/+b/c", "has a wildcard beside other characters"},
      {"a/##", "has a wildcard beside other characters"},
      {"#/a", "goes on after #"},
      {"a/#/", "goes on after #"},
      {"$share", "is not whole; a shared subscription is $share/GROUP/FILTER"},
      {"$share/", "is not whole"},
      {"$share/g", "is not whole"},
      {"$share/g/", "is not whole"},
      {"$share//a", "is not whole"},
      {"$share/g+/a", "wildcard in the group's name"},
      {"$share/#/a", "wildcard in the group's name"},
      {"$share/g/a#", "has a wildcard beside other characters"},
      {"$share/g/#/a", "goes on after #"},
      {"a\0"s, "contains NUL"},
      {"\xc3", "is not UTF-8"},
      {std::string(65536, '+'), "at most 65,535"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.filter.substr(0, 20));
    CHECK_THROWS_AS(check_filter(c.filter), UsageError);
    CHECK_THROWS_WITH(check_filter(c.filter), Contains(c.reason));
  }
}

TEST_CASE("filters match topics as MQTT says") {
  struct Case {
    const char* filter;
    const char* topic;
    bool match;
  };
  const Case cases[] = {
      {"a", "a", true},
      {"a", "b", false},
      {"a", "A", false},
      {"a", "a/", false},
      {"a/", "a", false},
      {"a/b", "a/b", true},
      {"a", "ab", false},
      {"ab", "a", false},
      // MQTT 5.0, 4.7.1.2
      {"sport/tennis/player1/#", "sport/tennis/player1", true},
      {"sport/tennis/player1/#", "sport/tennis/player1/ranking", true},
      {"sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true},
      {"sport/tennis/player1/#", "sport/tennis/player10", false},
      {"sport/#", "sport", true},
      {"sport/#", "sport/", true},
      {"#", "a", true},
      {"#", "/", true},
      {"#", "a/b/c", true},
      // MQTT 5.0, 4.7.1.3
      {"sport/tennis/+", "sport/tennis/player1", true},
      {"sport/tennis/+", "sport/tennis/player1/ranking", false},
      {"sport/+", "sport", false},
      {"sport/+", "sport/", true},
      {"+/+", "/finance", true},
      {"/+", "/finance", true},
      {"+", "/finance", false},
      {"+/tennis/#", "a/tennis", true},
      {"+/tennis/#", "a/b/tennis", false},
      {"a/+/c", "a//c", true},
      {"+/#", "a", true},
      {"a/+/#", "a", false},
      {"a/+/#", "a/b", true},
      {"//", "//", true},
      {"//", "/", false},
      {"+/+/+", "//", true},
      // MQTT 5.0, 4.7.2
      {"#", "$SYS/a", false},
      {"+/monitor/Clients", "$SYS/monitor/Clients", false},
      {"$SYS/#", "$SYS/", true},
      {"$SYS/#", "$SYS", true},
      {"$SYS/monitor/+", "$SYS/monitor/Clients", true},
      {"a/+", "a/$b", true},
      {"a/#", "a/$b", true},
  };
  for (const Case& c : cases) {
    CAPTURE(c.filter, c.topic);
    CHECK(matches(c.filter, c.topic) == c.match);
  }
}

TEST_CASE("two filters overlap where there is a topic that both match") {
  // All of up to three levels, against all topics of up to four.
  const auto joined = [](const std::vector<std::string>& levels, std::size_t most) {
    std::vector<std::string> all{levels};
    std::size_t begin = 0;
    for (std::size_t length = 2; length <= most; ++length) {
      const std::size_t end = all.size();
      for (; begin < end; ++begin) {
        for (const auto& level : levels) all.push_back(all[begin] + "/" + level);
      }
    }
    return all;
  };
  const auto topics = joined({"a", "b", "", "$x"}, 4);
  auto filters = joined({"a", "", "$x", "+", "#"}, 3);
  const auto wrong = [](const std::string& filter) {
    return filter.find("#/") != std::string::npos;
  };
  filters.erase(std::remove_if(filters.begin(), filters.end(), wrong), filters.end());
  std::vector<std::vector<bool>> matched;
  for (const auto& filter : filters) {
    matched.emplace_back();
    for (const auto& topic : topics) matched.back().push_back(matches(filter, topic));
  }
  std::size_t overlaps = 0;
  for (std::size_t i = 0; i < filters.size(); ++i) {
    for (std::size_t j = 0; j < filters.size(); ++j) {
      const auto end = matched[i].end();
      const bool expected = std::inner_product(matched[i].begin(), end, matched[j].begin(), false,
                                               std::logical_or<>{}, std::logical_and<>{});
      if (overlap(filters[i], filters[j]) != expected) FAIL_CHECK(filters[i] + " " + filters[j]);
      overlaps += expected ? 1 : 0;
    }
  }
  CHECK(overlaps > filters.size());
  CHECK(overlaps < filters.size() * filters.size());
}
