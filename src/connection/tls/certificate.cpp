// SPDX-License-Identifier: MIT
#include "connection/tls/certificate.hpp"

#include "text.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <memory>

#include <openssl/asn1.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

namespace mqtt_tools::connection {

namespace {

constexpr std::size_t longest_name = 100;  // Of a name that a stranger chose.
constexpr std::size_t most_names = 8;

std::string text_of(const ASN1_STRING* string) {
  unsigned char* bytes = nullptr;
  const auto size = ASN1_STRING_to_UTF8(&bytes, string);
  if (size < 0) return {};
  std::string text(reinterpret_cast<const char*>(bytes),
                   std::min(static_cast<std::size_t>(size), longest_name));
  OPENSSL_free(bytes);
  return escaped(text);
}

/// The common name, or the whole name of one who has none.
std::string name_of(const X509_NAME* name) {
  const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (at >= 0) return text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
  std::array<char, longest_name> line{};
  X509_NAME_oneline(name, line.data(), static_cast<int>(line.size()));
  return escaped(line.data());
}

std::string date(const ASN1_TIME* time) {
  std::tm parts{};
  std::array<char, 32> text{};
  if (ASN1_TIME_to_tm(time, &parts) != 1 ||
      std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M UTC", &parts) == 0) {
    return "an unreadable date";
  }
  return text.data();
}

std::string address_text(const ASN1_OCTET_STRING* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const auto size = ASN1_STRING_length(address);
  const auto family = size == 4 ? AF_INET : AF_INET6;
  if (size != 4 && size != 16) return "?";
  ::inet_ntop(family, ASN1_STRING_get0_data(address), text.data(), text.size());
  return text.data();
}

using Names = std::unique_ptr<GENERAL_NAMES, void (*)(GENERAL_NAMES*)>;

bool has_alternative_names(const X509* certificate) {
  return X509_get_ext_by_NID(certificate, NID_subject_alt_name, -1) >= 0;
}

std::vector<std::string> names_of(const X509* certificate) {
  if (!has_alternative_names(certificate)) return {name_of(X509_get_subject_name(certificate))};
  const Names names{static_cast<GENERAL_NAMES*>(
                        X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)),
                    GENERAL_NAMES_free};
  std::vector<std::string> list;
  for (int at = 0; names && at < sk_GENERAL_NAME_num(names.get()); ++at) {
    const auto* const name = sk_GENERAL_NAME_value(names.get(), at);
    if (name->type != GEN_DNS && name->type != GEN_IPADD) continue;
    if (list.size() == most_names) {
      list.emplace_back("…");
      break;
    }
    list.push_back(name->type == GEN_DNS ? text_of(name->d.dNSName)
                                         : address_text(name->d.iPAddress));
  }
  return list;
}

std::string without_last_dot(std::string host) {
  if (!host.empty() && host.back() == '.') host.pop_back();
  return host;
}

/// '*' is anything but the whole first label.
bool has_partial_wildcard(const std::string& name) {
  const auto asterisk = name.rfind('*');
  return asterisk != std::string::npos && (asterisk > 0 || name.rfind("*.", 0) != 0);
}

/// "not for HOST but for …", and the rule that whoever made the certificate may not have known.
std::string mismatch_words(const TlsFailure& failure, const std::string& host) {
  const auto& names = failure.names;
  auto words = "the broker's certificate is not for " + escaped(host) +
               (names.empty() ? ": it names no host" : " but for " + joined(names));
  const bool address = failure.error == X509_V_ERR_IP_ADDRESS_MISMATCH;
  if (address && (std::ranges::count(names, host) > 0 || failure.subject == host)) {
    return words + " (an address must be among its IP addresses, not its names)";
  }
  if (failure.subject == host) {
    return words + " (the common name does not count beside alternative names)";
  }
  return std::ranges::any_of(names, has_partial_wildcard)
             ? words + " (a '*' counts only as the whole first part of a name)"
             : words;
}

}  // namespace

