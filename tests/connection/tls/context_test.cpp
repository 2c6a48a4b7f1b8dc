// SPDX-License-Identifier: MIT
#include "connection/tls/context.hpp"

#include "connection/hooks/tls_handshake.hpp"

#include "error.hpp"
#include "support/certificates.hpp"

#include "catch.hpp"

#include <sys/wait.h>
#include <unistd.h>
#include <cstdlib>
#include <functional>
#include <memory>
#include <vector>

#include <openssl/conf.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/pkcs7.h>
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

/// A certificate and its key in the forms that people have them in when PEM is wanted.
class OtherForms {
 public:
  OtherForms(const std::string& certificate, const std::string& key) {
    const auto certificate_file = BIO_new_file(certificate.c_str(), "r");
    certificate_.reset(PEM_read_bio_X509(certificate_file, nullptr, nullptr, nullptr));
    BIO_free(certificate_file);
    const auto key_file = BIO_new_file(key.c_str(), "r");
    key_.reset(PEM_read_bio_PrivateKey(key_file, nullptr, nullptr, nullptr));
    BIO_free(key_file);
    REQUIRE(certificate_);
    REQUIRE(key_);
  }

  std::string der(const std::string& form) const {
    return written([&](BIO* out) {
      if (form == "x509") return i2d_X509_bio(out, certificate_.get());
      if (form == "key") return i2d_PrivateKey_bio(out, key_.get());
      if (form == "public") return i2d_PUBKEY_bio(out, key_.get());
      if (form == "pkcs8") {
        return i2d_PKCS8PrivateKey_bio(out, key_.get(), EVP_aes_128_cbc(), "open", 4, nullptr,
                                       nullptr);
      }
      if (form == "request") return i2d_X509_REQ_bio(out, request().get());
      if (form == "pkcs7") {
        auto* const signers = sk_X509_new_null();
        auto* const signed_data =
            PKCS7_sign(certificate_.get(), key_.get(), signers, out, PKCS7_DETACHED);
        const int made = i2d_PKCS7_bio(out, signed_data);
        PKCS7_free(signed_data);
        sk_X509_free(signers);
        return made;
      }
      auto* const store =
          PKCS12_create("open", "joe", key_.get(), certificate_.get(), nullptr, 0, 0, 0, 0, 0);
      const int made = i2d_PKCS12_bio(out, store);
      PKCS12_free(store);
      return made;
    });
  }

  std::string pem(const std::string& form) const {
    return written([&](BIO* out) {
      return form == "public" ? PEM_write_bio_PUBKEY(out, key_.get())
                              : PEM_write_bio_X509_REQ(out, request().get());
    });
  }

  /// The certificate in PEM, signed anew.
  std::string signed_with(const EVP_MD* digest) const {
    return written([&](BIO* out) {
      X509_sign(certificate_.get(), key_.get(), digest);
      return PEM_write_bio_X509(out, certificate_.get());
    });
  }

 private:
  using Request = std::unique_ptr<X509_REQ, decltype(&X509_REQ_free)>;

  Request request() const {
    return {X509_to_X509_REQ(certificate_.get(), key_.get(), EVP_sha256()), X509_REQ_free};
  }

  static std::string written(const std::function<int(BIO*)>& write) {
    BIO* const out = BIO_new(BIO_s_mem());
    REQUIRE(write(out) == 1);
    char* bytes = nullptr;
    const auto size = BIO_get_mem_data(out, &bytes);
    std::string text{bytes, static_cast<std::size_t>(size)};
    BIO_free(out);
    return text;
  }

  std::unique_ptr<X509, decltype(&X509_free)> certificate_{nullptr, X509_free};
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_{nullptr, EVP_PKEY_free};
};

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

/// The versions that a connection speaks at the least and at the most, whatever its context has.
struct Versions {
  explicit Versions(const Tls& tls, int context_least = 0) {
    Options options;
    options.tls = tls;
    const auto context = new_context();
    if (context_least != 0) SSL_CTX_set_min_proto_version(context.get(), context_least);
    const std::unique_ptr<SSL, void (*)(SSL*)> ssl{SSL_new(context.get()), SSL_free};
    const auto record =
        std::make_shared<hooks::ConnectionRecord>(hooks::PacketGuard::Limits{}, Address{}, options);
    SSL_set_connect_state(ssl.get());
    obeys = hooks::prepare_handshake(ssl.get(), record);
    least = static_cast<int>(SSL_get_min_proto_version(ssl.get()));
    most = static_cast<int>(SSL_get_max_proto_version(ssl.get()));
  }

