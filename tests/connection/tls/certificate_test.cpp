// SPDX-License-Identifier: MIT
#include "connection/tls/certificate.hpp"

#include "support/certificates.hpp"

#include "catch.hpp"

#include <algorithm>
#include <memory>
#include <vector>

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

using namespace mqtt_tools::connection;

namespace {

/// Whether the certificate in the file `path` is for `host`.
bool fits(const std::string& path, const std::string& host) {
  const std::unique_ptr<BIO, int (*)(BIO*)> file{BIO_new_file(path.c_str(), "r"), BIO_free};
  const std::unique_ptr<X509, void (*)(X509*)> certificate{
      PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr), X509_free};
  REQUIRE(certificate != nullptr);
  return matches(certificate.get(), host);
}

}  // namespace

TEST_CASE("a name is compared with the DNS names of a certificate whatever their case") {
  Certificates files;
  const auto path = files.named("cn.example", "DNS:a.example,DNS:B.example");
  CHECK(fits(path, "a.example"));
  CHECK(fits(path, "A.EXAMPLE"));
  CHECK(fits(path, "b.example"));
  CHECK_FALSE(fits(path, "c.example"));
  CHECK_FALSE(fits(path, "x.a.example"));
  CHECK_FALSE(fits(path, "example"));
  CHECK_FALSE(fits(path, ""));
}

TEST_CASE(
    "a dot at the end of a name makes no difference and one at its beginning matches nothing") {
  Certificates files;
  for (const std::string host : {"a.example", "a.example."}) {
    CHECK(fits(files.named("whole", "DNS:a.example."), host));
  }
  const auto path = files.named("cn", "DNS:a.example,IP:127.0.0.1");
  CHECK(fits(path, "a.example."));
  CHECK_FALSE(fits(path, "a.example.."));
  CHECK_FALSE(fits(path, "."));
  CHECK_FALSE(fits(path, ".example"));
  CHECK(fits(path, "127.0.0.1."));
}

TEST_CASE("an address is compared with the addresses of a certificate only") {
  Certificates files;
  const auto address = files.named("cn", "IP:127.0.0.1,IP:::1,IP:fe80::1");
  for (const std::string host :
       {"127.0.0.1", "127.1", "0x7f000001", "2130706433", "::1", "0:0::1", "fe80::1%eth0"}) {
    CAPTURE(host);
    CHECK(fits(address, host));
  }
  CHECK_FALSE(fits(address, "127.0.0.2"));
  CHECK_FALSE(fits(address, "::2"));
  CHECK_FALSE(fits(address, "::ffff:127.0.0.1"));

  const std::vector<std::pair<std::string, std::string>> without{
      {"127.0.0.1", ""},
      {"::1", ""},
      {"127.0.0.1", "DNS:127.0.0.1,DNS:*.0.0.1,DNS:127.1,DNS:127.0.0.1."},
      {"cn", "DNS:2130706433,DNS:0x7f000001"},
      {"127.0.0.1", "IP:127.0.0.2"}};
  for (const auto& [common_name, names] : without) {
    CAPTURE(common_name, names);
    const auto path = files.named(common_name, names);
    for (const std::string host :
         {"127.0.0.1", "127.0.0.1.", "127.1", "0x7f000001", "2130706433", "::1"}) {
      CAPTURE(host);
      CHECK_FALSE(fits(path, host));
    }
  }
}

TEST_CASE("the common name counts only where there is no alternative name of any kind") {
  Certificates files;
  CHECK(fits(files.named("old.example", ""), "old.example"));
  CHECK(fits(files.named("old.example", ""), "OLD.example."));
  for (const std::string names :
       {"DNS:new.example", "IP:127.0.0.1", "email:me@old.example", "URI:mqtts://old.example"}) {
    CAPTURE(names);
    CHECK_FALSE(fits(files.named("old.example", names), "old.example"));
  }
  // An extension that nobody can read is there all the same.
  CHECK_FALSE(fits(files.named("old.example", "DER:30:FF"), "old.example"));
}

