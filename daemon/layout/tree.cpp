// SPDX-License-Identifier: MIT
#include "daemon/layout/tree.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "lib/core/text.hpp"

namespace layout {

int openBelow(int directory, const char* path, int flags, Mounts mounts) noexcept {
  open_how how{};
  how.flags = static_cast<__u64>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  if (mounts == Mounts::SameMount) how.resolve |= RESOLVE_NO_XDEV;
  // EAGAIN: something was renamed meanwhile and the kernel cannot tell; a few tries settle it.
  for (int tries = 0; tries < 10; ++tries) {
    const auto fd = static_cast<int>(::syscall(SYS_openat2, directory, path, &how, sizeof how));
    if (fd >= 0 || errno != EAGAIN) return fd;
  }
  return -1;
}

core::Expected<std::string> readAll(int fd, std::size_t limit) {
  std::string out;
  char buffer[16384];
  for (;;) {
    const auto n = ::read(fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return core::sysError("cannot be read", errno);
    if (n == 0) return out;
    out.append(buffer, static_cast<std::size_t>(n));
    if (out.size() > limit) return core::Err{core::Error{fmt::format("is larger than {} bytes", limit), EFBIG}};
  }
}

core::Expected<Tree> Tree::open(const std::string& root, uid_t trusted, const core::Identity* owner) {
  core::UniqueFd fd(::open(root.empty() ? "/" : root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return core::sysError(fmt::format("the root directory {} cannot be opened", root), errno);
  return Tree(root, std::move(fd), trusted, owner);
}

namespace {

/// Whether there is an access control list beside the mode. O_PATH descriptors have no attributes to read; through
/// /proc they have.
bool hasAccessList(int fd) {
  const auto self = "/proc/self/fd/" + std::to_string(fd);
  return ::getxattr(self.c_str(), "system.posix_acl_access", nullptr, 0) > 0;
}

}  // namespace

Tree::Trust Tree::judge(int fd, const struct stat& info) const {
  if (!owner_) return Trust::Safe;
  if (info.st_uid != trusted_ && info.st_uid != 0) return Trust::Unsafe;
  // With a list, the bits of the group are the most that anybody in the list may do.
  const bool writable =
      (info.st_mode & S_IWOTH) || ((info.st_mode & S_IWGRP) && (isOwnersGroup(info.st_gid) || hasAccessList(fd)));
  if (!writable) return Trust::Safe;
  // In /tmp and its like anybody can make a name, but nobody can take away a directory of root's.
  return info.st_mode & S_ISVTX ? Trust::Transit : Trust::Unsafe;
}

bool Tree::isOwnersGroup(gid_t gid) const noexcept {
  return gid == owner_->gid || std::find(owner_->groups.begin(), owner_->groups.end(), gid) != owner_->groups.end();
}

bool Tree::ownerMay(int fd, const struct stat& info, unsigned permission) const {
  if (!owner_) return true;
  if (hasAccessList(fd)) return false;
  const unsigned shift = info.st_uid == owner_->uid ? 6 : isOwnersGroup(info.st_gid) ? 3 : 0;
  return (info.st_mode >> shift & permission) == permission;
}

core::Expected<Tree::Parent> Tree::parentOf(const std::string& path, bool create, Entering entering) const {
  if (!path.starts_with(root_ + '/'))
    return core::Err{core::Error{fmt::format("{} is not below {}", path, root_), EINVAL}};
  auto parts = core::split(path.substr(root_.size() + 1), '/');
  Parent out;
  out.name = std::move(parts.back());
  parts.pop_back();
  core::UniqueFd current(::fcntl(fd_.get(), F_DUPFD_CLOEXEC, 0));
  out.open = entering == Entering::Asked;
  Trust trust = Trust::Safe;
  std::string sofar = root_;
  for (std::size_t i = 0; current; ++i) {
    struct stat info {};
    if (::fstat(current.get(), &info) != 0) return core::sysError(sofar, errno);
    // The root prefix itself is the administrator's choice.
    trust = i == 0 ? Trust::Safe : judge(current.get(), info);
    if (i > 0 && out.open && !ownerMay(current.get(), info, 1)) out.open = false;
    if (trust == Trust::Unsafe || i == parts.size()) break;
    sofar += '/' + parts[i];
    int next = openBelow(current.get(), parts[i].c_str(), O_PATH | O_DIRECTORY);
    if (next < 0 && errno == ENOENT) {
      if (trust == Trust::Transit) break;
      if (!create) {
        out.missing = true;
        return out;
      }
      if (::mkdirat(current.get(), parts[i].c_str(), 0755) != 0 && errno != EEXIST) return core::sysError(sofar, errno);
      next = openBelow(current.get(), parts[i].c_str(), O_PATH | O_DIRECTORY);
    }
    if (next < 0 && (errno == ELOOP || errno == ENOTDIR))
      return core::Err{
          core::Error{fmt::format("{} is not a directory (a symbolic link is not followed)", sofar), errno}};
    if (next < 0) return core::sysError(sofar, errno);
    current.reset(next);
  }
  out.safe = trust == Trust::Safe;
  if (out.safe) out.fd = std::move(current);
  return out;
}

core::Expected<std::string> Tree::read(const std::string& path, std::size_t limit) const {
  const auto parent = parentOf(path, false, Entering::Asked);
  if (!parent) return core::Err{parent.error()};
  if (parent->missing) return core::sysError(path, ENOENT);
  if (!parent->safe)
    return core::Err{
        core::Error{fmt::format("{} is in a directory that an account other than root can change", path), EPERM}};
  const core::UniqueFd fd(openBelow(parent->fd.get(), parent->name.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY));
  struct stat info {};
  if (!fd || ::fstat(fd.get(), &info) != 0) return core::sysError(path, errno);
  if (!S_ISREG(info.st_mode)) return core::Err{core::Error{path + " is not a regular file", EINVAL}};
  if (!parent->open || !ownerMay(fd.get(), info, 4))
    return core::Err{core::Error{
        fmt::format("{}: the owner (uid {}) may not read it, and would see what is in it: give the file, and the "
                    "directories on the way, a group and mode that let the owner in",
                    path, owner_->uid),
        EACCES}};
  auto text = readAll(fd.get(), limit);
  if (!text) return core::Err{core::Error{path + ' ' + text.error().text, text.error().code}};
  return text;
}

}  // namespace layout
