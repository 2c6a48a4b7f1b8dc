// SPDX-License-Identifier: MIT
#pragma once

namespace mqtt_tools::connection::paho {

/// Opens a private member: Paho C++ 1.2.0 keeps behind it what we need. An explicit instantiation
/// may name it (C++20 [temp.spec]/6), and its friend function hands the pointer to member out:
///
///   struct Handle { using type = int Guest::*; friend type member_of(Handle); };
///   template struct Open<Handle, &Guest::handle_>;
///   guest.*member_of(Handle{})
///
/// The tag must stand in this very namespace: only there its friend is this one.
template <class Tag, typename Tag::type pointer>
struct Open {
  friend typename Tag::type member_of(Tag) { return pointer; }
};

}  // namespace mqtt_tools::connection::paho
