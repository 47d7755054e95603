// SPDX-License-Identifier: MIT
#include "daemon/instances/process_table.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <memory>
#include <string_view>
#include <unordered_map>

#include "lib/core/text.hpp"

namespace instances {
namespace {

constexpr std::size_t kMostCounted = 1000;
/// Looking at all processes takes at most this share of the manager's time.
constexpr int kPausePerCost = 20;

/// The beginning of a small file of /proc; empty if the process is gone.
std::string_view readProc(pid_t pid, const char* file, char* buffer, std::size_t size) {
  char path[48];
  char* end = std::copy_n("/proc/", 6, path);
  end = std::to_chars(end, path + 24, pid).ptr;
  *end++ = '/';
  *std::copy_n(file, std::char_traits<char>::length(file), end) = '\0';
  const core::UniqueFd fd(::open(path, O_RDONLY | O_CLOEXEC));
  const auto n = fd ? ::read(fd.get(), buffer, size) : -1;
  return n > 0 ? std::string_view(buffer, static_cast<std::size_t>(n)) : std::string_view();
}

/// What follows "\nKEY:" up to the end of the line. The first line has the name of the process, in which a line feed is
/// written as a backslash and an n.
std::string_view field(std::string_view status, std::string_view key) {
  const auto at = status.find(key);
  if (at == std::string_view::npos) return {};
  auto value = status.substr(at + key.size());
  value = value.substr(0, value.find('\n'));
  while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
  return value;
}

template <class T>
T number(std::string_view text) {
  T value{};
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::uint64_t residentPages(pid_t pid) {
  char buffer[128];
  const auto text = readProc(pid, "statm", buffer, sizeof buffer);
  const auto blank = text.find(' ');
  return blank == std::string_view::npos ? 0 : number<std::uint64_t>(text.substr(blank + 1));
}

std::uint64_t cpuMicros(pid_t pid) {
  clockid_t clock{};
  timespec time{};
  if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &time) != 0) return 0;
  return static_cast<std::uint64_t>(time.tv_sec) * 1000000 + static_cast<std::uint64_t>(time.tv_nsec) / 1000;
}

}  // namespace

std::optional<ProcessInfo> lookAt(pid_t pid) {
  char buffer[4096];
  const auto status = readProc(pid, "status", buffer, sizeof buffer);
  const auto uid = field(status, "\nUid:"), state = field(status, "\nState:");
  if (uid.empty() || state.empty()) return std::nullopt;
  // A list, one for each nested pid namespace; the first is that of this /proc.
  return ProcessInfo{pid,
                     number<pid_t>(field(status, "\nPPid:")),
                     number<pid_t>(field(status, "\nNSpgid:")),
                     number<pid_t>(field(status, "\nNSsid:")),
                     number<uid_t>(uid),
                     state.front() == 'Z' || state.front() == 'X'};
}

std::vector<ProcessInfo> allProcesses() {
  std::vector<ProcessInfo> out;
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir("/proc"), ::closedir);
  while (const dirent* item = dir ? ::readdir(dir.get()) : nullptr)
    if (const auto pid = core::parseInteger(item->d_name))
      if (const auto info = lookAt(static_cast<pid_t>(*pid))) out.push_back(*info);
  return out;
}

std::string nameOf(pid_t pid) {
  char buffer[4096];
  return std::string(field(readProc(pid, "status", buffer, sizeof buffer), "Name:"));
}

std::string controlGroupOf(pid_t pid) {
  char buffer[4096];
  const auto text = readProc(pid, "cgroup", buffer, sizeof buffer);
  for (const auto& line : core::split(std::string(text), '\n'))
    if (line.starts_with("0::")) return line.substr(3);
  return {};
}

const std::vector<ProcessInfo>& ProcessSnapshot::get(core::Duration maximumAge) {
  if (const auto now = core::Clock::now(); taken_ == core::Instant{} || now - taken_ > maximumAge) {
    taken_ = now;
    processes_ = allProcesses();
    children_.clear();
    cost_ = core::Clock::now() - now;
  }
  return processes_;
}

std::vector<pid_t> ProcessSnapshot::treeOf(pid_t root, core::Duration maximumAge) {
  const auto& all = get(std::max(maximumAge, cost_ * kPausePerCost));
  if (children_.empty())
    for (const auto& p : all) children_.emplace(p.parent, p.pid);
  std::vector<pid_t> tree{root};
  for (std::size_t i = 0; i < tree.size(); i++) {
    const auto [begin, end] = children_.equal_range(tree[i]);
    for (auto it = begin; it != end && tree.size() <= all.size(); ++it) tree.push_back(it->second);
  }
  return tree;
}

Usage usageOf(const std::vector<pid_t>& pids) {
  std::uint64_t pages = 0, micros = 0;
  for (std::size_t i = 0; i < pids.size() && i < kMostCounted; i++) {
    pages += residentPages(pids[i]);
    micros += cpuMicros(pids[i]);
  }
  return {pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)), micros};
}

const std::string& bootId() {
  static const std::string id = [] {
    char buffer[64];
    const core::UniqueFd fd(::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC));
    const auto n = fd ? ::read(fd.get(), buffer, sizeof buffer) : -1;
    return n > 0 ? std::string(core::trim(std::string_view(buffer, static_cast<std::size_t>(n)))) : "unknown";
  }();
  return id;
}

core::UniqueFd openPidfd(pid_t pid) noexcept {
  return core::UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));  // always close-on-exec
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
    const bool grouped = own && (traits.groups.count(p.group) > 0 || traits.groups.count(p.session) > 0);
    const bool orphan = own && traits.orphansOf && p.parent == traits.orphansOf && !traits.known(p.pid);
    const bool marked = own && traits.marked.count(p.pid) > 0;
    const bool main = traits.mainPid > 0 && p.pid == traits.mainPid;
    if (grouped || orphan || marked || main) queue.push_back(&p);
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

std::vector<pid_t> strays(uid_t uid, const std::set<pid_t>& mains, const std::vector<ProcessInfo>& all) {
  std::unordered_map<pid_t, pid_t> parents;
  for (const auto& p : all) parents.emplace(p.pid, p.parent);
  enum class Known { Stray, Ours };
  std::unordered_map<pid_t, Known> known;  // each process is walked over once, so that a long chain costs no more
  for (const auto pid : mains) known.emplace(pid, Known::Ours);
  std::vector<pid_t> out, chain;
  for (const auto& p : all) {
    if (p.uid != uid || p.zombie) continue;
    auto verdict = Known::Stray;
    chain.clear();
    for (pid_t at = p.pid; at > 1 && chain.size() <= all.size();) {
      if (const auto found = known.find(at); found != known.end()) {
        verdict = found->second;
        break;
      }
      chain.push_back(at);
      const auto parent = parents.find(at);
      if (parent == parents.end()) break;
      at = parent->second;
    }
    for (const auto pid : chain) known.emplace(pid, verdict);
    if (verdict == Known::Stray) out.push_back(p.pid);
  }
  return out;
}

}  // namespace instances
