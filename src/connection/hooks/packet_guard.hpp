// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mqtt_tools::connection::hooks {

class Fields;
struct Properties;

/// Control packets by their number (MQTT 5.0 §2.1.2).
enum class PacketType : std::uint8_t {
  connect = 1,
  connack,
  publish,
  puback,
  pubrec,
  pubrel,
  pubcomp,
  subscribe,
  suback,
  unsubscribe,
  unsuback,
  pingreq,
  pingresp,
  disconnect,
  auth,
};

/// What a server did that MQTT or WebSocket does not allow.
struct Violation {
  std::string words{};         ///< "a PUBACK for id 7, which waits for PUBREC": what it sent. Holds
                               ///< nothing that it wrote.
  std::string rule{};          ///< Where it is forbidden: "MQTT 5.0 §4.3.3", "RFC 6455 §5.1".
  std::uint8_t reason = 0x82;  ///< For our DISCONNECT (MQTT 5.0 §3.14.2.1).
  /// A packet above --max-packet. Not set for one that is only above the maximum-packet-size of our
  /// CONNECT.
  bool too_large = false;
  /// Not 0: the server did nothing wrong, but Limits::memory_for() said no to this many bytes.
  std::size_t no_memory_for = 0;
  bool acknowledgement_due = false;  ///< And the packet was a PUBLISH with QoS 1 or 2.
};

/// "PUBACK"; "packet of type 0" for what is none.
std::string packet_name(PacketType type);

/// Follows the bytes of one connection in both directions and finds what MQTT does not allow a
/// server to send, before Paho looks at it: Paho 1.3 believes what it is sent (it reads past the
/// end of a property that is cut short, and takes any acknowledgement with the right packet id).
/// The version is that of the CONNECT that passes by.
///
/// No sockets, no threads, no Paho: whoever owns it calls it from one thread at a time. Payloads
/// pass by without a copy; of other things at most one packet is kept for each direction, and no
/// more of it than has come. Throws std::bad_alloc only; after that it must not be used any more.
class PacketGuard {
 public:
  struct Limits {
    std::size_t max_packet = std::size_t{128} * 1024 * 1024;  ///< Bytes of one whole packet.
    std::size_t max_unreleased =
        std::size_t{64} * 1024 * 1024;  ///< Bytes of QoS 2 messages without PUBREL, in all.
    /// Asked before a packet of so many bytes is let in; with false it is refused.
    std::function<bool(std::size_t)> memory_for{};
    /// Told of packets that no call or callback of ours shows: PINGREQ, PINGRESP, PUBREC, PUBREL,
    /// PUBCOMP, PUBACK. Must not throw.
    std::function<void(bool ours, PacketType packet, std::uint16_t id)> tell{};
  };

  /// What Paho drops of an acknowledgement, of CONNACK and of DISCONNECT.
  struct Remark {
    std::uint8_t code = 0;           ///< Reason code; of SUBACK and UNSUBACK the first.
    std::string reason{};            ///< The server's reason string, as sent, untrusted.
    std::string server_reference{};  ///< As sent, too.

    /// Both in one, untrusted as they are; empty when there is neither.
    std::string text() const {
      if (server_reference.empty()) return reason;
      return reason + (reason.empty() ? "" : "; ") + "it names " + server_reference;
    }
  };

  explicit PacketGuard(const Limits& limits) : limits_(limits) {}

  /// What we send, in order and before the server can have answered it. Whole or in pieces.
  void sent(std::string_view bytes);

  /// How many of the next bytes sent() only passes over (payload), so that nobody need unmask them.
  /// They are given to sent() all the same, whatever they hold.
  std::size_t skippable() const { return lost_ ? ~std::size_t{} : out_.skip; }

  /// How many of `bytes`, from the server, may be handed to Paho; fewer than all when a packet in
  /// them is not allowed, and then violation() is set and every later call gives 0. Paho looks at a
  /// packet once its last byte is in: so what was handed over of the bad one does no harm. The byte
  /// at which it stops is the same however the bytes are cut into calls. Called where bytes are
  /// handed over, not where they are read ahead.
  std::size_t received(std::string_view bytes);

  const std::optional<Violation>& violation() const { return violation_; }

