// SPDX-License-Identifier: MIT
//
// The units of docs/examples, as systemd would run them.

#include "catch.hpp"
#include "support/programs.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <array>
#include <cstring>
#include <sstream>

using namespace mqtt_tools::support;

namespace {

const std::string examples = MQTT_TOOLS_TESTS "/../docs/examples/";

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) {
    text.replace(at, what.size(), with);
  }
  return text;
}

/// What a line of the unit says behind "ExecStart=". Its quotes mean in a shell what they mean to
/// systemd.
std::string command_of(const std::string& unit) {
  std::istringstream lines{read_file(examples + unit)};
  const std::string key = "ExecStart=";
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(key)) return "exec " + replaced(line.substr(key.size()), "/usr/bin/", "");
  }
  return {};
}

/// A socket for what systemd-notify sends.
class NotifySocket {
 public:
  NotifySocket() : fd_(checked(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket")) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path().c_str(), sizeof address.sun_path - 1);
    checked(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind");
  }

  std::string path() const { return folder_ / "notify"; }

  /// The next message; empty if none comes.
  std::string receive() {
    pollfd ready{fd_.get(), POLLIN, 0};
    std::array<char, 4'096> bytes{};
    if (::poll(&ready, 1, static_cast<int>(patience.count())) != 1) return {};
    const ssize_t size = ::recv(fd_.get(), bytes.data(), bytes.size(), 0);
    return {bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
  }

 private:
  TemporaryDirectory folder_{};
  Descriptor fd_;
};

bool missing(const std::string& program) {
  return run(Command::shell("command -v " + program)).code != 0;
}

}  // namespace

TEST_CASE("the unit of a subscriber tells systemd when it is subscribed, and prints what comes") {
  if (missing("systemd-notify")) return skip("there is no systemd-notify");
  Broker broker;
  NotifySocket systemd;
  Command command = Command::shell(command_of("mqtt-journal.service"));
  command.environment("MQTT_URL", broker.url()).environment("NOTIFY_SOCKET", systemd.path());
  Process unit(command);
  CHECK(systemd.receive() == "READY=1");
  // It is subscribed, or this would be lost.
  check_exit(run(broker.pub({"--raw", "sensors/roof", "21.5"})), 0);
  CHECK(unit.wait_for_out("sensors/roof 21.5\n"));
  unit.signal(SIGTERM);
  check_exit(unit.wait(), 128 + SIGTERM);
}

TEST_CASE("the unit of a relay sends what others store in the spool that it names") {
  Broker broker;
  Witness witness{broker, 1};
  TemporaryDirectory folder;
  const std::string state = "/var/lib/mqtt-relay";
  Process unit(Command::shell(replaced(command_of("mqtt-relay.service"), state, folder.path()))
                   .environment("MQTT_URL", broker.url()));
  const std::string text = read_file(examples + "mqtt-relay.service");
  const std::size_t begin = text.find("mqtt-pub --spool");
  const std::string storing = text.substr(begin, text.find('\n', begin) - begin);
  const std::string stores = replaced(replaced(storing, state, folder.path()), "sensors/roof", "t");
  check_exit(run(Command::shell(stores).environment("MQTT_URL", broker.url())), 0);
  CHECK(witness.out().find("21.5") != std::string::npos);
  unit.signal(SIGTERM);
  check_exit(unit.wait(), 128 + SIGTERM);
}

TEST_CASE("systemd finds nothing wrong with the units") {
  if (missing("systemd-analyze")) return skip("there is no systemd-analyze");
  for (const std::string name : {"mqtt-journal.service", "mqtt-relay.service"}) {
    TemporaryDirectory folder;
    const std::string unit =
        folder.write(name, replaced(read_file(examples + name), "/usr/bin", MQTT_TOOLS_BIN));
    const Result result = run({"systemd-analyze", "verify", "--man=no", unit});
    CAPTURE(name, result.err);
    CHECK(result.code == 0);
    CHECK(result.err.find(name) == std::string::npos);
  }
}
