// SPDX-License-Identifier: MIT
//
// Loaded before a program (LD_PRELOAD): a C library that lacks what the hooks look for. Built
// twice: the function that MISSING_FUNCTION names is found nowhere, or no function is found by its
// version.
#include <dlfcn.h>
#include <cstdlib>
#include <cstring>
#include <initializer_list>

#ifdef NO_VERSIONS

extern "C" void* dlvsym(void*, const char*, const char*) { return nullptr; }

#else

namespace {

using Find = void*(void*, const char*);

/// The C library's own, whose version tells when the processor or dlsym itself came to it.
Find* find_real() {
  for (const char* version : {"GLIBC_2.34", "GLIBC_2.17", "GLIBC_2.2.5"}) {
    if (void* found = ::dlvsym(RTLD_NEXT, "dlsym", version)) return reinterpret_cast<Find*>(found);
  }
  std::abort();
}

}  // namespace

extern "C" void* dlsym(void* handle, const char* name) {
  static Find* const real = find_real();
  const char* const missing = std::getenv("MISSING_FUNCTION");
  return missing != nullptr && std::strcmp(missing, name) == 0 ? nullptr : real(handle, name);
}

#endif
