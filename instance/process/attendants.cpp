// SPDX-License-Identifier: MIT
#include "instance/process/attendants.hpp"

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

void addReadiness(Attendants& all, ProcessContext& context, Process& program) {
  using Kind = config::Readiness::Kind;
  switch (program.config().extension->readiness.kind) {
    case Kind::None:
    case Kind::Notify: return;
    case Kind::Descriptor: all.add<DescriptorReadiness>(context, program); return;
    case Kind::Log: all.add<LogReadiness>(context, program); return;
    case Kind::File: all.add<FileReadiness>(context, program); return;
    case Kind::Probe: all.add<ProbeReadiness>(context, program); return;
  }
}

/// Those that a program gets also while it exists.
void addOfLiveKeys(Attendants& all, ProcessContext& context, Process& program) {
  const auto& scheduling = program.config().extension->scheduling;
  const auto& lifetime = program.config().extension->lifetime;
  if (all.schedule == nullptr && scheduling.given()) all.schedule = all.add<Schedule>(context, program);
  if (all.lifetime == nullptr && lifetime.timed()) all.lifetime = all.add<Lifetime>(context, program);
  if (all.window == nullptr && !lifetime.window.empty()) all.window = all.add<RunWindow>(context, program);
}

template <class T>
void removeAttendant(Attendants& all, T*& one) noexcept {
  std::erase_if(all.all, [&](const auto& each) { return each.get() == one; });
  one = nullptr;
}

}  // namespace

std::unique_ptr<Attendants> makeAttendants(ProcessContext& context, Process& program) {
  if (!program.config().extension.given()) return nullptr;
  const config::Extension& asked = *program.config().extension;
  auto made = std::make_unique<Attendants>();
  if (!asked.around.empty()) made->commands = made->add<CommandsAround>(context, program);
  addReadiness(*made, context, program);
  if (asked.readiness.access != config::NotifyAccess::None)
    made->notifications = made->add<Notifications>(context, program);
  const auto& health = asked.health;
  if (health.rules.any()) made->health = made->add<Health>(context, program);
  if (made->health != nullptr && made->notifications != nullptr)
    made->notifications->setWatchdogHook([one = made->health](bool failed) { one->heard(failed); });
  if (health.memoryLimit > 0) made->add<MemoryGuard>(context, program);
  if (!asked.surroundings.credentials.empty()) made->add<Credentials>(context, program);
  if (asked.controlGroup.any() || asked.stopping.scope == config::KillScope::Tree)
    made->cgroup = made->add<ProgramCgroup>(context, program);
  if (!asked.watching.paths.empty()) made->add<FileWatch>(context, program);
  if (!asked.activation.sockets.empty()) made->add<Activation>(context, program);
  addOfLiveKeys(*made, context, program);
  return made->all.empty() ? nullptr : std::move(made);
}

void renewAttendants(ProcessContext& context, Process& program, std::unique_ptr<Attendants>& attendants) {
  if (attendants) {
    // The others stay when their keys are removed: they have an end to handle, or nothing to do.
    if (attendants->schedule != nullptr && !program.config().extension->scheduling.given())
      removeAttendant(*attendants, attendants->schedule);
    for (const auto& one : attendants->all) one->onReconfigured();
    addOfLiveKeys(*attendants, context, program);
    if (attendants->all.empty()) attendants.reset();
  } else {
    attendants = makeAttendants(context, program);
  }
}

}  // namespace process
