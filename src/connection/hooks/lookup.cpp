// SPDX-License-Identifier: MIT
//
// Paho looks a name up itself and takes one address. A function of that name in the executable
// comes first in symbol look-up, so that the address is ours to choose while the name stays the
// name for TLS and WebSocket. If a later Paho asks in another way, this is just never called.

#include "connection/resolver.hpp"

#include <dlfcn.h>
#include <netdb.h>
#include <string>

namespace {

using LookUp = int (*)(const char*, const char*, const addrinfo*, addrinfo**);

LookUp libc_look_up() {
  static const auto found = reinterpret_cast<LookUp>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  return found;
}

/// The address as text that was chosen for `node`, or nothing. An exception must not cross the C
/// frames of the caller.
std::string chosen(const char* node) noexcept {
  try {
    if (node == nullptr || mqtt_tools::connection::resolving()) return {};
    return mqtt_tools::connection::chosen_address(node);
  } catch (...) {
    return {};
  }
}

}  // namespace

extern "C" int getaddrinfo(const char* __restrict node, const char* __restrict service,
                           const addrinfo* __restrict hints, addrinfo** __restrict result) {
  const auto look_up = libc_look_up();
  if (look_up == nullptr) return EAI_FAIL;

  const auto address = chosen(node);
  if (address.empty()) return look_up(node, service, hints, result);

  addrinfo numeric{};
  if (hints != nullptr) {
    numeric.ai_family = hints->ai_family;
    numeric.ai_socktype = hints->ai_socktype;
    numeric.ai_protocol = hints->ai_protocol;
    numeric.ai_flags = hints->ai_flags & ~AI_ADDRCONFIG;
  }
  numeric.ai_flags |= AI_NUMERICHOST;
  return look_up(address.c_str(), service, &numeric, result);
}
