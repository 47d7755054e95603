// SPDX-License-Identifier: MIT
#include "daemon/layout/remove_tree.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "daemon/layout/tree.hpp"
#include "lib/core/unique_fd.hpp"

namespace layout {
namespace {

/// Deeper trees stay: a hostile one must not exhaust the stack or the descriptors.
constexpr int kDepthLimit = 100;

using Listing = std::unique_ptr<DIR, int (*)(DIR*)>;

Listing list(int fd) noexcept {
  // Opened again: closedir() closes its descriptor, and `fd` is the caller's.
  const int own = ::openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return {own < 0 ? nullptr : ::fdopendir(own), ::closedir};
}

bool isDots(const char* name) noexcept { return std::strcmp(name, ".") == 0 || std::strcmp(name, "..") == 0; }

int empty(int fd, int depth) noexcept {
  const auto dir = list(fd);
  if (!dir) return errno;
  int first = 0;
  while (const dirent* item = ::readdir(dir.get())) {
    if (isDots(item->d_name)) continue;
    // Tried as a file first, whatever it is: between a look at its type and the removal the owner could replace it.
    if (::unlinkat(fd, item->d_name, 0) == 0 || errno == ENOENT) continue;
    int code = errno;
    if (code == EISDIR || code == EPERM) {
      const core::UniqueFd sub(openBelow(fd, item->d_name, O_RDONLY | O_DIRECTORY | O_NONBLOCK, Mounts::SameMount));
      code = !sub ? errno : depth >= kDepthLimit ? ENAMETOOLONG : empty(sub.get(), depth + 1);
      if (sub && ::unlinkat(fd, item->d_name, AT_REMOVEDIR) == 0) code = 0;
    }
    if (code && !first) first = code;
  }
  return first;
}

}  // namespace

bool isEmptyDirectory(int fd) noexcept {
  const auto dir = list(fd);
  if (!dir) return false;
  while (const dirent* item = ::readdir(dir.get()))
    if (!isDots(item->d_name)) return false;
  return true;
}

int emptyDirectory(int fd) noexcept { return empty(fd, 0); }

}  // namespace layout
