// SPDX-License-Identifier: MIT
#include "spool/store.hpp"

#include "catch.hpp"
#include "error.hpp"
#include "run/forked.hpp"
#include "spool/database.hpp"
#include "spool/folder.hpp"
#include "support/system.hpp"

#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

namespace mqtt_tools::spool {
namespace {

using mqtt_tools::support::Contains;
using support::TemporaryDirectory;

constexpr std::uint64_t no_limit = 1'000'000'000;

/// A folder for a spool, and the spool in it.
struct Spool {
  Store open(std::uint64_t limit = no_limit, const std::string& broker = "") const {
    return Store(folder, limit, broker, {});
  }
  std::string file(const std::string& name = "spool.db") const { return folder + "/" + name; }

  TemporaryDirectory directory{};
  std::string folder = directory / "spool";
};

Message message(const std::string& payload, const std::string& topic = "t") {
  Message made;
  made.topic = topic;
  made.payload = payload;
  made.qos = Qos::at_least_once;
  made.time = Timestamp{std::chrono::microseconds{1'764'313'200'123'456}};
  return made;
}

std::vector<StoredMessage> all(Store& store) { return store.list(0, 1'000'000, no_limit); }

std::string payloads(const std::vector<StoredMessage>& messages) {
  std::string text;
  for (const auto& stored : messages) text += stored.message.payload + " ";
  return text;
}

std::string complaint(const std::function<void()>& act) {
  try {
    act();
  } catch (const RunError& error) {
    CHECK(error.code() == ExitCode::failure);
    return error.what();
  }
  return "nothing";
}

/// No page of the file is wrong, and what is counted is right.
void check_whole(const Spool& spool) {
  Database database(spool.file());
  database.keep_log_at_close();
  auto row = database.prepare("PRAGMA integrity_check");
  REQUIRE(row.step());
  CHECK(row.bytes(0) == "ok");
  auto bytes =
      database.prepare("SELECT bytes - (SELECT coalesce(sum(size), 0) FROM messages) FROM spool");
  REQUIRE(bytes.step());
  CHECK(bytes.number(0) == 0);
}

TEST_CASE("What a spool gives back is the message that it was given") {
  const Spool spool;
  auto full = message(std::string{"\0\xff bytes", 8}, "a/\u00fc");
  full.qos = Qos::exactly_once;
  full.retained = true;
  full.properties.payload_format = 0;
  full.properties.expiry = 60;
  full.properties.content_type = "text/plain";
  full.properties.response_topic = "answer";
  full.properties.correlation_data = std::string{"\0\x01\xfe", 3};
  full.properties.user = {{"k", "v"}, {"k", "w"}, {"", ""}};
  auto bare = message("");
  bare.qos = Qos::at_most_once;
  spool.open().add({full, bare});

  auto store = spool.open();
  const auto found = store.next(0, 10, no_limit);
  REQUIRE(found.size() == 2);
  CHECK(found[0].message == full);
  CHECK(found[0].expires == full.time + std::chrono::seconds{60});
  CHECK(found[1].message == bare);
  CHECK_FALSE(found[1].expires);
}

TEST_CASE("Of a message's expiry the broker is told what is left") {
  StoredMessage stored;
  stored.message = message("1");
  shorten_expiry(stored, stored.message.time);
  CHECK_FALSE(stored.message.properties.expiry);
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  for (const auto& [age, left] :
       std::vector<std::pair<milliseconds, std::uint32_t>>{{seconds{0}, 60},
                                                           {milliseconds{20'001}, 40},
                                                           {milliseconds{59'999}, 1},
                                                           {seconds{100}, 1},
                                                           {seconds{-1000}, 60}}) {
    CAPTURE(age.count());
    stored.message.properties.expiry = 60;
    stored.expires = stored.message.time + seconds{60};
    shorten_expiry(stored, stored.message.time + age);
    CHECK(stored.message.properties.expiry == left);
  }
}

TEST_CASE("Stored messages come in the order in which they were stored, page by page") {
  const Spool spool;
  auto store = spool.open();
  auto other = spool.open();
  store.add({message("1"), message("2")});
  other.add({message("3")});
  store.add({message("4")});
  CHECK(payloads(store.next(0, 3, no_limit)) == "1 2 3 ");
  CHECK(payloads(store.next(3, 3, no_limit)) == "4 ");
  CHECK(payloads(store.next(0, 9, 3)) == "1 2 ");
  CHECK(store.waiting({1, 3}, 100) == 3);
  CHECK(store.waiting({1, 3}, 2) == 2);
}

TEST_CASE("What is delivered leaves the spool, and its name is not used again") {
  const Spool spool;
  StoredId last = 0;
  {
    auto store = spool.open();
    const auto range = store.add({message("1"), message("2")});
    CHECK(store.waiting(range, 9) == 2);
    store.remove({range.first, range.last});
    CHECK(store.waiting(range, 9) == 0);
    CHECK(store.fate(range).dropped == 0);
    last = range.last;
  }
  auto store = spool.open();
  CHECK(all(store).empty());
  CHECK(store.add({message("3")}).first == last + 1);
}

TEST_CASE("Whoever stored a message learns that it was dropped or set aside, and why") {
  const Spool spool;
  auto store = spool.open();
  const auto mine = store.add({message("1"), message("2"), message("3")});
  const auto others = store.add({message("4")});
  store.drop(mine.first, "not authorised");
  CHECK(store.waiting(mine, 9) == 2);
  CHECK(store.fate(mine).dropped == 1);
  CHECK(store.fate(mine).reason == "not authorised");
  store.set_aside(mine.last, "three losses");
  store.count_losses({mine.first + 1});
  CHECK(store.waiting(mine, 9) == 1);
  CHECK(store.fate(mine).dropped == 2);
  CHECK(store.fate(others).dropped == 0);

  CHECK(payloads(store.next(0, 9, no_limit)) == "2 4 ");
  CHECK(payloads(all(store)) == "2 3 4 ");
  CHECK(all(store)[0].losses == 1);
  CHECK(all(store)[1].set_aside == "three losses");
}

TEST_CASE("A spool that is full takes nothing more, and loses nothing") {
  const Spool spool;
  auto store = spool.open(10);
  const auto kept = store.add({message("1234"), message("123")});
  CHECK_THAT(complaint([&] {
               store.add({message(""), message("1")});
             }),
             Contains(spool.file()) && Contains("--spool-limit is 10"));
  CHECK(payloads(all(store)) == "1234 123 ");
  store.add({message("")});
  store.remove({kept.first});
  store.add({message("1234")});
  check_whole(spool);
}

TEST_CASE("A spool serves one broker") {
  const Spool spool;
  spool.open(no_limit, "mqtt://one:1883").add({message("1")});
  auto same = spool.open(no_limit, "mqtt://one:1883");
  same.check_broker();
  same.add({message("2")});
  auto other = spool.open(no_limit, "mqtts://two:8883");
  CHECK_THROWS_WITH(other.check_broker(),
                    Contains("mqtt://one:1883") && Contains("mqtts://two:8883"));
  CHECK_THROWS_AS(other.add({message("3")}), UsageError);
  CHECK(payloads(all(other)) == "1 2 ");
}

TEST_CASE("A file that is no spool is named and left as it is") {
  const Spool spool;
  ::mkdir(spool.folder.c_str(), 0700);
  std::string text;
  SECTION("empty") {}
  SECTION("short") { text = "SQLite format 3"; }
  SECTION("a text") { text = std::string(5000, 'x'); }
  SECTION("zeros") { text = std::string(8192, '\0'); }
  SECTION("another database") {
    spool.directory.write("spool/spool.db", "");
    Database(spool.file()).execute("CREATE TABLE t(x)");
    text = support::read_file(spool.file());
  }
  SECTION("of another version") {
    spool.open().add({message("1")});
    auto store = spool.open();
    Database(spool.file()).execute("PRAGMA user_version = 2");  // and moves the log into the file
    text = support::read_file(spool.file());
  }
  spool.directory.write("spool/spool.db", text);
  auto store = spool.open();
  CHECK_THAT(complaint([&] { store.add({message("1")}); }),
             Contains(spool.file()) && Contains("left as it is"));
  CHECK_THAT(complaint([&] { all(store); }), Contains(spool.file()));
  CHECK(support::read_file(spool.file()) == text);
}

TEST_CASE("A spool that is damaged is named, and nothing of it is sent as if it were whole") {
  const Spool spool;
  spool.open().add({message(std::string(20'000, 'a')), message(std::string(20'000, 'b'))});
  Database(spool.file()).execute("PRAGMA wal_checkpoint(TRUNCATE)");
  auto text = support::read_file(spool.file());
  SECTION("cut off") { text.resize(text.size() / 2); }
  SECTION("cut off within a page") { text.resize(text.size() - 1000); }
  SECTION("pages of zeros") { text.replace(4096, 32'768, 32'768, '\0'); }
  SECTION("its first page overwritten behind the header") {
    text.replace(100, 3900, std::string(3900, 'x'));
  }
  SECTION("a byte of a payload changed") { text[text.find("aaaaaaaaaa") + 100] = 'A'; }
  spool.directory.write("spool/spool.db", text);
  auto store = spool.open();
  CHECK_THAT(complaint([&] { all(store); }), Contains(spool.file()) && Contains("damaged"));
}

TEST_CASE("A log whose file is gone is not taken for that of a new file") {
  const Spool spool;
  spool.open().add({message("1")});
  std::filesystem::remove(spool.file());
  CHECK_THAT(complaint([&] { spool.open().add({message("2")}); }), Contains("put the file back"));
}

TEST_CASE("Messages are safe in the log before anybody has moved them into the file") {
  const Spool spool;
  for (int i = 0; i < 3; ++i) spool.open().add({message(std::to_string(i))});
  CHECK(std::filesystem::file_size(spool.file("spool.db-wal")) > 0);
  auto store = spool.open();
  CHECK(payloads(all(store)) == "0 1 2 ");
}

TEST_CASE("The log stays short also while nobody sends") {
  const Spool spool;
  auto store = spool.open();
  for (int i = 0; i < 300; ++i) store.add({message(std::string(100'000, 'x'))});
  CHECK(std::filesystem::file_size(spool.file("spool.db-wal")) < 12'000'000);
  check_whole(spool);
}

TEST_CASE("The file gives its room back once much was delivered") {
  const Spool spool;
  auto store = spool.open();
  std::vector<StoredId> ids;
  for (int i = 0; i < 100; ++i) ids.push_back(store.add({message(std::string(100'000, 'x'))}).last);
  store.remove(ids);
  store.tidy();
  CHECK(std::filesystem::file_size(spool.file()) < 100'000);
  CHECK(store.add({message("1")}).first == ids.back() + 1);
  CHECK(payloads(all(store)) == "1 ");
  check_whole(spool);
}

TEST_CASE("A spool's folder is its owner's alone") {
  const Spool spool;
  const ::mode_t before = ::umask(0);
  spool.open().add({message("1")});
  ::umask(before);
  struct stat found {};
  REQUIRE(::stat(spool.folder.c_str(), &found) == 0);
  CHECK((found.st_mode & 0777) == 0700);
  for (const auto* const name :
       {"spool.db", "spool.db-wal", "spool.db-shm", "write.lock", "wake", "reserve"}) {
    CAPTURE(name);
    REQUIRE(::stat(spool.file(name).c_str(), &found) == 0);
    CHECK((found.st_mode & 0777) == 0600);
  }

  ::chmod(spool.folder.c_str(), 0770);
  CHECK_THAT(complaint([&] { spool.open(); }), Contains("chmod 700 " + spool.folder));
  ::chmod(spool.folder.c_str(), 0700);
}

TEST_CASE("A folder that cannot be a spool is named, with the reason") {
  const TemporaryDirectory directory;
  const auto opened = [](const std::string& folder) {
    return complaint([&] { Store(folder, no_limit, "", {}); });
  };
  CHECK_THAT(opened(directory / "none/spool"), Contains("none/spool: No such file or directory"));
  CHECK_THAT(opened(directory.write("file", "")), Contains("is not a folder"));
  CHECK(opened(directory / "made/") == "nothing");
}

TEST_CASE("A spool may lie behind a link, but its file must be one") {
  const Spool spool;
  ::mkdir((spool.directory / "real").c_str(), 0700);
  REQUIRE(::symlink("real", spool.folder.c_str()) == 0);
  spool.open().add({message("1")});
  auto store = spool.open();
  CHECK(payloads(all(store)) == "1 ");

  const auto complains = [&](const std::string& words) {
    auto opened = spool.open();
    CHECK_THAT(complaint([&] { opened.add({message("2")}); }),
               Contains(spool.file()) && Contains(words));
  };
  for (const auto* const end : {"-wal", "-shm", ""})
    ::unlink(spool.file("spool.db" + std::string(end)).c_str());
  REQUIRE(::mkfifo(spool.file().c_str(), 0600) == 0);
  complains("is not a regular file");
  ::unlink(spool.file().c_str());
  REQUIRE(::symlink("reserve", spool.file().c_str()) == 0);
  complains("cannot open");
}

TEST_CASE("A file that may not grow keeps what it has, and can be emptied") {
  const Spool spool;
  const auto told = forked([&] {
    const rlimit limit{8'000'000, 8'000'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    ::signal(SIGXFSZ, SIG_IGN);
    auto store = spool.open();
    std::size_t kept = 0;
    try {
      for (; kept < 1000; ++kept) store.add({message(std::string(50'000, 'x'))});
    } catch (const RunError& error) {
      std::cout << error.what() << "\n";
    }
    const auto found = all(store);
    std::cout << kept << " kept, " << found.size() << " found\n";
    for (const auto& stored : found) store.remove({stored.id});
    std::cout << store.waiting(store.all(), 1'000'000) << " left" << std::endl;
    ::_exit(0);
  });
  CHECK(told.code == 0);
  CHECK_THAT(told.out, Contains(spool.file()) && Contains("ulimit -f") && Contains("\n0 left"));
  const auto line = told.out.substr(told.out.find('\n') + 1);
  const auto kept = std::stoi(line);
  CHECK(kept > 20);
  CHECK(kept < 1000);
  CHECK_THAT(line, Contains(std::to_string(kept) + " kept, " + std::to_string(kept) + " found"));
  check_whole(spool);
}

TEST_CASE("A file that may not even hold the reserve keeps nothing and says so") {
  const Spool spool;
  const auto told = forked([&] {
    const rlimit limit{100'000, 100'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    ::signal(SIGXFSZ, SIG_IGN);
    auto store = spool.open();
    std::cout << complaint([&] { store.add({message("1")}); }) << std::endl;
    ::_exit(0);
  });
  CHECK(told.code == 0);
  CHECK_THAT(told.out, Contains("cannot keep the message in " + spool.file()));
}

/// Runs `act` in a process that sees a file system of 4 MB at the spool's folder. Nothing when the
/// system does not let us have one.
std::optional<Told> on_small_disk(const Spool& spool, const std::function<void()>& act) {
  ::mkdir(spool.folder.c_str(), 0700);
  const auto told = forked([&] {
    const auto user = ::getuid();
    const auto group = ::getgid();
    if (::unshare((user == 0 ? 0 : CLONE_NEWUSER) | CLONE_NEWNS) != 0) ::_exit(77);
    if (user != 0) {  // Who has no name in the new user namespace owns no file there.
      std::ofstream{"/proc/self/setgroups"} << "deny";
      std::ofstream{"/proc/self/uid_map"} << user << ' ' << user << " 1";
      std::ofstream{"/proc/self/gid_map"} << group << ' ' << group << " 1";
    }
    if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("none", spool.folder.c_str(), "tmpfs", 0, "size=4m,mode=700") != 0) {
      ::_exit(77);
    }
    act();
    ::_exit(0);
  });
  if (told.code == 77) return std::nullopt;
  return told;
}

/// As long as there is room for a block of any size.
void fill_disk(const Spool& spool) {
  std::ofstream file(spool.file("filler"), std::ios::binary);
  for (std::size_t block = 1'000'000; block > 0; block /= 10) {
    while (file << std::string(block, 'x') << std::flush) {
    }
    file.clear();
  }
}

TEST_CASE("On a full disk nothing is kept that is not on it, and what was kept can be delivered") {
  const Spool spool;
  const auto told = on_small_disk(spool, [&] {
    auto store = spool.open();
    std::size_t kept = 0;
    std::string why;
    for (; why.empty(); ++kept) {
      try {
        store.add({message(std::string(50'000, 'x'))});
      } catch (const RunError& error) {
        why = error.what();
        --kept;
      }
    }
    const auto found = all(store);
    std::cout << why << "\n" << (found.size() == kept ? "all kept\n" : "not all kept\n");
    fill_disk(spool);
    for (const auto& stored : found) store.remove({stored.id});
    std::cout << store.waiting(store.all(), 1'000'000) << " left" << std::endl;
  });
  if (!told) return support::skip("no file system can be mounted");
  CHECK(told->code == 0);
  CHECK_THAT(told->out, Contains("cannot keep the message in " + spool.file()) &&
                            Contains("No space left on device") && Contains("\nall kept\n0 left"));
}

TEST_CASE("Nothing is sent from a full disk without a reserve") {
  const Spool spool;
  const auto told = on_small_disk(spool, [&] {
    spool.open().add({message("1")});
    release_reserve(spool.folder);
    fill_disk(spool);
    std::cout << complaint([&] { hold_reserve(spool.folder); }) << std::endl;
  });
  if (!told) return support::skip("no file system can be mounted");
  CHECK_THAT(told->out, Contains(spool.file("reserve") + ": No space left on device"));
}

/// Processes that store one message after the other and say so, each on a line of its own. With
/// `killed` they would go on for ever, and are killed one by one, each after some more messages.
std::string writers(const Spool& spool, int processes, int messages, bool killed) {
  const auto act = [&] {
    auto stored = support::make_pipe();
    std::vector<pid_t> children;
    for (int writer = 0; writer < processes; ++writer) {
      children.push_back(::fork());
      if (children.back() != 0) continue;
      auto store = spool.open();
      for (int i = 0; killed || i < messages; ++i) {
        const auto text = std::to_string(writer) + ":" + std::to_string(i);
        store.add({message(text)});
        const auto line = text + "\n";
        if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) break;
        if (::write(stored.write.get(), ".", 1) < 0) break;
      }
      ::_exit(0);
    }
    char byte = 0;
    for (const auto child : children) {
      for (int i = 0; killed && i < 5 && ::read(stored.read.get(), &byte, 1) > 0; ++i) {
      }
      if (killed) ::kill(child, SIGKILL);
    }
    for (const auto child : children) ::waitpid(child, nullptr, 0);
    ::_exit(0);
  };
  return forked(act).out;
}

/// What each writer said is there, once and in its order; gives the number of messages.
std::size_t check_kept(const Spool& spool, const std::string& said) {
  auto store = spool.open();
  const auto found = all(store);
  std::set<std::string> kept;
  std::map<std::string, int> last;
  for (const auto& stored : found) {
    const auto& text = stored.message.payload;
    CHECK(kept.insert(text).second);
    const auto colon = text.find(':');
    const int number = std::stoi(text.substr(colon + 1));
    const auto before = last.emplace(text.substr(0, colon), -1).first;
    CHECK(number == before->second + 1);
    before->second = number;
  }
  std::istringstream lines(said);
  for (std::string line; std::getline(lines, line);) CHECK(kept.count(line) == 1);
  return found.size();
}

TEST_CASE("Many processes store at once, and each one's order is kept") {
  const Spool spool;
  const auto said = writers(spool, 8, 25, false);
  CHECK(check_kept(spool, said) == 200);
  check_whole(spool);
}

TEST_CASE("What a writer said is kept when it is killed at any instant") {
  const Spool spool;
  const auto said = writers(spool, 6, 0, true);
  CHECK(check_kept(spool, said) >= 30);
  check_whole(spool);
}

TEST_CASE("A writer that stands still costs the others their patience and nothing else") {
  const Spool spool;
  spool.open().add({message("1")});
  FileLock lock(spool.file("write.lock"));
  REQUIRE(lock.try_lock());
  std::vector<std::string> said;
  Store::Patience patience;
  patience.limit = std::chrono::milliseconds{1'200};
  patience.waiting = [&](const std::string& text) { said.push_back(text); };
  Store store(spool.folder, no_limit, "", patience);
  CHECK_THAT(complaint([&] { store.add({message("2")}); }),
             Contains(spool.file()) && Contains("write.lock"));
  REQUIRE(said.size() == 1);
  CHECK_THAT(said[0], Contains("process " + std::to_string(::getpid())));
  lock.unlock();
  CHECK(payloads(all(store)) == "1 ");
}

}  // namespace
}  // namespace mqtt_tools::spool
