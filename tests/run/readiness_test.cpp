// SPDX-License-Identifier: MIT
#include "run/readiness.hpp"

#include "error.hpp"
#include "run/child_process.hpp"
#include "run/forked.hpp"

#include "catch.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace mqtt_tools::run {
namespace {

/// A folder for one test, gone after it.
class Folder {
 public:
  Folder() { REQUIRE(::mkdtemp(path_.data()) != nullptr); }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string file(const std::string& name) const { return path_ + '/' + name; }
  std::ptrdiff_t count() const {
    return std::distance(std::filesystem::directory_iterator{path_}, {});
  }

 private:
  std::string path_ = "/tmp/mqtt-tools-test-XXXXXX";
};

std::string content(const std::string& path) {
  std::ifstream file{path};
  return {std::istreambuf_iterator<char>{file}, {}};
}

ReadinessOptions with_file(const std::string& path) {
  ReadinessOptions options;
  options.file = path;
  return options;
}

ReadinessOptions with_fd(int fd) {
  ReadinessOptions options;
  options.fd = fd;
  return options;
}

TEST_CASE("the ready file appears whole, alone and not before its time") {
  const Folder folder;
  Readiness ready{with_file(folder.file("ready"))};
  CHECK(folder.count() == 0);
  ready.announce();
  CHECK(content(folder.file("ready")) == "ready\n");
  CHECK(folder.count() == 1);
  CHECK(ready.fd() == -1);
}

TEST_CASE("the ready file replaces an older one") {
  const Folder folder;
  std::ofstream{folder.file("ready")} << "something longer than that\n";
  Readiness{with_file(folder.file("ready"))}.announce();
  CHECK(content(folder.file("ready")) == "ready\n");
}

TEST_CASE("the line of an earlier run is gone at once, and nothing else is") {
  const Folder folder;
  const std::string path = folder.file("ready");
  Readiness{with_file(path)}.announce();
  const Readiness waiting{with_file(path)};
  CHECK(folder.count() == 0);

  for (const std::string other : {"", "ready", "ready\nsteady\n", "Readiness\n"}) {
    std::ofstream{path} << other;
    const Readiness also_waiting{with_file(path)};
    CHECK(content(path) == other);
  }
}

TEST_CASE("a FIFO is written to and not replaced") {
  const Folder folder;
  const std::string path = folder.file("fifo");
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  const int reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK);
  Readiness{with_file(path)}.announce();
  char text[16] = {};
  CHECK(::read(reader, text, sizeof text) == 6);
  CHECK(std::string{text} == "ready\n");
  ::close(reader);

  Readiness nobody_reads{with_file(path)};
  CHECK_THROWS_AS(nobody_reads.announce(), RunError);
}

TEST_CASE("a ready file that cannot be written is told before the run begins") {
  const Folder folder;
  CHECK_THROWS_AS((Readiness{with_file(folder.file("missing/ready"))}), RunError);
  CHECK_THROWS_AS((Readiness{with_file(folder.file(""))}), RunError);
  std::ofstream{folder.file("file")} << "text";
  const std::string path = folder.file("file/ready");
  CHECK_THROWS_WITH((Readiness{with_file(path)}),
                    "cannot write " + path + ": Not a directory (a part of the path is a file)");
}

TEST_CASE("the ready descriptor gets one line and is closed") {
  int ends[2] = {-1, -1};
  REQUIRE(::pipe(ends) == 0);
  Readiness ready{with_fd(ends[1])};
  ready.announce();
  char text[16] = {};
  CHECK(::read(ends[0], text, sizeof text) == 6);
  CHECK(std::string{text} == "ready\n");
  CHECK(::read(ends[0], text, sizeof text) == 0);
  ::close(ends[0]);
}

TEST_CASE("stdout is told and stays open") {
  const Told told = forked([] {
    Readiness{with_fd(STDOUT_FILENO)}.announce();
    ::_exit(::write(STDOUT_FILENO, "message\n", 8) == 8 ? 0 : 1);
  });
  CHECK(told.out == "ready\nmessage\n");
  CHECK(told.code == 0);
}

TEST_CASE("a ready descriptor that the user did not open for writing is refused") {
  CHECK_THROWS_AS((Readiness{with_fd(987)}), UsageError);

  const int ours = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  CHECK_THROWS_AS((Readiness{with_fd(ours)}), UsageError);
  ::close(ours);

  const int reading = ::open("/dev/null", O_RDONLY);
  CHECK_THROWS_AS((Readiness{with_fd(reading)}), UsageError);
  ::close(reading);
}

/// What a process tells whose only work is this command.
Told command(const std::string& text, const connection::Options& connection = {},
             const std::string& broker = "localhost:1883") {
  return forked([&] {
    ReadinessOptions options;
    options.command = text;
    Readiness ready{options};
    if (ready.fd() != -1) {
      ::_exit(98);
    }
    ready.announce(environment_of(connection, broker));
    pollfd ended{ready.fd(), POLLIN, 0};
    ::poll(&ended, 1, 10'000);
    ready.advance();
    ready.advance();
    ::_exit(ready.failed() ? 1 : 0);
  });
}

TEST_CASE("the ready command speaks on stderr and its failure is said once") {
  const Told fine = command("echo out; cat");
  CHECK(fine.code == 0);
  CHECK(fine.out.empty());
  CHECK(fine.error == "out\n");

  const Told failed = command("exit 3");
  CHECK(failed.code == 1);
  CHECK(failed.error == "mqtt-tools: --on-ready command ended with 3\n");
}

TEST_CASE("the ready command knows the connection") {
  connection::Options connection;
  connection.endpoints = {{"away.example", 1884}, {"broker.example", 1884}};
  connection.credentials.username = "us er";
  ::setenv("MQTT_PROFILE", "other", 1);
  ::setenv("MQTT_PASSWORD", "other", 1);
  const Told told = command(
      "echo $MQTT_HOST $MQTT_PORT \"$MQTT_USERNAME\" ${MQTT_PASSWORD-none} ${MQTT_PROFILE-none}",
      connection, "broker.example:1884");
  ::unsetenv("MQTT_PROFILE");
  ::unsetenv("MQTT_PASSWORD");
  CHECK(told.error == "broker.example 1884 us er none none\n");
}

}  // namespace
}  // namespace mqtt_tools::run