TEST_CASE("an asterisk is the whole first label of a name or nothing") {
  Certificates files;
  const auto whole = files.named("cn", "DNS:*.more.example");
  CHECK(fits(whole, "a.more.example"));
  CHECK(fits(whole, "A.More.Example."));
  CHECK(fits(whole, "xn--bcher-kva.more.example"));
  CHECK_FALSE(fits(whole, "more.example"));
  CHECK_FALSE(fits(whole, ".more.example"));
  CHECK_FALSE(fits(whole, "a.b.more.example"));

  const std::vector<std::pair<std::string, std::string>> partial{
      {"f*.more.example", "foo.more.example"},
      {"*o.more.example", "foo.more.example"},
      {"f*o.more.example", "foo.more.example"},
      {"foo.*.example", "foo.more.example"},
      {"*.*.example", "foo.more.example"},
      {"xn--*.more.example", "xn--a.more.example"},
      {"**.more.example", "foo.more.example"},
      {"*", "localhost"},
      {"*.", "localhost."},
      {"*.com", "broker.com"},
      {"foo.more.*", "foo.more.example"}};
  for (const auto& [name, host] : partial) {
    CAPTURE(name, host);
    CHECK_FALSE(fits(files.named("cn", "DNS:" + name), host));
    CHECK_FALSE(fits(files.named(name, ""), host));
  }
}

TEST_CASE("a NUL within a name ends neither the name of a certificate nor a host") {
  Certificates files;
  const std::string nul{"localhost\0.evil.example", 23};
  CHECK_FALSE(fits(files.named_raw("cn", nul), "localhost"));
  CHECK_FALSE(fits(files.named_raw("cn", nul), nul));
  CHECK(fits(files.named_raw("cn", "localhost"), "localhost"));
  CHECK_FALSE(fits(files.named("cn", "DNS:localhost"), std::string{"localhost\0", 10}));
  CHECK_FALSE(fits(files.named("cn", "DNS:localhost"), nul));
}

TEST_CASE("what names a server has neither an address nor a dot at the end") {
  CHECK(indicated_name("a.example.") == "a.example");
  CHECK(indicated_name("localhost") == "localhost");
  for (const std::string host : {"127.0.0.1", "127.1", "::1", "fe80::1%lo"}) {
    CAPTURE(host);
    CHECK(indicated_name(host).empty());
  }
}

TEST_CASE("the words about a wrong name say which rule it breaks") {
  const auto words = [](int error, const std::string& host, std::vector<std::string> names,
                        const std::string& common_name = "cn") {
    TlsFailure failure;
    failure.error = error;
    failure.has_certificate = true;
    failure.subject = common_name;
    failure.names = std::move(names);
    const std::string begin = "the broker's certificate is not for ";
    const auto text = certificate_message(failure, host);
    CHECK(text.rfind(begin, 0) == 0);
    return text.substr(std::min(begin.size(), text.size()));
  };
  constexpr int name = X509_V_ERR_HOSTNAME_MISMATCH;
  constexpr int address = X509_V_ERR_IP_ADDRESS_MISMATCH;
  CHECK(words(name, "a.example", {"b.example", "*.c.example"}) ==
        "a.example but for b.example, *.c.example");
  CHECK(words(name, "a.example", {}) == "a.example: it names no host");
  CHECK(words(name, "foo.example", {"f*.example"}) ==
        "foo.example but for f*.example (a '*' counts only as the whole first part of a name)");
  CHECK(words(name, "a.example", {"b.example"}, "a.example") ==
        "a.example but for b.example (the common name does not count beside alternative names)");
  const std::string rule = " (an address must be among its IP addresses, not its names)";
  CHECK(words(address, "127.0.0.1", {"127.0.0.1"}) == "127.0.0.1 but for 127.0.0.1" + rule);
  CHECK(words(address, "::1", {"localhost"}, "::1") == "::1 but for localhost" + rule);
  CHECK(words(address, "127.0.0.1", {"localhost"}) == "127.0.0.1 but for localhost");
}

TEST_CASE("the words about a certificate of no use say whose it is") {
  TlsFailure failure;
  failure.has_certificate = true;
  failure.subject = "subject";
  failure.issuer = "issuer";
  const auto told = [&failure](int error, int depth = 0) {
    failure.error = error;
    failure.depth = depth;
    return certificate_message(failure, "h.example");
  };
  CHECK(told(X509_V_ERR_CA_MD_TOO_WEAK, 1) ==
        "the certificate of the authority 'subject' has a signature that is too weak");
  CHECK(told(X509_V_ERR_CERT_SIGNATURE_FAILURE) ==
        "the broker's certificate has a wrong signature: 'issuer' that we know did not make it");
  CHECK(told(X509_V_ERR_INVALID_PURPOSE) == "the broker's certificate is not one for a server");
  CHECK(told(X509_V_ERR_INVALID_PURPOSE, 1) ==
        "the certificate of the authority 'subject' is not one of an authority");
  CHECK(told(X509_V_ERR_CERT_REVOKED) ==
        "the broker's certificate is not valid: certificate revoked");
  failure.has_certificate = false;
  CHECK(told(X509_V_ERR_UNSPECIFIED) == "the broker has no certificate");
}
