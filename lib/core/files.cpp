// SPDX-License-Identifier: MIT
#include "lib/core/files.hpp"

#include <fcntl.h>
#include <glob.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "lib/core/unique_fd.hpp"
#include "lib/core/users.hpp"

namespace core {

Expected<std::string> readFile(const std::string& path, std::size_t limit) {
  // O_NONBLOCK: opening a FIFO must not wait for a writer. fstat comes after, on what was really opened.
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) return sysError("cannot read " + path, errno);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return sysError("cannot read " + path, errno);
  if (S_ISDIR(info.st_mode)) return sysError("cannot read " + path, EISDIR);
  if (!S_ISREG(info.st_mode)) return Err{Error{"cannot read " + path + ": not a regular file", EINVAL}};
  std::string content;
  if (const auto size = static_cast<std::size_t>(info.st_size); size <= limit) content.reserve(size);
  // Not zeroed: a small file touches one page of it.
  constexpr std::size_t most = 64 * 1024;
  const auto buffer = std::make_unique_for_overwrite<char[]>(most);
  for (;;) {
    const ssize_t n = ::read(fd.get(), buffer.get(), most);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return sysError("cannot read " + path, errno);
    if (n == 0) return content;
    if (content.size() + static_cast<std::size_t>(n) > limit)
      return Err{Error{"cannot read " + path + ": larger than " + std::to_string(limit) + " bytes", EFBIG}};
    content.append(buffer.get(), static_cast<std::size_t>(n));
  }
}

int writeAll(int fd, std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return 0;
}

int syncFile(int fd) noexcept { return ::fsync(fd) == 0 ? 0 : errno; }

FileDraft::FileDraft(std::string path, mode_t mode, Lasting lasting)
    : path_(std::move(path)), mode_(mode), lasting_(lasting) {
  // Hidden: a program that reads all files of the directory must not read one that a crash left incomplete.
  const auto slash = path_.rfind('/') + 1;  // 0 without one
  temporary_ = path_.substr(0, slash) + '.' + path_.substr(slash) + ".XXXXXX";
  fd_.reset(::mkostemp(temporary_.data(), O_CLOEXEC));
  if (!fd_) openError_ = errno;
}

FileDraft::~FileDraft() {
  if (fd_) ::unlink(temporary_.c_str());
}

Status FileDraft::write(std::string_view content) {
  int failure = fd_ ? writeAll(fd_.get(), content) : openError_;
  if (failure == 0 && ::fchmod(fd_.get(), mode_) != 0) failure = errno;
  // Before the rename: after a power failure the final name must not refer to an empty file.
  if (failure == 0 && lasting_ == Lasting::AcrossPowerFailures) failure = syncFile(fd_.get());
  if (failure != 0) return sysError("cannot write " + path_, failure);
  return {};
}

Status FileDraft::giveTo(uid_t uid, gid_t gid) {
  // A change of the owner takes set-id bits away; the mode comes last.
  if (::fchown(fd_.get(), uid, gid) != 0 || ::fchmod(fd_.get(), mode_) != 0)
    return sysError("cannot write " + path_, errno);
  return {};
}

Status FileDraft::place() {
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) return sysError("cannot write " + path_, errno);
  fd_.reset();
  return {};
}

Status writeFileAtomically(const std::string& path, std::string_view content, mode_t mode, FileDraft::Lasting lasting) {
  FileDraft draft(path, mode, lasting);
  if (auto written = draft.write(content); !written) return written;
  return draft.place();
}

bool isDirectory(const std::string& path) noexcept {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

bool exists(const std::string& path) noexcept {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0;
}

std::string directoryOf(std::string_view path) {
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos) return {};
  auto head = path.substr(0, slash + 1);
  if (head.find_first_not_of('/') != std::string_view::npos)
    while (head.ends_with('/')) head.remove_suffix(1);
  return std::string(head);
}

std::string absolutePath(std::string_view path, std::string_view base) {
  const std::string joined = path.starts_with('/') ? std::string(path) : std::string(base) + "/" + std::string(path);
  std::vector<std::string_view> parts;
  std::string_view rest = joined;
  while (!rest.empty()) {
    const auto slash = rest.find('/');
    const auto part = rest.substr(0, slash);
    rest.remove_prefix(slash == std::string_view::npos ? rest.size() : slash + 1);
    if (part == "..") {
      if (!parts.empty()) parts.pop_back();
    } else if (!part.empty() && part != ".") {
      parts.push_back(part);
    }
  }
  std::string out;
  for (const auto part : parts) {
    out += '/';
    out += part;
  }
  return out.empty() ? "/" : out;
}

std::string expandHome(std::string_view path) {
  if (!path.starts_with('~')) return std::string(path);
  const auto slash = path.find('/');
  const std::string user(path.substr(1, slash == std::string_view::npos ? slash : slash - 1));
  std::string home;
  if (const char* variable = ::getenv("HOME"); user.empty() && variable) {
    home = variable;
  } else {
    const auto account = user.empty() ? findAccount(::getuid()) : findAccount(user);
    if (!account) return std::string(path);
    home = account->home;
  }
  while (home.ends_with('/')) home.pop_back();
  if (slash != std::string_view::npos) home += path.substr(slash);
  return home.empty() ? "/" : home;
}

std::string currentDirectory() {
  std::vector<char> buffer(PATH_MAX);
  return ::getcwd(buffer.data(), buffer.size()) ? buffer.data() : "/";
}

std::vector<std::string> matchingPaths(const std::string& pattern) {
  std::vector<std::string> out;
  glob_t found{};
  if (::glob(pattern.c_str(), GLOB_NOESCAPE, nullptr, &found) == 0)
    for (std::size_t i = 0; i < found.gl_pathc; ++i) out.emplace_back(found.gl_pathv[i]);
  ::globfree(&found);
  return out;
}

std::string hostName() {
  utsname name{};
  return ::uname(&name) == 0 ? name.nodename : "";
}

bool isAmongTheLast(int fd, std::size_t more) noexcept {
  constexpr rlim_t kept = 16;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return false;
  return static_cast<rlim_t>(fd) + std::min(kept, limit.rlim_cur / 8) + more >= limit.rlim_cur;
}

bool areDescriptorsScarce() noexcept {
  // The number of a new descriptor shows how full the table is, without reading a directory of all descriptors.
  const UniqueFd next(::open("/", O_PATH | O_CLOEXEC));
  return !next || isAmongTheLast(next.get(), kKeptForPrograms);
}

}  // namespace core