  /// What carries the packets is not as it must be: from now on nothing is legal.
  void refuse(Violation violation);

  /// The server said something with the acknowledgement `packet` of `id` (0 for CONNACK and
  /// DISCONNECT) other than plain success. Once; asked inside Paho's callback for it. Of what
  /// nobody asks for the last 4,096 are kept, with 64 KiB of texts.
  std::optional<Remark> take_remark(PacketType packet, std::uint16_t id);

  /// The topic that stands for `alias` (MQTT 5.0 §3.3.2.3.4); empty when there is none. Valid until
  /// the next call of received().
  std::string_view topic_of(std::uint16_t alias) const;

  /// A QoS 2 message of MQTT 3. There, other than under MQTT 5, Paho sends PUBREC at once and hands
  /// the message over only behind PUBREL: if the connection or the run ends in between, it is lost,
  /// for the server has our PUBREC. So the caller hands it over itself, before Paho has its last
  /// byte (the other way of MQTT 3.1.1 §4.3.3), and ignores it when Paho does.
  struct Arrived {
    std::uint16_t id = 0;
    bool retained = false;
    std::string topic{};
    std::string payload{};
  };

  /// Those that received() has just seen the end of. Each once.
  bool any_arrived() const { return !arrived_.empty(); }
  std::vector<Arrived> take_arrived() { return std::exchange(arrived_, {}); }

  /// Ids of the QoS 2 messages that were received and not released, over this connection and
  /// earlier ones of the session: they go on to the next one with resume() (MQTT 5.0 §4.4). A
  /// CONNACK without the session forgets them.
  using Ids = std::set<std::uint16_t>;
  Ids unreleased() const;
  void resume(Ids unreleased) { carried_ = std::move(unreleased); }

  /// The server has ended the message with `id`; or the caller has dropped it, and it will come
  /// again, as no acknowledgement leaves any more.
  void release(std::uint16_t id);

  /// What Paho hands over with QoS 2 and `id` was handed over before: under MQTT 3 by the caller,
  /// under MQTT 5 on an earlier connection, since when the id was not released or used anew.
  bool given_before(std::uint16_t id) const { return version_ < 5 || carried_.contains(id); }

  int version() const { return version_; }  ///< Protocol level of CONNECT: 3, 4, 5; 0 before it.
  /// CONNECT has left: from here on the broker may take the connection for made.
  bool connect_sent() const { return version_ != 0; }
  std::uint16_t keep_alive() const { return keep_alive_; }  ///< Of our CONNECT, in seconds.
  std::size_t pings() const { return pings_; }              ///< Without answer.
  /// Of what the server sends, a part of a packet was handed over.
  bool in_packet() const { return in_.skip > 0 || in_.part != Reader::Part::first_byte; }
  bool has_will() const { return will_; }              ///< Our CONNECT has.
  bool acknowledged() const { return acknowledged_; }  ///< An acknowledgement of ours has left.
  bool accepted() const {
    return phase_ == Phase::packets || phase_ == Phase::nothing_after_disconnect;
  }  ///< A CONNACK with code 0 was handed over.

 private:
  /// What comes next from the server.
  enum class Phase { unasked, connack, packets, nothing_after_refusal, nothing_after_disconnect };

  /// Where one direction stands. What must be seen of a packet behind its fixed header is its head:
  /// of a PUBLISH all but the payload, of what only the server sends all of it.
  struct Reader {
    enum class Part : std::uint8_t { first_byte, length, head };

    Part part = Part::first_byte;
    std::uint8_t first = 0;       ///< Type and flags.
    std::uint8_t digits = 0;      ///< Bytes of the remaining length that are in.
    std::uint16_t id = 0;         ///< Packet identifier, once it was read.
    std::uint32_t remaining = 0;  ///< The remaining length.
    std::size_t needed = 0;       ///< Bytes of the head, or until more is known of its size.
    std::size_t skip = 0;         ///< Bytes that pass unseen.
    std::string head{};           ///< The head so far, when it came in pieces.

    PacketType type() const { return static_cast<PacketType>(first >> 4); }
    unsigned flags() const { return first & 0x0FU; }
    unsigned qos() const { return first >> 1 & 3U; }
    bool duplicate() const { return (first & 8U) != 0; }
    std::size_t packet_size() const { return std::size_t{1} + digits + remaining; }
  };

