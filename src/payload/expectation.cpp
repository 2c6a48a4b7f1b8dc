// SPDX-License-Identifier: MIT
#include "payload/expectation.hpp"

#include "error.hpp"
#include "escape.hpp"
#include "payload/json.hpp"
#include "payload/json_text.hpp"

#include <algorithm>
#include <cstdint>

namespace mqtt_tools::payload {

namespace {

/// The value of `key` in an object; of several the last.
const Json* find(const Json& object, const std::string& key) {
  const auto& members = object.get_ref<const Json::object_t&>();
  const auto found = std::find_if(members.rbegin(), members.rend(),
                                  [&key](const auto& member) { return member.first == key; });
  return found == members.rend() ? nullptr : &found->second;
}

bool equal_numbers(const Json& a, const Json& b) {
  if (a.is_number_float() || b.is_number_float()) {
    return a.get<long double>() == b.get<long double>();  // Holds 64-bit integers exactly.
  }
  // to_tree() makes an unsigned number only of what no signed one can hold.
  if (a.is_number_unsigned() != b.is_number_unsigned()) return false;
  return a.get<std::uint64_t>() == b.get<std::uint64_t>();
}

bool equal(const Json& a, const Json& b);

template <class Compare>
bool has_members(const Json& expected, const Json& actual, Compare compare) {
  const auto& members = expected.get_ref<const Json::object_t&>();
  return std::all_of(members.begin(), members.end(), [&](const auto& member) {
    const Json* value = find(actual, member.first);
    return value != nullptr && compare(member.second, *value);
  });
}

bool equal(const Json& a, const Json& b) {
  if (a.is_object() && b.is_object()) {
    return a.size() == b.size() && has_members(a, b, equal);
  }
  if (a.is_array() && b.is_array()) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), equal);
  }
  if (a.is_number() && b.is_number()) return equal_numbers(a, b);
  return a.type() == b.type() && a == b;
}

bool contains(const Json& expected, const Json& actual) {
  if (expected.is_object() && actual.is_object()) return has_members(expected, actual, contains);
  return equal(expected, actual);
}

}  // namespace

struct Expectation::Value {
  Json json{};
};

Expectation::Expectation(std::string_view json) : text_(json) {
  if (!is_json(json)) {
    throw UsageError("not JSON: " + escaped(json) +
                     " (a text needs its double quotes, as in '\"on\"')");
  }
  value_ = std::make_unique<Value>();
  value_->json = to_tree(json);
}

Expectation::Expectation(Expectation&&) noexcept = default;
Expectation& Expectation::operator=(Expectation&&) noexcept = default;
Expectation::~Expectation() = default;

bool Expectation::met_by(const Decoded& decoded) const {
  const auto json = decoded.json();
  return json && contains(value_->json, to_tree(*json));
}

}  // namespace mqtt_tools::payload
