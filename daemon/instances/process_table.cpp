// SPDX-License-Identifier: MIT
#include "daemon/instances/process_table.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <map>
#include <memory>
#include <string_view>

#include "lib/core/text.hpp"

namespace instances {
namespace {

/// Files of /proc have no size; these are small, save the environment of a process.
std::optional<std::string> readProc(const std::string& path, std::size_t limit) {
  const core::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return std::nullopt;
  std::string out;
  char buffer[8192];
  ssize_t n = 0;
  while (out.size() < limit && (n = ::read(fd.get(), buffer, sizeof buffer)) > 0)
    out.append(buffer, static_cast<std::size_t>(n));
  if (n < 0) return std::nullopt;
  return out;
}

template <class T>
T number(std::string_view text) {
  T value{};
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::string proc(pid_t pid, const char* file) {
  return "/proc/" + std::to_string(pid) + '/' + file;
}

/// The real uid: that of the directory in /proc is root's for a process that is not dumpable.
std::optional<uid_t> uidOf(pid_t pid) {
  const auto status = readProc(proc(pid, "status"), 4096);
  const auto at = status ? status->find("\nUid:") : std::string::npos;
  if (at == std::string::npos) return std::nullopt;
  return static_cast<uid_t>(std::strtoul(status->c_str() + at + 5, nullptr, 10));
}

}  // namespace

std::optional<ProcessInfo> lookAt(pid_t pid) {
  const auto stat = readProc(proc(pid, "stat"), 4096);
  // The name in brackets may hold anything, brackets too: what counts follows the last one.
  const auto end = stat ? stat->rfind(')') : std::string::npos;
  if (end == std::string::npos) return std::nullopt;
  const auto fields = core::splitBlanks(std::string_view(*stat).substr(end + 1));
  const auto uid = uidOf(pid);
  if (fields.size() < 22 || !uid) return std::nullopt;
  std::uint64_t ticks = 0;
  for (int i = 11; i <= 14; i++) ticks += number<std::uint64_t>(fields[static_cast<std::size_t>(i)]);
  return ProcessInfo{pid,
                     number<pid_t>(fields[1]),
                     number<pid_t>(fields[2]),
                     number<pid_t>(fields[3]),
                     *uid,
                     number<std::uint64_t>(fields[19]),
                     fields[0] == "Z" || fields[0] == "X",
                     ticks,
                     number<std::uint64_t>(fields[21])};
}

std::optional<std::string> environmentOf(pid_t pid, const std::string& variable) {
  const auto text = readProc(proc(pid, "environ"), 256 * 1024);
  if (!text) return std::nullopt;
  for (const auto& item : core::split(*text, '\0'))
    if (item.size() > variable.size() && item.starts_with(variable) && item[variable.size()] == '=')
      return item.substr(variable.size() + 1);
  return std::string();
}

Executable executableOf(pid_t pid) {
  const auto link = proc(pid, "exe");
  char target[PATH_MAX];
  const auto n = ::readlink(link.c_str(), target, sizeof target);
  struct stat info {};
  if (n <= 0 || ::stat(link.c_str(), &info) != 0) return {};
  constexpr std::string_view deleted = " (deleted)";
  std::string_view path(target, static_cast<std::size_t>(n));
  if (path.ends_with(deleted)) path.remove_suffix(deleted.size());
  return {std::string(path), std::to_string(info.st_dev) + ':' + std::to_string(info.st_ino)};
}

std::vector<ProcessInfo> allProcesses() {
  std::vector<ProcessInfo> out;
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir("/proc"), ::closedir);
  while (const dirent* item = dir ? ::readdir(dir.get()) : nullptr)
    if (const auto pid = core::parseInteger(item->d_name))
      if (const auto info = lookAt(static_cast<pid_t>(*pid))) out.push_back(*info);
  return out;
}

const std::vector<ProcessInfo>& ProcessSnapshot::get(core::Duration maximumAge) {
  if (const auto now = core::Clock::now(); taken_ == core::Instant{} || now - taken_ > maximumAge) {
    taken_ = now;
    processes_ = allProcesses();
    children_.clear();
  }
  return processes_;
}

Usage ProcessSnapshot::usageOf(pid_t root, core::Duration maximumAge) {
  const auto& all = get(maximumAge);
  if (children_.empty())
    for (const auto& p : all) children_.emplace(p.parent, &p);
  std::uint64_t ticks = 0, pages = 0;
  const auto main = std::find_if(all.begin(), all.end(), [root](const auto& p) { return p.pid == root; });
  if (main == all.end()) return {};
  std::vector<const ProcessInfo*> tree{&*main};
  for (std::size_t i = 0; i < tree.size(); i++) {
    ticks += tree[i]->cpuTicks;
    pages += tree[i]->residentPages;
    const auto [begin, end] = children_.equal_range(tree[i]->pid);
    for (auto it = begin; it != end && tree.size() < all.size(); ++it) tree.push_back(it->second);
  }
  const auto perSecond = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  return {pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)), ticks * 1000000 / perSecond};
}

const std::string& bootId() {
  static const std::string id(core::trim(readProc("/proc/sys/kernel/random/boot_id", 64).value_or("unknown")));
  return id;
}

core::UniqueFd openPidfd(pid_t pid) noexcept {
  return core::UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));  // always close-on-exec
}

core::UniqueFd openPidfd(const ProcessInfo& process) {
  auto fd = openPidfd(process.pid);
  const auto now = fd ? lookAt(process.pid) : std::nullopt;
  if (!now || now->startTime != process.startTime || now->zombie) return core::UniqueFd();
  return fd;
}

int signalTo(const core::UniqueFd& pidfd, int signo) noexcept {
  if (!pidfd) return ESRCH;
  return ::syscall(SYS_pidfd_send_signal, pidfd.get(), signo, nullptr, 0) == 0 ? 0 : errno;
}

std::vector<ProcessInfo> belongingTo(const Traits& traits, const std::vector<ProcessInfo>& all) {
  std::multimap<pid_t, const ProcessInfo*> children;
  std::vector<const ProcessInfo*> queue;
  for (const auto& p : all) {
    children.emplace(p.parent, &p);
    const bool own = p.uid == traits.uid;
    const bool member = traits.members.count(p.pid) > 0;
    const bool grouped = own && (traits.groups.count(p.group) > 0 || traits.groups.count(p.session) > 0);
    const bool orphan = own && traits.orphansOf && p.parent == traits.orphansOf && !traits.known(p.pid);
    const bool marked = own && !traits.mark.empty() && environmentOf(p.pid, kMark) == traits.mark;
    if (member || grouped || orphan || marked) queue.push_back(&p);
  }
  std::map<pid_t, const ProcessInfo*> found;
  while (!queue.empty()) {
    const auto* p = queue.back();
    queue.pop_back();
    if (p->pid == ::getpid() || p->pid == 1 || !found.emplace(p->pid, p).second) continue;
    const auto [begin, end] = children.equal_range(p->pid);
    for (auto it = begin; it != end; ++it) queue.push_back(it->second);
  }
  std::vector<ProcessInfo> out;
  for (const auto& [pid, p] : found)
    if (!p->zombie && pid != traits.mainPid) out.push_back(*p);
  return out;
}

}  // namespace instances
