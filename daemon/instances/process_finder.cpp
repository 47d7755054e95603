// SPDX-License-Identifier: MIT
#include "daemon/instances/process_finder.hpp"

#include <unistd.h>

#include <map>
#include <utility>

namespace instances {

core::Task<std::vector<FoundProcess>> ProcessFinder::find(core::Duration age) {
  if (context_.groups.has(subject_.instance)) co_return members();
  const auto matcher = subject_.matcher();
  std::map<pid_t, core::UniqueFd> held;  // before their environment is read: what is read is theirs, or they are gone
  std::vector<pid_t> pids;
  for (const auto pid : strays(matcher.uid, subject_.mains(), context_.snapshot.get(age)))
    if (auto fd = pid == ::getpid() ? core::UniqueFd() : openPidfd(pid)) {
      held.emplace(pid, std::move(fd));
      pids.push_back(pid);
    }
  std::set<pid_t> marked;
  if (!pids.empty()) {
    const auto details = co_await readDetailsInHelper(context_.loop, context_.reaper, std::move(pids));
    if (details)
      for (const auto& [pid, seen] : *details)
        if (seen.mark == subject_.mark && signalTo(held[pid], 0) == 0) marked.insert(pid);
  }
  co_return related(marked);
}

std::vector<FoundProcess> ProcessFinder::members() const {
  const auto main = subject_.matcher().mainPid;
  std::vector<FoundProcess> out;
  for (const auto pid : context_.groups.members(subject_.instance))
    if (pid != main && pid != ::getpid())
      if (auto fd = openPidfd(pid)) out.push_back({{pid, 0, 0, 0, 0, false}, std::move(fd)});
  // Members still, while the descriptors hold them: no other process has got one of these numbers.
  const auto still = context_.groups.members(subject_.instance);
  std::erase_if(out, [&](auto& one) {
    const auto info = still.count(one.info.pid) ? lookAt(one.info.pid) : std::nullopt;
    if (!info || info->zombie) return true;
    one.info = *info;
    return false;
  });
  return out;
}

std::vector<FoundProcess> ProcessFinder::related(const std::set<pid_t>& marked) {
  auto matcher = subject_.matcher();
  matcher.marked = marked;
  std::map<pid_t, core::UniqueFd> held;
  std::vector<ProcessInfo> again;
  for (const auto& process : belongingTo(matcher, context_.snapshot.get(core::milliseconds(100)))) {
    auto fd = openPidfd(process.pid);
    if (const auto info = fd ? lookAt(process.pid) : std::nullopt) {
      again.push_back(*info);
      held.emplace(process.pid, std::move(fd));
    }
  }
  if (matcher.mainPid > 0)
    if (const auto info = lookAt(matcher.mainPid)) again.push_back(*info);
  // What belongs there still, while the descriptors hold it.
  std::vector<FoundProcess> out;
  for (const auto& process : belongingTo(matcher, again))
    if (const auto at = held.find(process.pid); at != held.end()) out.push_back({process, std::move(at->second)});
  return out;
}

}  // namespace instances
