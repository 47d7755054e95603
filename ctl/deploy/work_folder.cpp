// SPDX-License-Identifier: MIT
#include "ctl/deploy/work_folder.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <ftw.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>

#include "lib/core/files.hpp"

namespace deploy {
namespace {

constexpr const char* kName = "hadeploy-work";
constexpr const char* kMarker = ".supervisor-deploy";
constexpr std::string_view kMarkerText = "Made by supervisor-deploy, which empties this folder.\n";
constexpr std::string_view kTemporary = "/hadeploy-XXXXXX";
constexpr int kFolderFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

core::Err<core::Error> refused(const std::string& path, std::string_view reason) {
  return core::Err{
      core::Error{fmt::format("--workingFolder: {} {}. Remove it, or choose another folder", path, reason), EPERM}};
}

int removeOne(const char* path, const struct stat* /*status*/, int /*type*/, struct FTW* where) {
  if (where->level > 0) (void)std::remove(path);
  return 0;
}

/// Removes everything in the folder that `fd` is. Through the descriptor, so that it is this folder whatever its path
/// names by now.
void empty(int fd) { ::nftw(fmt::format("/proc/self/fd/{}/.", fd).c_str(), removeOne, 16, FTW_DEPTH | FTW_PHYS); }

/// Whether the folder is this account's alone, and made by us.
core::Status checkOwn(const std::string& path, int fd, bool isNew) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return core::sysError(path, errno);
  if (status.st_uid != ::geteuid()) return refused(path, "belongs to another account");
  if ((status.st_mode & 077) != 0) return refused(path, "can be read by other accounts");
  struct stat marker {};
  if (isNew) return {};
  if (::fstatat(fd, kMarker, &marker, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(marker.st_mode))
    return refused(path, "was not made by supervisor-deploy");
  return {};
}

/// Removes temporary folders of runs that were killed: they have passwords. A run holds a lock on its folder, and so
/// does the ansible-playbook that outlives it. What is without our mark is kept on purpose, or another program's.
void removeAbandoned(const std::string& parent) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(parent.c_str()), ::closedir);
  if (!folder) return;
  const auto prefix = kTemporary.substr(1, kTemporary.find('X') - 1);
  while (const dirent* entry = ::readdir(folder.get())) {
    const std::string_view name = entry->d_name;
    if (!name.starts_with(prefix) || name.size() + 1 != kTemporary.size()) continue;
    const core::UniqueFd fd(::openat(::dirfd(folder.get()), entry->d_name, kFolderFlags));
    if (!fd || !checkOwn(parent, fd.get(), false) || ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) continue;
    empty(fd.get());
    (void)::unlinkat(::dirfd(folder.get()), entry->d_name, AT_REMOVEDIR);
  }
}

}  // namespace

std::string ownRuntimeFolder() {
  const char* const path = std::getenv("XDG_RUNTIME_DIR");
  struct stat status {};
  const bool isOwn = path && path[0] == '/' && ::stat(path, &status) == 0 && S_ISDIR(status.st_mode) &&
                     status.st_uid == ::geteuid() && (status.st_mode & 022) == 0;
  return isOwn ? path : "";
}

WorkFolder::~WorkFolder() {
  if (!fd_ || kept_) return;
  empty(fd_.get());
  (void)::rmdir(path_.c_str());
}

core::Expected<WorkFolder> WorkFolder::temporary() {
  const auto runtime = ownRuntimeFolder();
  const auto parent = runtime.empty() ? "/tmp" : runtime;
  removeAbandoned(parent);
  auto path = parent + std::string(kTemporary);
  if (!::mkdtemp(path.data())) return core::sysError("cannot make the folder " + path, errno);
  // Children inherit the descriptor, and with it the lock.
  core::UniqueFd fd(::open(path.c_str(), kFolderFlags & ~O_CLOEXEC));
  if (!fd) return core::sysError(path, errno);
  WorkFolder work(std::move(path), std::move(fd), false);
  work.isTemporary_ = true;
  if (::flock(work.fd_.get(), LOCK_EX) != 0) return core::sysError(work.path_, errno);
  if (auto marked = work.write(kMarker, kMarkerText); !marked) return core::Err{marked.error()};
  return work;
}

core::Expected<WorkFolder> WorkFolder::below(const std::string& folder) {
  const auto parent = core::absolutePath(core::expandHome(folder), core::currentDirectory());
  const auto path = (parent == "/" ? "" : parent) + "/" + kName;
  // Characters that mean something in Ansible's configuration, which has this path.
  if (path.find_first_of("\n\r\"';:%${}#") != std::string::npos)
    return core::Err{core::Error{
        fmt::format("--workingFolder: Ansible's configuration cannot have the path {}. Choose another folder", path)}};
  const core::UniqueFd above(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!above) return core::sysError("--workingFolder: " + parent, errno);
  const bool isNew = ::mkdirat(above.get(), kName, 0700) == 0;
  if (!isNew && errno != EEXIST) return core::sysError("--workingFolder: cannot make " + path, errno);
  core::UniqueFd fd(::openat(above.get(), kName, kFolderFlags));
  if (!fd) return refused(path, "is not a folder");
  if (auto own = checkOwn(path, fd.get(), isNew); !own) return core::Err{own.error()};
  if (!isNew) empty(fd.get());
  WorkFolder work(path, std::move(fd), true);
  if (auto marked = work.write(kMarker, kMarkerText); !marked) return core::Err{marked.error()};
  return work;
}

void WorkFolder::keep() noexcept {
  kept_ = true;
  // Without the mark the next run does not take a temporary folder for one of a run that was killed.
  if (isTemporary_) (void)::unlinkat(fd_.get(), kMarker, 0);
}

core::Status WorkFolder::makeFolder(const std::string& name) const {
  if (::mkdirat(fd_.get(), name.c_str(), 0700) != 0) return core::sysError(path_ + "/" + name, errno);
  return {};
}

core::Status WorkFolder::write(const std::string& name, std::string_view content) const {
  const core::UniqueFd file(
      ::openat(fd_.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  const int code = file ? core::writeAll(file.get(), content) : errno;
  if (code != 0) return core::sysError("cannot write " + path_ + "/" + name, code);
  return {};
}

}  // namespace deploy
