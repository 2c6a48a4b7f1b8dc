// SPDX-License-Identifier: MIT
//
// Paho looks a name up itself and takes one address. A function of that name in the executable
// comes first in symbol look-up, so that the address is ours to choose while the name stays the
// name for TLS and WebSocket. If a later Paho asks in another way, this is just never called.
//
// Paho also compares the broker's certificate with the name by itself, after the handshake and by
// looser rules; and it writes IPv6 addresses with a bracket, which no certificate has. It gets our
// answer instead. Where these two functions are not called, what Paho finds itself holds.

#include "connection/hooks/connection_record.hpp"
#include "connection/hooks/hooks.hpp"
#include "connection/hooks/tls_handshake.hpp"
#include "connection/resolver.hpp"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>
#include <string>

#include <openssl/crypto.h>
#include <openssl/x509v3.h>

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

/// The IPv6 address that this thread was last given by getaddrinfo() below.
thread_local sockaddr_in6 given{};

/// As OpenSSL numbers it: 1 for yes, 0 for no, -1 for an error.
int fits(X509* certificate, const char* text, std::size_t size) noexcept {
  try {
    using namespace mqtt_tools::connection;
    return matches(certificate, hooks::host_of_paho({text, size})) ? 1 : 0;
  } catch (...) {
    return -1;
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
  const int error = look_up(address.c_str(), service, &numeric, result);
  given = {};
  if (error == 0 && (*result)->ai_family == AF_INET6) {
    std::memcpy(&given, (*result)->ai_addr, sizeof given);
  }
  return error;
}

namespace mqtt_tools::connection::hooks {

namespace {

void add_zone(Destination& to) {
  sockaddr_in6 whole{};
  if (to.size < sizeof whole || to.address->sa_family != AF_INET6 || given.sin6_scope_id == 0) {
    return;
  }
  std::memcpy(&whole, to.address, sizeof whole);
  if (whole.sin6_scope_id != 0 ||
      std::memcmp(&whole.sin6_addr, &given.sin6_addr, sizeof whole.sin6_addr) != 0) {
    return;
  }
  whole.sin6_scope_id = given.sin6_scope_id;
  std::memcpy(&to.own, &whole, sizeof whole);
  to.address = reinterpret_cast<const sockaddr*>(&to.own);
}

/// Another socket takes the place of Paho's under its number: it waits or not as that one does.
int become_unix_socket(int descriptor, const std::string& path, Destination& to) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (path.size() >= sizeof name.sun_path) return ENAMETOOLONG;
  std::memcpy(name.sun_path, path.c_str(), path.size() + 1);
  const int flags = ::fcntl(descriptor, F_GETFL);
  const int local = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (local < 0) return errno;
  const bool placed = ::dup3(local, descriptor, O_CLOEXEC) >= 0;
  const int error = placed ? 0 : errno;
  ::close(local);
  if (placed && flags >= 0) ::fcntl(descriptor, F_SETFL, flags);
  std::memcpy(&to.own, &name, sizeof name);
  to.address = reinterpret_cast<const sockaddr*>(&to.own);
  to.size = sizeof name;
  return error;
}

int bind_to(int descriptor, const std::string& where, int family) {
  sockaddr_in four{};
  sockaddr_in6 six{};
  const auto done = [](int result) { return result == 0 ? 0 : errno; };
  if (family == AF_INET && ::inet_pton(AF_INET, where.c_str(), &four.sin_addr) == 1) {
    four.sin_family = AF_INET;
    return done(::bind(descriptor, reinterpret_cast<const sockaddr*>(&four), sizeof four));
  }
  if (family == AF_INET6 && ::inet_pton(AF_INET6, where.c_str(), &six.sin6_addr) == 1) {
    six.sin6_family = AF_INET6;
    return done(::bind(descriptor, reinterpret_cast<const sockaddr*>(&six), sizeof six));
  }
  return done(::setsockopt(descriptor, SOL_SOCKET, SO_BINDTODEVICE, where.c_str(),
                           static_cast<socklen_t>(where.size())));
}

}  // namespace

int prepare_connect(int descriptor, const Route& route, const sockaddr* address, socklen_t size,
                    Destination& to) {
  to.address = address;
  to.size = size;
  if (!route.socket_path.empty()) return become_unix_socket(descriptor, route.socket_path, to);
  add_zone(to);
  return route.bind.empty() ? 0 : bind_to(descriptor, route.bind, address->sa_family);
}

}  // namespace mqtt_tools::connection::hooks

// Exported whatever the build's default visibility: Paho's library must find them.
#pragma GCC visibility push(default)
extern "C" {

int X509_check_host(X509* certificate, const char* name, size_t size, unsigned flags,
                    char** matched) {
  // Paho has no flags; matches() asks OpenSSL with some.
  static const auto check =
      reinterpret_cast<decltype(&::X509_check_host)>(::dlsym(RTLD_NEXT, "X509_check_host"));
  if (flags != 0) return check != nullptr ? check(certificate, name, size, flags, matched) : -1;
  if (size == 0) size = std::strlen(name);
  const int result = fits(certificate, name, size);
  if (result == 1 && matched != nullptr) *matched = OPENSSL_strndup(name, size);
  return result;
}

int X509_check_ip_asc(X509* certificate, const char* address, unsigned /*flags*/) {
  return fits(certificate, address, std::strlen(address));
}

}  // extern "C"
#pragma GCC visibility pop
