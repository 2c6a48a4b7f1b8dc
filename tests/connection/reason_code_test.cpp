// SPDX-License-Identifier: MIT
#include "connection/reason_code.hpp"

#include "catch.hpp"

using namespace mqtt_tools::connection;
using mqtt_tools::ExitCode;

TEST_CASE("a refused connection is told in the specification's words") {
  CHECK(connack_message(1) == "unsupported protocol version");
  CHECK(connack_message(2) == "client identifier not valid");
  CHECK(connack_message(3) == "broker unavailable");
  CHECK(connack_message(4) == "bad user name or password");
  CHECK(connack_message(5) == "not authorized");
  CHECK(connack_message(0x86) == "bad user name or password");
  CHECK(connack_message(0x87) == "not authorized");
  CHECK(connack_message(0x8A) == "banned");
  CHECK(connack_message(0x9F) == "connection rate exceeded");
}

TEST_CASE("every reason code that MQTT 5 has for a CONNACK has words") {
  for (const int code : {0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A,
                         0x8C, 0x90, 0x95, 0x97, 0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9F}) {
    INFO(code);
    CHECK(connack_message(code).find("unknown") == std::string::npos);
  }
}

TEST_CASE("every reason code that MQTT 5 has for a DISCONNECT has words") {
  for (const int code :
       {0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8B, 0x8D, 0x8E, 0x8F, 0x90, 0x93, 0x94,
        0x95, 0x96, 0x97, 0x98, 0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9E, 0x9F, 0xA0, 0xA1, 0xA2}) {
    INFO(code);
    CHECK(disconnect_message(code).find("unknown") == std::string::npos);
  }
  CHECK(disconnect_message(0) == "normal disconnection");
}

TEST_CASE("every reason code that MQTT 5 has for PUBACK, PUBREC, PUBCOMP has words") {
  for (const int code : {0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x92, 0x97, 0x99}) {
    INFO(code);
    CHECK(reason_message(code).find("unknown") == std::string::npos);
  }
  CHECK(reason_message(0x97) == "quota exceeded");
}

TEST_CASE("every code that a SUBACK or UNSUBACK may carry has words") {
  for (const int code : {0, 1, 2, 0x11, 0x80, 0x83, 0x87, 0x8F, 0x91, 0x97, 0x9E, 0xA1, 0xA2}) {
    INFO(code);
    CHECK(suback_message(code).find("unknown") == std::string::npos);
  }
  CHECK(suback_message(1) == "granted QoS 1");
  CHECK(suback_message(0x80) == "refused without a reason");
  CHECK(suback_message(0x9E) == "shared subscriptions not supported");
}

TEST_CASE("a code that nobody knows is told as a number") {
  CHECK(connack_message(0xEE) == "unknown reason code 0xEE");
  CHECK(suback_message(3) == "unknown reason code 0x03");
}

TEST_CASE("only a broker that does not speak MQTT 5 is tried with the older version") {
  CHECK(connack_remedy(1) == Remedy::try_version_3);
  CHECK(connack_remedy(0x84) == Remedy::try_version_3);
}

TEST_CASE("a broker that has no time now is tried again") {
  for (const int code : {3, 0x88, 0x89, 0x9F}) CHECK(connack_remedy(code) == Remedy::try_again);
}

TEST_CASE("a refusal that another login may change is told as such") {
  for (const int code : {4, 5, 0x86, 0x87}) CHECK(connack_remedy(code) == Remedy::log_in);
}

TEST_CASE("a refusal that time does not change is final") {
  for (const int code : {2, 0x80, 0x85, 0x8A, 0x8C, 0x95, 0x97, 0x9C, 0x9D}) {
    INFO(code);
    CHECK(connack_remedy(code) == Remedy::give_up);
  }
}

TEST_CASE("a DISCONNECT decides between coming back, denied and lost") {
  for (const int code : {0x00, 0x88, 0x89, 0x8B, 0x8D, 0x80, 0x9F, 0xA0}) {
    INFO(code);
    CHECK(disconnect_outcome(code) == ExitCode::ok);
  }
  for (const int code : {0x87, 0x95, 0x97, 0x99, 0x9A, 0x9B}) {
    INFO(code);
    CHECK(disconnect_outcome(code) == ExitCode::denied);
  }
  for (const int code : {0x8E, 0x98, 0x9C, 0x9D}) {
    INFO(code);
    CHECK(disconnect_outcome(code) == ExitCode::lost);
  }
}

TEST_CASE("a close frame of WebSocket is put into words") {
  const std::string closed = "the server closed the WebSocket";
  CHECK(websocket_close_message("") == closed);
  CHECK(websocket_close_message("\x03\xf0") == closed + ": 1008 policy violation");
  CHECK(websocket_close_message("\x03\xf0not authorised") ==
        closed + ": 1008 policy violation, \"not authorised\"");
  CHECK(websocket_close_message("\x0f\xa1mine") == closed + ": 4001, \"mine\"");
  CHECK(websocket_close_message(std::string(2, '\0')) == closed + ": 0");
}
