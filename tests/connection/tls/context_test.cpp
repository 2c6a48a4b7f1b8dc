// SPDX-License-Identifier: MIT
#include "connection/tls/context.hpp"

#include "error.hpp"
#include "support/certificates.hpp"

#include "catch.hpp"

#include <sys/wait.h>
#include <unistd.h>
#include <cstdlib>
#include <functional>

#include <openssl/conf.h>
#include <openssl/ssl.h>

using namespace mqtt_tools::connection;
using mqtt_tools::ExitCode;
using mqtt_tools::RunError;
using mqtt_tools::UsageError;

namespace {

Tls tls_on() {
  Tls tls;
  tls.on = true;
  return tls;
}

/// How the check of `tls` ends: the exit code, a space and the words.
std::string verdict(const Tls& tls) {
  try {
    check_tls_files(tls);
  } catch (const UsageError& error) {
    return std::string{"2 "} + error.what();
  } catch (const RunError& error) {
    return std::to_string(static_cast<int>(error.code())) + " " + error.what();
  }
  return "0";
}

/// Runs `check` in a process of its own, since what OpenSSL is told stays for good.
bool alone(const std::function<bool()>& check) {
  const auto child = ::fork();
  if (child == 0) {
    bool fine = false;
    try {
      fine = check();
    } catch (...) {
    }
    ::_exit(fine ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int least() { return static_cast<int>(SSL_CTX_get_min_proto_version(new_context().get())); }
int most() { return static_cast<int>(SSL_CTX_get_max_proto_version(new_context().get())); }

/// An openssl.cnf as a strict administrator writes it, in force from now on.
void be_strict(Certificates& files, const std::string& settings) {
  const auto path = files.file("openssl.cnf",
                               "openssl_conf = m\n[m]\nssl_conf = s\n[s]\nsystem_default = d\n"
                               "[d]\n" +
                                   settings);
  ::setenv("OPENSSL_CONF", path.c_str(), 1);
  new_context();  // Whatever is loaded by itself is loaded by now.
  CONF_modules_load_file(path.c_str(), nullptr, 0);
}

}  // namespace

TEST_CASE("files that fit pass the check") {
  Certificates files;
  auto tls = tls_on();
  CHECK(verdict(tls) == "0");
  tls.ca_file = files.ca();
  tls.ca_path = files.ca_path();
  tls.certificate = files.client();
  tls.key = files.client_key();
  CHECK(verdict(tls) == "0");
  tls.key = files.encrypted_key();
  tls.key_passphrase = Certificates::passphrase();
  CHECK(verdict(tls) == "0");
}

TEST_CASE("nothing is read when TLS is off") {
  Tls tls;
  tls.ca_file = "/no/such/file";
  CHECK(verdict(tls) == "0");
}

TEST_CASE("a file that cannot be read is named with the reason") {
  Certificates files;
  const auto file = [&](auto Tls::*member, const std::string& path) {
    auto tls = tls_on();
    tls.certificate = files.client();
    tls.key = files.client_key();
    tls.*member = path;
    return verdict(tls);
  };
  const std::string missing = "1 cannot read /no/such: No such file or directory";
  CHECK(file(&Tls::ca_file, "/no/such") == missing);
  CHECK(file(&Tls::ca_path, "/no/such") == missing);
  CHECK(file(&Tls::certificate, "/no/such") == missing);
  CHECK(file(&Tls::key, "/no/such") == missing);
  CHECK(file(&Tls::ca_file, "/") == "1 cannot read /: it is a directory");
  CHECK(file(&Tls::key, "/dev/null").find("regular file") != std::string::npos);
}

TEST_CASE("a file that is no PEM is named as useless") {
  Certificates files;
  const auto text = files.file("text.pem", "hello\n");
  const auto broken =
      files.file("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");

  auto tls = tls_on();
  tls.ca_file = text;
  CHECK(verdict(tls) == "3 " + text + " is not a PEM certificate");
  tls.ca_file = broken;
  CHECK(verdict(tls) == "3 " + broken + " is not a PEM certificate");

  tls = tls_on();
  tls.certificate = broken;
  tls.key = files.client_key();
  CHECK(verdict(tls) == "3 " + broken + " is not a PEM certificate");
  tls.certificate = files.client();
  tls.key = text;
  CHECK(verdict(tls) == "3 " + text + " is not a PEM private key");
  tls.key = files.client();
  CHECK(verdict(tls) == "3 " + files.client() + " is not a PEM private key");
}

TEST_CASE("a directory without hash names has no authorities") {
  Certificates files;
  const auto ca = files.ca();
  auto tls = tls_on();
  tls.ca_path = ca.substr(0, ca.rfind('/'));
  CHECK(verdict(tls).rfind("3 ", 0) == 0);
  CHECK(verdict(tls).find("openssl rehash") != std::string::npos);
}

TEST_CASE("a key that is not the certificate's is refused") {
  Certificates files;
  auto tls = tls_on();
  tls.certificate = files.client();
  tls.key = files.server_key();
  CHECK(verdict(tls) ==
        "3 " + files.server_key() + " does not fit the certificate " + files.client());
}

TEST_CASE("an encrypted key asks for its passphrase before anything is connected") {
  Certificates files;
  auto tls = tls_on();
  tls.certificate = files.client();
  tls.key = files.encrypted_key();
  CHECK(verdict(tls) == "2 " + files.encrypted_key() + " is encrypted: give --keypass-file");
  tls.key_passphrase = "open barley";
  CHECK(verdict(tls) == "3 " + files.encrypted_key() + " cannot be decrypted: wrong passphrase");
  tls.key_passphrase = "";
  CHECK(verdict(tls) == "3 " + files.encrypted_key() + " cannot be decrypted: wrong passphrase");
}

TEST_CASE("a certificate file may hold its key, and a key needs a certificate") {
  Certificates files;
  auto tls = tls_on();
  tls.key = files.client_key();
  CHECK(verdict(tls).rfind("2 --key needs --cert", 0) == 0);
  tls = tls_on();
  tls.certificate = files.client();
  CHECK(verdict(tls) == "3 " + files.client() + " is not a PEM private key");
}

TEST_CASE("the security level is ours to set and is never below two") {
  auto tls = tls_on();
  CHECK(cipher_list(tls) == "DEFAULT:@SECLEVEL=2");
  tls.ciphers = "ECDHE+AESGCM";
  CHECK(cipher_list(tls) == "ECDHE+AESGCM:@SECLEVEL=2");
  CHECK(verdict(tls) == "0");
  tls.ciphers = "DEFAULT@SECLEVEL=0";
  CHECK(verdict(tls).rfind("2 --ciphers may not set @SECLEVEL", 0) == 0);
  tls.ciphers = "no-such-cipher";
  CHECK(verdict(tls).rfind("2 --ciphers", 0) == 0);
}

TEST_CASE("with a pre-shared key no certificate can stand in for it") {
  auto tls = tls_on();
  tls.psk = "00ff";
  tls.psk_identity = "me";
  for (const std::string list : {"", "ALL", "DEFAULT:PSK"}) {
    INFO(list);
    tls.ciphers = list;
    CHECK(verdict(tls) == "0");
    const auto context = make_context(tls);
    const auto* const ciphers = SSL_CTX_get_ciphers(context.get());
    REQUIRE(sk_SSL_CIPHER_num(ciphers) > 0);
    for (int at = 0; at < sk_SSL_CIPHER_num(ciphers); ++at) {
      const auto* const cipher = sk_SSL_CIPHER_value(ciphers, at);
      if (std::string{SSL_CIPHER_get_version(cipher)} == "TLSv1.3") continue;  // Never spoken.
      INFO(SSL_CIPHER_get_name(cipher));
      CHECK(SSL_CIPHER_get_auth_nid(cipher) == NID_auth_psk);
    }
    CHECK(SSL_CTX_get_max_proto_version(context.get()) == TLS1_2_VERSION);
  }
  tls.ciphers = "ECDHE-RSA-AES256-GCM-SHA384";
  CHECK(verdict(tls).rfind("2 --ciphers", 0) == 0);
}

TEST_CASE("a pre-shared key is hex digits and has an identity") {
  auto tls = tls_on();
  tls.psk_identity = "me";
  for (const std::string key : {"", "0", "abc", "xx", "0x12", "12 34"}) {
    INFO(key);
    tls.psk = key;
    CHECK(verdict(tls).rfind("2 ", 0) == 0);
  }
  tls.psk = "5ec2e7Zz";
  CHECK(verdict(tls).find("5ec2e7") == std::string::npos);
  tls.psk = std::string(514, 'a');
  CHECK(verdict(tls).rfind("2 ", 0) == 0);
  tls.psk = "00aAfF";
  CHECK(verdict(tls) == "0");
  CHECK(psk_bytes(tls) == std::string{"\0\xaa\xff", 3});
  tls.psk_identity = "";
  CHECK(verdict(tls).find("--psk-identity") != std::string::npos);
  tls.psk_identity = "me";
  tls.minimum = TlsVersion::v1_3;
  CHECK(verdict(tls).rfind("2 ", 0) == 0);
}

TEST_CASE("TLS 1.2 is the lowest version that this process speaks once TLS is prepared") {
  CHECK(alone([] {
    prepare_tls(tls_on());
    return least() == TLS1_2_VERSION;
  }));
  CHECK(alone([] {
    auto tls = tls_on();
    tls.minimum = TlsVersion::v1_3;
    prepare_tls(tls);
    return least() == TLS1_3_VERSION;
  }));
  CHECK(alone([] {
    auto tls = tls_on();
    tls.psk = "00";
    prepare_tls(tls);
    return least() == TLS1_2_VERSION && most() == TLS1_2_VERSION;
  }));
}

TEST_CASE("what a strict administrator has set is never lowered") {
  Certificates files;
  CHECK(alone([&] {
    be_strict(files, "MinProtocol = TLSv1.3\nCipherString = DEFAULT:@SECLEVEL=3\n");
    prepare_tls(tls_on());
    return least() == TLS1_3_VERSION && security_level() == 3 &&
           cipher_list(tls_on()) == "DEFAULT:@SECLEVEL=3";
  }));
  CHECK(alone([&] {
    be_strict(files, "MaxProtocol = TLSv1.2\nCiphersuites = TLS_AES_256_GCM_SHA384\n");
    prepare_tls(tls_on());
    const auto context = new_context();
    const auto* const ciphers = SSL_CTX_get_ciphers(context.get());
    int suites = 0;
    for (int at = 0; at < sk_SSL_CIPHER_num(ciphers); ++at) {
      suites +=
          std::string{SSL_CIPHER_get_name(sk_SSL_CIPHER_value(ciphers, at))}.rfind("TLS_", 0) == 0;
    }
    return most() == TLS1_2_VERSION && suites == 1;
  }));
}
