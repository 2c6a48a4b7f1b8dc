// SPDX-License-Identifier: MIT
//
// Paho looks a name up itself, waits for that with its lock held, and takes one address. A function
// of that name in the executable comes first in symbol look-up, and gives it the one that we chose
// without waiting. If a later Paho asks in another way, this is just never called.

#include "connection/hooks/connection_record.hpp"
#include "connection/hooks/hooks.hpp"
#include "connection/resolver.hpp"
#include "descriptor.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cerrno>
#include <string>

using namespace mqtt_tools::connection;

namespace {

/// The address, as text, that was chosen for the connection that Paho makes, or nothing. An
/// exception must not cross the C frames of the caller.
std::string chosen() noexcept {
  try {
    const auto record = hooks::expected_record();
    const auto& address = record->address();
    // Of a Unix-domain socket there is none to look up: connect() goes to the socket.
    return address.storage.ss_family == AF_UNIX ? "127.0.0.1" : address.text();
  } catch (...) {
    return {};
  }
}

/// Another socket takes the place of Paho's under its number: it waits or not as that one does.
int become_unix_socket(int descriptor) {
  const int flags = ::fcntl(descriptor, F_GETFL);
  const mqtt_tools::Descriptor local{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (local.get() < 0 || ::dup3(local.get(), descriptor, O_CLOEXEC) < 0) return errno;
  if (flags >= 0) ::fcntl(descriptor, F_SETFL, flags);
  return 0;
}

}  // namespace

int hooks::prepare_connect(int descriptor, const ConnectionRecord& record) {
  const auto family = record.address().storage.ss_family;
  const auto& bind = record.options().bind;
  if (family == AF_UNIX) return become_unix_socket(descriptor);
  if (bind.empty()) return 0;
  const auto from = numeric_address(bind, 0);
  const int result = from && from->storage.ss_family == family
                         ? ::bind(descriptor, from->get(), from->size)
                         : ::setsockopt(descriptor, SOL_SOCKET, SO_BINDTODEVICE, bind.c_str(),
                                        static_cast<socklen_t>(bind.size()));
  return result == 0 ? 0 : errno;
}

// Exported whatever the build's default visibility: Paho's library must find them.
#pragma GCC visibility push(default)
extern "C" {

int getaddrinfo(const char* __restrict node, const char* __restrict service,
                const addrinfo* __restrict hints, addrinfo** __restrict result) {
  static const auto look_up =
      reinterpret_cast<decltype(&::getaddrinfo)>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  if (look_up == nullptr) return EAI_FAIL;
  const auto address = hooks::is_in_paho(__builtin_return_address(0)) ? chosen() : std::string{};
  if (address.empty()) return look_up(node, service, hints, result);

  addrinfo numeric = hints != nullptr ? *hints : addrinfo{};
  numeric.ai_flags = (numeric.ai_flags & ~AI_ADDRCONFIG) | AI_NUMERICHOST;
  return look_up(address.c_str(), service, &numeric, result);
}

}  // extern "C"
#pragma GCC visibility pop
