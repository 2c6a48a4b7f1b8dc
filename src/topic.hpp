// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace mqtt_tools {

/// Throws UsageError unless a message may be published to `topic`: not empty, valid UTF-8, at most
/// 65,535 bytes, no wildcard, no NUL (MQTT 5.0 §4.7), and none of the code points for which brokers
/// close the connection (control characters, U+FFFE, U+FFFF; MQTT 5.0 §1.5.4).
void check_topic(std::string_view topic);

/// Throws UsageError unless `filter` may be subscribed to: `+` fills a level, `#` is the last one,
/// `$share/GROUP/FILTER` is whole (MQTT 5.0 §4.7.1, §4.8.2), and the rules of check_topic().
void check_filter(std::string_view filter);

/// Whether `filter` (without `$share`) matches `topic`: a wildcard in the first level does not
/// match topics that begin with `$` (MQTT 5.0 §4.7.2).
bool matches(std::string_view filter, std::string_view topic);

/// Whether there are topics that both filters (without `$share`) match.
bool overlap(std::string_view one, std::string_view other);

/// Whether it is `$share/GROUP/FILTER` (MQTT 5.0 §4.8.2).
bool is_shared(std::string_view filter);

/// FILTER of `$share/GROUP/FILTER` (MQTT 5.0 §4.8.2); any other filter as it is.
std::string_view without_share(std::string_view filter);

}  // namespace mqtt_tools
