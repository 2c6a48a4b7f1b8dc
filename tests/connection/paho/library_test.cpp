// SPDX-License-Identifier: MIT

#include "connection/paho/library.hpp"

#include "catch.hpp"

namespace mqtt_tools::connection {
namespace {

TEST_CASE("a packet that Paho traces is told by type and id") {
  CHECK(traced_packet("3 client -> PUBREL msgid: 7 (0)") == "-> PUBREL id 7");
  CHECK(traced_packet("3 client <- PUBCOMP msgid:7") == "<- PUBCOMP");
  CHECK(traced_packet("3 client <- PUBREC msgid: 65535") == "<- PUBREC id 65535");
  CHECK(traced_packet("3 client -> PINGREQ (0)") == "-> PINGREQ");
  CHECK(traced_packet("3 client <- PINGRESP") == "<- PINGRESP");
}

TEST_CASE("nothing of a payload is told, whatever the trace holds") {
  CHECK_FALSE(traced_packet("3 c -> PUBLISH msgid: 1 qos: 1 retained: 0 rc 0 payload: \x1B[2J"));
  CHECK_FALSE(traced_packet("3 c <- PUBLISH msgid: 1 payload:  -> PINGREQ"));
  CHECK_FALSE(traced_packet("no arrow PINGREQ"));
  CHECK_FALSE(traced_packet(""));
}

}  // namespace
}  // namespace mqtt_tools::connection
