// SPDX-License-Identifier: MIT
#pragma once

#include "connection/hooks/connection_record.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace mqtt_tools::connection::hooks {

/// The host as the user wrote it, from `text` as Paho gives it to OpenSSL: an IPv6 address stands
/// in brackets there, or begins with one.
std::string host_of_paho(std::string_view text);

/// For SSL_connect(), however often Paho calls it for `ssl`: before the first byte is sent, makes
/// OpenSSL keep to the versions of the record's Options::tls and name the server as RFC 6066 has
/// it; and, if Paho asks for verification, accept the server only if its chain is good and its
/// certificate matches the host: without memory for that, none. The host is the one that Paho has
/// named in `ssl`: so no connection is ever measured by the name of another. A session that is
/// resumed is not verified again: its server proves that it is the one that was. `record`, if any,
/// is told what happens from now on. False when OpenSSL does not obey: there must be no handshake.
/// Any thread.
bool prepare_handshake(ssl_st* ssl, const std::shared_ptr<ConnectionRecord>& record) noexcept;

/// After SSL_connect(), SSL_read() or SSL_write() gave `result`: tells `record` when the handshake
/// is done or has failed, and when the connection has ended. Leaves errno and OpenSSL's queue of
/// errors as they are. The thread that called.
void note_result(const ssl_st* ssl, int result, ConnectionRecord& record) noexcept;

/// After SSL_write() has failed: the alert that says why may have come before. The same thread.
void note_unread(ssl_st* ssl, ConnectionRecord& record) noexcept;

}  // namespace mqtt_tools::connection::hooks
