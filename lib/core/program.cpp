// SPDX-License-Identifier: MIT
#include "lib/core/program.hpp"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <cstdio>
#include <exception>

#include "lib/core/files.hpp"

namespace core {

void openStandardDescriptors() noexcept {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd)
    if (::fcntl(fd, F_GETFD) < 0) (void)!::open("/dev/null", O_RDWR);  // it gets the lowest free number
}

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

std::string ownExecutable() {
  char path[PATH_MAX];
  const auto n = ::readlink("/proc/self/exe", path, sizeof path);
  return n > 0 ? std::string(path, static_cast<std::size_t>(n)) : std::string();
}

std::string installedBeside(const std::string& name) {
  const auto folder = directoryOf(ownExecutable());
  for (const char* place : {"/", "/../sbin/", "/../bin/"}) {
    auto candidate = absolutePath(folder + place + name, "/");
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return {};
}

}  // namespace core
