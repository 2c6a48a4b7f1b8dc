// SPDX-License-Identifier: MIT
//
// A broker of another make: aedes behind ws, both of npm. It speaks WebSocket itself, and MQTT up
// to 3.1.1 only. Skipped, and said so, where npm or its registry is missing.

#include "catch.hpp"
#include "support/certificates.hpp"
#include "support/programs.hpp"

#include <unistd.h>
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>

using namespace mqtt_tools::support;

namespace {

/// Listens on three ports of its own and names them: MQTT, WebSocket, WebSocket with TLS.
const std::string server = R"(
const [modules, cert, key] = process.argv.slice(1);
const load = require('module').createRequire(modules + '/');
const fs = require('fs');
const { Aedes } = load('aedes');
const ws = load('ws');
const offered = protocols => protocols.has('mqtt') ? 'mqtt' : false;
(async () => {
  const broker = await Aedes.createBroker();
  const plain = require('http').createServer();
  const tls = require('https').createServer(
      { cert: fs.readFileSync(cert), key: fs.readFileSync(key) });
  for (const http of [plain, tls]) {
    new ws.WebSocketServer({
      server: http, path: '/some/path', handleProtocols: offered,
      verifyClient: info => info.req.headers['x-token'] === 'abc',
    }).on('connection', (socket, request) =>
        broker.handle(ws.createWebSocketStream(socket), request));
  }
  const tcp = require('net').createServer(broker.handle);
  const ports = [];
  for (const each of [tcp, plain, tls]) {
    await new Promise(done => each.listen(0, '127.0.0.1', done));
    ports.push(each.address().port);
  }
  console.log('ports ' + ports.join(' ') + ' end');
})();
)";

/// The folder that aedes is installed in, once and for all; empty, with the reason, if it cannot
/// be. A registry that does not answer at once is as good as none.
std::string installed(std::string& reason) {
  namespace fs = std::filesystem;
  const fs::path folder{MQTT_TOOLS_BIN "/../tests/aedes"};
  if (fs::exists(folder)) return folder.string();
  if (run(Command::shell("command -v npm && command -v node")).code != 0) {
    reason = "npm is not installed";
    return {};
  }
  // Made aside, then renamed: half an installation is none.
  const fs::path aside{folder.string() + "-" + std::to_string(getpid())};
  fs::create_directories(aside);
  auto npm = Command{"npm",         "install",   "--prefix",          aside.string(),
                     "--no-audit",  "--no-fund", "--fetch-retries=0", "--fetch-timeout=5000",
                     "aedes@1.2.0", "ws@8.23.0"};
  if (const char* home = std::getenv("HOME")) npm.environment("HOME", home);
  const auto result = run(npm, 60s);
  std::error_code ignored;
  if (result.code == 0) fs::rename(aside, folder, ignored);
  fs::remove_all(aside, ignored);
  if (fs::exists(folder)) return folder.string();
  reason = "npm install failed: " + result.err.substr(0, 300);
  return {};
}

}  // namespace

TEST_CASE("a WebSocket broker of another make is used, in the version that it speaks") {
  std::string reason;
  const auto modules = installed(reason);
  if (modules.empty()) return skip("there is no aedes (" + reason + ")");
  Certificates files;
  Process aedes{Command{"node", "-e", server, modules, files.server(), files.server_key()}};
  if (!aedes.wait_for_out(" end\n")) {
    // Too old a Node.js, say; but one that works with it must not be skipped.
    return skip("there is no aedes (it does not start: " + aedes.err().substr(0, 300) + ")");
  }
  std::string ignored;
  std::string tcp;
  std::string plain;
  std::string tls;
  std::istringstream{aedes.out()} >> ignored >> tcp >> plain >> tls;
  const auto by_url = [&](const std::string& program, const std::string& url,
                          std::initializer_list<std::string> words) {
    return Command{program, "-L", url, "t"}.add(words);
  };
  const TemporaryDirectory directory;
  std::string payload;
  for (int i = 0; payload.size() < 1'000'000; ++i) payload += std::to_string(i) + ",";
  const auto file = directory.write("payload", payload);

  // It answers MQTT 5 with 0x01, as brokers of that age do.
  check_exit(run(by_url("mqtt-pub", "mqtt://127.0.0.1:" + tcp, {"hi"})), 0);
  check_exit(run(by_url("mqtt-pub", "mqtt://127.0.0.1:" + tcp, {"hi", "-V", "5"})), 4);

  // What is retained comes at its leisure, while other packets are answered.
  std::string kept;
  for (int i = 0; i < 2'000; ++i) kept += "r/" + std::to_string(i) + "\tkept\n";
  check_exit(run(Command{"mqtt-pub", "-p", tcp, "-l", "--topic-from-line", "--raw", "-r"}, kept),
             0);
  const auto last = run(Command{"mqtt-sub", "-p", tcp, "r/#", "--last"});
  check_exit(last, 0);
  CHECK(std::count(last.out.begin(), last.out.end(), '\n') == 2'000);

  const std::string token = "X-Token: abc";
  for (const auto& [url, ca] :
       {std::pair<std::string, std::string>{"ws://127.0.0.1:" + plain + "/some/path", ""},
        {"wss://localhost:" + tls + "/some/path", files.ca()}}) {
    CAPTURE(url);
    auto publisher =
        by_url("mqtt-pub", url, {"--ws-header", token, "--raw", "-r", "-f", file, "-V", "auto"});
    auto subscriber = by_url("mqtt-sub", url, {"--ws-header", token, "-C", "1", "-W", "10"});
    if (!ca.empty()) publisher.add({"--cafile", ca});
    if (!ca.empty()) subscriber.add({"--cafile", ca});
    check_exit(run(publisher), 0);
    const auto result = run(subscriber);
    check_exit(result, 0);
    CHECK(result.out == payload + "\n");

    auto stranger = by_url("mqtt-pub", url, {"hi", "--ws-header", "X-Token: abd"});
    if (!ca.empty()) stranger.add({"--cafile", ca});
    const auto refused = run(stranger);
    check_exit(refused, 3);
    CHECK(refused.err.find("401 Unauthorized to the WebSocket request for /some/path") !=
          std::string::npos);
  }
}
