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
  using P = mqtt::property;
  for (int i = 0; i < in.count; ++i) {
    const auto& property = in.array[i];
    const auto& value = property.value;
    switch (static_cast<int>(property.identifier)) {
      case P::PAYLOAD_FORMAT_INDICATOR:
        out.payload_format = value.byte;
        break;
      case P::MESSAGE_EXPIRY_INTERVAL:
        out.expiry = value.integer4;
        break;
      case P::TOPIC_ALIAS:
        out.topic_alias = value.integer2;
        break;
      case P::CONTENT_TYPE:
        out.content_type = text_of(value.data);
        break;
      case P::RESPONSE_TOPIC:
        out.response_topic = text_of(value.data);
        break;
      case P::CORRELATION_DATA:
        out.correlation_data = text_of(value.data);
        break;
      case P::SUBSCRIPTION_IDENTIFIER:
        out.subscription_identifiers.push_back(value.integer4);
        break;
      case P::USER_PROPERTY:
        out.user.emplace_back(text_of(value.data), text_of(value.value));
        break;
      default:
        break;
    }
  }
}

ServerLimits limits_from_paho(const MQTTProperties& in, bool session_present) {
  using P = mqtt::property;
  ServerLimits limits;
  limits.session_present = session_present;
  for (int i = 0; i < in.count; ++i) {
    const auto& value = in.array[i].value;
    switch (static_cast<int>(in.array[i].identifier)) {
      case P::RECEIVE_MAXIMUM:
        limits.receive_maximum = value.integer2;
        break;
      case P::MAXIMUM_PACKET_SIZE:
        limits.maximum_packet_size = value.integer4;
        break;
      case P::MAXIMUM_QOS:
        limits.maximum_qos = value.byte;
        break;
      case P::RETAIN_AVAILABLE:
        limits.retain_available = value.byte != 0;
        break;
      case P::SERVER_KEEP_ALIVE:
        limits.server_keep_alive = value.integer2;
        break;
      // Paho C++ corrected its spelling in 1.4; Paho C keeps the old one beside the new one.
      case MQTTPROPERTY_CODE_ASSIGNED_CLIENT_IDENTIFER:
        limits.assigned_client_id = text_of(value.data);
        break;
      default:
        break;
    }
  }
  return limits;
}

}  // namespace mqtt_tools::connection::paho
