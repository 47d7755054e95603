// SPDX-License-Identifier: MIT
#include "instance/output/open_target.hpp"

#include <fcntl.h>

#include <cerrno>
#include <string_view>
#include <utility>

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

namespace {

/// A duplicate of one of our own descriptors that a path such as /dev/stdout names; invalid if it names none.
core::UniqueFd duplicate(const std::string& path) noexcept {
  const int original = descriptorOf(path);
  return core::UniqueFd(original < 0 ? -1 : ::fcntl(original, F_DUPFD_CLOEXEC, 3));
}

/// Duplicates standard output if it is a file: opened a second time it would have an offset of its own, and each of the
/// two writers would overwrite what the other wrote.
core::UniqueFd duplicateOfFile(const std::string& path) noexcept {
  struct stat facts {};
  auto fd = duplicate(path);
  return fd && ::fstat(fd.get(), &facts) == 0 && S_ISREG(facts.st_mode) ? std::move(fd) : core::UniqueFd();
}

}  // namespace

core::Expected<Target> openTarget(const std::string& path, bool truncate) {
  constexpr int common = O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  Target target;
  target.path = path;
  target.fd = duplicateOfFile(path);
  target.shared = target.fd.valid();
  struct stat named {};
  // A FIFO is opened for reading too: then it needs no reader now, and what is written waits for the next one.
  if (!target.fd && ::lstat(path.c_str(), &named) == 0 && S_ISFIFO(named.st_mode))
    target.keeper.reset(::open(path.c_str(), O_RDONLY | common));
  if (!target.fd) target.fd.reset(::open(path.c_str(), O_WRONLY | O_CREAT | common | (truncate ? O_TRUNC : 0), 0666));
  if (!target.fd) {
    const int code = errno;
    target.fd = duplicate(path);
    if (!target.fd) return core::sysError(path, code);
    target.shared = true;
  }
  if (::fstat(target.fd.get(), &target.facts) != 0) return core::sysError(path, errno);
  return target;
}

}  // namespace output
