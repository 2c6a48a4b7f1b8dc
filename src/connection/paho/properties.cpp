// SPDX-License-Identifier: MIT

#include "connection/paho/properties.hpp"

#include "connection/paho/options.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <variant>

namespace mqtt_tools::connection::paho {

namespace {

// Paho C 1.3.12 sends four-byte integers above this as another number, a smaller one. 68 years.
constexpr std::uint32_t longest_expiry = 0x7FFF'FFFF;

MQTTLenString borrowed(const std::string& text) {
  return {static_cast<int>(text.size()), const_cast<char*>(text.data())};
}

void add(MQTTProperties& out, int identifier, const std::string& text) {
  MQTTProperty property{};
  property.identifier = static_cast<MQTTPropertyCodes>(identifier);
  property.value.data = borrowed(text);
  MQTTProperties_add(&out, &property);
}

void add(MQTTProperties& out, int identifier, const std::pair<std::string, std::string>& pair) {
  MQTTProperty property{};
  property.identifier = static_cast<MQTTPropertyCodes>(identifier);
  property.value.data = borrowed(pair.first);
  property.value.value = borrowed(pair.second);
  MQTTProperties_add(&out, &property);
}

std::string text_of(const MQTTLenString& text) {
  if (text.data == nullptr || text.len <= 0) return {};
  return {text.data, static_cast<std::size_t>(text.len)};
}

Property property_of(const MQTTProperty& in) {
  const auto& value = in.value;
  switch (MQTTProperty_getType(in.identifier)) {
    case MQTTPROPERTY_TYPE_BYTE:
      return {in.identifier, std::uint32_t{value.byte}};
    case MQTTPROPERTY_TYPE_TWO_BYTE_INTEGER:
      return {in.identifier, std::uint32_t{value.integer2}};
    case MQTTPROPERTY_TYPE_FOUR_BYTE_INTEGER:
    case MQTTPROPERTY_TYPE_VARIABLE_BYTE_INTEGER:
      return {in.identifier, std::uint32_t{value.integer4}};
    case MQTTPROPERTY_TYPE_UTF_8_STRING_PAIR:
      return {in.identifier, std::pair{text_of(value.data), text_of(value.value)}};
    default:
      return {in.identifier, text_of(value.data)};
  }
}

}  // namespace

void add(MQTTProperties& out, int identifier, std::uint32_t number) {
  MQTTProperty property{};
  property.identifier = static_cast<MQTTPropertyCodes>(identifier);
  switch (MQTTProperty_getType(property.identifier)) {
    case MQTTPROPERTY_TYPE_BYTE:
      property.value.byte = static_cast<unsigned char>(number);
      break;
    case MQTTPROPERTY_TYPE_TWO_BYTE_INTEGER:
      property.value.integer2 = static_cast<unsigned short>(number);
      break;
    default:
      property.value.integer4 = number;
  }
  MQTTProperties_add(&out, &property);
}

void to_paho(const PropertyList& list, MQTTProperties& out) {
  for (const auto& property : list) {
    std::visit([&](const auto& value) { add(out, property.identifier, value); }, property.value);
  }
}

mqtt::properties to_paho(const PropertyList& list) {
  MQTTProperties raw = MQTTProperties_initializer;
  to_paho(list, raw);
  mqtt::properties out(raw);
  MQTTProperties_free(&raw);
  return out;
}

void to_paho(const Properties& properties, MQTTProperties& out) {
  using P = mqtt::property;
  if (properties.payload_format) {
    add(out, P::PAYLOAD_FORMAT_INDICATOR, static_cast<std::uint32_t>(*properties.payload_format));
  }
  if (properties.expiry) {
    add(out, P::MESSAGE_EXPIRY_INTERVAL, std::min(*properties.expiry, longest_expiry));
  }
  if (properties.topic_alias) {
    add(out, P::TOPIC_ALIAS, static_cast<std::uint32_t>(*properties.topic_alias));
  }
  if (properties.content_type) add(out, P::CONTENT_TYPE, *properties.content_type);
  if (properties.response_topic) add(out, P::RESPONSE_TOPIC, *properties.response_topic);
  if (properties.correlation_data) add(out, P::CORRELATION_DATA, *properties.correlation_data);
  for (const auto& pair : properties.user) add(out, P::USER_PROPERTY, pair);
}

void from_paho(const MQTTProperties& in, Properties& out) {
  for (int i = 0; i < in.count; ++i) apply(property_of(in.array[i]), out);
}

ServerLimits limits_from_paho(MQTTProperties in, bool session_present) {
  const auto number = [&in](MQTTPropertyCodes identifier, std::uint32_t otherwise) {
    const auto* const found = MQTTProperties_getProperty(&in, identifier);
    return found == nullptr ? otherwise : std::get<std::uint32_t>(property_of(*found).value);
  };
  ServerLimits limits;
  limits.session_present = session_present;
  limits.receive_maximum = number(MQTTPROPERTY_CODE_RECEIVE_MAXIMUM, limits.receive_maximum);
  limits.maximum_packet_size =
      number(MQTTPROPERTY_CODE_MAXIMUM_PACKET_SIZE, limits.maximum_packet_size);
  limits.maximum_qos = static_cast<int>(number(MQTTPROPERTY_CODE_MAXIMUM_QOS, 2));
  limits.retain_available = number(MQTTPROPERTY_CODE_RETAIN_AVAILABLE, 1) != 0;
  limits.server_keep_alive = std::chrono::seconds{number(MQTTPROPERTY_CODE_SERVER_KEEP_ALIVE, 0)};
  const auto* const id =
      MQTTProperties_getProperty(&in, MQTTPROPERTY_CODE_ASSIGNED_CLIENT_IDENTIFER);
  if (id != nullptr) limits.assigned_client_id = text_of(id->value.data);
  return limits;
}

}  // namespace mqtt_tools::connection::paho
