// SPDX-License-Identifier: MIT
//
// check_tls_files() of tls.hpp: what Paho would only call a failed connection.

#include "connection/tls/context.hpp"

#include "descriptor.hpp"
#include "error.hpp"
#include "text.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>
#include <type_traits>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/pkcs7.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace mqtt_tools::connection {

namespace {

struct Free {
  void operator()(BIO* what) const { BIO_free(what); }
  void operator()(X509* what) const { X509_free(what); }
  void operator()(EVP_PKEY* what) const { EVP_PKEY_free(what); }
  void operator()(X509_REQ* what) const { X509_REQ_free(what); }
  void operator()(X509_CRL* what) const { X509_CRL_free(what); }
  void operator()(X509_SIG* what) const { X509_SIG_free(what); }
  void operator()(PKCS7* what) const { PKCS7_free(what); }
  void operator()(PKCS12* what) const { PKCS12_free(what); }
};

template <typename Type>
using Owned = std::unique_ptr<Type, Free>;

[[noreturn]] void unreadable(const std::string& path, const std::string& why) {
  throw RunError(ExitCode::failure, "cannot read " + escaped(path) + ": " + why);
}

[[noreturn]] void useless(const std::string& path, const std::string& why) {
  throw RunError(ExitCode::no_connection, escaped(path) + " " + why);
}

enum class Purpose { certificate, authorities, key };

std::string wrong_directory(Purpose purpose) {
  if (purpose == Purpose::authorities) return "it is a directory, and --capath takes those";
  return std::string{"it is a directory, and "} + (purpose == Purpose::key ? "--key" : "--cert") +
         " takes a file";
}

/// The file as OpenSSL reads it. Not a pipe: Paho reads it again at each connection.
Owned<BIO> open(const std::string& path, Purpose purpose) {
  const Descriptor checked{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (checked.get() < 0) unreadable(path, reason_for(errno));
  struct stat status {};
  if (::fstat(checked.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    unreadable(path, S_ISDIR(status.st_mode)
                         ? wrong_directory(purpose)
                         : "it is not a regular file, and is read at each connection");
  }
  Owned<BIO> file{BIO_new_file(path.c_str(), "r")};
  if (!file) unreadable(path, reason_for(errno));
  return file;
}

/// How the first thing in PEM is called (RFC 7468); nothing where there is none.
std::optional<std::string_view> pem_label(std::string_view bytes) {
  constexpr std::string_view begin = "-----BEGIN ";
  const auto at = bytes.find(begin);
  if (at == std::string_view::npos) return std::nullopt;
  const auto label = bytes.substr(at + begin.size());
  return label.substr(0, label.find("-----"));
}

/// Whether `read`, one of OpenSSL's functions for DER, makes something of `bytes`.
template <typename Read>
bool is_der(const std::string& bytes, Read read) {
  const unsigned char* at = reinterpret_cast<const unsigned char*>(bytes.data());
  const std::unique_ptr<std::remove_pointer_t<decltype(read(nullptr, &at, 0L))>, Free> made{
      read(nullptr, &at, static_cast<long>(bytes.size()))};
  ERR_clear_error();
  return made != nullptr;
}

/// The file to make of `path`, which may hold a certificate, a key and authorities at once.
std::string target(const std::string& path, const char* extension) {
  const auto made = std::filesystem::path{path}.replace_extension(extension).string();
  return shell_word(made == path ? path + ".pem" : made);
}

/// `command` with the file that it reads and the one that it is to make.
std::string conversion(const std::string& command, const std::string& path,
                       const char* extension = ".pem") {
  return "; this makes PEM of it: openssl " + command + " -in " + shell_word(path) + " -out " +
         target(path, extension);
}

/// What the file with these `bytes` is instead of a certificate or key in PEM, and what makes one
/// of it.
std::string instead(const std::string& path, const std::string& bytes, Purpose purpose) {
  const auto label = pem_label(bytes);
  const std::string form = label ? "" : " in DER";
  const std::string from_der = label ? "" : " -inform DER";
  const std::string lines = ": its lines are not whole, or not as they were made";
  const bool key = purpose == Purpose::key;
  const auto begins = [&](std::string_view magic) { return !label && bytes.starts_with(magic); };
  const auto holds = [&](std::string_view end_of_label, auto read) {
    return label ? label->ends_with(end_of_label) : is_der(bytes, read);
  };

  if (begins("\xFF\xFE") || begins("\xFE\xFF")) {
    return "is text in UTF-16; save it as plain ASCII or UTF-8";
  }
  if (begins("PuTTY-User-Key-File")) {
    return "is a private key of PuTTY; this makes PEM of it: puttygen " + shell_word(path) +
           " -O private-openssh -o " + target(path, ".key");
  }
  if (label == "OPENSSH PRIVATE KEY") {
    return "is a private key of OpenSSH; this makes PEM of it, in place: ssh-keygen -p -m PEM -f " +
           shell_word(path);
  }
  if (begins("\xFE\xED\xFE\xED")) {
    return "is a key store of Java; make PKCS#12 of it (keytool -importkeystore -deststoretype "
           "PKCS12), and of that PEM (openssl pkcs12)";
  }
  if (holds("CERTIFICATE", d2i_X509)) {
    if (key) return "is a certificate" + form + ", and --key takes the private key of it";
    return label ? "is a damaged certificate" + lines
                 : "is a certificate in DER" + conversion("x509 -inform DER", path);
  }
  if (!label && is_der(bytes, d2i_PKCS12)) {
    return "is PKCS#12" + (key ? conversion("pkcs12 -nocerts", path, ".key")
                           : purpose == Purpose::authorities
                               ? conversion("pkcs12 -nokeys -cacerts", path, ".ca.pem")
                               : conversion("pkcs12 -nokeys -clcerts", path));
  }
  if (holds("CERTIFICATE REQUEST", d2i_X509_REQ)) {
    return "is a request for a certificate; an authority signs it and gives the certificate back";
  }
  if (holds("X509 CRL", d2i_X509_CRL)) return "is a list of revoked certificates";
  if (holds("PKCS7", d2i_PKCS7) || label == "PKCS #7 SIGNED DATA") {
    return "is PKCS#7" + conversion("pkcs7 -print_certs" + from_der, path);
  }
  const bool encrypted = label ? *label == "ENCRYPTED PRIVATE KEY" : is_der(bytes, d2i_X509_SIG);
  if (encrypted || holds("PRIVATE KEY", d2i_AutoPrivateKey)) {
    const std::string name = encrypted ? "an encrypted private key" : "a private key";
    if (!key) return "is " + name + form + ", which is for --key";
    if (label) return "is a damaged private key" + lines;
    return "is " + name + form +
           conversion((encrypted ? "pkcs8" : "pkey") + from_der, path, ".key");
  }
  if (holds("PUBLIC KEY", d2i_PUBKEY) || begins("ssh-") || begins("ecdsa-")) {
    return key ? "is a public key, and --key takes the private one"
               : "is a public key without a certificate";
  }
  const std::string wanted = key ? "private key" : "certificate";
  return "is not a PEM " + wanted + ": no line in it says -----BEGIN " +
         (key ? "PRIVATE KEY" : "CERTIFICATE") + "-----";
}

/// Ends the run: `path` is not what it was given for.
[[noreturn]] void wrong_kind(const std::string& path, Purpose purpose) {
  constexpr int longest = 1 << 20;
  const auto file = open(path, purpose);
  std::string bytes(longest, '\0');
  const int size = BIO_read(file.get(), bytes.data(), longest);
  bytes.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  ERR_clear_error();
  if (bytes.empty()) useless(path, "is empty");
  useless(path, instead(escaped(path), bytes, purpose));
}

Owned<X509> read_certificate(const std::string& path) {
  const auto file = open(path, Purpose::certificate);
  const auto no_passphrase = [](char*, int, int, void*) { return 0; };
  Owned<X509> certificate{PEM_read_bio_X509(file.get(), nullptr, no_passphrase, nullptr)};
  ERR_clear_error();
  if (!certificate) wrong_kind(path, Purpose::certificate);
  return certificate;
}

/// The passphrase of a key, and whether it has been asked for.
struct Passphrase {
  const std::optional<std::string>& given;
  bool asked = false;
};

int give_passphrase(char* buffer, int size, int /*writing*/, void* data) {
  auto& [given, asked] = *static_cast<Passphrase*>(data);
  asked = true;
  if (!given || size < 0 || given->size() > static_cast<std::size_t>(size)) return 0;
  return static_cast<int>(given->copy(buffer, given->size()));
}

Owned<EVP_PKEY> read_key(const std::string& path, const std::optional<std::string>& given) {
  const auto file = open(path, Purpose::key);
  Passphrase passphrase{given};
  Owned<EVP_PKEY> key{PEM_read_bio_PrivateKey(file.get(), nullptr, give_passphrase, &passphrase)};
  ERR_clear_error();
  if (key) return key;
  if (passphrase.asked && !given) {
    throw UsageError(escaped(path) + " is encrypted: give --keypass-file");
  }
  if (passphrase.asked) useless(path, "cannot be decrypted: wrong passphrase");
  wrong_kind(path, Purpose::key);
}

void check_authorities(const std::string& path) {
  const auto context = new_context();
  open(path, Purpose::authorities);
  if (SSL_CTX_load_verify_locations(context.get(), path.c_str(), nullptr) != 1) {
    ERR_clear_error();
    wrong_kind(path, Purpose::authorities);
  }
}

/// OpenSSL takes no certificate that is below its security level, and Paho says nothing of that.
void check_strength(const std::string& path) {
  const auto context = new_context();
  SSL_CTX_set_security_level(context.get(), security_level());
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(context.get(), path.c_str()) == 1) return;
  const auto error = ERR_get_error();
  ERR_clear_error();
  const char* const text = ERR_reason_error_string(error);
  const int reason = ERR_GET_REASON(error);
  const auto level = " for OpenSSL's security level " + std::to_string(security_level());
  const auto length = level + " (at level 2 RSA has 2048 bits, EC 224)";
  useless(path, "cannot be used with --cert: " +
                    (reason == SSL_R_EE_KEY_TOO_SMALL   ? "its key is too short" + length
                     : reason == SSL_R_CA_KEY_TOO_SMALL ? "a key of its chain is too short" + length
                     : reason == SSL_R_CA_MD_TOO_WEAK
                         ? "its signature is too weak" + level + " (SHA-256 is enough)"
                         : std::string{text != nullptr ? text : "OpenSSL does not say why"}));
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
  if (error == std::errc::not_a_directory) {
    unreadable(path, "it is not a directory; --cafile takes files");
  }
  if (error) unreadable(path, reason_for(error.value()));
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
  check_strength(tls.certificate);
  const auto& key_path = tls.key.empty() ? tls.certificate : tls.key;
  const auto key = read_key(key_path, tls.key_passphrase);
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    ERR_clear_error();
    useless(key_path, "does not fit the first certificate in " + escaped(tls.certificate));
  }
}

}  // namespace mqtt_tools::connection
