// SPDX-License-Identifier: MIT
#pragma once

#include "error.hpp"

#include <dlfcn.h>
#include <string>

namespace mqtt_tools {

/// A library that is loaded when it is wanted, and never closed: linked, it would cost each start
/// of a program some tenths of a millisecond.
class SharedLibrary {
 public:
  /// The address of a function, which becomes a pointer of whatever type is asked for.
  struct Function {
    void* address = nullptr;

    template <typename Type>
    operator Type*() const {
      return reinterpret_cast<Type*>(address);
    }
  };

  /// `file`: its name with the version of its interface, as the linker would note it. Throws
  /// RunError, which says that `user` needs `name`, and which package of Debian's has it.
  SharedLibrary(const char* file, const char* user, const char* name, const char* package)
      : file_(file),
        needs_(std::string(user) + " needs "),
        name_(name),
        handle_(::dlopen(file, RTLD_NOW | RTLD_LOCAL)) {
    if (handle_ == nullptr) {
      throw RunError(ExitCode::failure, needs_ + name + ": " + ::dlerror() +
                                            " (on Debian: apt-get install " + package + ")");
    }
  }

  /// Throws RunError when it is too old to have it.
  Function operator[](const char* function) const {
    void* const address = ::dlsym(handle_, function);
    if (address == nullptr) {
      throw RunError(ExitCode::failure,
                     needs_ + "a newer " + name_ + ": " + file_ + " has no " + function);
    }
    return {address};
  }

 private:
  std::string file_;
  std::string needs_;
  std::string name_;
  void* handle_;
};

}  // namespace mqtt_tools
