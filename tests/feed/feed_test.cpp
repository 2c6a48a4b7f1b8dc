// SPDX-License-Identifier: MIT
#include "feed/feed.hpp"

#include "feed/given.hpp"

#include "catch.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <cstdint>
#include <string>
#include <vector>

namespace mqtt_tools::feed {
namespace {

using Kind = SourceOptions::Kind;
using Payloads = std::vector<std::string>;

SourceOptions from(Kind kind, const std::optional<std::string>& file = {}) {
  SourceOptions options;
  options.kind = kind;
  options.file = file;
  options.prototype.topic = "top";
  return options;
}

Payloads whole(std::string_view text, bool keep_newline = false) {
  const GivenFile file{text};
  auto options = from(Kind::whole, file.path());
  options.keep_newline = keep_newline;
  return payloads(all_of(*open(options)));
}

TEST_CASE("a word is a message in the form that was asked for") {
  auto options = from(Kind::argument);
  options.text = "hello\n";
  options.prototype.qos = Qos::exactly_once;
  options.prototype.retained = true;
  options.prototype.properties.content_type = "text/plain";
  const auto feed = open(options);

  const auto messages = all_of(*feed);
  REQUIRE(messages.size() == 1);
  Message expected = options.prototype;
  expected.payload = "hello\n";
  CHECK(messages[0] == expected);
  CHECK_FALSE(feed->final());
  CHECK(feed->fd() == -1);
}

TEST_CASE("a null message is empty and takes no envelope") {
  const auto feed = open(from(Kind::null));
  CHECK(payloads(all_of(*feed)) == Payloads{""});
  CHECK(feed->final());
}

TEST_CASE("a message is repeated as often as asked for") {
  auto options = from(Kind::argument);
  options.text = "again";
  options.repeat = 3;
  CHECK(payloads(all_of(*open(options))) == Payloads{"again", "again", "again"});
}

TEST_CASE("the whole of a file loses one newline unless it is kept") {
  using namespace std::string_literals;
  CHECK(whole("a\nb\n") == Payloads{"a\nb"});
  CHECK(whole("a\nb\r\n") == Payloads{"a\nb"});
  CHECK(whole("a\n\n") == Payloads{"a\n"});
  CHECK(whole("a\r") == Payloads{"a\r"});
  CHECK(whole("a") == Payloads{"a"});
  CHECK(whole("\n") == Payloads{""});
  CHECK(whole("a\0b"s) == Payloads{"a\0b"s});
  CHECK(whole("a\n", true) == Payloads{"a\n"});
  CHECK(whole("a\r\n", true) == Payloads{"a\r\n"});
}

TEST_CASE("an empty file that was asked for is one empty message") {
  CHECK(whole("") == Payloads{""});
}

TEST_CASE("a large file comes whole and tells its progress") {
  std::string text;
  while (text.size() < 300'000) {
    text += std::to_string(text.size()) + ' ';
  }
  const GivenFile file{text};
  const auto feed = open(from(Kind::whole, file.path()));
  CHECK(payloads(all_of(*feed)) == Payloads{text});
  CHECK(feed->progress().bytes == text.size());
  CHECK(feed->progress().total == text.size());
}

TEST_CASE("a file of unknown size comes whole") {
  const auto feed = open(from(Kind::whole, "/proc/self/status"));
  const auto messages = all_of(*feed);
  REQUIRE(messages.size() == 1);
  CHECK(messages[0].payload.find("VmRSS") != std::string::npos);
  CHECK_FALSE(feed->progress().total);
}

TEST_CASE("all of stdin is waited for") {
  GivenStdin input;
  const auto feed = open(from(Kind::whole));
  Message message;
  CHECK(feed->next(at({}), message) == Supply::not_yet);
  CHECK(feed->fd() == STDIN_FILENO);
  input.write("one\n");
  CHECK(feed->next(at({}), message) == Supply::not_yet);
  input.write("two\n");
  input.end();
  REQUIRE(feed->next(at({}), message) == Supply::message);
  CHECK(message.payload == "one\ntwo");
  CHECK(message.topic == "top");
  CHECK(feed->next(at({}), message) == Supply::end);
}

TEST_CASE("an empty stdin that nobody asked for is no message") {
  for (const bool implicit : {true, false}) {
    GivenStdin input;
    input.end();
    auto options = from(Kind::whole);
    options.implicit_stdin = implicit;
    const auto feed = open(options);
    if (implicit) {
      CHECK(usage_error([&] { all_of(*feed); }).rfind("no message given", 0) == 0);
    } else {
      CHECK(payloads(all_of(*feed)) == Payloads{""});
    }
  }
}

TEST_CASE("what cannot be read is said when it is opened") {
  for (const Kind kind : {Kind::whole, Kind::lines, Kind::replay}) {
    CHECK(failure([&] { open(from(kind, "/no/such/file")); }) ==
          "cannot read /no/such/file: No such file or directory (is the path right?)");
    CHECK(failure([&] { open(from(kind, "/tmp")); }) ==
          "cannot read /tmp: Is a directory (name a file)");
  }
}

TEST_CASE("a file too large for a message is refused when it is opened") {
  const GivenFile file{""};
  REQUIRE(::truncate(file.path().c_str(), 268'435'456) == 0);  // Sparse: it takes no space.
  CHECK(usage_error([&] { open(from(Kind::whole, file.path())); }) ==
        file.path() + " has 268435456 bytes or more; a message holds at most 268435455");
}

TEST_CASE("a FIFO is opened before its writer comes") {
  const GivenFile place{""};
  const std::string path = place.path() + ".fifo";
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  const auto feed = open(from(Kind::lines, path));
  Message message;
  CHECK(feed->next(at({}), message) == Supply::not_yet);
  CHECK(feed->fd() >= 0);

  const int writer = ::open(path.c_str(), O_WRONLY);
  REQUIRE(::write(writer, "a\nb\n", 4) == 4);
  ::close(writer);
  CHECK(payloads(all_of(*feed)) == Payloads{"a", "b"});
  CHECK(feed->next(at({}), message) == Supply::end);
  std::remove(path.c_str());
}

TEST_CASE("each line is a message in the form that was asked for") {
  const GivenFile file{"one\r\n\ntwo"};
  auto options = from(Kind::lines, file.path());
  options.prototype.qos = Qos::at_least_once;
  options.prototype.properties.user = {{"k", "v"}};
  const auto feed = open(options);
  CHECK(feed->where().empty());

  Message message;  // As an application uses it: filled again and again, moved from in between.
  for (const char* payload : {"one", "", "two"}) {
    REQUIRE(feed->next(at({}), message) == Supply::message);
    Message expected = options.prototype;
    expected.payload = payload;
    CHECK(message == expected);
    const Message taken = std::move(message);
  }
  CHECK(feed->where() == "line 3");
  CHECK(feed->next(at({}), message) == Supply::end);
  CHECK(feed->progress().bytes == 9);
  CHECK(feed->progress().total == std::uint64_t{9});
}

TEST_CASE("lines that were read ahead are no progress") {
  const GivenFile file{"one\r\n\nlast"};
  const auto feed = open(from(Kind::lines, file.path()));
  Message message;
  for (const std::uint64_t bytes : {5U, 6U, 10U}) {
    REQUIRE(feed->next(at({}), message) == Supply::message);
    CHECK(feed->progress().bytes == bytes);
  }
}

TEST_CASE("no lines are no messages") {
  CHECK(all_of(*open(from(Kind::lines, "/dev/null"))).empty());
}

TEST_CASE("a line can name its topic") {
  const GivenFile file{"a/b\tone\na/b\ttwo\tthree\nc\t\n"};
  auto options = from(Kind::lines, file.path());
  options.topic_from_line = true;
  const auto messages = all_of(*open(options));
  CHECK(payloads(messages) == Payloads{"one", "two\tthree", ""});
  REQUIRE(messages.size() == 3);
  CHECK(messages[0].topic == "a/b");
  CHECK(messages[1].topic == "a/b");
  CHECK(messages[2].topic == "c");
}

TEST_CASE("a line without a topic that can be published to is refused by its number") {
  struct Case {
    const char* text;
    const char* error;
  };
  const Case cases[] = {
      {"no tab", "line 2: no tab between topic and message"},
      {"", "line 2: no tab between topic and message"},
      {"\tmessage", "line 2: "},
      {"a/+\tmessage", "line 2: "},
      {"\xff\tmessage", "line 2: "},
  };
  for (const auto& [text, error] : cases) {
    CAPTURE(text);
    const GivenFile file{std::string{"a\tfine\n"} + text + "\n"};
    auto options = from(Kind::lines, file.path());
    options.prototype.topic.clear();
    options.topic_from_line = true;
    const auto feed = open(options);
    Message message;
    CHECK(feed->next(at({}), message) == Supply::message);
    CHECK(usage_error([&] { feed->next(at({}), message); }).rfind(error, 0) == 0);
  }
}

}  // namespace
}  // namespace mqtt_tools::feed
