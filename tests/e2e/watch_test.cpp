// SPDX-License-Identifier: MIT
//
// mqtt-sub --watch on a terminal, which is as it was however the run ends.

#include "catch.hpp"
#include "support/programs.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <unistd.h>
#include <array>
#include <chrono>
#include <string>
#include <vector>

using namespace mqtt_tools::support;
using namespace std::string_literals;

namespace {

const std::string enter_screen = "\x1b[?1049h";
const std::string leave_screen = "\x1b[?1049l";

/// What a shell on a terminal does: notes the terminal's modes, runs the program, notes them again
/// (which no signal that comes late may end). The files `name`, `before`, `after` and `code` say
/// how it went.
class Terminal {
 public:
  Terminal(const Broker& broker, const std::string& words, const std::string& terminal = "xterm")
      : process_(Command::shell("cd " + directory_.path().string() +
                                "; tty >name; stty -g >before; ulimit -c 0; trap : INT TERM HUP "
                                "TSTP QUIT ABRT SEGV USR1 USR2 ALRM XCPU RTMAX; "
                                "mqtt-sub -h 127.0.0.1 -p " +
                                broker.port_text() + " --watch " + words +
                                "; echo $? >code; trap '' INT TERM HUP; stty -g >after; echo; "
                                "echo finished")
                     .environment("TERM", terminal)
                     .terminal_input()
                     .terminal_output()
                     .terminal_errors()) {}

  Process& process() { return process_; }
  void type(const std::string& keys) { process_.write(keys); }
  bool shows(const std::string& text, int times = 1) {
    return process_.wait_for_out(text, patience, times);
  }

  /// With how many columns and rows the terminal is from now on.
  void resize(int columns, int rows) {
    const auto name = file("name");
    run(Command{"stty", "-F", name.substr(0, name.find('\n')), "cols", std::to_string(columns),
                "rows", std::to_string(rows)});
  }

  /// Checks that the program ends with `code` and the terminal is as before.
  std::string check_end(int code) {
    CHECK(process_.wait_for_out("finished"));
    const auto result = process_.wait();
    CHECK(file("code") == std::to_string(code) + "\n");
    CHECK(file("before") != "");
    CHECK(file("after") == file("before"));
    const auto end = result.out.rfind(leave_screen);
    REQUIRE(end != std::string::npos);
    CHECK(result.out.rfind(enter_screen) < end);
    CHECK(result.out.find("\x1b[?25h") != std::string::npos);  // The cursor.
    return result.out.substr(end + leave_screen.size());
  }

 private:
  std::string file(const std::string& name) const { return read_file(directory_ / name); }

  TemporaryDirectory directory_{};
  Process process_;
};

void publish(Broker& broker, const std::string& topic, const std::string& message) {
  check_exit(run(broker.pub({topic, message})), 0);
}

}  // namespace

TEST_CASE("a live table shows topics and values, and ends with q") {
  Broker broker;
  Terminal screen{broker, "'home/#'"};
  REQUIRE(screen.shows("no message yet"));
  REQUIRE(broker.wait_for_subscription("home/#"));
  publish(broker, "home/door", "open");
  CHECK(screen.shows("home/door"));
  CHECK(screen.shows("open"));
  screen.type("q");
  const auto rest = screen.check_end(0);
  CHECK(rest.find("mqtt-sub:") == std::string::npos);
}

TEST_CASE("a live table that is left with an expectation unmet says so, and by what it was left") {
  Broker broker;
  Terminal screen{broker, "'home/#' --expect '\"up\"'"};
  REQUIRE(broker.wait_for_subscription("home/#"));
  REQUIRE(screen.shows("no message yet"));
  screen.type("q");
  CHECK(screen.check_end(1).find("quit with q after 0 messages; not met: \"up\"") !=
        std::string::npos);
}

