// SPDX-License-Identifier: MIT
#pragma once

#include "support/listener.hpp"
#include "support/process.hpp"
#include "support/system.hpp"

#include <initializer_list>
#include <map>
#include <memory>
#include <string>

namespace mqtt_tools::support {

/// How the private Mosquitto is set up. Nobody is asked for a password unless there are users.
struct BrokerOptions {
  std::string lines{};                         ///< More lines of mosquitto.conf, for the listener.
  std::map<std::string, std::string> users{};  ///< Name to password.
  std::string acl{};                           ///< The text of an acl_file.
  std::string ca_file{};                       ///< With certificate and key: TLS, and clients need
  std::string certificate{};                   ///< a certificate only if `lines` say so.
  std::string key{};
  bool persistence = false;  ///< What it owes is kept over stop() and start().
  Family family = Family::ipv4;
};

/// A real Mosquitto of one's own, on a free loopback port, with all queue limits lifted.
class Broker {
 public:
  explicit Broker(BrokerOptions options = {});

  int port() const { return port_; }
  std::string port_text() const { return std::to_string(port_); }
  std::string url() const;

  /// `program` with host and port of this broker, then `words`.
  Command command(const std::string& program, std::initializer_list<std::string> words) const;
  Command pub(std::initializer_list<std::string> words) const;
  Command sub(std::initializer_list<std::string> words) const;

  void stop();   ///< SIGTERM, and waits. Until start() its port refuses connections.
  void kill();   ///< The same with SIGKILL: it forgets what it has not written.
  void start();  ///< Again, on the same port.

  /// Waits until it has been asked for `filter` so many times since its start.
  bool wait_for_subscription(const std::string& filter, int times = 1);

  /// Waits until its log says `text`, so many times since its start.
  bool wait_for_log(const std::string& text, milliseconds limit = patience, int times = 1);
  long resident() const { return process_->resident(); }  ///< KiB
  std::string log() const { return process_ ? process_->err() : std::string{}; }

 private:
  enum class Start { listening, port_taken };

  void configure();
  Start try_start();

  BrokerOptions options_;
  TemporaryDirectory directory_{};
  int port_ = 0;
  Descriptor kept_port_{};
  std::unique_ptr<Process> process_{};
};

/// mqtt-pub and mqtt-sub for a broker, relay or script on a port of 127.0.0.1.
Command pub(int port, std::initializer_list<std::string> words);
Command sub(int port, std::initializer_list<std::string> words);

/// A program of Python with paho-mqtt, which reads sys.argv from 1 on.
Command python(const std::string& program, std::initializer_list<std::string> words);

/// A subscriber that is not ours (mosquitto_sub), subscribed to "t" when this returns. It prints
/// the messages in its -F format and ends after `count`.
class Witness {
 public:
  Witness(Broker& broker, int count, const std::string& format = "%p",
          std::initializer_list<std::string> words = {});

  std::string out(milliseconds limit = patience) { return process_.wait(limit).out; }

 private:
  Process process_;
};

/// Checks the exit code, or with 128 + n that signal n ended it, and shows what the program said
/// when it is another.
void check_exit(const Result& result, int code);

/// The same, for a run that was to end within `promised`.
void check_exit_within(const Result& result, int code, milliseconds promised);

/// "0\n1\n…": what seq prints.
std::string sequence(int first, int last);

}  // namespace mqtt_tools::support
