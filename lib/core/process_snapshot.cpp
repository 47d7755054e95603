// SPDX-License-Identifier: MIT
#include "lib/core/process_snapshot.hpp"

#include <unistd.h>

#include <algorithm>

#include "lib/core/family_mark.hpp"
#include "lib/core/proc_files.hpp"

namespace core {
namespace {

using By = ProcessSnapshot::By;

/// The parent of the kernel's threads, which have no marks.
constexpr pid_t kKernelThreads = 2;

std::uint64_t numberOf(const ProcessSnapshot::One& one, By by) noexcept {
  switch (by) {
    case By::Pid: return static_cast<std::uint64_t>(one.pid);
    case By::Parent: return static_cast<std::uint64_t>(one.parent);
    case By::Group: return static_cast<std::uint64_t>(one.group);
    case By::Session: return static_cast<std::uint64_t>(one.session);
    case By::Mark: break;
  }
  return one.parent == kKernelThreads ? 0 : family_mark::get(one.pid);
}

}  // namespace

std::optional<ProcessSnapshot::One> ProcessSnapshot::look(pid_t pid) {
  char buffer[4096];
  const auto status = proc::read(pid, "status", buffer, sizeof buffer);
  const auto state = proc::field(status, "\nState:");
  if (state.empty() || state.front() == 'Z' || state.front() == 'X') return std::nullopt;
  return One{pid, proc::number<pid_t>(proc::field(status, "\nPPid:")), ::getpgid(pid), ::getsid(pid),
             proc::number<uid_t>(proc::field(status, "\nUid:"))};
}

ProcessSnapshot ProcessSnapshot::take() {
  ProcessSnapshot out;
  const pid_t self = ::getpid();
  const auto pids = proc::allPids();
  out.all_.reserve(pids.size());
  for (auto at = pids.rbegin(); at != pids.rend(); ++at)
    if (*at != self && *at > 1)
      if (const auto one = look(*at)) out.all_.push_back(*one);
  return out;
}

ProcessSnapshot ProcessSnapshot::of(const std::vector<pid_t>& pids) {
  ProcessSnapshot out;
  for (const pid_t pid : pids)
    if (const auto one = look(pid)) out.all_.push_back(*one);
  return out;
}

std::vector<ProcessSnapshot::Entry> ProcessSnapshot::sortedBy(By by) const {
  std::vector<Entry> entries;
  entries.reserve(all_.size());
  for (const auto& one : all_) entries.emplace_back(numberOf(one, by), static_cast<std::uint32_t>(entries.size()));
  std::sort(entries.begin(), entries.end());
  return entries;
}

std::span<const ProcessSnapshot::Entry> ProcessSnapshot::find(By by, std::uint64_t number) const {
  auto& entries = sorted_[static_cast<std::size_t>(by)];
  if (entries.size() != all_.size()) entries = sortedBy(by);
  const auto first = std::lower_bound(entries.begin(), entries.end(), Entry(number, 0));
  const auto last = std::upper_bound(first, entries.end(), Entry(number, UINT32_MAX));
  return {first, last};
}

}  // namespace core
