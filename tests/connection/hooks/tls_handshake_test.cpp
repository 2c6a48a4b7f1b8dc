// SPDX-License-Identifier: MIT
#include "connection/hooks/tls_handshake.hpp"

#include "support/certificates.hpp"

#include "catch.hpp"

#include <memory>
#include <optional>
#include <vector>

#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

using namespace mqtt_tools::connection::hooks;

namespace {

using Context = std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)>;
using End = std::unique_ptr<SSL, void (*)(SSL*)>;

End make_end(SSL_CTX* context) { return {SSL_new(context), SSL_free}; }

/// How a handshake ended that began as Paho begins one.
struct Outcome {
  bool done = false;
  std::string indicated{"none"};  ///< The name that the server was asked for.
  std::optional<mqtt_tools::connection::TlsFailure> failure{};
};

/// `named` is what Paho makes of a host, `mode` what it asks OpenSSL to verify, `ca` whom it
/// trusts.
Outcome shake_hands(Certificates& files, const std::string& certificate, std::string named,
                    int mode = SSL_VERIFY_PEER, const std::string& ca = {}) {
  const Context ours{SSL_CTX_new(TLS_client_method()), SSL_CTX_free};
  const Context theirs{SSL_CTX_new(TLS_server_method()), SSL_CTX_free};
  REQUIRE(SSL_CTX_load_verify_file(ours.get(), (ca.empty() ? files.ca() : ca).c_str()) == 1);
  REQUIRE(SSL_CTX_use_certificate_file(theirs.get(), certificate.c_str(), SSL_FILETYPE_PEM) == 1);
  REQUIRE(SSL_CTX_use_PrivateKey_file(theirs.get(), files.server_key().c_str(), SSL_FILETYPE_PEM) ==
          1);
  SSL_CTX_set_verify(ours.get(), mode, nullptr);
  const auto client = make_end(ours.get());
  const auto server = make_end(theirs.get());
  BIO* near = nullptr;
  BIO* far = nullptr;
  REQUIRE(BIO_new_bio_pair(&near, 0, &far, 0) == 1);
  SSL_set_bio(client.get(), near, near);
  SSL_set_bio(server.get(), far, far);
  SSL_set_accept_state(server.get());
  SSL_ctrl(client.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, named.data());

  const auto record = std::make_shared<ConnectionRecord>(PacketGuard::Limits{});
  Outcome outcome;
  for (int turn = 0; turn < 10 && !outcome.done; ++turn) {
    prepare_handshake(client.get(), record);
    const bool here = SSL_connect(client.get()) == 1;
    const bool there = SSL_do_handshake(server.get()) == 1;
    if (const char* const name = SSL_get_servername(server.get(), TLSEXT_NAMETYPE_host_name)) {
      outcome.indicated = name;
    }
    outcome.done = here && there;
  }
  outcome.failure = record->facts().tls.distrust;
  return outcome;
}

}  // namespace

TEST_CASE("the host of a connection is read as Paho writes it") {
  CHECK(host_of_paho("localhost") == "localhost");
  CHECK(host_of_paho("[::1") == "::1");
  CHECK(host_of_paho("[fe80::1%lo]") == "fe80::1%lo");
  CHECK(host_of_paho("").empty());
}

TEST_CASE("a handshake of Paho's is verified by our rules and names the server as TLS has it") {
  Certificates files;
  const auto addresses = files.addresses();
  for (const std::string host : {"127.0.0.1", "[::1", "[::1]", "127.1"}) {
    CAPTURE(host);
    const auto outcome = shake_hands(files, addresses, host);
    CHECK(outcome.done);
    CHECK_FALSE(outcome.failure);
    CHECK(outcome.indicated == "none");
  }
  for (const std::string host : {"localhost", "localhost.", "LocalHost"}) {
    CAPTURE(host);
    const auto outcome = shake_hands(files, files.server(), host);
    CHECK(outcome.done);
    CHECK(outcome.indicated == host.substr(0, 9));
  }
}

TEST_CASE("a handshake of Paho's with the wrong server fails and its record says why") {
  Certificates files;
  const auto names = files.named("127.0.0.9", "DNS:127.0.0.9,DNS:*.0.0.9");
  const auto wrong = shake_hands(files, names, "127.0.0.9");
  CHECK_FALSE(wrong.done);
  REQUIRE(wrong.failure);
  CHECK(wrong.failure->error == X509_V_ERR_IP_ADDRESS_MISMATCH);
  CHECK(wrong.failure->names == std::vector<std::string>{"127.0.0.9", "*.0.0.9"});

  const auto unnamed = shake_hands(files, files.server(), "");
  CHECK_FALSE(unnamed.done);
  CHECK(unnamed.failure);
}

TEST_CASE("what a record says of the wrong certificate is who has it, from whom, and for what") {
  Certificates files;
  const auto name = shake_hands(files, files.other_name(), "localhost");
  CHECK_FALSE(name.done);
  REQUIRE(name.failure);
  CHECK(name.failure->error == X509_V_ERR_HOSTNAME_MISMATCH);
  CHECK(name.failure->depth == 0);
  CHECK(name.failure->subject == "other.example");
  CHECK(name.failure->issuer == "Test CA");
  CHECK(name.failure->not_before == "2020-01-01 00:00 UTC");
  CHECK(name.failure->not_after == "2199-12-31 23:59 UTC");
  CHECK(name.failure->names == std::vector<std::string>{"other.example", "*.more.example"});

  const auto address = shake_hands(files, files.named("127.0.0.1", ""), "127.0.0.1");
  CHECK_FALSE(address.done);
  REQUIRE(address.failure);
  CHECK(address.failure->error == X509_V_ERR_IP_ADDRESS_MISMATCH);
}

TEST_CASE("a certificate for the host is worth nothing without a chain to a known authority") {
  Certificates files;
  const auto unknown =
      shake_hands(files, files.server(), "localhost", SSL_VERIFY_PEER, files.other_ca());
  CHECK_FALSE(unknown.done);
  REQUIRE(unknown.failure);
  CHECK(unknown.failure->error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
  const auto expired = shake_hands(files, files.expired(), "localhost");
  CHECK_FALSE(expired.done);
  REQUIRE(expired.failure);
  CHECK(expired.failure->error == X509_V_ERR_CERT_HAS_EXPIRED);
  CHECK(expired.failure->not_after == "2020-01-02 03:04 UTC");
}

TEST_CASE("a handshake of Paho's that verifies nothing is not verified and stays so") {
  Certificates files;
  const auto outcome = shake_hands(files, files.self_signed(), "[::1", SSL_VERIFY_NONE);
  CHECK(outcome.done);
  CHECK(outcome.indicated == "none");
  CHECK_FALSE(outcome.failure);
}
