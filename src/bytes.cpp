// SPDX-License-Identifier: MIT
#include "bytes.hpp"

#include "text.hpp"

#include <openssl/evp.h>

#include <charconv>
#include <random>

namespace mqtt_tools {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

unsigned char* as_bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

const unsigned char* as_bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

/// The byte that the first two characters of `text` stand for, if they are hex digits.
std::optional<char> hex_byte(std::string_view text) {
  text = text.substr(0, 2);
  std::uint8_t byte = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), byte, 16);
  return read.ptr - text.data() == 2 ? std::optional{static_cast<char>(byte)} : std::nullopt;
}

}  // namespace

void append_hex(std::string& out, std::uint64_t value, int digits) {
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) {
    out += hex_digits[value >> shift & 0xF];
  }
}

std::string to_hex(std::string_view bytes) {
  std::string text;
  text.reserve(2 * bytes.size());
  for (const char c : bytes) append_hex(text, static_cast<unsigned char>(c), 2);
  return text;
}

// The sizes of whatever is a message, or a line that records one, fit into OpenSSL's int.

std::string to_base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4, '=');
  EVP_EncodeBlock(as_bytes(text), as_bytes(bytes), static_cast<int>(bytes.size()));
  return text;
}

std::optional<std::string> from_hex(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t at = 0; at < text.size();) {
    if (is_blank(text[at])) {
      ++at;
      continue;
    }
    const auto byte = hex_byte(text.substr(at));
    if (!byte) return std::nullopt;
    bytes += *byte;
    at += 2;
  }
  return bytes;
}

std::string random_hex(int bytes) {
  std::random_device device;
  std::string random;
  for (int i = 0; i < bytes; ++i) random += static_cast<char>(device() & 0xFF);
  return to_hex(random);
}

bool is_unreserved(char letter) {
  return is_digit(letter) || (letter >= 'A' && letter <= 'Z') || (letter >= 'a' && letter <= 'z') ||
         std::string_view{"-._~"}.find(letter) != std::string_view::npos;
}

std::string percent_encoded(std::string_view bytes, const std::function<bool(char)>& plain) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (plain(c)) {
      text += c;
    } else {
      text += {'%', digits[byte / 16], digits[byte % 16]};
    }
  }
  return text;
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string bytes;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      bytes += text[at];
      continue;
    }
    const auto byte = hex_byte(text.substr(at + 1));
    if (!byte) return std::nullopt;
    bytes += *byte;
    at += 2;
  }
  return bytes;
}

std::optional<std::string> from_base64(std::string_view text) {
  std::string letters{text};
  std::erase_if(letters, [](char c) { return c == '\n' || c == '\r'; });
  std::string bytes(letters.size() / 4 * 3, '\0');
  if (EVP_DecodeBlock(as_bytes(bytes), as_bytes(letters), static_cast<int>(letters.size())) < 0) {
    return std::nullopt;
  }
  if (letters.ends_with('=')) bytes.resize(bytes.size() - (letters.ends_with("==") ? 2 : 1));
  // OpenSSL takes padding anywhere, and bits that no byte has: each text has one meaning only.
  return to_base64(bytes) == letters ? std::optional{bytes} : std::nullopt;
}

}  // namespace mqtt_tools