TEST_CASE("a live table answers keys: filter, details, number, help") {
  Broker broker;
  Terminal screen{broker, "'#'"};
  REQUIRE(broker.wait_for_subscription("#"));
  publish(broker, "hall/lamp", "42");
  publish(broker, "cellar", "7");
  REQUIRE(screen.shows("cellar"));
  REQUIRE(screen.shows("hall/lamp"));
  screen.type("/nothing");
  CHECK(screen.shows("no topic has"));
  screen.type("\x1b");
  CHECK(screen.shows("filter  s sort", 2));
  screen.type("\x1bOB\r");
  CHECK(screen.shows("/msg"));
  screen.type("\t");
  CHECK(screen.shows("messages a second"));
  screen.type("?");
  CHECK(screen.shows("any key: back"));
  screen.type("x");
  screen.type(" ");
  CHECK(screen.shows("PAUSED"));
  screen.type("q");
  screen.check_end(0);
}

TEST_CASE("the terminal is as it was after each signal that ends a live table") {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    CAPTURE(signal);
    Broker broker;
    Terminal screen{broker, "t"};
    REQUIRE(broker.wait_for_subscription("t"));
    REQUIRE(screen.shows("no message yet"));
    screen.process().signal_group(signal);
    screen.check_end(128 + signal);
  }
}

TEST_CASE("the terminal is as it was when Ctrl-C is typed into a live table") {
  Broker broker;
  Terminal screen{broker, "t"};
  REQUIRE(broker.wait_for_subscription("t"));
  REQUIRE(screen.shows("no message yet"));
  screen.type("\x03");
  screen.check_end(130);
}

TEST_CASE("the terminal is as it was after any other signal that ends a live table") {
  std::vector<int> signals{SIGQUIT, SIGABRT, SIGUSR1, SIGUSR2, SIGALRM, SIGXCPU, SIGRTMAX};
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // Theirs is SIGSEGV.
  signals.push_back(SIGSEGV);
#endif
  for (const int signal : signals) {
    CAPTURE(signal);
    Broker broker;
    Terminal screen{broker, "t"};
    REQUIRE(broker.wait_for_subscription("t"));
    REQUIRE(screen.shows("no message yet"));
    screen.process().signal_group(signal);
    screen.check_end(128 + signal);
  }
}

TEST_CASE("the terminal is as it was after a second signal, which ends the run at once") {
  // A broker that takes DISCONNECT and never closes, and stands still meanwhile.
  Broker broker;
  Terminal screen{broker, "t"};
  REQUIRE(broker.wait_for_subscription("t"));
  REQUIRE(screen.shows("no message yet"));
  screen.process().signal_group(SIGTERM);
  screen.process().signal_group(SIGTERM);
  screen.check_end(143);
}

TEST_CASE("the terminal is as it was when the broker of a live table goes away for good") {
  Broker broker;
  Terminal screen{broker, "t --no-reconnect"};
  REQUIRE(broker.wait_for_subscription("t"));
  REQUIRE(screen.shows("no message yet"));
  broker.kill();
  const auto rest = screen.check_end(6);
  CHECK(rest.find("mqtt-sub: ") != std::string::npos);
}

TEST_CASE("a live table says that the connection is lost, and repeats it afterwards") {
  Broker broker;
  Terminal screen{broker, "t"};
  REQUIRE(broker.wait_for_subscription("t"));
  REQUIRE(screen.shows("no message yet"));
  broker.kill();
  CHECK(screen.shows("reconnecting"));
  broker.start();
  REQUIRE(broker.wait_for_subscription("t"));
  publish(broker, "t", "again");
  CHECK(screen.shows("again"));
  screen.type("q");
  const auto rest = screen.check_end(0);
  CHECK(rest.find("mqtt-sub: ") != std::string::npos);
  CHECK(rest.find("lost") != std::string::npos);
}

TEST_CASE("a live table ends as a run ends, with its code and its line") {
  Broker broker;
  publish(broker, "x", "1");
  {
    Terminal screen{broker, "t -W 0.3"};
    CHECK(screen.check_end(27).find("mqtt-sub: timed out") != std::string::npos);
  }
  {
    Terminal screen{broker, "t --duration 0.3"};
    screen.check_end(0);
  }
  check_exit(run(broker.pub({"t", "yes", "-r"})), 0);
  {
    Terminal screen{broker, "t -C 1"};
    screen.check_end(0);
  }
  {
    Terminal screen{broker, R"(t --expect '{"msg":"yes"}')"};
    screen.check_end(0);
  }
}

