// SPDX-License-Identifier: MIT
#include "daemon/instances/process_finder.hpp"

#include <unistd.h>

#include <map>
#include <new>
#include <utility>

namespace instances {

core::Task<std::vector<FoundProcess>> ProcessFinder::find(core::Duration age) {
  if (context_.groups.has(subject_.instance)) co_return members();
  const auto uid = subject_.matcher().uid;
  const auto look = co_await context_.looks.get(uid, age);
  if (!look) throw std::bad_alloc();
  co_return related(*look);
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

std::vector<FoundProcess> ProcessFinder::related(const AccountLook& look) {
  auto matcher = subject_.matcher();
  matcher.marked = look.marked(subject_.mark);
  std::map<pid_t, core::UniqueFd> held;
  std::vector<ProcessInfo> again;
  for (const auto& process : look.index().belongingTo(matcher)) {
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
  for (const auto& process : ProcessIndex(std::move(again)).belongingTo(matcher))
    if (const auto at = held.find(process.pid); at != held.end()) out.push_back({process, std::move(at->second)});
  return out;
}

}  // namespace instances
