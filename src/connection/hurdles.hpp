// SPDX-License-Identifier: MIT
#pragma once

#include "error.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace mqtt_tools::connection {

/// Why an attempt did not give a connection.
struct Failure {
  ExitCode code = ExitCode::no_connection;
  std::string text{};      ///< One line, with host and port.
  bool lasting = false;    ///< Trying again cannot help.
  bool violation = false;  ///< The server sent what is not allowed: it is not tried again, ever.
};

/// How far a candidate let us come; the further, the more it says about its endpoint.
enum class Hurdle { unreachable, answered, lasting };

/// What stood in the way to each candidate of an attempt, which owns it. The app's thread.
class Hurdles {
 public:
  /// A candidate of the endpoint with this number failed: `text` says why, with its name.
  void add(std::size_t endpoint, Hurdle hurdle, std::string text);

  bool empty() const { return notes_.empty(); }

  /// Why the attempt as a whole failed, with this many endpoints: what the candidates that came
  /// furthest say of each, without repeats. Trying again is of no use only if it is of no use with
  /// any endpoint.
  Failure failure(std::size_t endpoints) const;

 private:
  struct Note {
    std::size_t endpoint = 0;
    Hurdle hurdle = Hurdle::unreachable;
    std::string text{};
  };

  std::vector<Note> notes_{};
};

}  // namespace mqtt_tools::connection
