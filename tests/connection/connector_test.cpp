// SPDX-License-Identifier: MIT
//
// What stood in the way to each candidate, put together; making connections is in client_test.cpp.

#include "connection/connector.hpp"

#include "catch.hpp"

#include <vector>

namespace mqtt_tools::connection {

using Kind = ConnectError::Kind;

TEST_CASE("of each endpoint the candidates that came furthest are told, each text once") {
  std::vector<CandidateError> errors;
  errors.push_back({0, {Kind::unreachable, "a:1: connection refused"}});
  errors.push_back({0, {Kind::closed, "a:1: closed without an answer"}});
  errors.push_back({0, {Kind::closed, "a:1: closed without an answer"}});
  errors.push_back({1, {Kind::unreachable, "b:1: no answer in time"}});
  const auto failure = failure_of(errors, 2);
  CHECK(failure.text == "cannot reach a:1: closed without an answer; b:1: no answer in time");
  CHECK(failure.code == ExitCode::no_connection);
  CHECK_FALSE(failure.lasting);
}

TEST_CASE("trying again is of no use only if it is of no use with any endpoint") {
  std::vector<CandidateError> errors;
  errors.push_back({0, {Kind::lasting, "a:1: the certificate has expired"}});
  CHECK(failure_of(errors, 1).lasting);
  errors.push_back({1, {Kind::unreachable, "b:1: no answer in time"}});
  CHECK_FALSE(failure_of(errors, 2).lasting);
}

}  // namespace mqtt_tools::connection
