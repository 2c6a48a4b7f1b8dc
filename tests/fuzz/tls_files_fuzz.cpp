// SPDX-License-Identifier: MIT

// A file given as --cafile, --cert or --key, and a certificate in it: read or refused in words.

#include "connection/tls/certificate.hpp"
#include "connection/tls/context.hpp"

#include "error.hpp"
#include "fuzz.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <memory>

using namespace mqtt_tools;
using namespace mqtt_tools::connection;
using fuzz::must;

namespace {

void check(const Tls& tls) {
  try {
    check_tls_files(tls);
  } catch (const UsageError& error) {
    must(fuzz::harmless(error.what()));
  } catch (const RunError& error) {
    must(fuzz::harmless(error.what()));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  const fuzz::File file{text};
  check({.on = true, .ca_file = file.path()});
  check({.on = true, .certificate = file.path(), .key_passphrase = "secret"});

  using Bytes = std::unique_ptr<BIO, decltype(&BIO_free)>;
  const Bytes bytes{BIO_new_mem_buf(data, static_cast<int>(size)), BIO_free};
  using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
  const Certificate certificate{PEM_read_bio_X509(bytes.get(), nullptr, nullptr, nullptr),
                                X509_free};
  ERR_clear_error();
  must(!matches(certificate.get(), "never.example") || certificate);
  (void)matches(certificate.get(), "127.0.0.1");
  return 0;
}