  struct KeptRemark {
    PacketType packet{};
    std::uint16_t id = 0;
    Remark remark{};
    std::size_t size() const { return remark.reason.size() + remark.server_reference.size(); }
  };

  // Both directions. What gives bool gives false for a violation, which is set then.
  bool inbound(const Reader& reader) const { return &reader == &in_; }
  std::size_t follow(Reader& reader, std::string_view bytes);
  bool take_header(Reader& reader, std::uint8_t byte);
  std::size_t take_head(Reader& reader, std::string_view bytes);
  bool find_head(Reader& reader, std::string_view begun);
  bool finish(Reader& reader, std::string_view head);
  void tell(const Reader& reader) const;

  // Of what we send. An id waits for `nothing`, for an answer, or for our own PUBREL.
  static constexpr PacketType nothing{};
  void learn(std::string_view head);
  void learn_connect(std::string_view head);
  void learn_subscription(std::string_view head);
  void await(std::uint16_t id, PacketType answer);

  // Of what the server sends.
  bool check_first();
  bool check_length(std::uint8_t last);
  bool check_memory();
  bool check(std::string_view head);
  bool check_connack(std::string_view head);
  bool check_publish(std::string_view head);
  bool check_topic(std::string_view topic);
  bool check_alias(std::uint32_t alias, std::string_view topic);
  bool check_window();
  bool check_acknowledgement(std::string_view head);
  bool check_subscription_answer(std::string_view head);
  bool check_disconnect(std::string_view head);
  bool check_properties(Fields& fields, Properties& properties);
  bool check_end(const Fields& fields);
  PacketType awaited(std::uint16_t id) const;
  bool check_awaited();
  void end_arrival();

  bool fail(std::uint8_t reason, std::string_view section, std::string_view section_of_3,
            const std::string& words);
  bool fail(std::uint8_t reason, const std::string& section, const std::string& words) {
    return fail(reason, section, section, words);
  }
  void remark(std::uint8_t code, const Properties& properties);

  Limits limits_;
  std::size_t max_packet_ = limits_.max_packet;  ///< The smaller of ours and that of our CONNECT.
  std::optional<Violation> violation_{};
  Reader in_{};
  Reader out_{};
  bool lost_ = false;  ///< What we sent was no MQTT: nothing more is learned from it.

  Phase phase_ = Phase::unasked;
  int version_ = 0;
  std::uint16_t keep_alive_ = 0;
  bool clean_start_ = false;
  bool will_ = false;
  bool authenticates_ = false;  ///< Our CONNECT named an authentication method.
  bool acknowledged_ = false;   ///< We sent PUBACK, PUBREC or PUBCOMP.

  // Ids that we chose.
  std::vector<PacketType> awaited_{};  ///< By id, as far as they were used: see await().
  std::map<std::uint16_t, std::size_t>
      filters_{};          ///< How many filters the SUBSCRIBE or UNSUBSCRIBE of an id has.
  std::size_t pings_ = 0;  ///< PINGREQ without PINGRESP.

  // Ids that the server chose.
  std::map<std::uint16_t, std::size_t>
      unreleased_{};  ///< Size of the packet of each QoS 2 message of this connection.
  std::size_t unreleased_bytes_ = 0;
  Ids carried_{};                      ///< Unreleased since an earlier connection.
  std::uint16_t begun_ = 0;            ///< Of one whose payload is passing, for the first time.
  std::optional<Arrived> arriving_{};  ///< The message whose payload is passing.
  std::vector<Arrived> arrived_{};
  std::uint32_t unacknowledged_ = 0;  ///< As the server counts (MQTT 5.0 §4.9).
  std::uint32_t receive_maximum_ = 0xFFFF;

  std::uint32_t topic_alias_maximum_ = 0;
  std::map<std::uint32_t, std::string> topics_{};  ///< By alias.
  std::size_t topics_bytes_ = 0;

  std::deque<KeptRemark> remarks_{};  ///< In the order of their coming.
  std::size_t remarks_bytes_ = 0;
};

}  // namespace mqtt_tools::connection::hooks
