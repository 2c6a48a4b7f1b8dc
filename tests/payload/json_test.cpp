// SPDX-License-Identifier: MIT
#include "payload/json.hpp"

#include "payload/json_scalar.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "catch.hpp"

using namespace mqtt_tools::payload;
using namespace std::string_literals;
using Kind = JsonToken::Kind;

namespace {

std::string as_string(std::string_view text) {
  std::string out;
  append_string(out, text);
  return out;
}

std::string requoted(std::string_view token) {
  std::string out;
  append_requoted(out, token);
  return out;
}

/// Text that is JSON, nearly JSON or a jumble of its parts. No exponent is positive: nlohmann
/// refuses numbers that no double can hold.
std::string some_text(std::mt19937& random) {
  static const std::vector<std::string> parts = {"{",
                                                 "}",
                                                 "[",
                                                 "]",
                                                 ":",
                                                 ",",
                                                 "\"",
                                                 "\"a\"",
                                                 "\"\\n\"",
                                                 "\"\\u00e9\"",
                                                 "0",
                                                 "-1",
                                                 "1.5",
                                                 "1e-5",
                                                 "01",
                                                 "-",
                                                 "1.",
                                                 "true",
                                                 "false",
                                                 "null",
                                                 "nul",
                                                 " ",
                                                 "\n",
                                                 "\t",
                                                 "\"\xc3\xa9\"",
                                                 "\"\xc3\"",
                                                 "\"\\x\"",
                                                 "\"\x01\"",
                                                 "\"k\":",
                                                 "{}",
                                                 "[]",
                                                 "[1,2]",
                                                 "{\"a\":1}",
                                                 "\"\\u12\"",
                                                 "1E-2",
                                                 "2e-",
                                                 "\x7f",
                                                 "\xef\xbb\xbf",
                                                 "\0"s,
                                                 "\"\\/\""};
  std::string text;
  const std::size_t count = 1 + random() % 8;
  for (std::size_t i = 0; i < count; ++i) text += parts[random() % parts.size()];
  return text;
}

}  // namespace

TEST_CASE("every kind of value is JSON, with blanks around its tokens") {
  for (const char* text : {"42",
                           "-0",
                           "0.5",
                           "1e400",
                           "-1.25E-7",
                           "123456789012345678901234567890",
                           "\"\"",
                           "\"x\"",
                           "null",
                           "true",
                           "false",
                           "{}",
                           "[]",
                           " \t\r\n{ \"a\" : [ 1 , 2 ] , \"b\" : { } } \n",
                           "[[],{},[[]]]",
                           "{\"a\":1,\"a\":2}",
                           "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00E9\"",
                           "\"\\ud83d\\ude00\"",
                           "\"\\ud800\"",
                           "\"\x7f\"",
                           "\"\xc3\xa9\xf0\x9f\x98\x80\""}) {
    CAPTURE(text);
    CHECK(is_json(text));
  }
}

TEST_CASE("what breaks a rule of RFC 8259 is not JSON") {
  for (const std::string& text : {""s,
                                  " "s,
                                  "{"s,
                                  "}"s,
                                  "[1"s,
                                  "[1,]"s,
                                  "[,1]"s,
                                  "[1 2]"s,
                                  "{,}"s,
                                  "{\"a\"}"s,
                                  "{\"a\":}"s,
                                  "{\"a\":1,}"s,
                                  "{a:1}"s,
                                  "{1:1}"s,
                                  "{\"a\":1]"s,
                                  "[1}"s,
                                  "1 2"s,
                                  "[] []"s,
                                  "01"s,
                                  "+1"s,
                                  "1."s,
                                  ".5"s,
                                  "1e"s,
                                  "1e+"s,
                                  "-"s,
                                  "--1"s,
                                  "0x10"s,
                                  "NaN"s,
                                  "Infinity"s,
                                  "nul"s,
                                  "nulll"s,
                                  "True"s,
                                  "'a'"s,
                                  "\"a"s,
                                  "\"\\\""s,
                                  "\"\\x\""s,
                                  "\"\\u12\""s,
                                  "\"\\u12G4\""s,
                                  "\"\n\""s,
                                  "\"\0\""s,
                                  "1\0"s,
                                  "\0"s,
                                  "\xef\xbb\xbf{}"s,
                                  "\"\xff\""s,
                                  "\"\xc3\""s,
                                  "\"\xed\xa0\x80\""s,
                                  "\xc3\xa9"s,
                                  "// x\n1"s,
                                  "1 // x"s,
                                  "\v1"s,
                                  "\f1"s,
                                  "\"\\"s,
                                  "\"\\u"s,
                                  "[1,,2]"s}) {
    CAPTURE(text);
    CHECK_FALSE(is_json(text));
  }
}

