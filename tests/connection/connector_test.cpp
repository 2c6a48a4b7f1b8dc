// SPDX-License-Identifier: MIT
//
// What stood in the way to each candidate, put together; making connections is in client_test.cpp.

#include "connection/connector.hpp"

#include "catch.hpp"

namespace mqtt_tools::connection {

using Kind = ConnectError::Kind;

TEST_CASE("of each endpoint the candidates that came furthest are told, each text once") {
  CandidateErrors errors;
  CHECK(errors.empty());
  errors.add(0, {Kind::unreachable, "a:1: connection refused"});
  errors.add(0, {Kind::closed, "a:1: closed without an answer"});
  errors.add(0, {Kind::closed, "a:1: closed without an answer"});
  errors.add(1, {Kind::unreachable, "b:1: no answer in time"});
  CHECK_FALSE(errors.empty());
  const auto failure = errors.failure(2);
  CHECK(failure.text == "cannot reach a:1: closed without an answer; b:1: no answer in time");
  CHECK(failure.code == ExitCode::no_connection);
  CHECK_FALSE(failure.lasting);
}

TEST_CASE("trying again is of no use only if it is of no use with any endpoint") {
  CandidateErrors errors;
  errors.add(0, {Kind::lasting, "a:1: the certificate has expired"});
  CHECK(errors.failure(1).lasting);
  errors.add(1, {Kind::unreachable, "b:1: no answer in time"});
  CHECK_FALSE(errors.failure(2).lasting);
}

}  // namespace mqtt_tools::connection
