// SPDX-License-Identifier: MIT

// What gives options: a configuration file (TOML), the file of mosquitto's clients, the variable
// that mqtt-sub hands to its commands, and the words of a command line; the first line says which.
// Whatever stands there is read or refused in words; what --print-config shows is read again.

#include "error.hpp"
#include "fuzz.hpp"
#include "run/options.hpp"

#include "../cli/fake_environment.hpp"
#include "../cli/temporary_folder.hpp"

using namespace mqtt_tools;
using namespace mqtt_tools::cli;
using fuzz::must;

namespace {

/// What was read; without a value if it was refused.
template <typename Read>
auto attempt(const Read& read) -> decltype(read()) {
  try {
    return read();
  } catch (const UsageError& error) {
    must(!std::string_view{error.what()}.empty());
  } catch (const RunError& error) {
    must(!std::string_view{error.what()}.empty());
  }
  return {};
}

void read_both(FakeEnvironment& fake, const Words& sub, const Words& pub) {
  attempt([&] { return read_sub(sub, fake.environment()); });
  attempt([&] { return read_pub(pub, fake.environment()); });
}

void read_file(std::string_view text) {
  const fuzz::File file{text};
  FakeEnvironment fake;
  attempt([&] { return read_pub({"--config", file.path(), "t", "m"}, fake.environment()); });
  attempt([&] {
    return read_sub({"--config", file.path(), "--print-config", "t"}, fake.environment());
  });
  const auto shown = fake.out.str();
  must(fuzz::harmless(shown));
  if (shown.empty()) return;
  const fuzz::File again{shown};
  fake.out.str("");
  must(!read_sub({"--config", again.path(), "--print-config", "t"}, fake.environment()));
  must(!fake.out.str().empty());
}

void read_their_file(std::string_view text) {
  const TemporaryFolder home;
  home.write(".config/mosquitto_sub", std::string{text});
  home.write(".config/mosquitto_pub", std::string{text});
  FakeEnvironment fake;
  fake.variables["HOME"] = home.path;
  fake.mosquitto = true;
  read_both(fake, {"-t", "t"}, {"-t", "t", "-m", "m"});
}

void read_words(fuzz::Input input) {
  Words words;
  while (!input.empty()) words.emplace_back(input.line());
  FakeEnvironment fake;
  read_both(fake, words, words);
}

void read_variable(std::string_view text) {
  FakeEnvironment fake;
  fake.variables[run::connection_variable] = text;
  read_both(fake, {"t"}, {"t", "m"});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input{fuzz::text_of(data, size)};
  const auto kind = input.line();
  if (kind == "file") read_file(input.rest());
  if (kind == "mosquitto") read_their_file(input.rest());
  if (kind == "variable") read_variable(input.rest());
  if (kind == "words") read_words(input);
  return 0;
}
