// SPDX-License-Identifier: MIT

#include "connection/hooks/tls_handshake.hpp"

#include <sys/socket.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <utility>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

namespace mqtt_tools::connection::hooks {

namespace {

using SharedRecord = std::shared_ptr<ConnectionRecord>;

/// What the callbacks of an SSL know of its connection. The SSL owns it.
struct Watched {
  SharedRecord record{};              ///< That they tell; or none.
  std::optional<std::string> host{};  ///< That the certificate must be for; none: any name will do.
};

void free_watched(void* /*ssl*/, void* watched, CRYPTO_EX_DATA* /*data*/, int /*index*/,
                  long /*unused*/, void* /*unused*/) {
  delete static_cast<Watched*>(watched);
}

int watched_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, free_watched);
  return index;
}

const Watched* watched_of(const SSL* ssl) {
  return static_cast<const Watched*>(SSL_get_ex_data(ssl, watched_index()));
}

ConnectionRecord* record_of(const SSL* ssl) {
  const auto* const watched = watched_of(ssl);
  return watched == nullptr ? nullptr : watched->record.get();
}

/// OpenSSL's verify callback: asked about each certificate of the chain, the broker's own last.
int verify(int fine, X509_STORE_CTX* chain) noexcept {
  if (fine != 0 && X509_STORE_CTX_get_error_depth(chain) > 0) return 1;
  const auto* const ssl = static_cast<const SSL*>(
      X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx()));
  const auto* const watched = watched_of(ssl);
  try {
    if (fine != 0) {
      if (watched != nullptr &&
          (!watched->host || matches(X509_STORE_CTX_get0_cert(chain), *watched->host))) {
        return 1;
      }
      X509_STORE_CTX_set_error(chain, watched == nullptr || address_bytes(*watched->host).empty()
                                          ? X509_V_ERR_HOSTNAME_MISMATCH
                                          : X509_V_ERR_IP_ADDRESS_MISMATCH);
    }
  } catch (...) {  // Must not cross OpenSSL's frames.
    X509_STORE_CTX_set_error(chain, X509_V_ERR_OUT_OF_MEM);
  }
  if (auto* const record = record_of(ssl)) {
    record->note([chain](ConnectionFacts& facts) { facts.tls.distrust = tls_failure(chain); });
  }
  return 0;
}

/// OpenSSL's info callback. TLS 1.3 servers judge our certificate after our side is done, so alerts
/// come with SSL_connect(), SSL_read() or SSL_write().
void note_alert(const SSL* ssl, int where, int value) noexcept {
  constexpr int fatal = 2;  // RFC 8446 §6
  if ((where & SSL_CB_READ_ALERT) != SSL_CB_READ_ALERT || value >> 8 != fatal) return;
  if (auto* const record = record_of(ssl)) {
    record->note([value](ConnectionFacts& facts) { facts.tls.alert = value & 0xFF; });
  }
}

/// OpenSSL's certificate callback: the server asks for ours. Whether there is one is no matter.
int note_certificate_asked(SSL* ssl, void* /*unused*/) noexcept {
  if (auto* const record = record_of(ssl)) {
    record->note([](ConnectionFacts& facts) { facts.tls.certificate_asked = true; });
  }
  return 1;
}

/// A BIO's callback, until it has seen the first bytes from the server, whatever they are. It is
/// called once more when the SSL's own data is gone, but not to read.
long note_first_bytes(BIO* bio, int operation, const char* bytes, std::size_t /*size*/,
                      int /*unused*/, long /*unused*/, int result,
                      std::size_t* processed) noexcept {
  if (operation == (BIO_CB_READ | BIO_CB_RETURN) && result > 0 && processed != nullptr) {
    auto* const record = reinterpret_cast<ConnectionRecord*>(BIO_get_callback_arg(bio));
    record->note([&](ConnectionFacts& facts) { facts.tls.first_bytes.assign(bytes, *processed); });
    BIO_set_callback_ex(bio, nullptr);
  }
  return result;
}

/// The rest of a sentence that is no TLS, of which OpenSSL reads five bytes.
void note_sentence(const SSL* ssl, ConnectionFacts& facts) {
  auto& first = facts.tls.first_bytes;
  if (first.empty() || is_tls_record(first)) return;
  std::array<char, 128> rest{};
  const auto count = ::recv(SSL_get_fd(ssl), rest.data(), rest.size(), MSG_PEEK | MSG_DONTWAIT);
  if (count > 0) first.append(rest.data(), static_cast<std::size_t>(count));
}