std::string address_bytes(const std::string& host) {
  const auto text = without_last_dot(host);
  in6_addr six{};
  if (::inet_pton(AF_INET6, text.substr(0, text.find('%')).c_str(), &six) == 1) {
    return {reinterpret_cast<const char*>(&six), sizeof six};
  }
  in_addr four{};  // As the resolver does, which takes "127.1" and "0x7f000001", too.
  if (::inet_aton(text.c_str(), &four) == 1) {
    return {reinterpret_cast<const char*>(&four), sizeof four};
  }
  return {};
}

std::string indicated_name(const std::string& host) {
  return address_bytes(host).empty() ? without_last_dot(host) : std::string{};
}

void indicate_name(ssl_st* ssl, std::string name) {
  // OpenSSL's macro for this is a cast that we do not write.
  SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
           name.empty() ? nullptr : name.data());
}

bool matches(const X509* certificate, const std::string& host) {
  if (certificate == nullptr) return false;
  // OpenSSL's functions read what they are given, though they take pointers to non-const.
  auto* const given = const_cast<X509*>(certificate);
  if (const auto address = address_bytes(host); !address.empty()) {
    return X509_check_ip(given, reinterpret_cast<const unsigned char*>(address.data()),
                         address.size(), 0) == 1;
  }
  const auto name = without_last_dot(host);
  // To OpenSSL a dot in front means all that ends so, and no length means up to a NUL.
  if (name.empty() || name.front() == '.' || name.find('\0') != std::string::npos) return false;
  // OpenSSL looks at the common name when no alternative name is a DNS name.
  const unsigned flags =
      X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
      (has_alternative_names(certificate) ? X509_CHECK_FLAG_NEVER_CHECK_SUBJECT : 0U);
  const auto has = [&](const std::string& wanted) {
    return X509_check_host(given, wanted.data(), wanted.size(), flags, nullptr) == 1;
  };
  return has(name) || has(name + '.');  // Its own name may be a whole one, too.
}

TlsFailure tls_failure(X509_STORE_CTX* chain) {
  TlsFailure failure;
  failure.error = X509_STORE_CTX_get_error(chain);
  failure.depth = X509_STORE_CTX_get_error_depth(chain);
  const auto* const certificate = X509_STORE_CTX_get_current_cert(chain);
  if (certificate == nullptr) return failure;
  failure.has_certificate = true;
  failure.subject = name_of(X509_get_subject_name(certificate));
  failure.issuer = name_of(X509_get_issuer_name(certificate));
  failure.not_before = date(X509_get0_notBefore(certificate));
  failure.not_after = date(X509_get0_notAfter(certificate));
  failure.names = names_of(certificate);
  return failure;
}

std::string certificate_message(const TlsFailure& failure, const std::string& host) {
  const std::string cafile = "; --cafile names one to trust";
  if (!failure.has_certificate) return "the broker has no certificate";
  const auto& subject = failure.subject;
  const auto& issuer = failure.issuer;
  const auto whose = failure.depth == 0 ? std::string{"the broker's certificate"}
                                        : "the certificate of the authority '" + subject + "'";

  switch (failure.error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return whose + " expired on " + failure.not_after;
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return whose + " is not valid before " + failure.not_before +
             " (is the clock of this machine right?)";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return whose + " is self-signed, by '" + subject + "'" + cafile;
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return "the broker's certificate is from an unknown authority, '" + issuer + "'" + cafile;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return mismatch_words(failure, host);
    case X509_V_ERR_EE_KEY_TOO_SMALL:
    case X509_V_ERR_CA_KEY_TOO_SMALL:
      return whose + " has a key that is too short";
    case X509_V_ERR_CA_MD_TOO_WEAK:
      return whose + " has a signature that is too weak";
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      return whose + " has a wrong signature: '" + issuer + "' that we know did not make it";
    case X509_V_ERR_INVALID_PURPOSE:
      return whose +
             (failure.depth == 0 ? " is not one for a server" : " is not one of an authority");
    default:
      return whose + " is not valid: " + X509_verify_cert_error_string(failure.error);
  }
}

}  // namespace mqtt_tools::connection
