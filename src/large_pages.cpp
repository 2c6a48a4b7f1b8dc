// SPDX-License-Identifier: MIT

#include "large_pages.hpp"

#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cstdint>
#include <cstdlib>

namespace mqtt_tools {

namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;
constexpr std::size_t least = 4 * mebibyte;

}  // namespace

void ask_for_large_pages(void* begin, std::size_t size) noexcept {
  if (size < least) return;
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto address = reinterpret_cast<std::uintptr_t>(begin);
  const auto first = (address + page - 1) / page * page;
  const auto last = (address + size) / page * page;
  ::madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
}

void reserve_large_pages(std::string& text, std::size_t size) {
  text.reserve(size);
  ask_for_large_pages(text.data() + text.size(), text.capacity() - text.size());
}

void ask_for_large_pages_next(std::size_t size) noexcept {
#ifdef __GLIBC__
  constexpr std::size_t most = 32 * mebibyte;  // DEFAULT_MMAP_THRESHOLD_MAX in mallopt(3)
  if (size < least || size > most) return;
  // From the heap, not from a mapping of its own, and kept there when it is free again.
  ::mallopt(M_MMAP_THRESHOLD, static_cast<int>(most));
  ::mallopt(M_TRIM_THRESHOLD, static_cast<int>(2 * most));
  void* memory = std::malloc(size);
  if (memory != nullptr) ask_for_large_pages(memory, size);
  std::free(memory);
#else
  static_cast<void>(size);
#endif
}

}  // namespace mqtt_tools