TEST_CASE("a live table is drawn again after a pause of the process and with another size") {
  Broker broker;
  Terminal screen{broker, "t"};
  REQUIRE(broker.wait_for_subscription("t"));
  REQUIRE(screen.shows("no message yet"));
  screen.resize(40, 12);
  CHECK(screen.shows("no message yet", 2));
  screen.process().signal_group(SIGSTOP);
  screen.process().signal_group(SIGCONT);
  CHECK(screen.shows(enter_screen, 2));
  CHECK(screen.shows("no message yet", 3));
  screen.type("q");
  screen.check_end(0);
}

TEST_CASE("a live table that is stopped with Ctrl-Z leaves its screen once before it goes on") {
  Broker broker;
  Terminal screen{broker, "t"};
  REQUIRE(broker.wait_for_subscription("t"));
  REQUIRE(screen.shows("no message yet"));
  screen.type("\x1a");  // In a group without a parent in its session nobody stops.
  CHECK(screen.shows(enter_screen, 2));
  CHECK(screen.shows("no message yet", 2));
  const auto out = screen.process().out();
  CHECK(out.find(leave_screen) == out.rfind(leave_screen));
  screen.type("q");
  screen.check_end(0);
}

TEST_CASE("the terminal is as the shell had it for a live table that began in the background") {
  Broker broker;
  // As a shell has its terminal while a line is typed into it, and while a command runs.
  Process shell{Command::shell("set -m; stty -icanon; mqtt-sub '#' --watch -h 127.0.0.1 -p " +
                               broker.port_text() +
                               " & until grep -q 'State:.T' /proc/$!/status; do sleep 0.01; done; "
                               "stty icanon; fg; stty -a")
                    .environment("TERM", "xterm")
                    .terminal_input()
                    .terminal_output()
                    .terminal_errors()};
  REQUIRE(shell.wait_for_out("no message yet"));
  shell.write("q");
  CHECK(shell.wait().out.find(" icanon ") != std::string::npos);
}

TEST_CASE("a live table needs no alternate screen, no colour and no locale") {
  Broker broker;
  check_exit(run(broker.pub({"t", "tür", "-r"})), 0);
  auto command = broker.sub({"t", "--watch"});
  command.environment("TERM", "vt100").environment("LC_ALL", "C").environment("NO_COLOR", "1");
  Process process{command.terminal_input().terminal_output().terminal_errors()};
  CHECK(process.wait_for_out("tür"));
  process.write("q");
  check_exit(process.wait(), 0);
}

TEST_CASE("a live table whose terminal takes nothing any more ends within a second of a signal") {
  Broker broker;
  int master = -1;
  int slave = -1;
  winsize size{};
  size.ws_row = 50;
  size.ws_col = 200;
  std::array<char, 64> name{};
  REQUIRE(openpty(&master, &slave, name.data(), nullptr, &size) == 0);
  const Descriptor reader{master};
  const Descriptor terminal{slave};
  std::string lines;
  for (int i = 10; i < 55; ++i) {
    lines += "t/" + std::to_string(i) + "\t" + std::string(180, 'v') + "\n";
  }
  check_exit(run(broker.pub({"-l", "--topic-from-line", "-r"}), lines), 0);
  auto command = broker.sub({"t/#", "--watch"});
  command.environment("TERM", "xterm").input_from(slave).output_to(slave);
  Process process{command};
  std::string shown;
  std::array<char, 4096> buffer{};
  while (shown.find("t/54") == std::string::npos) {
    const auto got = read(master, buffer.data(), buffer.size());
    REQUIRE(got > 0);
    shown.append(buffer.data(), static_cast<std::size_t>(got));
  }
  // Full, but for less than a whole screen takes.
  const Descriptor filler{open(name.data(), O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)};
  const std::string filling(512, 'x');
  while (write(filler.get(), filling.data(), filling.size()) > 0) {
  }
  pollfd room{filler.get(), POLLOUT, 0};
  while (poll(&room, 1, 0) == 0) REQUIRE(read(master, buffer.data(), buffer.size()) > 0);
  process.signal(SIGWINCH);
  publish(broker, "t/new", "one");
  const auto signalled = std::chrono::steady_clock::now();
  process.signal(SIGTERM);
  check_exit(process.wait(), 143);
  CHECK(std::chrono::steady_clock::now() - signalled < within(1s));
}

