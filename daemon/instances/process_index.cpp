// SPDX-License-Identifier: MIT
#include "daemon/instances/process_index.hpp"

#include <unistd.h>

#include <algorithm>

namespace instances {

ProcessIndex::ProcessIndex(std::vector<ProcessInfo> all) : all_(std::move(all)) {
  std::sort(all_.begin(), all_.end(), [](const auto& a, const auto& b) { return a.pid < b.pid; });
  const auto order = [this](Order& out, auto keyOf) {
    out.reserve(all_.size());
    for (Place i = 0; i < all_.size(); ++i) out.emplace_back(keyOf(all_[i]), i);
    std::sort(out.begin(), out.end());
  };
  order(byParent_, [](const ProcessInfo& p) { return p.parent; });
  order(byGroup_, [](const ProcessInfo& p) { return p.group; });
  order(bySession_, [](const ProcessInfo& p) { return p.session; });
  order(byUid_, [](const ProcessInfo& p) { return p.uid; });
}

template <class Visit>
void ProcessIndex::visit(const Order& order, std::int64_t key, Visit each) {
  for (auto at = std::lower_bound(order.begin(), order.end(), std::pair(key, Place{0}));
       at != order.end() && at->first == key; ++at)
    each(at->second);
}

const ProcessInfo* ProcessIndex::find(pid_t pid) const {
  const auto at =
      std::lower_bound(all_.begin(), all_.end(), pid, [](const auto& p, pid_t wanted) { return p.pid < wanted; });
  return at != all_.end() && at->pid == pid ? &*at : nullptr;
}

/// The processes that belong there by themselves, not by a parent.
std::vector<const ProcessInfo*> ProcessIndex::beginningsFor(const ProcessMatcher& matcher) const {
  std::vector<const ProcessInfo*> out;
  const auto add = [&](Place place) {
    if (all_[place].uid == matcher.uid) out.push_back(&all_[place]);
  };
  for (const auto group : matcher.groups) {
    visit(byGroup_, group, add);
    visit(bySession_, group, add);
  }
  if (matcher.orphansOf > 0)
    visit(byParent_, matcher.orphansOf, [&](Place place) {
      if (all_[place].uid == matcher.uid && !matcher.known(all_[place].pid)) out.push_back(&all_[place]);
    });
  for (const auto pid : matcher.marked)
    if (const auto* const process = find(pid); process && process->uid == matcher.uid) out.push_back(process);
  if (matcher.mainPid > 0)
    if (const auto* const process = find(matcher.mainPid)) out.push_back(process);
  return out;
}

std::vector<ProcessInfo> ProcessIndex::belongingTo(const ProcessMatcher& matcher) const {
  auto queue = beginningsFor(matcher);
  std::map<pid_t, const ProcessInfo*> found;
  while (!queue.empty()) {
    const auto* const p = queue.back();
    queue.pop_back();
    if (p->pid == ::getpid() || p->pid == 1 || !found.emplace(p->pid, p).second) continue;
    visit(byParent_, p->pid, [&](Place child) { queue.push_back(&all_[child]); });
  }
  std::vector<ProcessInfo> out;
  for (const auto& [pid, p] : found)
    if (!p->zombie && pid != matcher.mainPid) out.push_back(*p);
  return out;
}

std::vector<pid_t> ProcessIndex::strays(uid_t uid, const MainProcesses& mains) const {
  enum class Verdict : char { None, Stray, Ours };
  // Each process is walked over once, so that a long chain costs no more.
  std::vector<Verdict> verdicts(all_.size(), Verdict::None);
  std::vector<pid_t> out;
  std::vector<std::size_t> chain;
  visit(byUid_, uid, [&](Place place) {
    if (all_[place].zombie) return;
    auto verdict = Verdict::Stray;
    chain.clear();
    for (const auto* at = &all_[place]; at && at->pid > 1 && chain.size() <= all_.size(); at = find(at->parent)) {
      const auto i = static_cast<std::size_t>(at - all_.data());
      if (mains.count(at->pid)) verdicts[i] = Verdict::Ours;
      if (verdicts[i] != Verdict::None) {
        verdict = verdicts[i];
        break;
      }
      chain.push_back(i);
    }
    for (const auto i : chain) verdicts[i] = verdict;
    if (verdict == Verdict::Stray) out.push_back(all_[place].pid);
  });
  return out;
}

std::vector<pid_t> ProcessIndex::treeOf(pid_t root) const {
  std::vector<pid_t> tree{root};
  for (std::size_t i = 0; i < tree.size(); ++i)
    visit(byParent_, tree[i], [&](Place child) {
      if (tree.size() <= all_.size()) tree.push_back(all_[child].pid);
    });
  return tree;
}

}  // namespace instances
