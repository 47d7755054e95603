// SPDX-License-Identifier: MIT
#include "instance/output/open_target.hpp"

#include <fcntl.h>

#include <cerrno>
#include <string_view>

#include "lib/core/text.hpp"

namespace output {

int descriptorOf(const std::string& path) noexcept {
  if (path == "/dev/stdout") return STDOUT_FILENO;
  if (path == "/dev/stderr") return STDERR_FILENO;
  for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/"}) {
    if (!path.starts_with(folder)) continue;
    const auto number = core::parseInteger(std::string_view(path).substr(folder.size()));
    if (number && *number >= 0 && *number < 1'000'000) return static_cast<int>(*number);
  }
  return -1;
}

core::Expected<Target> openTarget(const std::string& path, bool truncate) {
  constexpr int common = O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  Target target;
  struct stat named {};
  // A FIFO is opened for reading too: then it needs no reader now, and what is written waits for the next one.
  if (::lstat(path.c_str(), &named) == 0 && S_ISFIFO(named.st_mode))
    target.fd.reset(::open(path.c_str(), O_RDWR | common));
  if (!target.fd) target.fd.reset(::open(path.c_str(), O_WRONLY | O_CREAT | common | (truncate ? O_TRUNC : 0), 0666));
  if (!target.fd) {
    const int code = errno;
    const int original = descriptorOf(path);
    if (original >= 0) target.fd.reset(::fcntl(original, F_DUPFD_CLOEXEC, 3));
    if (!target.fd) return core::sysError(path, code);
    target.shared = true;
  }
  if (::fstat(target.fd.get(), &target.facts) != 0) return core::sysError(path, errno);
  return target;
}

}  // namespace output
