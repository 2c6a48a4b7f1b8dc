// SPDX-License-Identifier: MIT
#include "support/programs.hpp"

#include "catch.hpp"

#include <signal.h>
#include <unistd.h>
#include <stdexcept>
#include <utility>

namespace mqtt_tools::support {

Broker::Broker(BrokerOptions options) : options_(std::move(options)) {
  if (!options_.acl.empty()) directory_.write("acl", options_.acl);
  if (!options_.users.empty()) {
    std::string lines;
    for (const auto& [name, password] : options_.users) lines += name + ":" + password + "\n";
    const auto file = directory_.write("passwords", lines);
    if (run({"mosquitto_passwd", "-U", file}).code != 0) {
      throw std::runtime_error{"mosquitto_passwd failed"};
    }
  }
  for (int attempt = 0; attempt < 20; ++attempt) {
    port_ = free_port(options_.family);
    configure();
    if (try_start() == Start::listening) return;
  }
  throw std::runtime_error{"no port for mosquitto"};
}

void Broker::configure() {
  std::string text;
  // As root it would become another user, who cannot read our directory.
  if (getuid() == 0) text += "user root\n";
  text += "per_listener_settings false\nmax_queued_messages 0\nset_tcp_nodelay true\n";
  text += "log_dest stderr\nlog_type error\nlog_type warning\nlog_type notice\n";
  text += "log_type information\nlog_type subscribe\nlog_timestamp false\n";
  text += options_.persistence
              ? "persistence true\npersistence_location " + directory_.path().string() + "/\n"
              : "persistence false\n";
  if (!options_.acl.empty()) text += "acl_file " + directory_ / "acl" + "\n";
  text += options_.users.empty()
              ? "allow_anonymous true\n"
              : "allow_anonymous false\npassword_file " + directory_ / "passwords" + "\n";
  text += "listener " + std::to_string(port_) +
          (options_.family == Family::ipv4 ? " 127.0.0.1\n" : " ::1\n");
  if (!options_.ca_file.empty()) text += "cafile " + options_.ca_file + "\n";
  if (!options_.certificate.empty()) text += "certfile " + options_.certificate + "\n";
  if (!options_.key.empty()) text += "keyfile " + options_.key + "\n";
  directory_.write("mosquitto.conf", text + options_.lines);
}

Broker::Start Broker::try_start() {
  process_ = std::make_unique<Process>(
      Command{"/usr/sbin/mosquitto", "-c", directory_ / "mosquitto.conf"});
  // Said once all listeners are open.
  if (process_->wait_for_err(" running")) return Start::listening;
  const auto result = process_->wait(0ms);
  if (result.err.find("Address already in use") != std::string::npos) return Start::port_taken;
  throw std::runtime_error{"mosquitto does not start: " + result.err};
}

std::string Broker::url() const {
  const bool tls = !options_.certificate.empty();
  return std::string{tls ? "mqtts" : "mqtt"} + "://" +
         (options_.family == Family::ipv4 ? "127.0.0.1" : "[::1]") + ":" + port_text();
}

Command Broker::command(const std::string& program,
                        std::initializer_list<std::string> words) const {
  const auto host = options_.family == Family::ipv4 ? "127.0.0.1" : "::1";
  return Command{program, "-h", host, "-p", port_text()}.add(words);
}

Command Broker::pub(std::initializer_list<std::string> words) const {
  return command("mqtt-pub", words);
}

Command Broker::sub(std::initializer_list<std::string> words) const {
  return command("mqtt-sub", words);
}

void Broker::stop() {
  // One that has only just begun to listen forgets the signal: it sets up its loop afterwards.
  for (auto waited = milliseconds{0}; waited < patience; waited += 500ms) {
    process_->signal(SIGTERM);
    if (!process_->wait(500ms).ended) continue;
    kept_port_ = keep_port(options_.family, port_);
    return;
  }
  throw std::runtime_error{"mosquitto does not stop"};
}

void Broker::kill() {
  process_->signal(SIGKILL);
  process_->wait();
  kept_port_ = keep_port(options_.family, port_);
}

void Broker::start() {
  kept_port_.close();
  // Its own connections of before may still be closing.
  const bool listening = eventually(patience, [this] { return try_start() == Start::listening; });
  if (!listening) throw std::runtime_error{"port " + port_text() + " is no longer free"};
}

bool Broker::wait_for_subscription(const std::string& filter, int times) {
  // "CLIENT QOS FILTER"; the QoS is not of interest.
  return wait_for_log(" " + filter + "\n", patience, times);
}

bool Broker::wait_for_log(const std::string& text, milliseconds limit, int times) {
  return process_->wait_for_err(text, limit, times);
}

namespace {

std::string description(const Result& result) {
  return "ended: " + std::string{result.ended ? "yes" : "no"} + ", signal " +
         std::to_string(result.signal) + ", after " + std::to_string(result.duration.count()) +
         " ms\nstdout: " + result.out.substr(0, 1000) + "\nstderr: " + result.err.substr(0, 4000);
}

}  // namespace

Command pub(int port, std::initializer_list<std::string> words) {
  return Command{"mqtt-pub", "-h", "127.0.0.1", "-p", std::to_string(port)}.add(words);
}

Command sub(int port, std::initializer_list<std::string> words) {
  return Command{"mqtt-sub", "-h", "127.0.0.1", "-p", std::to_string(port)}.add(words);
}

Command python(const std::string& program, std::initializer_list<std::string> words) {
  return Command{"/usr/bin/python3", "-u", "-c", program}.add(words);
}

Witness::Witness(Broker& broker, int count, const std::string& format,
                 std::initializer_list<std::string> words)
    : process_(broker
                   .command("/usr/bin/mosquitto_sub", {"-V", "5", "-q", "2", "-t", "t", "-F",
                                                       format, "-C", std::to_string(count)})
                   .add(words)) {
  REQUIRE(broker.wait_for_subscription("t"));
}

void check_exit(const Result& result, int code) {
  INFO(description(result));
  if (code > 128) {
    CHECK(result.signal == code - 128);
  } else {
    CHECK(result.code == code);
  }
}

void check_exit_within(const Result& result, int code, milliseconds promised) {
  INFO(description(result));
  CHECK(result.code == code);
  CHECK(result.duration <= within(promised));
}

std::string sequence(int first, int last) {
  std::string lines;
  for (int i = first; i <= last; ++i) lines += std::to_string(i) + "\n";
  return lines;
}

}  // namespace mqtt_tools::support
