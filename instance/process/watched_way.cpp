// SPDX-License-Identifier: MIT
#include "instance/process/watched_way.hpp"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "lib/core/files.hpp"
#include "lib/core/text.hpp"

namespace process::way {
namespace {

constexpr int kMostLinks = 40;  ///< as the kernel has it
constexpr int kPlace = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

/// An old kernel, or a container that does not know the call, checks the last name only.
core::UniqueFd openWithoutLinks(const std::string& path, int flags) noexcept {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags);
  how.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  const long fd = ::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how);
  if (fd >= 0 || (errno != ENOSYS && errno != EPERM)) return core::UniqueFd(static_cast<int>(fd));
  return core::UniqueFd(::open(path.c_str(), flags));
}

}  // namespace

std::int64_t nanoseconds(const timespec& when) noexcept {
  return when.tv_sec * std::int64_t{1'000'000'000} + when.tv_nsec;
}

bool isTouched(const std::string& path) noexcept {
  struct stat about {};
  return ::lstat(path.c_str(), &about) == 0 && nanoseconds(about.st_mtim) == nanoseconds(about.st_ctim);
}

bool isBeingWritten(const std::string& path) noexcept {
  struct stat about {};
  if (::lstat(path.c_str(), &about) != 0) return true;  // it is gone, which is reported, too
  return S_ISREG(about.st_mode) && about.st_nlink == 1;
}

std::string pathOf(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

core::UniqueFd openDirectory(const std::string& path) noexcept {
  return openWithoutLinks(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
}

void LinkOwners::add(uid_t owner) {
  if (owner == 0 || ::geteuid() != 0) return;
  if (std::find(owners_.begin(), owners_.end(), owner) == owners_.end()) owners_.push_back(owner);
}

bool LinkOwners::mayList(int fd) const noexcept {
  struct stat about {};
  return owners_.empty() || (::fstat(fd, &about) == 0 && mayList(about));
}

bool LinkOwners::may(const struct stat& about, mode_t mode) const noexcept {
  if ((about.st_mode & mode) == mode) return true;
  return std::all_of(owners_.begin(), owners_.end(), [&](uid_t owner) { return owner == about.st_uid; });
}

Walk::Walk(const std::string& path) {
  push(path);
  (void)goTo("/");
}

void Walk::push(const std::string& path) {
  const auto names = core::split(path, '/');
  for (auto at = names.rbegin(); at != names.rend(); ++at)
    if (!at->empty() && *at != ".") names_.push_back(*at);
}

std::string Walk::next() {
  auto name = std::move(names_.back());
  names_.pop_back();
  return name;
}

bool Walk::goTo(std::string path) {
  auto directory = openWithoutLinks(path, kPlace);
  return take(std::move(directory), std::move(path));
}

bool Walk::take(core::UniqueFd directory, std::string path) {
  struct stat about {};
  if (!directory || ::fstat(directory.get(), &about) != 0) return false;
  if (!owners_.maySearch(about)) {
    hidden_ = std::move(path);
    return false;
  }
  directory_ = std::move(directory);
  path_ = std::move(path);
  return true;
}

bool Walk::enter(const std::string& name) {
  core::UniqueFd inside(::openat(directory_.get(), name.c_str(), kPlace));
  return take(std::move(inside), path_ + (path_ == "/" ? "" : "/") + name);
}

bool Walk::up() { return goTo(core::directoryOf(path_)); }

bool Walk::follow(const std::string& name) {
  std::array<char, PATH_MAX> text;  // NOLINT(cppcoreguidelines-pro-type-member-init): readlinkat() fills it
  // Opened, so that its owner is that of the text.
  const core::UniqueFd link(::openat(directory_.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat about {};
  if (!link || ::fstat(link.get(), &about) != 0) return false;
  const auto size = ::readlinkat(link.get(), "", text.data(), text.size());
  if (size <= 0 || ++links_ > kMostLinks) return false;
  owners_.add(about.st_uid);
  const std::string to(text.data(), static_cast<std::size_t>(size));
  push(to);
  return to[0] != '/' || goTo("/");
}

}  // namespace process::way
