// SPDX-License-Identifier: MIT
#pragma once

#include "cli/talk.hpp"
#include "connection/log.hpp"
#include "connection/options.hpp"
#include "feed/feed.hpp"

namespace mqtt_tools::cli {

/// Says the client's notices on stderr, as much as the user wants to hear.
connection::LogSink notices(const Talk& talk);

/// The options, with as much to be told as the user wants to hear.
connection::Options told(connection::Options options, const Talk& talk);

/// Says what a feed did with its input.
void say_remarks(const feed::Remarks& remarks);

/// Says what the user should know about the options themselves.
void say_warnings(const Talk& talk);

}  // namespace mqtt_tools::cli
