// SPDX-License-Identifier: MIT
//
// The client without a network: a fake stands in for Paho's, and time is told.

#include "connection/client.hpp"

#include "catch.hpp"
#include "error.hpp"

#include <poll.h>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace mqtt_tools::connection {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr const char* connect_packet = "\x10\x0d\0\4MQTT\5\2\0\x1e\0\0\0";
constexpr std::size_t connect_size = 15;

/// What a test sees of the clients that were made.
struct Surroundings {
  paho::Shared* shared = nullptr;
  std::string calls{};  ///< What was asked of them, in order.
  std::vector<paho::Connection> connections{};
  std::vector<std::shared_ptr<hooks::ConnectionRecord>> records{};
  std::size_t outstanding = 0;
  std::vector<Delivery> deliveries{};
};

class FakeClient : public paho::Client {
 public:
  FakeClient(Surroundings& world, paho::Connection connection)
      : Client(std::move(connection)), world_(world) {
    world_.connections.push_back(connection_);
    world_.records.push_back(record_);
  }
  ~FakeClient() override {
    if (!given_up_) note("destroy");
  }

  void connect(seconds keep_alive, seconds) override {
    note("connect v" + version_name(connection_.version) + " port " +
         std::to_string(connection_.endpoint.port) + " keep-alive " +
         std::to_string(keep_alive.count()));
    // At localhost nothing takes it.
    if (connection_.endpoint.host == "localhost") return;
    record_->guard()->sent({connect_packet, connect_size});
  }
  void give_up() override {
    given_up_ = true;
    note("give up");
  }
  void subscribe(std::size_t, const Subscription& subscription) override {
    note("subscribe " + subscription.filter);
  }
  void unsubscribe(std::size_t, const std::string& filter) override {
    note("unsubscribe " + filter);
  }
  bool send(std::uint64_t id, const Message&) override {
    note("send " + std::to_string(id));
    return true;
  }
  void take(std::vector<Delivery>& out) override {
    out.insert(out.end(), world_.deliveries.begin(), world_.deliveries.end());
    world_.deliveries.clear();
  }
  std::size_t outstanding() const override { return world_.outstanding; }
  void disconnect() override { note("disconnect"); }
  std::shared_ptr<const hooks::ConnectionRecord> record() const override { return record_; }

 private:
  void note(const std::string& what) {
    world_.calls += (world_.calls.empty() ? "" : "; ") + what + " #" + std::to_string(number());
  }

  Surroundings& world_;
  std::shared_ptr<hooks::ConnectionRecord> record_ =
      std::make_shared<hooks::ConnectionRecord>(hooks::PacketGuard::Limits{});
  bool given_up_ = false;
};

Options options_for_tests() {
  Options options;
  options.endpoints = {{"127.0.0.1", 1}};
  options.client_id = "test-0000";
  return options;
}

/// A client and its surroundings. It subscribes to "a" unless told otherwise.
class Run {
 public:
  explicit Run(Options options = options_for_tests(), bool subscribes = true,
               std::vector<std::string> unsubscribe = {})
      : client_(
            std::move(options), [this](const LogLine& line) { log += line.text + "\n"; },
            [this](paho::Shared& shared, paho::Calls) {
              world.shared = &shared;
              return [this](paho::Connection connection) {
                return std::make_unique<FakeClient>(world, std::move(connection));
              };
            }) {
    if (subscribes) client_.subscribe({{"a"}}, std::move(unsubscribe));
    client_.start(now);
  }

  /// Something happens to the connection with this number, by default the one made last.
  void event(Event::Kind kind, int code = 0, std::string text = {}, std::uint64_t number = 0,
             ServerLimits limits = {}) {
    Event event;
    event.kind = kind;
    event.connection = number != 0 ? number : world.connections.size();
    event.code = code;
    event.text = std::move(text);
    event.limits = std::move(limits);
    world.shared->events.post(std::move(event));
    client_.advance(now);
  }

  void connack(ServerLimits limits = {}) { event(Event::Kind::connected, 0, {}, 0, limits); }
  void suback() { event(Event::Kind::subscribed, 1); }

  /// A message comes.
  void message() {
    REQUIRE(world.shared->received.claim() == ReceiveQueue::Put::taken);
    world.shared->received.slot().topic = "a";
    world.shared->received.publish();
    client_.advance(now);
  }

