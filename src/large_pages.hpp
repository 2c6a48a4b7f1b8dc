// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>

namespace mqtt_tools {

// New memory comes a page of 4 kB at a time, each with a visit to the kernel; for a payload of many
// megabytes these visits take longer than copying it. Pages of 2 MB, where the kernel has them and
// gives them to those that ask ("madvise" in /sys/kernel/mm/transparent_hugepage/enabled), need
// hardly any. All of this only asks: nothing depends on the answer.

/// For memory that is there, but was never touched. What is shorter than 4 MiB stays as it is.
void ask_for_large_pages(void* begin, std::size_t size) noexcept;

/// text.reserve(size), and asks for what is new.
void reserve_large_pages(std::string& text, std::size_t size);

/// For the next malloc of `size` bytes by this thread, which is somebody else's.
/// What is above 32 MiB glibc never takes from where it could have been prepared.
void ask_for_large_pages_next(std::size_t size) noexcept;

}  // namespace mqtt_tools
