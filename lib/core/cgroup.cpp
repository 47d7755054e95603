// SPDX-License-Identifier: MIT
#include "lib/core/cgroup.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <memory>
#include <utility>

#include "lib/core/files.hpp"
#include "lib/core/proc_files.hpp"
#include "lib/core/text.hpp"

namespace core::cgroup {
namespace {

constexpr int kGroupFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
/// More of a file is not read: a list of some hundred thousand processes.
constexpr std::size_t kMostText = 2UL * 1024 * 1024;
/// A name of a directory has at most 255 bytes. A number may follow.
constexpr std::size_t kLongestName = 200;

std::string contentOf(const UniqueFd& file) {
  std::string out;
  std::array<char, 4096> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): read() fills it
  for (ssize_t n = 0; file && out.size() < kMostText && (n = ::read(file.get(), buffer.data(), buffer.size())) > 0;)
    out.append(buffer.data(), static_cast<std::size_t>(n));
  return out;
}

std::string contentAt(const char* path) { return contentOf(UniqueFd(::open(path, O_RDONLY | O_CLOEXEC))); }

struct ListCloser {
  void operator()(DIR* list) const noexcept { ::closedir(list); }
};

void visitFromBelow(int group, int depth, std::size_t& left, const std::function<void(int)>& visit) {
  if (depth < kMostDepth)
    for (const auto& name : namesBelow(group, left)) {
      if (left == 0) break;
      --left;
      if (const auto child = open(group, name.c_str())) visitFromBelow(child.get(), depth + 1, left, visit);
    }
  visit(group);
}

/// "KEY NUMBER" lines.
std::optional<std::uint64_t> valueIn(std::string_view text, std::string_view key) {
  for (const auto& line : split(text, '\n')) {
    if (!line.starts_with(key) || line.size() <= key.size() || line[key.size()] != ' ') continue;
    std::uint64_t value = 0;
    std::from_chars(line.data() + key.size() + 1, line.data() + line.size(), value);
    return value;
  }
  return std::nullopt;
}

}  // namespace

Expected<Place> placeIn(std::string_view mounts, std::string_view groups) {
  std::string path;
  for (const auto& line : split(groups, '\n'))
    if (line.starts_with("0::/")) path = line.substr(3);
  if (path.empty()) return Err{Error{"this system has no control groups of version 2"}};
  for (const auto& line : split(mounts, '\n')) {
    const auto words = splitBlanks(line);
    const auto dash = std::find(words.begin(), words.end(), "-");
    if (words.size() < 6 || words.end() - dash < 2 || *(dash + 1) != "cgroup2") continue;
    const auto& root = words[3];
    if (root == "/") return Place{words[4] + (path == "/" ? "" : path), path};
    if (path == root || path.starts_with(root + "/")) return Place{words[4] + path.substr(root.size()), path};
  }
  return Err{Error{"control group " + path + " of supervisord is not mounted here (cgroup2)"}};
}

Expected<Place> ownPlace() { return placeIn(contentAt("/proc/self/mountinfo"), contentAt("/proc/self/cgroup")); }

UniqueFd open(const std::string& directory) noexcept {
  UniqueFd fd(::open(directory.c_str(), kGroupFlags));
  struct statfs facts {};
  if (fd && (::fstatfs(fd.get(), &facts) != 0 || facts.f_type != CGROUP2_SUPER_MAGIC)) {
    fd.reset();
    errno = ENOTDIR;
  }
  return fd;
}

UniqueFd open(int parent, const char* name) noexcept { return UniqueFd(::openat(parent, name, kGroupFlags)); }

std::string read(int group, const char* file) {
  return contentOf(UniqueFd(::openat(group, file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)));
}

int write(int group, const char* file, std::string_view text) noexcept {
  const UniqueFd fd(::openat(group, file, O_WRONLY | O_NOFOLLOW | O_CLOEXEC));
  return fd ? writeAll(fd.get(), text) : errno;
}

std::optional<std::uint64_t> value(int group, const char* file, std::string_view key) {
  return valueIn(read(group, file), key);
}

std::optional<bool> isPopulated(int group) noexcept {
  std::array<char, 256> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): read() fills it
  const UniqueFd fd(::openat(group, "cgroup.events", O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  const auto n = fd ? ::read(fd.get(), buffer.data(), buffer.size()) : -1;
  if (n < 0 && (errno == ENOENT || errno == ENODEV)) return false;
  const std::string_view text(buffer.data(), n > 0 ? static_cast<std::size_t>(n) : 0);
  const auto at = text.find("populated ");
  if (at == std::string_view::npos || at + 10 >= text.size()) return std::nullopt;
  return text[at + 10] != '0';
}

bool mayDivide(int group) noexcept {
  return ::faccessat(group, ".", W_OK | X_OK, AT_EACCESS) == 0 &&
         ::faccessat(group, "cgroup.procs", W_OK, AT_EACCESS) == 0 &&
         ::faccessat(group, "cgroup.subtree_control", W_OK, AT_EACCESS) == 0;
}

/// Older versions of systemd have the first attribute only, which only root can read.
bool isDelegated(int group) noexcept {
  for (const char* name : {"trusted.delegate", "user.delegate"}) {
    char value[2] = {};
    if (::fgetxattr(group, name, value, sizeof value) == 1 && value[0] == '1') return true;
  }
  return false;
}

bool isSystemsRoot(int group) noexcept { return ::faccessat(group, "cgroup.type", F_OK, 0) != 0; }

std::vector<std::string> namesBelow(int group, std::size_t most) {
  std::vector<std::string> out;
  const int copy = ::openat(group, ".", kGroupFlags);
  const std::unique_ptr<DIR, ListCloser> list(copy < 0 ? nullptr : ::fdopendir(copy));
  if (!list) {
    if (copy >= 0) ::close(copy);
    return out;
  }
  while (const auto* const entry = out.size() < most ? ::readdir(list.get()) : nullptr)
    if (entry->d_type == DT_DIR && entry->d_name[0] != '.') out.emplace_back(entry->d_name);
  return out;
}

void eachFromBelow(int group, const std::function<void(int)>& visit, std::size_t most) {
  visitFromBelow(group, 0, most, visit);
}

std::vector<pid_t> members(int group, bool below, std::size_t most) {
  std::vector<pid_t> out;
  const auto add = [&out](int one) {
    for (const auto& word : splitBlanks(read(one, "cgroup.procs")))
      if (const auto pid = proc::number<pid_t>(word); pid > 0) out.push_back(pid);  // 0: in another pid namespace
  };
  if (below)
    eachFromBelow(group, add, most);
  else
    add(group);
  return out;
}

void removeBelow(int group) {
  eachFromBelow(group, [](int one) {
    for (const auto& name : namesBelow(one)) (void)::unlinkat(one, name.c_str(), AT_REMOVEDIR);
  });
}

int kill(int group) noexcept { return write(group, "cgroup.kill", "1"); }

std::string nameFor(std::string_view text) {
  std::string out = "program-";
  for (const char c : text.substr(0, kLongestName)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("_-.:@+").find(c) != std::string_view::npos;
    out += plain ? c : '_';
  }
  return out;
}

}  // namespace core::cgroup
