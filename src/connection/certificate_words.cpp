// SPDX-License-Identifier: MIT
#include "connection/certificate_words.hpp"

#include "escape.hpp"

#include <arpa/inet.h>
#include <array>
#include <cstdio>
#include <ctime>
#include <memory>

#include <openssl/asn1.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

namespace mqtt_tools::connection {

namespace {

constexpr std::size_t longest_name = 100;  // Of a name that a stranger chose.
constexpr int most_names = 8;

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

/// Whom a certificate is for: its alternative names, else its common name.
std::string subjects(const X509* certificate) {
  const std::unique_ptr<GENERAL_NAMES, void (*)(GENERAL_NAMES*)> names{
      static_cast<GENERAL_NAMES*>(
          X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)),
      GENERAL_NAMES_free};
  std::string list;
  int listed = 0;
  for (int at = 0; names && at < sk_GENERAL_NAME_num(names.get()); ++at) {
    const auto* const name = sk_GENERAL_NAME_value(names.get(), at);
    if (name->type != GEN_DNS && name->type != GEN_IPADD) continue;
    if (listed == most_names) return list + ", …";
    if (listed++ > 0) list += ", ";
    list += name->type == GEN_DNS ? text_of(name->d.dNSName) : address_text(name->d.iPAddress);
  }
  return listed > 0 ? list : name_of(X509_get_subject_name(certificate));
}

}  // namespace

std::string certificate_words(int error, int depth, const x509_st* certificate,
                              const std::string& host) {
  const std::string cafile = "; --cafile names one to trust";
  if (certificate == nullptr) return "the broker has no certificate";
  const auto subject = name_of(X509_get_subject_name(certificate));
  const auto issuer = name_of(X509_get_issuer_name(certificate));
  const auto whose = depth == 0 ? std::string{"the broker's certificate"}
                                : "the certificate of the authority '" + subject + "'";

  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return whose + " expired on " + date(X509_get0_notAfter(certificate));
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return whose + " is not valid before " + date(X509_get0_notBefore(certificate)) +
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
      return "the broker's certificate is not for " + escaped(host) + " but for " +
             subjects(certificate);
    case X509_V_ERR_EE_KEY_TOO_SMALL:
    case X509_V_ERR_CA_KEY_TOO_SMALL:
      return whose + " has a key that is too short";
    case X509_V_ERR_CA_MD_TOO_WEAK:
      return whose + " has a signature that is too weak";
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      return whose + " has a wrong signature: '" + issuer + "' that we know did not make it";
    case X509_V_ERR_INVALID_PURPOSE:
      return whose + (depth == 0 ? " is not one for a server" : " is not one of an authority");
    default:
      return whose + " is not valid: " + X509_verify_cert_error_string(error);
  }
}

}  // namespace mqtt_tools::connection