TEST_CASE("where there is no screen, --watch says so and names --stats") {
  Broker broker;
  const auto piped = run(broker.sub({"t", "--watch"}).terminal_input());
  check_exit(piped, 2);
  CHECK(piped.err.find("--stats") != std::string::npos);
  const auto fed = run(broker.sub({"t", "--watch"}).terminal_output());
  check_exit(fed, 2);
  CHECK(fed.err.find("--stats") != std::string::npos);
  CHECK(fed.out == "");
  for (const auto& [name, why] : {std::pair{"dumb", "TERM=dumb cannot"},
                                  {"no-such-terminal", "TERM=no-such-terminal is unknown"},
                                  {"", "TERM is not set"}}) {
    CAPTURE(name);
    auto command = broker.sub({"t", "--watch"});
    command.environment("TERM", name);
    const auto result = run(command.terminal_input().terminal_output());
    check_exit(result, 2);
    CHECK(result.err.find(why + "; --stats shows"s) != std::string::npos);
    CHECK(result.out == "");
  }
}

TEST_CASE("nothing that others wrote acts on the terminal of a live table") {
  Broker broker;
  const std::vector<std::string> attacks{"\x1b]0;owned\x07", "\x1b[2Jgone", "\xc2\x9b\x32J",
                                         "abc\u202egpj.exe", "\xff\x9b",    "a\x0e\x0f\x05"};
  for (std::size_t i = 0; i < attacks.size(); ++i) {
    check_exit(run(broker.pub({"t/" + std::to_string(i), "-r", "--raw", "-s"}), attacks[i]), 0);
  }
  check_exit(run(broker.pub({"t/end", "-r", "the end"})), 0);
  Terminal screen{broker, "t/#"};
  CHECK(screen.shows("the end"));
  screen.type("\x1bOB\r");
  CHECK(screen.shows("QoS 1"));
  screen.type("q");
  screen.check_end(0);
  const auto out = screen.process().out();
  for (const auto& attack : attacks) CHECK(out.find(attack) == std::string::npos);
  CHECK(out.find("\\x1b]0;owned\\x07") != std::string::npos);
}

TEST_CASE("what a command of --on-ready says comes into the status line of a live table") {
  Broker broker;
  Terminal screen{broker, "t --on-ready 'echo this is ready >&2'"};
  CHECK(screen.shows("this is ready"));
  screen.type("q");
  CHECK(screen.check_end(0).find("this is ready") != std::string::npos);
}

TEST_CASE("a stderr that is a file gets at once what a live table says") {
  Broker broker;
  const TemporaryDirectory directory;
  const auto file = directory / "said";
  Terminal screen{broker, "t --on-ready 'echo this is ready >&2' 2>" + file};
  CHECK(screen.shows("this is ready"));
  CHECK(read_file(file) == "this is ready\n");
  screen.type("q");
  CHECK(screen.check_end(0).find("this is ready") == std::string::npos);
  CHECK(read_file(file) == "this is ready\n");
}

TEST_CASE("a run without --watch does not load ncurses") {
  Broker broker;
  const auto libraries = [](const Process& process) {
    return read_file("/proc/" + std::to_string(process.pid()) + "/maps");
  };
  Process plain{broker.sub({"t"})};
  REQUIRE(broker.wait_for_subscription("t"));
  CHECK(libraries(plain).find("curses") == std::string::npos);
  Process watch{
      broker.sub({"t", "--watch"}).environment("TERM", "xterm").terminal_input().terminal_output()};
  REQUIRE(broker.wait_for_subscription("t", 2));
  CHECK(libraries(watch).find("libncursesw") != std::string::npos);
}
