// SPDX-License-Identifier: MIT
#include "large_pages.hpp"

#include "catch.hpp"

#include <sys/mman.h>
#include <sys/resource.h>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>

namespace mqtt_tools {
namespace {

constexpr std::size_t size = std::size_t{16} << 20;
constexpr long small_pages = size / 4096;

bool kernel_has_large_pages() {
  std::string modes;
  std::getline(std::ifstream{"/sys/kernel/mm/transparent_hugepage/enabled"}, modes);
  return modes.find("[madvise]") != std::string::npos ||
         modes.find("[always]") != std::string::npos;
}

/// How often the kernel was asked for a page while `memory` was written to.
long visits(void* memory) {
  rusage before{};
  rusage after{};
  ::getrusage(RUSAGE_THREAD, &before);
  std::memset(memory, 1, size);
  ::getrusage(RUSAGE_THREAD, &after);
  return after.ru_minflt - before.ru_minflt;
}

TEST_CASE("large memory comes in large pages when that is asked for") {
  void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(memory != MAP_FAILED);
  ask_for_large_pages(static_cast<char*>(memory) + 100, size - 200);  // any part of a page will do
  const long count = visits(memory);
  ::munmap(memory, size);
  if (kernel_has_large_pages()) CHECK(count < small_pages / 2);
}

TEST_CASE("short memory and none at all are left alone") {
  ask_for_large_pages(nullptr, 0);
  char byte = 'x';
  ask_for_large_pages(&byte, 1);
  CHECK(byte == 'x');
  ask_for_large_pages_next(0);
  ask_for_large_pages_next(std::size_t{1} << 40);
}

#ifndef __SANITIZE_ADDRESS__  // whose malloc is another one
TEST_CASE("the next large block of the heap comes in large pages") {
  ask_for_large_pages_next(size);
  void* memory = std::malloc(size);
  REQUIRE(memory != nullptr);
  const long count = visits(memory);
  std::free(memory);
  if (kernel_has_large_pages()) CHECK(count < small_pages / 2);
}
#endif

}  // namespace
}  // namespace mqtt_tools
