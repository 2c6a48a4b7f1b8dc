// SPDX-License-Identifier: MIT
#include "support/certificates.hpp"

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <utility>
#include <vector>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace {

struct Free {
  void operator()(BIO* what) const { BIO_free(what); }
  void operator()(X509* what) const { X509_free(what); }
  void operator()(EVP_PKEY* what) const { EVP_PKEY_free(what); }
  void operator()(X509_EXTENSION* what) const { X509_EXTENSION_free(what); }
};

template <typename Type>
using Owned = std::unique_ptr<Type, Free>;

void need(bool done, const std::string& what) {
  if (!done) throw std::runtime_error("certificates: " + what);
}

Owned<BIO> writer(const std::filesystem::path& path) {
  Owned<BIO> file{BIO_new_file(path.c_str(), "w")};
  need(file != nullptr, path.string());
  return file;
}

void extend(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context{};
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Owned<X509_EXTENSION> extension{
      X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str())};
  need(extension != nullptr, value);
  need(X509_add_ext(certificate, extension.get(), -1) == 1, value);
}

}  // namespace

/// What a certificate is to say.
struct Certificates::Wish {
  std::string name{};         ///< Of the file.
  std::string common_name{};  ///< Of the subject.
  std::string names{};        ///< Subject alternative names, as openssl.cnf writes them.
  std::string from = "20200101000000Z";
  std::string until = "21991231235959Z";
  std::string key = "server-key";
  std::string issuer = "ca";  ///< The file name of who signs; its own: self-signed.
  bool authority = false;
};

/// What has been made.
struct Certificates::Authority {
  std::map<std::string, Owned<EVP_PKEY>> keys{};
  std::map<std::string, Owned<X509>> certificates{};
};

Certificates::Certificates() : authority_(std::make_unique<Authority>()) {}

Certificates::~Certificates() = default;

std::string Certificates::key(const std::string& name) {
  const auto path = folder_.path() / (name + ".pem");
  auto& key = authority_->keys[name];
  if (!key) {
    key.reset(name == "weak-key" ? EVP_RSA_gen(1024) : EVP_EC_gen("P-256"));
    need(key != nullptr, name);
    need(PEM_write_bio_PrivateKey(writer(path).get(), key.get(), nullptr, nullptr, 0, nullptr,
                                  nullptr) == 1,
         name);
  }
  return path.string();
}

std::string Certificates::certificate(const Wish& wish) {
  const auto path = folder_.path() / (wish.name + ".pem");
  if (authority_->certificates.count(wish.name) != 0) return path.string();
  key(wish.key);
  if (wish.issuer != wish.name) ca();
  auto* const pair = authority_->keys[wish.key].get();

  Owned<X509> made{X509_new()};
  X509_set_version(made.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()),
                   static_cast<long>(authority_->certificates.size()) + 1);
  ASN1_TIME_set_string(X509_getm_notBefore(made.get()), wish.from.c_str());
  ASN1_TIME_set_string(X509_getm_notAfter(made.get()), wish.until.c_str());
  X509_set_pubkey(made.get(), pair);
  X509_NAME_add_entry_by_NID(X509_get_subject_name(made.get()), NID_commonName, MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(wish.common_name.c_str()), -1,
                             -1, 0);

  const bool self = wish.issuer == wish.name;
  auto* const issuer = self ? made.get() : authority_->certificates[wish.issuer].get();
  auto* const signer = self ? pair : authority_->keys[wish.issuer + "-key"].get();
  X509_set_issuer_name(made.get(), X509_get_subject_name(issuer));
  if (wish.authority) {
    extend(made.get(), issuer, NID_basic_constraints, "critical,CA:TRUE");
    extend(made.get(), issuer, NID_key_usage, "critical,keyCertSign,cRLSign");
  }
  extend(made.get(), issuer, NID_subject_key_identifier, "hash");
  if (!self) extend(made.get(), issuer, NID_authority_key_identifier, "keyid");
  if (!wish.names.empty()) extend(made.get(), issuer, NID_subject_alt_name, wish.names);
  need(X509_sign(made.get(), signer, EVP_sha256()) > 0, wish.name);

  need(PEM_write_bio_X509(writer(path).get(), made.get()) == 1, wish.name);
  authority_->certificates[wish.name] = std::move(made);
  return path.string();
}

std::string Certificates::ca() {
  Wish wish;
  wish.name = wish.issuer = "ca";
  wish.common_name = "Test CA";
  wish.key = "ca-key";
  wish.authority = true;
  return certificate(wish);
}

