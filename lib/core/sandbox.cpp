// SPDX-License-Identifier: MIT
#include "lib/core/sandbox.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

namespace core {
namespace {

using Step = SandboxError::Step;

int writeTo(const char* path, const char* text, std::size_t length) noexcept {
  const int fd = ::open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  const int code = ::write(fd, text, length) < 0 ? errno : 0;
  ::close(fd);
  return code;
}

/// Maps one id to itself.
int mapOnly(const char* path, unsigned id) noexcept {
  char text[32];
  char* end = std::to_chars(text, text + 12, id).ptr;
  *end++ = ' ';
  end = std::to_chars(end, end + 12, id).ptr;
  *end++ = ' ';
  *end++ = '1';
  return writeTo(path, text, static_cast<std::size_t>(end - text));
}

/// Returns 0 or an errno.
int unshareMounts() noexcept {
  const uid_t uid = ::geteuid();
  const gid_t gid = ::getegid();
  if (::unshare(uid == 0 ? CLONE_NEWNS : CLONE_NEWUSER | CLONE_NEWNS) != 0) return errno;
  if (uid != 0) {
    // Without the first, the kernel does not let an account map its group.
    if (const int code = writeTo("/proc/self/setgroups", "deny", 4)) return code;
    if (const int code = mapOnly("/proc/self/uid_map", uid)) return code;
    if (const int code = mapOnly("/proc/self/gid_map", gid)) return code;
  }
  // What is mounted outside later appears here too, and nothing of ours outside.
  return ::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) == 0 ? 0 : errno;
}

/// Covers the directory or file of a descriptor with a copy of itself that is read-only. Returns 0 or an errno.
int coverReadOnly(int place) noexcept {
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_RDONLY;
  const auto tree = static_cast<int>(
      ::syscall(SYS_open_tree, place, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE));
  if (tree < 0) return errno;
  int code = 0;
  if (::syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes, sizeof attributes) != 0 ||
      ::syscall(SYS_move_mount, tree, "", place, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) != 0)
    code = errno;
  ::close(tree);
  return code;
}

/// Returns 0 or an errno. The path is followed once: an account that can change a part of it would otherwise get
/// something of its own into another place.
int makeReadOnly(const char* path) noexcept {
  // The root cannot be covered by a mount of itself: this process would still see the one below.
  if (::strcmp(path, "/") == 0) {
    mount_attr attributes{};
    attributes.attr_set = MOUNT_ATTR_RDONLY;
    return ::syscall(SYS_mount_setattr, AT_FDCWD, path, AT_RECURSIVE, &attributes, sizeof attributes) == 0 ? 0 : errno;
  }
  const int place = ::open(path, O_PATH | O_CLOEXEC);
  if (place < 0) return errno;
  const int code = coverReadOnly(place);
  ::close(place);
  return code;
}

}  // namespace

SandboxError enterSandbox(const Sandbox& sandbox) noexcept {
  if (const int code = unshareMounts()) return {Step::Namespace, code};
  for (std::size_t i = 0; i < sandbox.readOnly.size(); ++i) {
    const auto& one = sandbox.readOnly[i];
    const int code = makeReadOnly(one.path.c_str());
    if (code != 0 && !(code == ENOENT && one.optional)) return {Step::ReadOnly, code, static_cast<int>(i)};
  }
  // Afterwards, so that it can be written to even below a path that cannot.
  if (!sandbox.privateTmp) return {};
  for (const char* const path : {"/tmp", "/var/tmp"})
    if (::mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777") != 0 && errno != ENOENT)
      return {Step::PrivateTmp, errno};
  return {};
}

}  // namespace core
