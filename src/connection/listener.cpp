// SPDX-License-Identifier: MIT

#include "connection/listener.hpp"

#include "connection/paho.hpp"
#include "connection/paho_properties.hpp"

namespace mqtt_tools::connection {

namespace {

std::size_t index_of(const mqtt::token& token) {
  return reinterpret_cast<std::uintptr_t>(token.get_user_context()) - 1;
}

class Listener : public mqtt::iaction_listener {
 public:
  explicit Listener(Reporter& reporter) : reporter_(reporter) {}

  void on_success(const mqtt::token& token) override {
    try {
      switch (token.get_type()) {
        case mqtt::token::CONNECT:
          // Paho C++ calls this twice; the second time there is no response.
          if (reporter_.settle()) {
            const auto response = token.get_connect_response();
            reporter_.connected(paho::limits_from_paho(response.get_properties().c_struct(),
                                                       response.is_session_present()));
          }
          break;
        case mqtt::token::SUBSCRIBE: {
          const auto codes = token.get_subscribe_response().get_reason_codes();
          const int code = codes.empty() ? 0xFF : static_cast<int>(codes.front());
          reporter_.post(code <= 2 && code >= 0 ? Event::Kind::granted : Event::Kind::not_granted,
                         code < 0 || code > 0xFF ? 0xFF : code, {}, index_of(token));
          break;
        }
        case mqtt::token::UNSUBSCRIBE:
          reporter_.post(Event::Kind::unsubscribed, 0, {}, index_of(token));
          break;
        default:
          break;
      }
    } catch (...) {
      // No exception may cross Paho. An answer that cannot be read is one that MQTT does not allow.
      if (token.get_type() == mqtt::token::SUBSCRIBE) {
        reporter_.post(Event::Kind::not_granted, 0xFF, {}, index_of(token));
      }
    }
  }

  void on_failure(const mqtt::token& token) override {
    try {
      int code = token.get_return_code();
      // Under MQTT 3 there is no reason code, which Paho C++ writes as 0xFF.
      const auto given = token.get_reason_code();
      const int reason = given == mqtt::MQTTPP_V3_CODE ? 0 : static_cast<int>(given);
      if (code >= 0 && reason >= 0x80 && reason < 0x100) code = reason;
      switch (token.get_type()) {
        case mqtt::token::CONNECT:
          reporter_.settle();
          reporter_.post(Event::Kind::failed, code);
          break;
        case mqtt::token::SUBSCRIBE:
          // Below zero the connection is gone, which another event tells.
          if (reason >= 0x80 && reason < 0x100) code = reason;
          if (code >= 0) {
            reporter_.post(Event::Kind::not_granted, code == 0 ? 0x80 : code, {}, index_of(token));
          }
          break;
        case mqtt::token::UNSUBSCRIBE:
          reporter_.post(Event::Kind::unsubscribed, code, {}, index_of(token));
          break;
        default:
          break;
      }
    } catch (...) {
      reporter_.settle();
    }
  }

 private:
  Reporter& reporter_;
};

}  // namespace

std::unique_ptr<mqtt::iaction_listener> listener(Reporter& reporter) {
  return std::make_unique<Listener>(reporter);
}

void* context_of(std::size_t index) {
  return reinterpret_cast<void*>(static_cast<std::uintptr_t>(index + 1));
}

}  // namespace mqtt_tools::connection
