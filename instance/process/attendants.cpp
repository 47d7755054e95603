// SPDX-License-Identifier: MIT
#include "instance/process/attendants.hpp"

#include <algorithm>
#include <vector>

#include "instance/config/model.hpp"
#include "instance/process/activation.hpp"
#include "instance/process/commands_around.hpp"
#include "instance/process/credentials.hpp"
#include "instance/process/descriptor_readiness.hpp"
#include "instance/process/file_readiness.hpp"
#include "instance/process/file_watch.hpp"
#include "instance/process/health.hpp"
#include "instance/process/lifetime.hpp"
#include "instance/process/log_readiness.hpp"
#include "instance/process/memory_guard.hpp"
#include "instance/process/notifications.hpp"
#include "instance/process/probe_readiness.hpp"
#include "instance/process/process.hpp"
#include "instance/process/program_cgroup.hpp"
#include "instance/process/run_window.hpp"
#include "instance/process/schedule.hpp"

namespace process {
namespace {

Readiness* addReadiness(Attendants& all, ProcessContext& context, Process& program) {
  using Kind = config::Readiness::Kind;
  switch (program.config().extension->readiness.kind) {
    case Kind::None:
    case Kind::Notify: break;
    case Kind::Descriptor: return all.add<DescriptorReadiness>(context, program);
    case Kind::Log: return all.add<LogReadiness>(context, program);
    case Kind::File: return all.add<FileReadiness>(context, program);
    case Kind::Probe: return all.add<ProbeReadiness>(context, program);
  }
  return nullptr;
}

/// Those that a program gets also while it exists.
void addOfLiveKeys(Attendants& all, ProcessContext& context, Process& program) {
  const config::Extension& asked = *program.config().extension;
  if (all.watch == nullptr && !asked.watching.paths.empty()) all.watch = all.add<FileWatch>(context, program);
  if (all.commands == nullptr && !asked.around.empty()) all.commands = all.add<CommandsAround>(context, program);
  if (all.health == nullptr && asked.health.rules.any()) {
    all.health = all.add<Health>(context, program);
    if (all.notifications != nullptr)
      all.notifications->setWatchdogHook([one = all.health](bool failed) { one->heard(failed); });
  }
  if (all.memory == nullptr && asked.health.memoryLimit > 0) all.memory = all.add<MemoryGuard>(context, program);
  if (all.schedule == nullptr && asked.scheduling.given()) all.schedule = all.add<Schedule>(context, program);
  if (all.lifetime == nullptr && asked.lifetime.timed()) all.lifetime = all.add<Lifetime>(context, program);
  if (all.window == nullptr && !asked.lifetime.window.empty()) all.window = all.add<RunWindow>(context, program);
}

template <class T>
void removeAttendant(Attendants& all, T*& one) noexcept {
  std::erase_if(all.all, [&](const auto& each) { return each.get() == one; });
  one = nullptr;
}

/// Those whose keys are gone. The others stay: they have an end to handle, or nothing to do.
void removeOfLiveKeys(Attendants& all, const config::Extension& asked) noexcept {
  if (all.watch != nullptr && asked.watching.paths.empty()) removeAttendant(all, all.watch);
  if (all.schedule != nullptr && !asked.scheduling.given()) removeAttendant(all, all.schedule);
  if (all.memory != nullptr && asked.health.memoryLimit == 0) removeAttendant(all, all.memory);
  if (all.health != nullptr && !asked.health.rules.any()) {
    if (all.notifications != nullptr) all.notifications->setWatchdogHook({});
    removeAttendant(all, all.health);
  }
}

/// For another sign: while the program starts, it is looked for from now on.
void renewReadiness(Attendants& all, ProcessContext& context, Process& program) {
  if (all.readiness != nullptr) removeAttendant(all, all.readiness);
  all.readiness = addReadiness(all, context, program);
  if (all.readiness == nullptr) return;
  std::rotate(all.all.begin(), all.all.end() - 1, all.all.end());  // its place is the first one
  all.readiness->joinStart();
}

}  // namespace

std::unique_ptr<Attendants> makeAttendants(ProcessContext& context, Process& program) {
  if (!program.config().extension.given()) return nullptr;
  const config::Extension& asked = *program.config().extension;
  auto made = std::make_unique<Attendants>();
  made->readiness = addReadiness(*made, context, program);
  if (asked.readiness.access != config::NotifyAccess::None)
    made->notifications = made->add<Notifications>(context, program);
  if (!asked.surroundings.credentials.empty()) made->add<Credentials>(context, program);
  if (asked.controlGroup.any() || asked.stopping.scope == config::KillScope::Tree)
    made->cgroup = made->add<ProgramCgroup>(context, program);
  if (!asked.activation.sockets.empty()) made->add<Activation>(context, program);
  addOfLiveKeys(*made, context, program);
  return made->all.empty() ? nullptr : std::move(made);
}

void renewAttendants(ProcessContext& context, Process& program, const config::ProcessConfig& before,
                     std::unique_ptr<Attendants>& attendants) {
  if (!attendants) attendants = std::make_unique<Attendants>();
  const config::Extension& asked = *program.config().extension;
  removeOfLiveKeys(*attendants, asked);
  if (!asked.readiness.sameSign(before.extension->readiness)) renewReadiness(*attendants, context, program);
  for (const auto& one : attendants->all) one->onReconfigured();
  addOfLiveKeys(*attendants, context, program);
  if (attendants->all.empty()) attendants.reset();
}

}  // namespace process
