// SPDX-License-Identifier: MIT
#include "lib/core/program.hpp"

#include <cstdio>
#include <exception>

namespace core {

int runProgram(const char* name, const std::function<int()>& body) noexcept {
  try {
    return body();
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s: unexpected failure: %s\n", name, e.what());
  } catch (...) {
    std::fprintf(stderr, "%s: unexpected failure\n", name);
  }
  return 1;
}

}  // namespace core
