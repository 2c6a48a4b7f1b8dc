// SPDX-License-Identifier: MIT
#include "connection/tls_session.hpp"

#include "connection/handshake_words.hpp"
#include "connection/tls/certificate.hpp"
#include "connection/tls_context.hpp"
#include "connection/tls_end.hpp"
#include "connection/tls_hello.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

namespace mqtt_tools::connection {

namespace {

/// TLS 1.3 brokers judge our certificate after our side of the handshake is done.
constexpr Duration judgement = std::chrono::milliseconds{500};

std::string protocol_list(const std::vector<std::string>& names) {
  std::string list;
  for (const auto& name : names) {
    list += static_cast<char>(name.size());
    list += name;
  }
  return list;
}

}  // namespace

struct TlsSession::Impl {
  Impl(Stream& stream, const Tls& settings, std::string name, int number);

  void pour(const std::string& bytes);
  bool flush(Clock::time_point deadline);
  Cause failed();
  Cause ended(Received::End end);
  Cause judged(Clock::time_point deadline);

  static int asked(SSL* ssl, void* session);
  static int given_ticket(SSL* ssl, SSL_SESSION* session);

  Stream& below;
  const Tls& tls;
  std::string host;
  int port;
  TlsContext context;
  TlsEnd ssl;
  std::string distrust{};  ///< Why the certificate is not believed.
  Asked certificate_asked = Asked::no;
  bool ticket = false;
  bool heard = false;
};

TlsSession::Impl::Impl(Stream& stream, const Tls& settings, std::string name, int number)
    : below(stream),
      tls(settings),
      host(std::move(name)),
      port(number),
      context(make_context(settings)) {
  SSL_CTX_set_cert_cb(context.get(), asked, this);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context.get(), given_ticket);

  ssl = new_end(context.get(), host);
  SSL_set_app_data(ssl.get(), this);
  if (tls.verify && !tls.psk) {
    verify_server(ssl.get(), host, [this](const TlsFailure& failure) {
      distrust = certificate_words(failure, host);
    });
  }
  const auto protocols = protocol_list(tls.alpn);
  if (!protocols.empty()) {
    SSL_set_alpn_protos(ssl.get(), reinterpret_cast<const unsigned char*>(protocols.data()),
                        static_cast<unsigned>(protocols.size()));
  }
}

int TlsSession::Impl::asked(SSL* /*ssl*/, void* session) {
  auto& impl = *static_cast<Impl*>(session);
  impl.certificate_asked = impl.tls.certificate.empty() ? Asked::had_none : Asked::gave_ours;
  return 1;
}

int TlsSession::Impl::given_ticket(SSL* ssl, SSL_SESSION* /*session*/) {
  static_cast<Impl*>(SSL_get_app_data(ssl))->ticket = true;
  return 0;  // We do not keep it.
}

void TlsSession::Impl::pour(const std::string& bytes) {
  BIO_write(SSL_get_rbio(ssl.get()), bytes.data(), static_cast<int>(bytes.size()));
}

bool TlsSession::Impl::flush(Clock::time_point deadline) {
  std::array<char, 4096> buffer{};
  for (;;) {
    const auto size =
        BIO_read(SSL_get_wbio(ssl.get()), buffer.data(), static_cast<int>(buffer.size()));
    if (size <= 0) return true;
    if (!below.send({buffer.data(), static_cast<std::size_t>(size)}, deadline)) return false;
  }
}

/// OpenSSL gave up.
Cause TlsSession::Impl::failed() {
  if (!distrust.empty()) {
    ERR_clear_error();
    return {distrust, true};
  }
  return {handshake_words(tls, host, certificate_asked), true};
}

/// The broker said nothing more.
Cause TlsSession::Impl::ended(Received::End end) {
  if (end == Received::End::late) {
    return {heard ? "no answer in time during the TLS handshake"
                  : "no answer to the TLS handshake in time (does port " + std::to_string(port) +
                        " speak TLS?)",
            false};
  }
  if (certificate_asked != Asked::no)
    return {certificate_refused_words(tls, certificate_asked), true};
  if (heard) return {"the broker closed the connection during the TLS handshake", false};
  // Perhaps only a forwarder whose broker is not up yet: trying again may help.
  return {"the broker on port " + std::to_string(port) +
              " does not speak TLS (a plain-text port?): it closed the connection",
          false};
}

Cause TlsSession::Impl::judged(Clock::time_point deadline) {
  if (certificate_asked == Asked::no || SSL_version(ssl.get()) < TLS1_3_VERSION) return {};
  const auto until = std::min(deadline, Clock::now() + judgement);
  while (!ticket) {
    char byte = 0;
    ERR_clear_error();
    const auto got = SSL_read(ssl.get(), &byte, 1);
    if (got > 0) return {};
    const auto error = SSL_get_error(ssl.get(), got);
    if (error != SSL_ERROR_WANT_READ) return failed();
    if (ticket) break;
    const auto received = below.receive(until);
    if (received.end == Received::End::late) return {};
    if (received.end != Received::End::open) return ended(received.end);
    pour(received.bytes);
  }
  return {};
}

TlsSession::TlsSession(Stream& below, const Tls& tls, std::string host, int port)
    : impl_(std::make_unique<Impl>(below, tls, std::move(host), port)) {}

TlsSession::~TlsSession() = default;

Cause TlsSession::shake_hands(Clock::time_point deadline) {
  auto& session = *impl_;
  auto* const ssl = session.ssl.get();
  for (;;) {
    ERR_clear_error();
    const auto done = SSL_do_handshake(ssl);
    const auto error = SSL_get_error(ssl, done);
    // Should this fail, what the broker said before is still to be read.
    session.flush(deadline);
    if (done == 1) return session.judged(deadline);
    if (error != SSL_ERROR_WANT_READ) return session.failed();

    const auto received = session.below.receive(deadline);
    if (received.end != Received::End::open) return session.ended(received.end);
    if (!session.heard && !is_tls_record(received.bytes)) {
      return {"the broker on port " + std::to_string(session.port) +
                  " does not speak TLS (a plain-text port?)",
              true};
    }
    session.heard = true;
    session.pour(received.bytes);
  }
}

bool TlsSession::send(std::string_view bytes, Clock::time_point deadline) {
  ERR_clear_error();
  return SSL_write(impl_->ssl.get(), bytes.data(), static_cast<int>(bytes.size())) > 0 &&
         impl_->flush(deadline);
}

Received TlsSession::receive(Clock::time_point deadline) {
  std::array<char, 4096> buffer{};
  for (;;) {
    ERR_clear_error();
    const auto got = SSL_read(impl_->ssl.get(), buffer.data(), static_cast<int>(buffer.size()));
    if (got > 0) {
      return {std::string(buffer.data(), static_cast<std::size_t>(got)), Received::End::open};
    }
    if (SSL_get_error(impl_->ssl.get(), got) != SSL_ERROR_WANT_READ) {
      return {{}, Received::End::closed};
    }
    auto received = impl_->below.receive(deadline);
    if (received.end != Received::End::open) return received;
    impl_->pour(received.bytes);
  }
}

}  // namespace mqtt_tools::connection
