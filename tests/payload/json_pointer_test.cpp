// SPDX-License-Identifier: MIT
#include "payload/json_pointer.hpp"

#include "error.hpp"

#include <string>

#include "catch.hpp"

using namespace mqtt_tools;
using namespace mqtt_tools::payload;
using mqtt_tools::support::Contains;

namespace {

std::optional<std::string> selected(std::string_view pointer, std::string payload,
                                    DecodeAs as = DecodeAs::automatic) {
  Message message;
  message.payload = std::move(payload);
  return JsonPointer{pointer}.select(decode(message, as));
}

}  // namespace

TEST_CASE("the examples of RFC 6901 point where it says") {
  const std::string document =
      R"({"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8})";
  struct Case {
    const char* pointer;
    std::string value;
  };
  const Case cases[] = {
      {"", document},    {"/foo", R"(["bar","baz"])"},
      {"/foo/0", "bar"}, {"/", "0"},
      {"/a~1b", "1"},    {"/c%d", "2"},
      {"/e^f", "3"},     {"/g|h", "4"},
      {"/i\\j", "5"},    {"/k\"l", "6"},
      {"/ ", "7"},       {"/m~0n", "8"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.pointer);
    CHECK(selected(c.pointer, document) == c.value);
  }
}

TEST_CASE("what is pointed at is shown as written, strings unquoted") {
  CHECK(selected("/a", R"({"a":0.1000})") == "0.1000");
  CHECK(selected("/a", R"({"a":"x\n\u00e9\"" })") == "x\n\u00e9\"");
  CHECK(selected("/a", R"({"a":""})") == "");
  CHECK(selected("/a", R"({"a": [ 1.0, {"b" : null} ] })") == R"([1.0,{"b":null}])");
  CHECK(selected("/a/1/b", R"({"a": [ 1.0, {"b" : null} ] })") == "null");
  CHECK(selected("/\u00e9", R"({"\u00e9":true})") == "true");
  CHECK(selected("/~01", R"({"~1":1,"/":2})") == "1");
  CHECK(selected("", "42") == "42");
  CHECK(selected("", "\"x\"") == "x");
}

TEST_CASE("of members with the same key the last is shown") {
  CHECK(selected("/a", R"({"a":1,"b":{"a":3},"a":2})") == "2");
}

TEST_CASE("the last member with a key decides, also when the way on leads through an earlier one") {
  CHECK_FALSE(selected("/a/b", R"({"a":{"b":1},"a":{"c":1}})"));
  CHECK_FALSE(selected("/a/b", R"({"a":{"b":1},"a":2})"));
  CHECK(selected("/a/0", R"({"a":{"b":1},"x":[{"a":[9]}],"a":[7]})") == "7");
}

TEST_CASE("half a surrogate pair names no other key") {
  CHECK_FALSE(selected("/\ufffd", R"({"\ud800":1})"));
  CHECK(selected("/\ufffd", R"({"\ufffd":1,"\ud800":2})") == "1");
  CHECK(selected("/\U0001f600", R"({"\ud83d\ude00":1})") == "1");
}

TEST_CASE("brackets within strings are passed over with them") {
  CHECK(selected("/a", R"({"x":["]}\"{[",{"y":"}\\"}],"a":1})") == "1");
  CHECK(selected("/1/a", R"([{"a":"]"},{"a":[{}, "[", []]},3])") == R"([{},"[",[]])");
}

TEST_CASE("nothing is shown where nothing is") {
  for (const char* pointer : {"/b", "/a/2", "/a/-", "/a/00", "/a/01", "/a/+1", "/a/ 1", "/a/x",
                              "/a/", "/a/0/0", "/a/18446744073709551616", "/a/-1"}) {
    CAPTURE(pointer);
    CHECK_FALSE(selected(pointer, R"({"a":[1,2]})"));
  }
  CHECK_FALSE(selected("", ""));
  CHECK_FALSE(selected("", "hello"));
  CHECK_FALSE(selected("/a", "\xff"));
  CHECK_FALSE(selected("/0", "{}"));
  CHECK_FALSE(selected("/0", "[]"));
  CHECK_FALSE(selected("/a", R"({"b":{"a":1}})"));
}

TEST_CASE("pointers reach into CBOR") {
  CHECK(selected("/k", "\xa1\x61k\x01", DecodeAs::cbor) == "1");
}

TEST_CASE("what is no JSON pointer is refused") {
  for (const char* pointer : {"msg", " /msg", "/a~", "/a~2", "/~/b", "/\xff"}) {
    CAPTURE(pointer);
    CHECK_THROWS_AS(JsonPointer{pointer}, UsageError);
  }
  CHECK_THROWS_WITH(JsonPointer{"msg"},
                    Contains("\"msg\" is not a JSON pointer: it begins with /"));
}
