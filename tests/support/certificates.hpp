// SPDX-License-Identifier: MIT
#pragma once

#include "support/system.hpp"

#include <map>
#include <memory>
#include <string>

/// Certificates and keys of a little authority, as PEM files in a folder of their own that is
/// removed in the end. Each is made when it is first asked for.
class Certificates {
 public:
  Certificates();
  ~Certificates();
  Certificates(const Certificates&) = delete;
  Certificates& operator=(const Certificates&) = delete;

  std::string ca();        ///< "Test CA", who signed all but self_signed().
  std::string ca_path();   ///< A directory with it under its hash name.
  std::string other_ca();  ///< "Other CA", who signed nothing here.

  // For a broker; server_key() is the key of them all.
  std::string server();         ///< For the name localhost.
  std::string other_name();     ///< For other.example and *.more.example.
  std::string common_name();    ///< For the common name old.example, without alternative names.
  std::string addresses();      ///< For the addresses 127.0.0.1 and ::1.
  std::string expired();        ///< For localhost, until 2020-01-02.
  std::string not_yet_valid();  ///< For localhost, from 2120-01-02 on.
  std::string self_signed();    ///< For localhost, by itself.
  std::string weak();           ///< For localhost, RSA with 1024 bits; its key is weak_key().
  std::string server_key();
  std::string weak_key();

  /// Another of a broker, for this common name and these alternative names as openssl.cnf writes
  /// them ("DNS:a.example,IP:127.0.0.1"), or none.
  std::string named(const std::string& common_name, const std::string& names);

  /// One with this very text, which may hold any byte, for its only DNS name.
  std::string named_raw(const std::string& common_name, const std::string& dns_name);

  // For a client; client_key() is the key of both, encrypted_key() the same with passphrase().
  std::string client();
  std::string other_client();  ///< By itself: no broker knows who that is.
  std::string client_key();
  std::string encrypted_key();
  static std::string passphrase() { return "open sesame"; }

  /// A file of the folder with `text` in it.
  std::string file(const std::string& name, const std::string& text);

 private:
  struct Authority;
  struct Wish;

  std::string certificate(const Wish& wish);
  std::string key(const std::string& name);

  mqtt_tools::support::TemporaryDirectory folder_{};
  std::unique_ptr<Authority> authority_;
};
