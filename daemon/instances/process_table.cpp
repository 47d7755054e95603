// SPDX-License-Identifier: MIT
#include "daemon/instances/process_table.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <unordered_map>

#include "lib/core/proc_files.hpp"
#include "lib/core/text.hpp"

namespace instances {
namespace {

/// Processes whose usage one call reads: any account may ask, and may have thousands of them.
constexpr std::size_t kMostCounted = 1000;
/// Looking at all processes takes at most this share of the manager's time.
constexpr int kPausePerCost = 20;

}  // namespace

std::optional<ProcessInfo> lookAt(pid_t pid) {
  char buffer[4096];
  const auto status = core::proc::read(pid, "status", buffer, sizeof buffer);
  using core::proc::field, core::proc::number;
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
  for (const auto pid : core::proc::allPids())
    if (const auto info = lookAt(pid)) out.push_back(*info);
  return out;
}

std::string nameOf(pid_t pid) {
  char buffer[4096];
  return std::string(core::proc::field(core::proc::read(pid, "status", buffer, sizeof buffer), "Name:"));
}

std::string controlGroupOf(pid_t pid) {
  char buffer[4096];
  const auto text = core::proc::read(pid, "cgroup", buffer, sizeof buffer);
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
  for (std::size_t i = 0; i < tree.size(); ++i) {
    const auto [begin, end] = children_.equal_range(tree[i]);
    for (auto it = begin; it != end && tree.size() <= all.size(); ++it) tree.push_back(it->second);
  }
  return tree;
}

Usage usageOf(const std::vector<pid_t>& pids) {
  std::uint64_t bytes = 0, micros = 0;
  for (std::size_t i = 0; i < pids.size() && i < kMostCounted; ++i) {
    const auto one = core::proc::usageOf(pids[i]).value_or(core::proc::Usage{});
    bytes += one.memory;
    micros += one.cpuMicros;
  }
  return {bytes, micros};
}

const std::string& bootId() {
  static const std::string kId = [] {
    char buffer[64];
    const core::UniqueFd fd(::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC));
    const auto n = fd ? ::read(fd.get(), buffer, sizeof buffer) : -1;
    return n > 0 ? std::string(core::trim(std::string_view(buffer, static_cast<std::size_t>(n)))) : "unknown";
  }();
  return kId;
}

core::UniqueFd openPidfd(pid_t pid) noexcept {
  return core::UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));  // always close-on-exec
}

int signalTo(const core::UniqueFd& pidfd, int signo) noexcept {
  if (!pidfd) return ESRCH;
  return ::syscall(SYS_pidfd_send_signal, pidfd.get(), signo, nullptr, 0) == 0 ? 0 : errno;
}

std::vector<ProcessInfo> belongingTo(const ProcessMatcher& matcher, const std::vector<ProcessInfo>& all) {
  std::multimap<pid_t, const ProcessInfo*> children;
  std::vector<const ProcessInfo*> queue;
  for (const auto& p : all) {
    children.emplace(p.parent, &p);
    const bool own = p.uid == matcher.uid;
    const bool grouped = own && (matcher.groups.count(p.group) > 0 || matcher.groups.count(p.session) > 0);
    const bool orphan = own && matcher.orphansOf && p.parent == matcher.orphansOf && !matcher.known(p.pid);
    const bool marked = own && matcher.marked.count(p.pid) > 0;
    const bool main = matcher.mainPid > 0 && p.pid == matcher.mainPid;
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
    if (!p->zombie && pid != matcher.mainPid) out.push_back(*p);
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
