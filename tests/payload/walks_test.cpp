// SPDX-License-Identifier: MIT
//
// What is done with a payload reads it a few times, however deep it nests and however often its
// members repeat: a run that computes does not see a signal.

#include "message.hpp"
#include "output/printer.hpp"
#include "payload/binary.hpp"
#include "payload/expectation.hpp"
#include "payload/json.hpp"
#include "payload/record.hpp"

#include <cstdint>
#include <functional>
#include <string>

#include "catch.hpp"

using namespace mqtt_tools;
using namespace mqtt_tools::payload;
using output::PrinterOptions;

namespace {

std::string repeated(const std::string& text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

struct Shape {
  const char* name;
  std::string json;
  std::string inmost;  ///< A pointer to its deepest value.
};

/// About 100,000 bytes each.
std::vector<Shape> shapes() {
  constexpr std::size_t depth = 98;
  const std::string wide = "1" + repeated(",1", 50'000);
  std::vector<Shape> all{
      {"flat", "[" + wide + "]", "/9"},
      {"nested arrays", std::string(depth, '[') + wide + std::string(depth, ']'),
       repeated("/0", depth)},
      {"nested objects", repeated(R"({"a":)", depth) + "[" + wide + "]" + std::string(depth, '}'),
       repeated("/a", depth)},
      {"a repeated member", "{" + repeated(R"("a":{"a":{"a":1}},)", 5'000) + R"("b":1})", "/a/a/a"},
      {"many nested objects",
       "[" + repeated(repeated(R"({"a":)", 90) + "1" + std::string(90, '}') + ",", 180) + "1]",
       "/9" + repeated("/a", 90)},
      {"our envelope",
       R"({"msg":)" + repeated(R"({"msg":)", 90) + "[" + wide + "]" + std::string(90, '}') +
           R"(,"data":"2026-11-23 18-15-03"})",
       repeated("/msg", 91)}};
  return all;
}

/// How many times as much as `json` is long was read by what `work` does.
double walks(const std::string& json, const std::function<void()>& work) {
  const std::uint64_t before = JsonTokens::bytes_begun();
  work();
  return static_cast<double>(JsonTokens::bytes_begun() - before) / static_cast<double>(json.size());
}

}  // namespace

TEST_CASE("a payload is compared in one walk, however deep it nests") {
  for (const Shape& shape : shapes()) {
    CAPTURE(shape.name);
    Message message;
    message.payload = shape.json;
    const Decoded decoded = decode(message);
    for (const std::string& expected :
         {std::string{R"({"a":{"a":{"a":1}}})"}, std::string{"[[[[1]]]]"}, shape.json}) {
      const Expectation expectation{expected};
      CHECK(walks(shape.json, [&] { expectation.met_by(decoded); }) <= 1);
    }
    CHECK(Expectation{shape.json}.met_by(decoded));
    CHECK(walks(shape.json, [&] { Expectation{shape.json}; }) <= 1);
  }
}

TEST_CASE("a pointer is followed in one walk, however many steps it has") {
  for (const Shape& shape : shapes()) {
    CAPTURE(shape.name);
    Message message;
    message.payload = shape.json;
    const Decoded decoded = decode(message);
    const JsonPointer pointer{shape.inmost};
    CHECK(pointer.select(decoded));
    CHECK(walks(shape.json, [&] { pointer.select(decoded); }) <= 1);
  }
}

TEST_CASE("a payload is shown, recorded and replayed in a few walks") {
  for (const Shape& shape : shapes()) {
    CAPTURE(shape.name);
    Message message;
    message.topic = "t";
    message.payload = shape.json;
    for (const auto form : {PrinterOptions::Form::raw, PrinterOptions::Form::pretty,
                            PrinterOptions::Form::json, PrinterOptions::Form::format}) {
      PrinterOptions options;
      options.form = form;
      options.format = "%p %j %J %x";
      const auto printer = make_printer(options);
      std::string out;
      const Decoded decoded = decode(message);
      // The view of an envelope, and what is shown of it.
      CHECK(walks(shape.json, [&] { printer->print(decoded, out); }) <= 2);
    }
    std::string record;
    append_record(record, decode(message));
    // The kind of the line, its members.
    CHECK(walks(record, [&] { parse_record(record); }) <= 2.5);
  }
}

TEST_CASE("JSON is written in a binary encoding in two walks, however deep it nests") {
  for (const Shape& shape : shapes()) {
    CAPTURE(shape.name);
    // The first counts, since lengths come before what is counted.
    CHECK(walks(shape.json, [&] { json_to_cbor(shape.json); }) <= 2);
    CHECK(walks(shape.json, [&] { json_to_msgpack(shape.json); }) <= 2);
  }
}