TEST_CASE("JSON nests a hundred levels, not one more") {
  const auto nested = [](std::size_t depth, const std::string& open, const std::string& close) {
    std::string text;
    for (std::size_t i = 0; i < depth; ++i) text += open;
    text += "1";
    for (std::size_t i = 0; i < depth; ++i) text += close;
    return text;
  };
  CHECK(is_json(nested(100, "[", "]")));
  CHECK_FALSE(is_json(nested(101, "[", "]")));
  CHECK(is_json(nested(100, "{\"a\":", "}")));
  CHECK_FALSE(is_json(nested(101, "{\"a\":", "}")));
  CHECK(is_json(nested(101, "[", "]"), 101));
  CHECK_FALSE(is_json("[]", 0));
  CHECK(is_json("1", 0));
}

TEST_CASE("what is wrong with JSON is told with its place, what arrived and what may help") {
  struct Row {
    std::string text;
    std::string complaint;
  };
  const std::string shell = "; on a command line all of it needs single quotes: '{\"on\":true}'";
  const std::string words = "; strings and keys need double quotes" + shell;
  const std::string bare =
      "; a string needs double quotes, and single ones around them on a command line: '\"on\"'";
  const std::string quotes = "; the quotes of JSON are plain double ones, as in {\"on\":true}";
  const std::vector<Row> rows{
      {"", "it is empty"},
      {" \n", "it is empty"},
      {"{bad}", "column 2 of {bad}" + words},
      {"{x:1}", "column 2 of {x:1}" + words},
      {"on", "column 1 of on" + bare},
      {"\u00e9t\u00e9", "column 1 of \u00e9t\u00e9" + bare},
      {"{\"a\":", "it ends too early: {\"a\":" + shell},
      {"\"on", "it ends too early: \"on" + shell},
      {"{'a':1}", "column 2 of {'a':1}" + quotes},
      {"{\u201ca\u201d:1}", "column 2 of {\u201ca\u201d:1}" + quotes},
      {"[\"\u00e9\",\u2018x\u2019]", "column 6 of [\"\u00e9\",\u2018x\u2019]" + quotes},
      {"01", "column 2 of 01"},
      {"[1,]", "column 4 of [1,]"},
      {"{\"a\":1}}", "column 8 of {\"a\":1}}"},
      {"{\"a\":tru}", "column 6 of {\"a\":tru}" + words},
      {"{\n \"a\": 1,\n \"\u00e9\": tru\n}",
       "line 3, column 7 of {\\x0a \"a\": 1,\\x0a \"\u00e9\": tru\\x0a}" + words},
      {"\n\n-", "it ends too early: \\x0a\\x0a-" + shell},
      {"\n\nx", "line 3, column 1 of \\x0a\\x0ax" + words},
      {"\x1b[31m", "column 1 of \\x1b[31m"},
      {"\"\xff\"", "column 2 of \"\\xff\"; that byte is not UTF-8"},
      {std::string(101, '[') + std::string(101, ']'),
       "column 101 of ..." + std::string(31, '[') + std::string(29, ']') +
           "...; it may nest at most 100 levels deep"},
      {std::string(50, ' ') + "x" + std::string(50, ' '),
       "column 51 of ..." + std::string(30, ' ') + "x" + std::string(29, ' ') + "..." + words},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(json_complaint(row.text) == "is not JSON: " + row.complaint);
  }
  CHECK(json_complaint("{}").empty());
}

TEST_CASE("a hundred thousand open brackets are not JSON and do no harm") {
  CHECK_FALSE(is_json(std::string(100000, '[')));
  CHECK_FALSE(is_json(std::string(100000, '[') + std::string(100000, ']')));
  CHECK_FALSE(is_json(std::string(1000000, '['), 2000000));
}

TEST_CASE("what is JSON is what nlohmann accepts") {
  std::mt19937 random{3};
  int accepted = 0;
  for (int i = 0; i < 200000; ++i) {
    const std::string text = some_text(random);
    // nlohmann overlooks a byte order mark and takes a NUL for the end of the text.
    if (text.rfind("\xef\xbb\xbf", 0) == 0 || text.find('\0') != std::string_view::npos) {
      CHECK_FALSE(is_json(text));
      continue;
    }
    const bool expected = nlohmann::json::accept(text);
    accepted += expected ? 1 : 0;
    if (is_json(text) != expected) FAIL_CHECK(text);
  }
  CHECK(accepted > 5000);
}

TEST_CASE("no proper prefix of an object is JSON") {
  const std::string text = R"({"a":[1.5e3,-0,true,null,"é\u00e9\n"],"b":{}})";
  REQUIRE(is_json(text));
  for (std::size_t size = 0; size < text.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(is_json(text.substr(0, size)));
  }
}

