// SPDX-License-Identifier: MIT
//
// check_tls_files() of tls.hpp: what Paho would only call a failed connection.

#include "connection/tls/context.hpp"

#include "error.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <system_error>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace mqtt_tools::connection {

namespace {

struct Free {
  void operator()(BIO* what) const { BIO_free(what); }
  void operator()(X509* what) const { X509_free(what); }
  void operator()(EVP_PKEY* what) const { EVP_PKEY_free(what); }
};

template <typename Type>
using Owned = std::unique_ptr<Type, Free>;

[[noreturn]] void unreadable(const std::string& path, const std::string& why) {
  throw RunError(ExitCode::failure, "cannot read " + path + ": " + why);
}

[[noreturn]] void useless(const std::string& path, const std::string& why) {
  throw RunError(ExitCode::no_connection, path + " " + why);
}

std::string words_for(int error) { return std::generic_category().message(error); }

/// The file as OpenSSL reads it. Not a pipe: Paho reads it again at each connection.
Owned<BIO> open(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) unreadable(path, words_for(errno));
  struct stat status {};
  const bool known = ::fstat(fd, &status) == 0;
  ::close(fd);
  if (!known || !S_ISREG(status.st_mode)) {
    unreadable(path, S_ISDIR(status.st_mode)
                         ? "it is a directory"
                         : "it is not a regular file, and is read at each connection");
  }
  Owned<BIO> file{BIO_new_file(path.c_str(), "r")};
  if (!file) unreadable(path, words_for(errno));
  return file;
}

struct Passphrase {
  const std::optional<std::string>* given = nullptr;
  bool asked = false;
};

int give_passphrase(char* buffer, int size, int /*writing*/, void* data) {
  auto& passphrase = *static_cast<Passphrase*>(data);
  passphrase.asked = true;
  const auto& given = *passphrase.given;
  if (!given || size < 0 || given->size() > static_cast<std::size_t>(size)) return 0;
  std::memcpy(buffer, given->data(), given->size());
  return static_cast<int>(given->size());
}

Owned<X509> read_certificate(const std::string& path) {
  const auto file = open(path);
  Passphrase none;
  const std::optional<std::string> nothing;
  none.given = &nothing;
  Owned<X509> certificate{PEM_read_bio_X509(file.get(), nullptr, give_passphrase, &none)};
  ERR_clear_error();
  if (!certificate) useless(path, "is not a PEM certificate");
  return certificate;
}

Owned<EVP_PKEY> read_key(const std::string& path, const std::optional<std::string>& passphrase) {
  const auto file = open(path);
  Passphrase asked;
  asked.given = &passphrase;
  Owned<EVP_PKEY> key{PEM_read_bio_PrivateKey(file.get(), nullptr, give_passphrase, &asked)};
  ERR_clear_error();
  if (key) return key;
  if (asked.asked && !passphrase) {
    throw UsageError(path + " is encrypted: give --keypass-file");
  }
  if (asked.asked) useless(path, "cannot be decrypted: wrong passphrase");
  useless(path, "is not a PEM private key");
}

void check_authorities(const std::string& path) {
  const auto context = new_context();
  open(path);
  if (SSL_CTX_load_verify_locations(context.get(), path.c_str(), nullptr) != 1) {
    ERR_clear_error();
    useless(path, "is not a PEM certificate");
  }
}

/// OpenSSL finds an authority there by a hash of its name: "9d66eef0.0".
bool is_hash_name(const std::string& name) {
  return name.size() > 9 && name[8] == '.' &&
         name.find_first_not_of("0123456789abcdef") == std::size_t{8} &&
         name.find_first_not_of("0123456789", 9) == std::string::npos;
}

void check_directory(const std::string& path) {
  std::error_code error;
  auto entry = std::filesystem::directory_iterator{path, error};
  if (error) unreadable(path, error.message());
  for (; entry != std::filesystem::directory_iterator{}; entry.increment(error)) {
    if (is_hash_name(entry->path().filename().string())) return;
  }
  useless(path, "has no certificates under their hash names (see 'openssl rehash')");
}

void check_ciphers(const Tls& tls) {
  if (tls.ciphers.find("@SECLEVEL") != std::string::npos) {
    throw UsageError("--ciphers may not set @SECLEVEL: it is at least 2");
  }
  const auto context = new_context();
  if (SSL_CTX_set_cipher_list(context.get(), cipher_list(tls).c_str()) != 1) {
    ERR_clear_error();
    throw UsageError(tls.psk ? "--ciphers: no cipher of the list uses a pre-shared key"
                             : "--ciphers: no cipher of TLS 1.2 is in the list");
  }
}

void check_psk(const Tls& tls) {
  constexpr std::size_t longest_identity = 128;  // OpenSSL 1.1's limit.
  psk_bytes(tls);
  if (tls.psk_identity.empty()) throw UsageError("a pre-shared key needs --psk-identity");
  if (tls.psk_identity.size() > longest_identity) {
    throw UsageError("--psk-identity is longer than 128 bytes");
  }
  if (tls.psk_identity.find('\0') != std::string::npos) {
    throw UsageError("--psk-identity has a NUL");
  }
  if (minimum_version(tls) > TLS1_2_VERSION) {
    throw UsageError(
        "a pre-shared key is used with TLS 1.2, and the lowest version asked for is "
        "TLS 1.3");
  }
}

}  // namespace

void check_tls_files(const Tls& tls) {
  if (!tls.on) return;
  if (tls.psk) check_psk(tls);
  check_ciphers(tls);
  if (tls.psk) return;

  if (!tls.ca_file.empty()) check_authorities(tls.ca_file);
  if (!tls.ca_path.empty()) check_directory(tls.ca_path);

  if (tls.certificate.empty()) {
    if (!tls.key.empty()) throw UsageError("--key needs --cert, the certificate of that key");
    return;
  }
  const auto certificate = read_certificate(tls.certificate);
  const auto& key_path = tls.key.empty() ? tls.certificate : tls.key;
  const auto key = read_key(key_path, tls.key_passphrase);
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    ERR_clear_error();
    useless(key_path, "does not fit the certificate " + tls.certificate);
  }
}

}  // namespace mqtt_tools::connection
