// SPDX-License-Identifier: MIT
#pragma once

#include "connection/reporter.hpp"

#include <cstddef>
#include <memory>

namespace mqtt {
class iaction_listener;
}

namespace mqtt_tools::connection {

/// What Paho C++ tells the results of connect, subscribe and unsubscribe to, on threads of its own;
/// it reports them. The Session owns it, and it must outlive Paho's client. `reporter` must outlive
/// it. Nothing is thrown back at Paho.
std::unique_ptr<mqtt::iaction_listener> listener(Reporter& reporter);

/// The context to pass with a call for subscription or filter `index`; none for connect.
void* context_of(std::size_t index);

}  // namespace mqtt_tools::connection