TEST_CASE("random bytes are judged as nlohmann judges them") {
  std::mt19937 random{4};
  for (int i = 0; i < 20000; ++i) {
    std::string bytes;
    const std::size_t size = 1 + random() % 12;
    for (std::size_t j = 0; j < size; ++j) bytes += static_cast<char>(1 + random() % 255);
    if (bytes.rfind("\xef\xbb\xbf", 0) == 0) continue;
    if (is_json(bytes) != nlohmann::json::accept(bytes)) FAIL_CHECK(bytes);
  }
}

TEST_CASE("tokens tell keys from strings and keep every letter") {
  struct Expected {
    Kind kind;
    const char* text;
  };
  const Expected expected[] = {{Kind::begin_object, "{"},
                               {Kind::key, "\"a\\u0041\""},
                               {Kind::colon, ":"},
                               {Kind::begin_array, "["},
                               {Kind::number, "0.1000"},
                               {Kind::comma, ","},
                               {Kind::string, "\"x\""},
                               {Kind::comma, ","},
                               {Kind::begin_object, "{"},
                               {Kind::end_object, "}"},
                               {Kind::comma, ","},
                               {Kind::string, "\"]\""},
                               {Kind::end_array, "]"},
                               {Kind::comma, ","},
                               {Kind::key, "\"b\""},
                               {Kind::colon, ":"},
                               {Kind::string, "\"\\\"\""},
                               {Kind::comma, ","},
                               {Kind::key, "\"c\""},
                               {Kind::colon, ":"},
                               {Kind::word, "null"},
                               {Kind::end_object, "}"},
                               {Kind::end, ""},
                               {Kind::end, ""}};
  JsonTokens tokens{R"( {"a\u0041" : [0.1000, "x",{},"]" ],"b":"\"","c":null} )"};
  for (const Expected& e : expected) {
    const JsonToken token = tokens.next();
    CAPTURE(e.text);
    CHECK(token.kind == e.kind);
    CHECK(token.text == e.text);
  }
}

TEST_CASE("compact JSON lacks the blanks between tokens and nothing else") {
  CHECK(compact(" { \"a b\" : [ 1.00 ,\t-0e+1 ] ,\r\n\"\\\" \":null } ") ==
        R"({"a b":[1.00,-0e+1],"\" ":null})");
  CHECK(compact("42 ") == "42");
}

TEST_CASE("only quotes, backslashes and control characters are escaped in a string") {
  CHECK(as_string("") == R"("")");
  CHECK(as_string("a\"b\\c/d") == R"("a\"b\\c/d")");
  CHECK(as_string("\b\f\n\r\t") == R"("\b\f\n\r\t")");
  CHECK(as_string("\0\x01\x0b\x1f\x7f"s) == "\"\\u0000\\u0001\\u000b\\u001f\x7f\"");
  CHECK(as_string("\u00e9\u20ac\U0001f600\u2028") == "\"\u00e9\u20ac\U0001f600\u2028\"");
}

TEST_CASE("a control character is found wherever it stands in a string") {
  for (std::size_t before = 0; before < 20; ++before) {
    const std::string filler(before, '\xc3');
    CHECK(as_string(filler + "\n" + filler) == '"' + filler + "\\n" + filler + '"');
  }
}

TEST_CASE("a string token is unquoted") {
  struct Case {
    const char* token;
    std::string text;
  };
  const Case cases[] = {
      {R"("")", ""},
      {R"("plain é")", "plain \u00e9"},
      {R"("\"\\\/\b\f\n\r\t")", "\"\\/\b\f\n\r\t"},
      {R"("\u0041\u00e9\u20AC\u20ac")", "A\u00e9\u20ac\u20ac"},
      {R"("\u0000")", "\0"s},
      {R"("\ud83d\ude00!")", "\U0001f600!"},
      {R"("\ud83d")", "\ufffd"},
      {R"("\ude00\ud83d")", "\ufffd\ufffd"},
      {R"("\ud83d\ud83d\ude00")", "\ufffd\U0001f600"},
      {R"("\ud83dx")", "\ufffdx"},
      {R"("\ud83d\n")", "\ufffd\n"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.token);
    CHECK(unquoted(c.token) == c.text);
  }
}

TEST_CASE("strings to be compared keep lone surrogates apart from all characters") {
  CHECK(exact_text(R"("a\u00e9\n")") == "a\u00e9\n");
  CHECK(exact_text(R"("\ud83d\ude00")") == "\U0001f600");
  CHECK(exact_text(R"("\ud800")") == "\xed\xa0\x80");
  CHECK(exact_text(R"("\udfffx")") == "\xed\xbf\xbfx");
  CHECK(exact_text(R"("\ufffd")") == "\ufffd");
}