  bool obeys = false;
  int least = 0;
  int most = 0;
};

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
  const std::string missing =
      "1 cannot read /no/such: No such file or directory (is the path right?)";
  CHECK(file(&Tls::ca_file, "/no/such") == missing);
  CHECK(file(&Tls::ca_path, "/no/such") == missing);
  CHECK(file(&Tls::certificate, "/no/such") == missing);
  CHECK(file(&Tls::key, "/no/such") == missing);
  const std::string directory = "1 cannot read /: it is a directory, and ";
  CHECK(file(&Tls::ca_file, "/") == directory + "--capath takes those");
  CHECK(file(&Tls::certificate, "/") == directory + "--cert takes a file");
  CHECK(file(&Tls::key, "/") == directory + "--key takes a file");
  CHECK(file(&Tls::ca_path, files.ca()) ==
        "1 cannot read " + files.ca() + ": it is not a directory; --cafile takes files");
  CHECK(file(&Tls::key, "/dev/null").find("regular file") != std::string::npos);
}

TEST_CASE("a file that is no PEM is named as useless") {
  Certificates files;
  const auto text = files.file("text.pem", "hello\n");
  const auto broken =
      files.file("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");

  auto tls = tls_on();
  tls.ca_file = text;
  const std::string no_line = " is not a PEM certificate: no line in it says -----BEGIN ";
  CHECK(verdict(tls) == "3 " + text + no_line + "CERTIFICATE-----");
  tls.ca_file = broken;
  CHECK(verdict(tls) ==
        "3 " + broken +
            " is a damaged certificate: its lines are not whole, or not as they were made");

  tls = tls_on();
  tls.certificate = broken;
  tls.key = files.client_key();
  CHECK(verdict(tls) ==
        "3 " + broken +
            " is a damaged certificate: its lines are not whole, or not as they were made");
  tls.certificate = files.client();
  tls.key = text;
  CHECK(verdict(tls) == "3 " + text + " is not a PEM private key: no line in it says -----BEGIN " +
                            "PRIVATE KEY-----");
  tls.key = files.client();
  CHECK(verdict(tls) ==
        "3 " + files.client() + " is a certificate, and --key takes the private key of it");
  tls.key = files.file("empty.pem", "");
  CHECK(verdict(tls) == "3 " + tls.key + " is empty");
}

TEST_CASE("a file in another form than PEM is named, with the line that converts it") {
  Certificates files;
  const OtherForms forms{files.client(), files.client_key()};
  const auto path = [&](const std::string& name, const std::string& bytes) {
    return files.file(name, bytes);
  };
  const auto as_pem = [](const std::string& command, const std::string& from,
                         const std::string& extension = ".pem") {
    return "; this makes PEM of it: openssl " + command + " -in " + from + " -out " +
           from.substr(0, from.rfind('.')) + extension;
  };
  struct Row {
    std::string file;
    std::string as_certificate;
    std::string as_key;
  };
  const std::string der = path("client.der", forms.der("x509"));
  const std::string p12 = path("client.p12", forms.der("pkcs12"));
  const std::string p7b = path("client.p7b", forms.der("pkcs7"));
  const std::string key = path("key.der", forms.der("key"));
  const std::string locked = path("locked.der", forms.der("pkcs8"));
  const std::string ssh = path("id_rsa", "-----BEGIN OPENSSH PRIVATE KEY-----\nAA==\n");
  const std::string request =
      "is a request for a certificate; an authority signs it and gives the certificate back";
  const std::string of_openssh =
      "is a private key of OpenSSH; this makes PEM of it, in place: "
      "ssh-keygen -p -m PEM -f " +
      ssh;
  const std::string putty = path("joe.ppk", "PuTTY-User-Key-File-3: ssh-rsa\n");
  const std::string of_putty = "is a private key of PuTTY; this makes PEM of it: puttygen " +
                               putty + " -O private-openssh -o " +
                               putty.substr(0, putty.rfind('.')) + ".key";
  const std::vector<Row> rows{
      {der, "is a certificate in DER" + as_pem("x509 -inform DER", der),
       "is a certificate in DER, and --key takes the private key of it"},
      {p12, "is PKCS#12" + as_pem("pkcs12 -nokeys -clcerts", p12),
       "is PKCS#12" + as_pem("pkcs12 -nocerts", p12, ".key")},
      {p7b, "is PKCS#7" + as_pem("pkcs7 -print_certs -inform DER", p7b),
       "is PKCS#7" + as_pem("pkcs7 -print_certs -inform DER", p7b)},
      {key, "is a private key in DER, which is for --key",
       "is a private key in DER" + as_pem("pkey -inform DER", key, ".key")},
      {locked, "is an encrypted private key in DER, which is for --key",
       "is an encrypted private key in DER" + as_pem("pkcs8 -inform DER", locked, ".key")},
      {path("request.der", forms.der("request")), request, request},
      {path("request.csr", forms.pem("request")), request, request},
      {path("public.der", forms.der("public")), "is a public key without a certificate",
       "is a public key, and --key takes the private one"},
      {path("public.pem", forms.pem("public")), "is a public key without a certificate",
       "is a public key, and --key takes the private one"},
      {path("id.pub", "ssh-rsa AAAAB3 joe"), "is a public key without a certificate",
       "is a public key, and --key takes the private one"},
      {files.encrypted_key(), "is an encrypted private key, which is for --key",
       "is encrypted: give --keypass-file"},
      {ssh, of_openssh, of_openssh},
      {putty, of_putty, of_putty},
      {path("wide.pem", "\xFF\xFE-\0"), "is text in UTF-16; save it as plain ASCII or UTF-8",
       "is text in UTF-16; save it as plain ASCII or UTF-8"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.file);
    auto tls = tls_on();
    tls.certificate = row.file;
    tls.key = files.client_key();
    CHECK(verdict(tls).substr(2) == row.file + " " + row.as_certificate);
    tls.certificate = files.client();
    tls.key = row.file;
    CHECK(verdict(tls).substr(2) == row.file + " " + row.as_key);
  }
  auto tls = tls_on();
  tls.ca_file = p12;
  CHECK(verdict(tls) ==
        "3 " + p12 + " is PKCS#12" + as_pem("pkcs12 -nokeys -cacerts", p12, ".ca.pem"));
  tls.ca_file = path("my ca.pem", forms.der("x509"));
  CHECK(verdict(tls).find("-in '" + tls.ca_file + "' -out '" + tls.ca_file + ".pem'") !=
        std::string::npos);
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
        "3 " + files.server_key() + " does not fit the first certificate in " + files.client());
}

