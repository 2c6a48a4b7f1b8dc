// SPDX-License-Identifier: MIT
#pragma once

#include "support/service.hpp"

#include <mutex>
#include <string>
#include <vector>

namespace mqtt_tools::support {

/// An HTTP proxy that takes CONNECT (RFC 9110 §9.3.6), to ports of this machine.
class HttpProxy {
 public:
  struct Rules {
    std::string authorization{};  ///< What must come as Proxy-Authorization; else 407.
    std::string refusal{};        ///< "502 Bad Gateway" for everybody.
  };

  HttpProxy() : HttpProxy(Rules{}) {}
  explicit HttpProxy(Rules rules);

  int port() const { return service_.port(); }
  std::string url(const std::string& login = "") const;
  std::vector<std::string> requests() const;  ///< The heads of all, as they came.

 private:
  void serve(Channel& client);

  Rules rules_;
  mutable std::mutex mutex_{};
  std::vector<std::string> requests_{};
  Service service_;
};

}  // namespace mqtt_tools::support