TEST_CASE("a requoted string has letters instead of escapes where it can") {
  struct Case {
    const char* token;
    const char* result;
  };
  const Case cases[] = {
      {R"("plain é")", R"("plain é")"},
      {R"("\u00e9\u0041\/")", R"("éA/")"},
      {R"("\u0022\u005c\u000A\u0000\u001F")", R"("\"\\\n\u0000\u001f")"},
      {R"("\ud83d\ude00")", "\"\U0001f600\""},
      {R"("a\uD83Dz")", R"("a\uD83Dz")"},
      {R"("\\ud83d")", R"("\\ud83d")"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.token);
    CHECK(requoted(c.token) == c.result);
    CHECK(is_json(c.result));
  }
}

TEST_CASE("any text comes back from its string") {
  std::mt19937 random{5};
  for (int i = 0; i < 2000; ++i) {
    std::string text;
    const std::size_t size = random() % 40;
    for (std::size_t j = 0; j < size; ++j) text += static_cast<char>(random() % 128);
    CHECK(is_json(as_string(text)));
    CHECK(unquoted(as_string(text)) == text);
    CHECK(requoted(as_string(text)) == as_string(text));
    CHECK(nlohmann::json::parse(as_string(text)) == text);
  }
}

TEST_CASE("all texts of one number have one form") {
  struct Case {
    const char* form;
    std::vector<const char*> texts;
  };
  const Case cases[] = {
      {"0", {"0", "-0", "0.0", "-0.000", "0e5", "0E-99999999999999999999", "0.0e+1"}},
      {"25e0", {"25", "25.0", "2.5e1", "250E-1", "0.25e+2", "0.0000025e7", "25e0", "25e-0"}},
      {"-1e-1", {"-0.1", "-0.10", "-1e-1", "-10E-2", "-0.01e001"}},
      {"1e400", {"1e400", "10e399", "0.1e401", "1000e397", "1E+400", "1.000e400"}},
      {"1e2", {"100", "1e2", "1e+02", "0.001e5"}},
      {"18446744073709551617e0", {"18446744073709551617", "1.8446744073709551617e19"}},
      // Exponents that 64 bits do not hold.
      {"1e100000000000000000000", {"1e100000000000000000000", "10e99999999999999999999"}},
      {"1e-100000000000000000000", {"0.1e-99999999999999999999", "10e-100000000000000000001"}},
      {"1e99999999999999999",
       {"1e99999999999999999", "0.1e100000000000000000", "1e0099999999999999999"}},
      {"1e100000000000000000", {"1e100000000000000000", "10e99999999999999999"}},
      {"1e-99999999999999999", {"10e-100000000000000000", "1e-99999999999999999"}},
  };
  for (const Case& c : cases) {
    for (const char* text : c.texts) {
      CAPTURE(text);
      CHECK(canonical_number(text) == c.form);
    }
  }
}

TEST_CASE("moving the point against the exponent changes no number, and a digit does") {
  std::mt19937 random{11};
  for (int i = 0; i < 2000; ++i) {
    std::string digits = std::to_string(1 + random() % 9);
    for (auto j = random() % 30; j > 0; --j) digits += static_cast<char>('0' + random() % 10);
    const auto exponent = static_cast<std::int64_t>(random() % 2000) - 1000;
    const auto with = [&](const std::string& all, std::size_t point) {
      const auto moved = exponent + static_cast<std::int64_t>(all.size() - point);
      return all.substr(0, point) + (point < all.size() ? "." + all.substr(point) : "") + "e" +
             std::to_string(moved);
    };
    const std::string form = canonical_number(with(digits, digits.size()));
    const std::size_t point = 1 + random() % digits.size();
    CAPTURE(digits, exponent, point);
    CHECK(canonical_number(with(digits, point)) == form);
    CHECK(canonical_number("-" + with(digits, point)) == "-" + form);
    std::string other = digits;
    char& changed = other[random() % other.size()];
    changed = changed == '9' ? '8' : '9';
    CHECK(canonical_number(with(other, point)) != form);
  }
}

TEST_CASE("a number of a million digits or such an exponent has a form") {
  const std::string nines(1'000'000, '9');
  CHECK(canonical_number(nines) == nines + "e0");
  CHECK(canonical_number("1e" + nines) == "1e" + nines);
  CHECK(canonical_number("10e" + nines) == "1e1" + std::string(1'000'000, '0'));
  CHECK(canonical_number("0.1e-" + nines) == "1e-1" + std::string(1'000'000, '0'));
  CHECK(canonical_number("0." + std::string(1'000'000, '0') + "1") == "1e-1000001");
}
