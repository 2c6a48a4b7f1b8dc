// SPDX-License-Identifier: MIT
#pragma once

#include "support/certificates.hpp"
#include "support/listener.hpp"
#include "support/packet.hpp"
#include "support/programs.hpp"
#include "support/server.hpp"
#include "support/system.hpp"
#include "support/web_socket.hpp"

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace mqtt_tools::support {

class ScriptBroker;

/// One connection, as its script sees it. Each call that waits ends the script when the client has
/// gone or the broker is taken down. At the end of the script the connection is closed.
class Session {
 public:
  /// Reads on until a packet of this type comes.
  Packet expect(PacketType type);
  Packet read();

  // What a broker says. Properties are bytes without their length; under 3.1.1 they are left out.
  void connack(int code, std::string_view properties = {}, int session_present = 0);
  void puback(const Packet& publish, int reason = 0);
  void pubrec(const Packet& publish, int reason = 0);
  void pubcomp(const Packet& pubrel, int reason = 0);
  void suback(const Packet& subscribe, const std::vector<int>& codes);
  void publish(std::string_view topic, std::string_view payload, int qos = 0, int id = 1,
               std::string_view properties = {});
  void disconnect(int reason, std::string_view properties = {});
  void send(std::string_view bytes);  ///< Of MQTT, as one message over WebSocket.

  // Beneath MQTT.
  std::string read_head();                      ///< Of an HTTP request.
  void send_unframed(std::string_view bytes);   ///< As they are, also over WebSocket.
  void send_uncrypted(std::string_view bytes);  ///< As they are, also over TLS.

  // Whole behaviours.
  void accept();                      ///< CONNECT, CONNACK 0.
  Packet accept_subscription();       ///< accept(), and the first SUBSCRIBE is granted.
  [[noreturn]] void serve();          ///< A well-behaved broker until the client goes.
  void answer(const Packet& packet);  ///< What a well-behaved broker says to it.
  [[noreturn]] void stay_silent();    ///< Reads, and says nothing, until the client goes.
  [[noreturn]] void stop_reading();   ///< Until the client is seen to go.
  [[noreturn]] void close();
  [[noreturn]] void reset();

  int connection() const { return connection_ + 1; }  ///< Its number, the first is 1.
  int level() const { return level_; }                ///< Of CONNECT: 4 is MQTT 3.1.1.

 private:
  friend class ScriptBroker;
  struct Ended {};

  Session(ScriptBroker& broker, Descriptor fd, int connection);

  bool shake_hands();
  void take();
  void acknowledge(PacketType type, int flags, int id, int reason);

  ScriptBroker& broker_;
  Channel channel_;
  int connection_;
  int level_ = 5;
  FrameReader frames_{};
  PacketReader reader_{};
};

/// What a broker speaks beneath MQTT.
struct Transport {
  TlsContext tls{};  ///< Plain when there is none.
  bool web_socket = false;
};

/// A broker whose side is played by scripts, one for each connection in turn; further connections
/// get the last one. Everything that clients sent is kept, to be looked at.
class ScriptBroker {
 public:
  using Script = std::function<void(Session&)>;

  explicit ScriptBroker(Script script, Transport transport = {})
      : ScriptBroker(std::vector<Script>{std::move(script)}, std::move(transport)) {}
  explicit ScriptBroker(std::vector<Script> scripts, Transport transport = {});
  ~ScriptBroker();
  ScriptBroker(const ScriptBroker&) = delete;
  ScriptBroker& operator=(const ScriptBroker&) = delete;

  int port() const { return listener_.port(); }
  std::string port_text() const { return std::to_string(port()); }
  std::string url() const;  ///< With the address 127.0.0.1.

  /// What has come so far: of one type, or all.
  std::vector<Packet> received() const;
  std::vector<Packet> received(PacketType type) const;

  /// Whether at least `count` packets of this type have come, or come within `limit`.
  bool wait_for(PacketType type, std::size_t count = 1, milliseconds limit = patience) const;

  /// Whether at least `count` connections have ended, or end within `limit`.
  bool wait_for_end(int count = 1, milliseconds limit = patience) const;

  int connections() const;

 private:
  friend class Session;

  void listen();
  void play(Descriptor fd, int connection);
  void keep(const Packet& packet);

  Listener listener_{};
  std::vector<Script> scripts_;
  Transport transport_;
  EventFd leaving_{};
  mutable std::mutex mutex_{};
  mutable std::condition_variable changed_{};
  std::vector<Packet> received_{};
  int connections_ = 0;
  int ended_ = 0;
  std::vector<std::thread> players_{};
  std::thread acceptor_{};
};

enum class Program { publisher, subscriber };

/// TCP, TLS, WebSocket and both, each for one script, and the programs that use them.
struct Transports {
  Transports();

  /// `program` with broker, a topic, and limits of 5 s and more; the publisher with a message.
  Command command(Program program, const ScriptBroker& broker,
                  std::initializer_list<std::string> words);

  Certificates files{};
  TlsContext tls;
  std::vector<Transport> all;
};

/// The run ended soon, with words that name what was wrong, showed nothing, and tried nothing
/// again.
void check_violation(const ScriptBroker& broker, const Result& result, int code,
                     const std::string& words);

std::string bytes_of(std::initializer_list<int> numbers);

/// A PUBLISH to "t" with a property that is cut short; under 3.1.1 its bytes are a payload.
extern const std::string cut_property;

}  // namespace mqtt_tools::support
