// SPDX-License-Identifier: MIT
#include "daemon/instances/usage_meter.hpp"

#include <vector>

namespace instances {
namespace {

constexpr auto kAge = core::milliseconds(500);

}  // namespace

void UsageMeter::begin(const InstanceContext& context, const std::string& instance) {
  cpuBefore_ = context.groups.cpuMicros(instance).value_or(0);
}

Usage UsageMeter::read(InstanceContext& context, const std::string& instance, pid_t mainPid) {
  const auto now = core::Clock::now();
  if (now - readAt_ <= kAge) return usage_;
  readAt_ = now;
  usage_ = {context.groups.memory(instance), context.groups.cpuMicros(instance)};
  if (usage_.cpuMicros && *usage_.cpuMicros >= cpuBefore_) *usage_.cpuMicros -= cpuBefore_;
  if (usage_.memoryBytes && usage_.cpuMicros) return usage_;
  std::vector<pid_t> pids;
  if (context.groups.has(instance)) {
    const auto members = context.groups.members(instance);
    pids.assign(members.begin(), members.end());
  } else {
    pids = context.snapshot.treeOf(mainPid, kAge);
  }
  const auto sums = usageOf(pids);
  if (!usage_.memoryBytes) usage_.memoryBytes = sums.memoryBytes;
  if (!usage_.cpuMicros) usage_.cpuMicros = sums.cpuMicros;
  return usage_;
}

}  // namespace instances
