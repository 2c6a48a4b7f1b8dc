// SPDX-License-Identifier: MIT
#include "cli/declarations.hpp"

#include "catch.hpp"
#include "cli/fake_environment.hpp"
#include "error.hpp"

#include <algorithm>
#include <regex>
#include <set>
#include <sstream>

using namespace mqtt_tools;
using namespace mqtt_tools::cli;

TEST_CASE("option --help is short, of options that there are, and names where the rest is") {
  const std::regex option{"(?:^|[\\s,;'])(--?[A-Za-z][a-z-]*)"};
  for (const auto& [declared, usage] :
       {std::pair{&mqtt_pub(), "Usage: mqtt-pub"}, std::pair{&mqtt_sub(), "Usage: mqtt-sub"}}) {
    const std::string text = brief_help(*declared);
    CHECK(text.rfind(usage, 0) == 0);
    CHECK(std::count(text.begin(), text.end(), '\n') <= 30);
    CHECK(text.find("--help all, man " + std::string{declared->name} + "\n") != std::string::npos);
    std::istringstream lines{text};
    std::size_t found = 0;
    for (std::string line; std::getline(lines, line);) {
      CAPTURE(line);
      CHECK(line.size() <= 80);
      line.erase(std::min(line.find(" -- "), line.size()));  // A command of --wrap follows.
      for (std::sregex_iterator at{line.begin(), line.end(), option}, end; at != end; ++at) {
        CAPTURE((*at)[1]);
        CHECK(declared->named((*at)[1].str()) != nullptr);
        ++found;
      }
    }
    CHECK(found > 25);
  }
}

TEST_CASE("option --help may be followed by all, and by nothing else") {
  const auto said = [](const std::vector<std::string>& words) {
    FakeEnvironment fake;
    CHECK_FALSE(read_sub(words, fake.environment()));
    return fake.out.str();
  };
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"--help"},
                                             {"all", "--help"},
                                             {"--help", "-v", "all"},
                                             {"t", "--help", "--quiet"},
                                             {"-t", "--help", "--help"},
                                             {"--help", "--"}}) {
    CAPTURE(words);
    CHECK(said(words) == brief_help(mqtt_sub()));
  }
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"--help", "all"},
                                             {"--help=all"},
                                             {"--help", "ALL", "-p", "0"},
                                             {"t", "--help", "all"}}) {
    CAPTURE(words);
    CHECK(said(words) == help(mqtt_sub()));
  }
  CHECK(FakeEnvironment{}.sub_error({"--help", "allx"}) ==
        "--help may be followed by all, not by 'allx'");
  CHECK(FakeEnvironment{}.sub_error({"--help="}) == "--help may be followed by all, not by ''");
  CHECK(FakeEnvironment{}.pub_error({"--help=\x1b[2J"}) ==
        "--help may be followed by all, not by '\\x1b[2J'");
  CHECK(FakeEnvironment{}.pub({"t", "-m", "--help"}).source.text == "--help");
}

TEST_CASE("option --help all names every option and every exit code, and stays short") {
  for (const Declarations* declared : {&mqtt_pub(), &mqtt_sub()}) {
    const std::string text = help(*declared);
    CHECK(std::count(text.begin(), text.end(), '\n') <= 110);
    for (const Option& option : declared->options()) {
      const std::string_view letter = names(option).front();
      CAPTURE(spelling(option));
      CHECK(text.find(spelling(option)) != std::string::npos);
      CHECK((letter.size() > 2 || text.find("  " + std::string{letter}) != std::string::npos));
    }
    for (const ExitCodeMeaning& words : exit_codes()) {
      const std::string code = std::to_string(static_cast<int>(words.code));
      const std::size_t table = text.find("Exit codes:");
      CAPTURE(code);
      CHECK(text.find(" " + code, table) != std::string::npos);
      CHECK(text.find(words.meaning, table) != std::string::npos);
    }
  }
}

TEST_CASE("no line of --help all is wider than a terminal") {
  for (const Declarations* declared : {&mqtt_pub(), &mqtt_sub()}) {
    std::istringstream lines{help(*declared)};
    for (std::string line; std::getline(lines, line);) {
      CAPTURE(line);
      CHECK(line.size() <= 88);
    }
  }
}

TEST_CASE("option --help and --version win over whatever else is wrong, and go to stdout") {
  FakeEnvironment fake;
  CHECK_FALSE(read_pub({"--help", "-p", "0"}, fake.environment()));
  CHECK(fake.out.str().rfind("Usage: mqtt-pub", 0) == 0);
  fake.out.str("");
  CHECK_FALSE(read_sub({"--version"}, fake.environment()));
  CHECK(fake.out.str().rfind("mqtt-sub 0.2.0\n", 0) == 0);
  CHECK(fake.out.str().find("Paho") != std::string::npos);
}

TEST_CASE("no name belongs to two options") {
  for (const Declarations* declared : {&mqtt_pub(), &mqtt_sub()}) {
    std::set<std::string_view> seen;
    for (const Option& option : declared->options()) {
      for (const std::string_view name : names(option)) {
        CAPTURE(name);
        CHECK(seen.insert(name).second);
      }
    }
  }
}

TEST_CASE("each option has a field, but for those that say where something else is") {
  const std::set<std::string_view> without{
      "url",        "config",  "no-config",     "profile",      "print-config",
      "help",       "version", "password-file", "keypass-file", "psk-file",
      "stdin",      "lines",   "null-message",  "replay",       "request",
      "N",          "0",       "enqueue",       "drain",        "follow",
      "spool-list", "wrap",    "completion",    "no-tls"};
  for (const Declarations* declared : {&mqtt_pub(), &mqtt_sub()}) {
    for (const Option& option : declared->options()) {
      CAPTURE(declared->name, option.key);
      CHECK((option.store != nullptr) != (without.count(option.key) > 0));
    }
  }
}

TEST_CASE("the default that --help names is a value that its option takes") {
  for (const Declarations* declared : {&mqtt_pub(), &mqtt_sub()}) {
    for (const Option& option : declared->options()) {
      if (option.fallback.empty()) continue;
      CAPTURE(declared->name, option.key);
      CHECK_NOTHROW(option.store({&option, {std::string{option.fallback}}, {}, false}));
    }
  }
}

TEST_CASE("the words that are completed are those that an option takes, each meaning once") {
  std::size_t seen = 0;
  for (const Declarations* declared : {&mqtt_pub(), &mqtt_sub()}) {
    for (const Option& option : declared->options()) {
      for (const std::string_view word : option.choices) {
        CAPTURE(declared->name, option.key, word);
        if (option.store) CHECK_NOTHROW(option.store({&option, {std::string{word}}, {}, false}));
        ++seen;
      }
    }
    const std::vector<std::string_view> versions{"auto", "5", "3.1.1", "3.1"};
    CHECK(declared->find("protocol-version")->choices == versions);
  }
  CHECK(seen > 40);
}

TEST_CASE("option --completion writes a script with every option, and wins over what is wrong") {
  FakeEnvironment fake;
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    CAPTURE(shell);
    fake.out.str("");
    CHECK_FALSE(read_sub({"--completion", shell, "-p", "0"}, fake.environment()));
    const std::string script = fake.out.str();
    for (const Option& option : mqtt_sub().options()) {
      CAPTURE(option.key);
      const std::string name = shell == "fish" ? std::string{option.key} : spelling(option);
      CHECK(script.find(name) != std::string::npos);
    }
  }
  CHECK(fake.pub_error({"--completion", "tcsh"}) ==
        "--completion must be one of bash, zsh, fish, not 'tcsh'");
}
