// SPDX-License-Identifier: MIT
#include "cli/pub_options.hpp"

#include "cli/arguments.hpp"
#include "cli/connection_flags.hpp"
#include "cli/envelope_flags.hpp"
#include "cli/invocation.hpp"
#include "cli/output_flags.hpp"
#include "cli/printed_settings.hpp"
#include "cli/property_flags.hpp"
#include "cli/source_flags.hpp"
#include "error.hpp"
#include "topic.hpp"

#include <ostream>

namespace mqtt_tools::cli {

namespace {

using Kind = feed::SourceOptions::Kind;

std::optional<RequestOptions> read_request(const Settings& settings, const World& world,
                                           PubOptions& options) {
  if (!settings.on("request")) {
    refuse(settings, {"response-topic", "timeout", "output", "format", "select", "decode", "color"},
           "needs --request");
    return {};
  }
  need_version_5(options.connection, *settings.find("request"));
  const feed::SourceOptions& source = options.source;
  if (source.kind == Kind::lines || source.kind == Kind::replay || source.repeat > 1) {
    throw UsageError("--request needs one message, not --" +
                     std::string{source.kind == Kind::lines    ? "lines"
                                 : source.kind == Kind::replay ? "replay"
                                                               : "repeat"});
  }
  if (source.form.properties.response_topic) {
    throw UsageError("--request: the answer's topic is for --response-topic, not -D publish");
  }
  RequestOptions request;
  request.response_topic = settings.text("response-topic");
  if (request.response_topic) {
    try {
      check_topic(*request.response_topic);
    } catch (const UsageError& error) {
      throw UsageError(named(*settings.find("response-topic")) + ": " + error.what());
    }
  }
  if (const Setting* timeout = settings.find("timeout")) {
    request.timeout = seconds(*timeout);
  }
  request.output = read_form(settings, world);
  request.decode_as = read_decode(settings);
  return request;
}

void read_delivery(const Settings& settings, PubOptions& options) {
  if (const Setting* window = settings.find("window")) {
    options.window = static_cast<std::size_t>(whole_number(*window, 1, 65'535));
  }
  if (const Setting* timeout = settings.find("ack-timeout")) {
    options.ack_timeout = seconds(*timeout);
  }
  options.talk.quiet = settings.on("quiet");
  options.talk.verbose = settings.on("verbose");
  options.talk.debug = settings.on("debug");
  options.progress = !settings.on("no-progress") && !options.talk.quiet;
}

/// Who only publishes is sent acknowledgements, and at most what an old session kept.
void expect_little(const Settings& settings, connection::Options& options) {
  if (settings.find("max-packet") == nullptr) options.max_packet = std::size_t{1024} * 1024;
  options.receive_maximum = 8;
}

}  // namespace

std::optional<PubOptions> read_pub(const std::vector<std::string>& arguments, const World& world) {
  std::optional<Invocation> invocation = read_invocation(mqtt_pub(), arguments, world);
  if (!invocation) {
    return {};
  }
  const Settings& settings = invocation->settings;
  PubOptions options;
  options.connection = read_connection(settings, world);
  if (settings.on("print-config")) {
    check_printed(settings, world);
    *world.out << printed(settings, options.connection);
    return {};
  }
  options.source = read_source(settings, invocation->words, world);
  options.source.form.properties = read_publish_properties(settings);
  options.envelope = read_envelope(settings);
  options.request = read_request(settings, world, options);
  read_delivery(settings, options);
  if (!options.request) expect_little(settings, options.connection);
  options.talk.warnings = std::move(invocation->warnings);
  read_secrets(settings, world, options.connection, options.talk.warnings);
  return options;
}

std::optional<PubOptions> parse_pub(int argc, char** argv) {
  return read_pub(take_arguments(mqtt_pub(), argc, argv), this_world());
}

}  // namespace mqtt_tools::cli