  void after(Duration time) {
    now += time;
    client_.advance(now);
  }

  /// Lets the clock run to the next thing that is due.
  void until_due() {
    REQUIRE(client_.due().has_value());
    now = std::max(now, *client_.due());
    client_.advance(now);
  }

  /// Why a connection failed is found on a thread of its own: waits for that.
  void explained() {
    pollfd descriptor{client_.fd(), POLLIN, 0};
    REQUIRE(::poll(&descriptor, 1, 10'000) == 1);
    client_.advance(now);
  }

  /// "exit 3: text" once the run is over, else how far it is.
  std::string state() const {
    if (const auto& failure = client_.failure()) {
      return "exit " + std::to_string(static_cast<int>(failure->code())) + ": " + failure->what();
    }
    if (client_.ready()) return "ready";
    if (client_.connected()) return "subscribing";
    return client_.disconnected() ? "left" : "not connected";
  }

  Surroundings world{};
  std::string log{};
  Clock::time_point now = Clock::time_point{} + std::chrono::hours{1};
  Client& client() { return client_; }

 private:
  Client client_;
};

// Where a run can be, and what can happen to it there.

using Step = std::function<void(Run&)>;

void up(Run& run) {
  run.connack();
  run.suback();
}

/// After a loss, in the pause before the next attempt.
void pausing(Run& run) {
  up(run);
  run.after(seconds{60});
  run.event(Event::Kind::lost);
}

void reconnecting(Run& run) {
  pausing(run);
  run.until_due();
}

/// Between two connections, for the keep-alive that the broker wants.
void renewing(Run& run) {
  ServerLimits limits;
  limits.server_keep_alive = seconds{10};
  run.connack(limits);
}

void denied(Run& run) {
  run.connack();
  run.event(Event::Kind::subscribed, 0x87);
}

void leaving(Run& run) {
  up(run);
  run.client().disconnect();
}

void give_up_connecting(Run& run) { run.client().disconnect(); }

const std::vector<std::pair<std::string, Step>>& states() {
  static const std::vector<std::pair<std::string, Step>> all{
      {"connecting", [](Run&) {}},
      {"subscribing", [](Run& run) { run.connack(); }},
      {"up", up},
      {"pausing", pausing},
      {"reconnecting", reconnecting},
      {"renewing", renewing},
      {"denied", denied},
      {"leaving", leaving},
      {"giving up", give_up_connecting},
  };
  return all;
}

const std::vector<std::pair<std::string, Step>>& events() {
  static const std::vector<std::pair<std::string, Step>> all{
      {"CONNACK", [](Run& run) { run.connack(); }},
      {"late CONNACK", [](Run& run) { run.event(Event::Kind::connected, 0, {}, 99); }},
      {"refusal", [](Run& run) { run.event(Event::Kind::failed, 0x87); }},
      {"loss", [](Run& run) { run.event(Event::Kind::lost); }},
      {"DISCONNECT", [](Run& run) { run.event(Event::Kind::server_disconnect, 0x8B); }},
      {"DISCONNECT: taken over", [](Run& run) { run.event(Event::Kind::server_disconnect, 0x8E); }},
      {"violation", [](Run& run) { run.event(Event::Kind::malformed, 0, "a wrong packet"); }},
      {"no memory", [](Run& run) { run.event(Event::Kind::no_memory, 0, "no memory for it"); }},
      {"SUBACK", [](Run& run) { run.suback(); }},
      {"denial", [](Run& run) { run.event(Event::Kind::subscribed, 0x87); }},
      {"closed", [](Run& run) { run.event(Event::Kind::closed); }},
      {"silence", [](Run& run) { run.after(seconds{11}); }},
      {"leave", [](Run& run) { run.client().disconnect(); }},
  };
  return all;
}

const Step& named(const std::vector<std::pair<std::string, Step>>& list, const std::string& name) {
  for (const auto& [key, step] : list) {
    if (key == name) return step;
  }
  FAIL("no such state or event: " << name);
  return list.front().second;
}

struct Row {
  const char* state;
  const char* event;
  const char* calls;  ///< What is asked of Paho's client then.
  const char* then;   ///< How the run's state begins then.
};

constexpr const char* denial = "exit 5: 127.0.0.1:1 denied the subscription to a: not authorized";

// Every event in every state. An empty list of calls: nothing is asked of Paho.
const Row rows[] = {
    {"connecting", "CONNACK", "subscribe a #1", "subscribing"},
    {"connecting", "late CONNACK", "", "not connected"},
    {"connecting", "refusal", "destroy #1",
     "exit 4: 127.0.0.1:1 refused the connection: not authorized (no user name was given; see "
     "--username)"},
    {"connecting", "loss", "destroy #1", "exit 3: cannot reach 127.0.0.1:1: no answer in time"},
    {"connecting", "DISCONNECT", "", "not connected"},
    {"connecting", "DISCONNECT: taken over", "", "not connected"},
    {"connecting", "violation", "destroy #1",
     "exit 3: cannot reach 127.0.0.1:1: no answer in time"},
    {"connecting", "no memory", "destroy #1", "exit 1: no memory for it"},
    {"connecting", "SUBACK", "", "not connected"},
    {"connecting", "denial", "", "not connected"},
    {"connecting", "closed", "", "not connected"},
    {"connecting", "silence", "destroy #1", "exit 3: cannot reach 127.0.0.1:1: no answer in time"},
    {"connecting", "leave", "give up #1", "not connected"},
    {"subscribing", "CONNACK", "", "subscribing"},
    {"subscribing", "late CONNACK", "", "subscribing"},
    {"subscribing", "refusal", "", "subscribing"},
    {"subscribing", "loss", "destroy #1", "not connected"},
    {"subscribing", "DISCONNECT", "destroy #1", "not connected"},
    {"subscribing", "DISCONNECT: taken over", "",
     "exit 6: 127.0.0.1:1 ended the connection: session taken over by another client with the same "
     "client id"},
    {"subscribing", "violation", "", "exit 6: 127.0.0.1:1 sent a wrong packet"},
    {"subscribing", "no memory", "", "exit 1: no memory for it"},
    {"subscribing", "SUBACK", "", "ready"},
    {"subscribing", "denial", "",
     "exit 5: 127.0.0.1:1 denied the subscription to a: not authorized"},
    {"subscribing", "closed", "", "subscribing"},
    {"subscribing", "silence", "", "exit 3: 127.0.0.1:1 did not answer SUBSCRIBE in time"},
    {"subscribing", "leave", "disconnect #1", "not connected"},
    {"up", "CONNACK", "", "ready"},
    {"up", "late CONNACK", "", "ready"},
    {"up", "refusal", "", "ready"},
    {"up", "loss", "destroy #1", "not connected"},
    {"up", "DISCONNECT", "destroy #1", "not connected"},
    {"up", "DISCONNECT: taken over", "",
     "exit 6: 127.0.0.1:1 ended the connection: session taken over by another client with the same "
     "client id"},
    {"up", "violation", "", "exit 6: 127.0.0.1:1 sent a wrong packet"},
    {"up", "no memory", "", "exit 1: no memory for it"},
    {"up", "SUBACK", "", "ready"},
    {"up", "denial", "", "ready"},
    {"up", "closed", "", "ready"},
    {"up", "silence", "", "ready"},
    {"up", "leave", "disconnect #1", "not connected"},
    {"pausing", "CONNACK", "", "not connected"},
    {"pausing", "late CONNACK", "", "not connected"},
    {"pausing", "refusal", "", "not connected"},
    {"pausing", "loss", "", "not connected"},
    {"pausing", "DISCONNECT", "", "not connected"},
    {"pausing", "DISCONNECT: taken over", "", "not connected"},
    {"pausing", "violation", "", "exit 6: 127.0.0.1:1 sent a wrong packet"},
    {"pausing", "no memory", "", "exit 1: no memory for it"},
    {"pausing", "SUBACK", "", "not connected"},
    {"pausing", "denial", "", "not connected"},
    {"pausing", "closed", "", "not connected"},
    {"pausing", "silence", "connect v5 port 1 keep-alive 30 #2", "not connected"},
    {"pausing", "leave", "", "left"},
    {"reconnecting", "CONNACK", "subscribe a #2", "subscribing"},
    {"reconnecting", "late CONNACK", "", "not connected"},
    {"reconnecting", "refusal", "destroy #2",
     "exit 4: 127.0.0.1:1 refused the connection: not authorized (no user name was given; see "
     "--username)"},
    {"reconnecting", "loss", "destroy #2", "not connected"},
    {"reconnecting", "DISCONNECT", "", "not connected"},
    {"reconnecting", "DISCONNECT: taken over", "", "not connected"},
    {"reconnecting", "violation", "destroy #2", "not connected"},
    {"reconnecting", "no memory", "destroy #2", "exit 1: no memory for it"},
    {"reconnecting", "SUBACK", "", "not connected"},
    {"reconnecting", "denial", "", "not connected"},
    {"reconnecting", "closed", "", "not connected"},
    {"reconnecting", "silence", "destroy #2", "not connected"},
    {"reconnecting", "leave", "give up #2", "not connected"},
    {"renewing", "CONNACK", "", "not connected"},
    {"renewing", "late CONNACK", "", "not connected"},
    {"renewing", "refusal", "", "not connected"},
    {"renewing", "loss", "destroy #1; connect v5 port 1 keep-alive 10 #2", "not connected"},
    {"renewing", "DISCONNECT", "", "not connected"},
    {"renewing", "DISCONNECT: taken over", "", "not connected"},
    {"renewing", "violation", "", "exit 6: 127.0.0.1:1 sent a wrong packet"},
    {"renewing", "no memory", "", "exit 1: no memory for it"},
    {"renewing", "SUBACK", "", "not connected"},
    {"renewing", "denial", "", "not connected"},
    {"renewing", "closed", "destroy #1; connect v5 port 1 keep-alive 10 #2", "not connected"},
    {"renewing", "silence", "destroy #1; connect v5 port 1 keep-alive 10 #2", "not connected"},
    {"renewing", "leave", "", "not connected"},
    {"denied", "CONNACK", "", denial},
    {"denied", "late CONNACK", "", denial},
    {"denied", "refusal", "", denial},
    {"denied", "loss", "", denial},
    {"denied", "DISCONNECT", "", denial},
    {"denied", "DISCONNECT: taken over", "", denial},
    {"denied", "violation", "", denial},
    {"denied", "no memory", "", denial},
    {"denied", "SUBACK", "", denial},
    {"denied", "denial", "", denial},
    {"denied", "closed", "", denial},
    {"denied", "silence", "", denial},
    {"denied", "leave", "disconnect #1", denial},
    {"leaving", "CONNACK", "", "not connected"},
    {"leaving", "late CONNACK", "", "not connected"},
    {"leaving", "refusal", "", "not connected"},
    {"leaving", "loss", "", "left"},
    {"leaving", "DISCONNECT", "", "not connected"},
    {"leaving", "DISCONNECT: taken over", "", "not connected"},
    {"leaving", "violation", "", "exit 6: 127.0.0.1:1 sent a wrong packet"},
    {"leaving", "no memory", "", "exit 1: no memory for it"},
    {"leaving", "SUBACK", "", "not connected"},
    {"leaving", "denial", "", "not connected"},
    {"leaving", "closed", "", "left"},
    {"leaving", "silence", "", "not connected"},
    {"leaving", "leave", "", "not connected"},
    {"giving up", "CONNACK", "", "not connected"},
    {"giving up", "late CONNACK", "", "not connected"},
    {"giving up", "refusal", "", "not connected"},
    {"giving up", "loss", "", "left"},
    {"giving up", "DISCONNECT", "", "not connected"},
    {"giving up", "DISCONNECT: taken over", "", "not connected"},
    {"giving up", "violation", "", "exit 6: 127.0.0.1:1 sent a wrong packet"},
    {"giving up", "no memory", "", "exit 1: no memory for it"},
    {"giving up", "SUBACK", "", "not connected"},
    {"giving up", "denial", "", "not connected"},
    {"giving up", "closed", "", "left"},
    {"giving up", "silence", "", "not connected"},
    {"giving up", "leave", "", "not connected"},
};

TEST_CASE("each event in each state does what the table says, and ends the run where it must") {
  for (const auto& row : rows) {
    CAPTURE(row.state, row.event);
    Run run;
    named(states(), row.state)(run);
    run.world.calls.clear();
    named(events(), row.event)(run);
    if (std::string{row.then}.rfind("exit 3: cannot reach", 0) == 0 &&
        run.state() == "not connected") {
      run.explained();
    }
    CHECK(run.world.calls == row.calls);
    CHECK(run.state() == row.then);
  }
}

TEST_CASE("the table has each event in each state once") {
  CHECK(std::size(rows) == states().size() * events().size());
}

TEST_CASE("SUBACK is awaited as long as messages of the session come before it") {
  Run run;
  run.connack();
  for (int i = 0; i < 5; ++i) {
    run.after(seconds{9});
    run.message();
  }
  run.after(seconds{9});
  CHECK(run.state() == "subscribing");
  run.after(seconds{2});
  CHECK(run.state() == "exit 3: 127.0.0.1:1 did not answer SUBSCRIBE in time");
}

TEST_CASE("a connection without an answer to SUBSCRIBE is given up and made again after a loss") {
  Run run;
  reconnecting(run);
  run.connack();
  run.world.calls.clear();
  run.after(seconds{11});
  CHECK(run.world.calls == "disconnect #2; destroy #2");
  CHECK(run.log.find("lost: no answer to SUBSCRIBE in time; reconnecting") != std::string::npos);
}

TEST_CASE("what QoS 2 left open on a connection goes on with the next") {
  Run run;
  up(run);
  CHECK(run.world.connections[0].previous == nullptr);
  run.event(Event::Kind::lost);
  run.until_due();
  REQUIRE(run.world.connections.size() == 2);
  CHECK(run.world.connections[1].previous == run.world.records[0]);

  SECTION("and an attempt in vain changes nothing about that") {
    run.event(Event::Kind::failed, 0x88);
    run.until_due();
    REQUIRE(run.world.connections.size() == 3);
    CHECK(run.world.connections[2].previous == run.world.records[0]);
  }
}

TEST_CASE("a broker that does not speak MQTT 5 is asked in MQTT 3.1.1, and from then on at once") {
  Run run;
  run.event(Event::Kind::failed, GENERATE(1, 0x84));
  CHECK(run.world.connections.back().version == Version::v3_1_1);
  up(run);
  CHECK(run.state() == "ready");
  run.event(Event::Kind::lost);
  run.until_due();
  REQUIRE(run.world.connections.size() == 3);
  CHECK(run.world.connections.back().version == Version::v3_1_1);
}

TEST_CASE("MQTT 3.1.1 is not tried where an option needs MQTT 5, or a version was asked for") {
  auto options = options_for_tests();
  std::string why = "--session-expiry needs MQTT 5";
  SECTION("option") { options.version_5_only = "--session-expiry"; }
  SECTION("version") {
    options.version = Version::v5;
    why = "-V 5 asks for MQTT 5";
  }
  SECTION("an older version") {
    options.version = Version::v3_1;
    why = "-V 3.1 asks for MQTT 3.1";
  }
  Run run(options);
  run.event(Event::Kind::failed, 0x84);
  CHECK(run.world.connections.size() == 1);
  CHECK(run.state() ==
        "exit 4: 127.0.0.1:1 refused the connection: unsupported protocol version (" + why + ")");
}

TEST_CASE("the next host is tried when one is busy or silent, and all are named at the end") {
  auto options = options_for_tests();
  options.endpoints.push_back({"127.0.0.1", 2});
  Run run(options);
  SECTION("busy") {
    run.event(Event::Kind::failed, 0x88);
    CHECK(run.world.connections.back().endpoint.port == 2);
    run.event(Event::Kind::failed, 0x89);
    CHECK(run.state() ==
          "exit 3: cannot reach 127.0.0.1:1: the broker refused the connection for now: broker "
          "unavailable; 127.0.0.1:2: the broker refused the connection for now: broker busy");
  }
  SECTION("silent: a share of the time, not all of it") {
    run.after(seconds{4});
    REQUIRE(run.world.connections.size() == 2);
    CHECK(run.world.connections.back().endpoint.port == 2);
    // The CONNECT that may come late must not take this connection over.
    CHECK(run.world.connections[1].client_id == "test-0001");
    up(run);
    CHECK(run.state() == "ready");
  }
  SECTION("refused for good: the other would refuse, too") {
    run.event(Event::Kind::failed, 0x86);
    CHECK(run.world.connections.size() == 1);
    CHECK(run.state().rfind("exit 4: 127.0.0.1:1 refused the connection: ", 0) == 0);
  }
}

TEST_CASE("another address of a host is tried as long as nobody answers at the first") {
  auto options = options_for_tests();
  options.endpoints = {{"localhost", 1}};
  Run run(options);
  const bool answers = GENERATE(false, true);
  if (answers) run.world.records[0]->note_read(hooks::HttpRequest::upgrade, "H", 1, 0);
  run.after(seconds{4});
  CHECK(run.world.connections.size() == (answers ? 1 : 2));
}

TEST_CASE("a client id that the user gave stays, and a late CONNECT of ours is no rival") {
  auto options = options_for_tests();
  options.client_id_given = true;
  options.endpoints.push_back({"127.0.0.1", 2});
  Run run(options);
  run.after(seconds{4});
  REQUIRE(run.world.connections.size() == 2);
  CHECK(run.world.connections[1].client_id == "test-0000");
  up(run);
  run.event(Event::Kind::server_disconnect, 0x8E);
  CHECK(run.state() == "not connected");  // once
  run.until_due();
  up(run);
  run.event(Event::Kind::server_disconnect, 0x8E);
  CHECK(run.state().rfind("exit 6: ", 0) == 0);
}

TEST_CASE("a failed connection is explained, and --wait tries again") {
  auto options = options_for_tests();
  SECTION("not waiting") {
    Run run(options);
    run.event(Event::Kind::lost);
    run.explained();
    CHECK(run.state().rfind("exit 3: cannot reach 127.0.0.1:1: ", 0) == 0);
  }
  SECTION("waiting, for as long as was said") {
    options.wait = seconds{5};
    Run run(options);
    run.event(Event::Kind::failed, 0x88);
    CHECK(run.state() == "not connected");
    while (run.state() == "not connected") {
      run.until_due();
      if (run.world.connections.size() > 60) break;
      run.event(Event::Kind::failed, 0x88);
    }
    CHECK(run.state() ==
          "exit 3: cannot reach 127.0.0.1:1: the broker refused the connection for now: broker "
          "unavailable (kept trying as --wait says)");
    CHECK(run.now - Clock::time_point{} - std::chrono::hours{1} <= seconds{6});
  }
}

TEST_CASE("a restart cuts a pause short, and --wait counts from there") {
  Run lost;
  reconnecting(lost);
  lost.event(Event::Kind::failed, 0x88);
  const auto attempts = lost.world.connections.size();
  lost.client().restart(lost.now);
  CHECK(lost.world.connections.size() == attempts + 1);

  auto options = options_for_tests();
  options.wait = seconds{5};
  Run waiting(options);
  waiting.after(seconds{6});
  waiting.event(Event::Kind::failed, 0x88);
  REQUIRE(waiting.state().starts_with("exit 3: "));
  waiting.client().restart(waiting.now);
  waiting.event(Event::Kind::failed, 0x88);
  CHECK(waiting.state() == "not connected");
}

TEST_CASE("three losses in a row soon after connecting end the run") {
  Run run;
  for (int i = 0; i < 3; ++i) {
    if (i > 0) run.until_due();
    up(run);
    run.event(Event::Kind::lost);
  }
  CHECK(run.state().rfind("exit 6: connection to 127.0.0.1:1 lost three times in a row", 0) == 0);
}

TEST_CASE("what the broker said goes before what a loss might mean") {
  Run run;
  for (int i = 0; i < 3; ++i) {
    if (i > 0) run.until_due();
    up(run);
    run.event(Event::Kind::server_disconnect, 0x96);
    run.event(Event::Kind::lost);
  }
  CHECK(run.state() ==
        "exit 6: connection to 127.0.0.1:1 lost three times in a row soon after connecting: "
        "message rate too high");
}

TEST_CASE("connections that are lost again and again are made with pauses, whatever came") {
  Run run;
  for (int i = 0; i < 16; ++i) {
    if (i > 0) run.until_due();
    up(run);
    run.message();
    run.event(Event::Kind::lost);
    if (i == 13) CHECK(*run.client().due() - run.now < milliseconds{100});
  }
  CHECK(*run.client().due() - run.now > milliseconds{800});
}

TEST_CASE("without reconnecting a loss ends the run, with it only after the time that was said") {
  auto options = options_for_tests();
  SECTION("--no-reconnect") {
    options.reconnect = false;
    Run run(options);
    up(run);
    run.event(Event::Kind::lost);
    CHECK(run.state() == "exit 6: connection to 127.0.0.1:1 lost");
  }
  SECTION("--reconnect-for") {
    options.reconnect_for = seconds{3};
    Run run(options);
    up(run);
    run.after(seconds{60});
    run.event(Event::Kind::lost);
    for (int i = 0; i < 20 && run.state() == "not connected"; ++i) {
      run.until_due();
      run.event(Event::Kind::failed, 0x88);
    }
    CHECK(run.state().rfind("exit 6: cannot reach 127.0.0.1:1: ", 0) == 0);
  }
}

TEST_CASE("a publisher takes up the broker's keep-alive when nothing is under way") {
  Run run(options_for_tests(), false);
  ServerLimits limits;
  limits.server_keep_alive = seconds{20};
  run.connack(limits);
  CHECK(run.state() == "ready");
  CHECK(run.client().send(1, Message{}));
  run.world.outstanding = 1;
  run.world.calls.clear();
  run.after(seconds{15});
  CHECK_FALSE(run.client().send(2, Message{}));
  CHECK(run.world.calls == "");
  run.world.outstanding = 0;
  run.until_due();
  CHECK(run.world.calls == "disconnect #1");
  run.event(Event::Kind::closed);
  CHECK(run.world.calls == "disconnect #1; destroy #1; connect v5 port 1 keep-alive 20 #2");
  run.connack(limits);
  CHECK(run.state() == "ready");
}

TEST_CASE("a keep-alive of a second leaves a publisher time for a message") {
  Run run(options_for_tests(), false);
  ServerLimits limits;
  limits.server_keep_alive = seconds{1};
  run.connack(limits);
  CHECK(run.client().send(1, Message{}));
}

TEST_CASE("a session that the broker kept is not subscribed to again after a loss") {
  Run run;
  reconnecting(run);
  run.world.calls.clear();
  ServerLimits limits;
  limits.session_present = true;
  run.connack(limits);
  CHECK(run.world.calls == "");
  CHECK(run.state() == "ready");
}

TEST_CASE("what is to be unsubscribed from is asked for until all is granted, and then no more") {
  Run run{options_for_tests(), true, {"old"}};
  run.connack();
  run.event(Event::Kind::lost);
  run.until_due();
  run.world.calls.clear();
  run.connack();
  CHECK(run.world.calls == "unsubscribe old #2; subscribe a #2");
  run.event(Event::Kind::unsubscribed);
  run.suback();
  run.event(Event::Kind::lost);
  run.until_due();
  run.world.calls.clear();
  run.connack();
  CHECK(run.world.calls == "subscribe a #3");
}

TEST_CASE("what was acknowledged right before a loss still counts") {
  Run run;
  up(run);
  run.world.deliveries.push_back({7, Delivery::Outcome::acknowledged, 0, {}, {}});
  run.event(Event::Kind::lost);
  REQUIRE(run.client().deliveries().size() == 1);
  CHECK(run.client().deliveries().empty());
}

TEST_CASE("probes are counted for each connection, and their answers whatever else happens") {
  Run run;
  run.client().probe();
  CHECK(run.client().probes().sent == 0);
  run.connack();
  run.world.calls.clear();
  run.client().probe();
  run.client().probe();
  const std::string probe = "unsubscribe mqtt-tools/nobody-subscribes-to-this #1";
  CHECK(run.world.calls == probe + "; " + probe);
  run.event(Event::Kind::unsubscribed, 0x11);
  CHECK(run.state() == "subscribing");
  run.suback();
  CHECK(run.client().probes().answered == 1);
  CHECK(run.client().probes().latest == 1);
  run.event(Event::Kind::lost);
  run.until_due();
  run.connack();
  CHECK(run.client().probes().sent == 0);
  CHECK(run.client().probes().answered == 0);
}

// These tests are linked without hooks.cpp, as with a static Paho, whose calls it could not see.
TEST_CASE("without the hooks nothing connects, as nothing would check what a broker sends") {
  Options options;
  options.endpoints.push_back({"localhost", 1883});
  CHECK_THROWS_AS(Client(options, [](const LogLine&) {}), RunError);
}

}  // namespace
}  // namespace mqtt_tools::connection