std::string Certificates::ca_path() {
  const auto directory = folder_.path() / "authorities";
  if (!std::filesystem::exists(directory)) {
    const auto file = ca();
    std::filesystem::create_directory(directory);
    std::array<char, 32> name{};
    std::snprintf(name.data(), name.size(), "%08lx.0",
                  X509_subject_name_hash(authority_->certificates["ca"].get()));
    std::filesystem::copy_file(file, directory / name.data());
  }
  return directory.string();
}

std::string Certificates::other_ca() {
  Wish wish;
  wish.name = wish.issuer = "other-ca";
  wish.common_name = "Other CA";
  wish.key = "other-ca-key";
  wish.authority = true;
  return certificate(wish);
}

std::string Certificates::server() {
  Wish wish;
  wish.name = "server";
  wish.common_name = "localhost";
  wish.names = "DNS:localhost";
  return certificate(wish);
}

std::string Certificates::other_name() {
  Wish wish;
  wish.name = "other-name";
  wish.common_name = "other.example";
  wish.names = "DNS:other.example,DNS:*.more.example";
  return certificate(wish);
}

std::string Certificates::common_name() {
  Wish wish;
  wish.name = "common-name";
  wish.common_name = "old.example";
  return certificate(wish);
}

std::string Certificates::addresses() {
  Wish wish;
  wish.name = "addresses";
  wish.common_name = "addresses";
  wish.names = "IP:127.0.0.1,IP:::1";
  return certificate(wish);
}

std::string Certificates::named(const std::string& common_name, const std::string& names) {
  Wish wish;
  wish.name = "named-" + std::to_string(authority_->certificates.size());
  wish.common_name = common_name;
  wish.names = names;
  return certificate(wish);
}

std::string Certificates::named_raw(const std::string& common_name, const std::string& dns_name) {
  // GeneralNames (RFC 5280 §4.2.1.6) in DER: a sequence of one dNSName, [2].
  need(dns_name.size() < 120, "a DNS name that is too long");
  std::string der{"\x30"};
  der += static_cast<char>(dns_name.size() + 2);
  der += '\x82';
  der += static_cast<char>(dns_name.size());
  der += dns_name;
  std::string names = "DER";
  for (const char byte : der) {
    std::array<char, 4> hex{};
    std::snprintf(hex.data(), hex.size(), ":%02X", static_cast<unsigned char>(byte));
    names += hex.data();
  }
  return named(common_name, names);
}

std::string Certificates::expired() {
  Wish wish;
  wish.name = "expired";
  wish.common_name = "localhost";
  wish.names = "DNS:localhost";
  wish.until = "20200102030405Z";
  return certificate(wish);
}

std::string Certificates::not_yet_valid() {
  Wish wish;
  wish.name = "not-yet-valid";
  wish.common_name = "localhost";
  wish.names = "DNS:localhost";
  wish.from = "21200102030405Z";
  return certificate(wish);
}

std::string Certificates::self_signed() {
  Wish wish;
  wish.name = wish.issuer = "self-signed";
  wish.common_name = "localhost";
  wish.names = "DNS:localhost";
  return certificate(wish);
}

std::string Certificates::weak() {
  Wish wish;
  wish.name = "weak";
  wish.common_name = "localhost";
  wish.names = "DNS:localhost";
  wish.key = "weak-key";
  return certificate(wish);
}

std::string Certificates::server_key() { return key("server-key"); }

std::string Certificates::weak_key() { return key("weak-key"); }

std::string Certificates::client() {
  Wish wish;
  wish.name = "client";
  wish.common_name = "a client";
  wish.key = "client-key";
  return certificate(wish);
}

std::string Certificates::other_client() {
  Wish wish;
  wish.name = wish.issuer = "other-client";
  wish.common_name = "another client";
  wish.key = "client-key";
  return certificate(wish);
}

std::string Certificates::client_key() { return key("client-key"); }

std::string Certificates::encrypted_key() {
  const auto path = folder_.path() / "encrypted-key.pem";
  if (!std::filesystem::exists(path)) {
    key("client-key");
    const auto words = passphrase();
    need(PEM_write_bio_PKCS8PrivateKey(writer(path).get(), authority_->keys["client-key"].get(),
                                       EVP_aes_256_cbc(), words.c_str(),
                                       static_cast<int>(words.size()), nullptr, nullptr) == 1,
         "encrypted-key");
  }
  return path.string();
}

std::string Certificates::file(const std::string& name, const std::string& text) {
  const auto path = folder_.path() / name;
  std::ofstream{path, std::ios::binary} << text;
  return path.string();
}