void watch(SSL* ssl, Watched what) {
  auto owned = std::make_unique<Watched>(std::move(what));
  if (SSL_set_ex_data(ssl, watched_index(), owned.get()) != 1) return;
  auto* const record = owned.release()->record.get();
  if (record == nullptr) return;
  record->note([](ConnectionFacts& facts) { facts.tls.begun = true; });
  SSL_set_info_callback(ssl, note_alert);
  SSL_set_cert_cb(ssl, note_certificate_asked, nullptr);
  if (auto* const bio = SSL_get_rbio(ssl)) {
    BIO_set_callback_arg(bio, reinterpret_cast<char*>(record));
    BIO_set_callback_ex(bio, note_first_bytes);
  }
}

bool limit_versions(SSL* ssl, const Tls& tls) {
  const long least = tls.minimum == TlsVersion::v1_3 ? TLS1_3_VERSION : TLS1_2_VERSION;
  return SSL_set_min_proto_version(ssl, std::max(least, SSL_get_min_proto_version(ssl))) == 1 &&
         (!tls.psk || SSL_set_max_proto_version(ssl, TLS1_2_VERSION) == 1);
}

}  // namespace

std::string host_of_paho(std::string_view text) {
  if (!text.empty() && text.front() == '[') text.remove_prefix(1);
  if (!text.empty() && text.back() == ']') text.remove_suffix(1);
  return std::string{text};
}

bool prepare_handshake(SSL* ssl, const SharedRecord& record) noexcept {
  if (SSL_in_before(ssl) != 1 || watched_of(ssl) != nullptr) return true;
  const auto& tls = record ? record->options().tls : default_options().tls;
  // First, so that what fails below leaves no gap: without Watched nobody is accepted.
  if ((SSL_get_verify_mode(ssl) & SSL_VERIFY_PEER) != 0) {
    SSL_set_verify(ssl, SSL_VERIFY_PEER, verify);
  }
  try {
    const char* const named = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    const auto host = host_of_paho(named != nullptr ? named : "");
    watch(ssl, {record, tls.verify_name ? std::optional{host} : std::nullopt});
    indicate_name(ssl, indicated_name(host));
  } catch (...) {
    // No memory.
  }
  return limit_versions(ssl, tls);
}

void note_result(const SSL* ssl, int result, ConnectionRecord& record) noexcept {
  if (!record.is_observed()) return;
  const int error = errno;
  const auto first = ERR_peek_error();
  const bool done = SSL_is_init_finished(ssl) == 1;
  const int kind = result > 0 ? SSL_ERROR_NONE : SSL_get_error(ssl, result);
  if (kind == SSL_ERROR_SYSCALL && error != 0) record.note_error(error);
  record.note([&](ConnectionFacts& facts) {
    auto& tls = facts.tls;
    tls.done = tls.done || done;
    const int reason = ERR_GET_REASON(first);
    const bool ended = kind == SSL_ERROR_ZERO_RETURN || (kind == SSL_ERROR_SYSCALL && error == 0) ||
                       (kind == SSL_ERROR_SSL && reason == SSL_R_UNEXPECTED_EOF_WHILE_READING);
    if (ended) facts.closed = true;
    const bool of_alert = reason > SSL_AD_REASON_OFFSET && reason < SSL_AD_REASON_OFFSET + 256;
    if (kind != SSL_ERROR_SSL || ended || of_alert || tls.reason != 0) return;
    tls.reason = reason;
    note_sentence(ssl, facts);
    const char* const text = ERR_reason_error_string(first);
    tls.reason_text = text != nullptr ? text : "OpenSSL's reason " + std::to_string(reason);
  });
  errno = error;
}

void note_unread(SSL* ssl, ConnectionRecord& record) noexcept {
  if (!record.is_observed()) return;
  ERR_set_mark();
  char byte = 0;
  note_result(ssl, SSL_peek(ssl, &byte, 1), record);
  ERR_pop_to_mark();
}

}  // namespace mqtt_tools::connection::hooks
