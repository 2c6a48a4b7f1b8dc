// SPDX-License-Identifier: MIT

// A spool whose database was changed behind our back: the input says which bytes, and what they
// are. Each message is then as it was stored or told to be damaged; nothing else is ever given.

#include "spool/store.hpp"

#include "error.hpp"
#include "fuzz.hpp"

#include "../cli/temporary_folder.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

using namespace mqtt_tools;
using fuzz::must;

namespace {

std::vector<Message> stored() {
  std::vector<Message> messages;
  for (int n = 0; n < 12; ++n) {
    Message message;
    message.topic = "topic/" + std::to_string(n);
    message.payload = std::string(static_cast<std::size_t>(n * n * 20), static_cast<char>('a' + n));
    message.qos = static_cast<Qos>(n % 3);
    if (n % 2 == 1) {
      message.properties.user = {{"key", "value"}};
      message.properties.expiry = 4'000'000'000;
    }
    messages.push_back(message);
  }
  return messages;
}

std::string read_file(const std::string& path) {
  std::ifstream file{path};
  return {std::istreambuf_iterator<char>{file}, {}};
}

/// A folder with a database that is whole, and its bytes.
struct Original {
  Original() {
    {
      spool::Store store{spool, 1'000'000, "broker", {}};
      store.add(stored());
    }
    // What is in the log goes into the file when SQLite's last connection closes.
    spool::Database{spool + "/spool.db"}.checkpoint(true);
    database = read_file(spool + "/spool.db");
    must(database.size() > 8'000);
  }

  cli::TemporaryFolder folder{};
  std::string spool = folder.path + "/spool";
  std::string database{};
};

void check(spool::Store& store, const std::vector<Message>& expected) {
  for (const auto& found : store.list(0, 100, 1'000'000)) {
    // Under whichever id, which no checksum covers.
    must(std::find(expected.begin(), expected.end(), found.message) != expected.end());
  }
  (void)store.waiting(store.all(), 100);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Original original;
  static const auto expected = stored();
  fuzz::Input input{fuzz::text_of(data, size)};
  auto database = original.database;
  while (!input.empty()) {
    const auto page = input.byte();
    const auto within = input.byte() << 8;
    const auto at = (page << 12 | within | input.byte()) % database.size();
    const auto bytes = input.take(input.byte() % 16 + 1);
    database.replace(at, std::min(bytes.size(), database.size() - at), bytes);
  }
  for (const char* rest : {"-wal", "-shm"}) {
    std::filesystem::remove(original.spool + "/spool.db" + rest);
  }
  std::ofstream{original.spool + "/spool.db", std::ios::trunc} << database;
  try {
    spool::Store store{original.spool, 1'000'000, "broker", {}};
    check(store, expected);
    store.remove({1, 2});
    store.add({expected[0]});
  } catch (const UsageError&) {  // "is for another broker"
  } catch (const RunError&) {
  }
  return 0;
}