TEST_CASE("a certificate that OpenSSL finds too weak is named with what it lacks") {
  Certificates files;
  auto tls = tls_on();
  const auto found = [&](const std::string& path) {
    tls.certificate = path;
    const auto begin = "3 " + path + " cannot be used with --cert: ";
    const auto words = verdict(tls);
    CHECK(words.starts_with(begin));
    return words.substr(std::min(begin.size(), words.size()));
  };
  tls.key = files.weak_key();
  CHECK(
      found(files.weak()) ==
      "its key is too short for OpenSSL's security level 2 (at level 2 RSA has 2048 bits, EC 224)");
  tls.key = files.client_key();
  const OtherForms forms{files.client(), files.client_key()};
  const std::string weak_signature =
      "its signature is too weak for OpenSSL's security level 2 (SHA-256 is enough)";
  CHECK(found(files.file("sha1.pem", forms.signed_with(EVP_sha1()))) == weak_signature);
  CHECK(found(files.file("md5.pem", forms.signed_with(EVP_md5()))) == weak_signature);
  CHECK(found(files.file("chain.pem", mqtt_tools::support::read_file(files.client()) +
                                          mqtt_tools::support::read_file(files.weak()))) ==
        "a key of its chain is too short for OpenSSL's security level 2 (at level 2 RSA has 2048 "
        "bits, EC 224)");
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
  CHECK(verdict(tls) ==
        "3 " + files.client() + " is a certificate, and --key takes the private key of it");
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
    const auto context = new_context();
    REQUIRE(SSL_CTX_set_cipher_list(context.get(), cipher_list(tls).c_str()) == 1);
    const auto* const ciphers = SSL_CTX_get_ciphers(context.get());
    REQUIRE(sk_SSL_CIPHER_num(ciphers) > 0);
    for (int at = 0; at < sk_SSL_CIPHER_num(ciphers); ++at) {
      const auto* const cipher = sk_SSL_CIPHER_value(ciphers, at);
      if (std::string{SSL_CIPHER_get_version(cipher)} == "TLSv1.3") continue;  // Never spoken.
      INFO(SSL_CIPHER_get_name(cipher));
      CHECK(SSL_CIPHER_get_auth_nid(cipher) == NID_auth_psk);
    }
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

TEST_CASE("TLS 1.2 is the lowest version that a connection speaks, whatever its context allows") {
  for (const int allowed : {TLS1_VERSION, TLS1_2_VERSION}) {
    const Versions plain{{}, allowed};
    CHECK(plain.obeys);
    CHECK(plain.least == TLS1_2_VERSION);
    CHECK((plain.most == 0 || plain.most == TLS1_3_VERSION));
    CHECK(Versions({.minimum = TlsVersion::v1_3}, allowed).least == TLS1_3_VERSION);
    const Versions shared_key{{.psk = "00"}, allowed};
    CHECK(shared_key.least == TLS1_2_VERSION);
    CHECK(shared_key.most == TLS1_2_VERSION);
  }
  CHECK(Versions({}, TLS1_3_VERSION).least == TLS1_3_VERSION);
}

TEST_CASE("what a strict administrator has set is never lowered") {
  Certificates files;
  CHECK(alone([&] {
    be_strict(files, "MinProtocol = TLSv1.3\nCipherString = DEFAULT:@SECLEVEL=3\n");
    return Versions({}).least == TLS1_3_VERSION && security_level() == 3 &&
           cipher_list(tls_on()) == "DEFAULT:@SECLEVEL=3";
  }));
  CHECK(alone([&] {
    be_strict(files, "MaxProtocol = TLSv1.2\nCiphersuites = TLS_AES_256_GCM_SHA384\n");
    return Versions({}).most == TLS1_2_VERSION;
  }));
}
