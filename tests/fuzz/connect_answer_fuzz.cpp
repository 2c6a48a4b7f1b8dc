// SPDX-License-Identifier: MIT

// What proxies, web servers and others answer before there is a connection, in pieces. It becomes
// one harmless line of text, whatever was asked.

#include "connection/connect_error.hpp"
#include "fuzz.hpp"
#include "text.hpp"

using namespace mqtt_tools;
using namespace mqtt_tools::connection;
using fuzz::must;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input{fuzz::text_of(data, size)};
  const auto how = input.byte();
  Options options;
  options.endpoints = {{.host = "broker", .port = 0}};
  options.tls.on = (how & 1U) != 0;
  if ((how & 2U) != 0) options.transport = Transport::websocket;
  if ((how & 4U) != 0) options.proxy = Proxy{.host = "proxy", .port = 3128};

  hooks::ConnectionRecord record{hooks::PacketGuard::Limits{}};
  record.note([&](hooks::ConnectionFacts& facts) {
    facts.connected = (how & 8U) == 0;
    facts.tls.begun = true;
    facts.tls.done = (how & 16U) == 0;
    if (!facts.tls.done) facts.tls.first_bytes = std::string{input.rest().substr(0, 64)};
  });
  while (!input.empty()) {
    const auto kind = input.byte();
    const auto bytes = input.take(kind >> 2);
    record.note_read(static_cast<hooks::HttpRequest>(kind & 3U), bytes.data(),
                     static_cast<ssize_t>(bytes.size()), 0);
    if (kind % 3 == 0) record.received(bytes);
  }
  const auto error = explain(record.facts(), options, options.endpoints[0]);
  must(!error.message.empty() && fuzz::harmless(error.message));
  must(error.message.find('\n') == std::string::npos && !first_invalid_utf8(error.message));
  return 0;
}
