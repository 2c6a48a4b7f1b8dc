// SPDX-License-Identifier: MIT

#include "memory.hpp"

#include "error.hpp"
#include "text.hpp"

#include <sys/mman.h>
#include <array>
#include <system_error>
#include <thread>
#include <utility>

namespace mqtt_tools {

namespace {

constexpr std::size_t least = std::size_t{1} << 20;

}  // namespace

bool memory_for(std::size_t size, std::size_t copies) noexcept {
  if (size < least) return true;
  // By mappings, not by malloc: blocks of this size are mappings, and those of the heap would leave
  // it larger. Each by itself, as they will be asked for. They are never touched.
  std::array<void*, 8> blocks{};
  std::size_t count = 0;
  bool enough = true;
  while (enough && count < copies && count < blocks.size()) {
    void* block = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    enough = block != MAP_FAILED;
    if (enough) blocks[count++] = block;
  }
  while (count > 0) ::munmap(blocks[--count], size);
  return enough;
}

std::string no_memory_message(const std::string& topic, std::size_t size,
                              bool acknowledgement_due) {
  return "no memory for a message of " + counted(size, "byte") +
         (topic.empty() ? "" : " on " + topic) +
         (acknowledgement_due ? "; it was not acknowledged" : "");
}

void start_thread(std::function<void()> work) {
  try {
    std::thread{std::move(work)}.detach();
  } catch (const std::system_error& error) {
    throw RunError(ExitCode::failure,
                   "cannot start a thread: " + error.code().message() + " (ulimit -v, -u?)");
  }
}

}  // namespace mqtt_tools
