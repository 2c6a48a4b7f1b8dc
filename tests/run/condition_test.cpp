// SPDX-License-Identifier: MIT
#include "run/condition.hpp"

#include "catch.hpp"
#include "error.hpp"

#include <string>

using mqtt_tools::support::Contains;

namespace mqtt_tools::run {
namespace {

bool met(const std::string& condition, const std::string& payload) {
  Message message;
  message.payload = payload;
  return Condition{condition}.met_by(payload::decode(message));
}

struct Row {
  const char* condition;
  const char* payload;
  bool met;
};

}  // namespace

TEST_CASE("a condition compares what its pointer names with its value") {
  const Row rows[] = {
      {R"(/state == "up")", R"({"state":"up"})", true},
      {R"(/state == "up")", R"({"state":"\u0075p"})", true},
      {R"(/state == "up")", R"({"state":"down"})", false},
      {R"(/state != "up")", R"({"state":"down"})", true},
      {R"(/state != "up")", R"({"state":"up"})", false},
      // What is absent or of another type makes every operator false.
      {R"(/state != "up")", R"({"other":"down"})", false},
      {R"(/state != "up")", R"({"state":5})", false},
      {R"(/state != "up")", R"({"state":null})", false},
      {R"(/state == "5")", R"({"state":5})", false},
      {R"(/n == 5)", R"({"n":"5"})", false},
      {R"(/n == 25)", R"({"n":25.0})", true},
      {R"(/n == 25)", R"({"n":2.5e1})", true},
      {R"(/n == 18446744073709551616)", R"({"n":18446744073709551617})", false},
      {R"(/n != 18446744073709551616)", R"({"n":18446744073709551617})", true},
      {R"(/n < 18446744073709551617)", R"({"n":18446744073709551616})", true},
      {R"(/n >= 3)", R"({"n":3})", true},
      {R"(/n >= 3)", R"({"n":2.999999999999999999999999})", false},
      {R"(/n <= -3)", R"({"n":-3.5})", true},
      {R"(/n <= -3)", R"({"n":-2})", false},
      {R"(/n > 0)", R"({"n":-0.0})", false},
      {R"(/n >= 0)", R"({"n":-0.0})", true},
      {R"(/n > 1e400)", R"({"n":1e401})", true},
      {R"(/n > 1e400)", R"({"n":9e399})", false},
      {R"(/n < 0.1)", R"({"n":1e-999999999999999999999})", true},
      {R"(/n > 9)", R"({"n":10})", true},
      {R"(/n > "9")", R"({"n":"10"})", false},  // texts by their bytes
      {R"(/name < "b")", R"({"name":"a"})", true},
      {R"(/name > "Z")", R"({"name":"a"})", true},
      {R"(/on == true)", R"({"on":true})", true},
      {R"(/on != true)", R"({"on":false})", true},
      {R"(/on != true)", R"({"on":null})", false},
      {R"(/on == null)", R"({"on":null})", true},
      {R"(/list/1 == 7)", R"({"list":[5,7]})", true},
      {R"(/list/2 == 7)", R"({"list":[5,7]})", false},
      {R"(/list == [5, 7])", R"({"list":[5,7.0]})", true},
      {R"(/list != [5])", R"({"list":[5,7]})", true},
      {R"(/a == {"b":1})", R"({"a":{"b":1}})", true},
      {R"(/a == {"b":1})", R"({"a":{"b":1,"c":2}})", false},  // equal, not contained
      {R"(/state =~ "^u.$")", R"({"state":"up"})", true},
      {R"(/state =~ "^u.$")", R"({"state":"upper"})", false},
      {R"(/state =~ "é")", R"({"state":"caf\u00e9"})", true},
      {R"(/state =~ "5")", R"({"state":5})", false},
      {R"(/a~1b == 1)", R"({"a/b":1})", true},
      {R"(/a b == 1)", R"({"a b":1})", true},
      {R"(/a == "b == c")", R"({"a":"b == c"})", true},
      {R"( == "ON")", "ON", true},  // a text is the JSON string of itself
      {R"( != "ON")", "OFF", true},
      {R"( =~ "^O")", "ON", true},
      {R"( == "")", "", true},
      {R"( > 5)", "7", true},
      {R"(/x == "ON")", "ON", false},
      {R"(/x == 1)", "\xff\xfe", false},
      {R"({"a":1})", R"({"a":1,"b":2})", true},  // JSON: contained
      {R"("a == b")", R"("a == b")", true},
  };
  for (const auto& row : rows) {
    CAPTURE(row.condition, row.payload);
    CHECK(met(row.condition, row.payload) == row.met);
  }
}

TEST_CASE("what is no condition is said, with what it should be") {
  const std::pair<const char*, const char*> rows[] = {
      {"/state", "\"/state\" is neither JSON nor a condition, which is as in: /state == \"up\""},
      {"/state = \"up\"", "is neither JSON nor a condition"},
      {"/state==\"up\"", "is neither JSON nor a condition"},
      {"/state == up", "not JSON"},
      {"/state =~ up", "not JSON"},
      {"/state =~ 5", "=~ takes a regular expression in quotes"},
      {"/state =~ \"(\"", "missing )"},
      {"/on < true", "< compares numbers and strings, not \"true\""},
      {"/list >= [1]", ">= compares numbers and strings"},
      {"/a~2 == 1", "is not a JSON pointer"},
      {"state == \"up\"", "is neither JSON nor a condition"},
      {".temp>3", "\".temp>3\" is neither JSON nor a condition"},
      {"{\"a\": b > 3}", "not JSON: column 7"},
      {"\"a < b", "not JSON: it ends too early"},
      {"", "not JSON"},
  };
  for (const auto& [text, words] : rows) {
    CAPTURE(text);
    CHECK_THROWS_WITH(Condition{text}, Contains(words));
  }
  CHECK_THROWS_WITH(read_conditions("--forbid", {"/x"}), Contains("--forbid: \"/x\" is neither"));
}

TEST_CASE("hostile conditions and payloads are answered soon") {
  const std::string deep = std::string(99, '[') + std::string(99, ']');
  CHECK_FALSE(met("/0/0/0/x == 1", deep));
  CHECK_FALSE(met(R"(/s =~ "(a*)*(a*)*(a*)*b")", R"({"s":")" + std::string(100'000, 'a') + "\"}"));
  CHECK_THROWS_AS(Condition{"/s =~ \"" + std::string(50'000, '(') + "\""}, UsageError);
  CHECK_THROWS_AS(Condition{R"(/s =~ "((a{1000}){1000}){1000}")"}, UsageError);
  CHECK(met("/n < 1" + std::string(100'000, '0'), R"({"n":5})"));
}

}  // namespace mqtt_tools::run
