// SPDX-License-Identifier: MIT
#include "lib/dialect/extension.hpp"

#include <algorithm>

#include "lib/dialect/extension_keys.hpp"
#include "lib/dialect/health.hpp"
#include "lib/dialect/pacing.hpp"
#include "lib/dialect/possible.hpp"
#include "lib/dialect/program.hpp"
#include "lib/dialect/readiness.hpp"
#include "lib/dialect/section_reader.hpp"

namespace config {

bool hasExtension(const SectionReader& in) {
  return hasStopSequence(in) ||
         std::any_of(kExtensionKeys.begin(), kExtensionKeys.end(), [&](const Key& key) { return in.has(key.name); });
}

Extension readExtension(SectionReader& in, const core::Names& names, const ProcessConfig& process,
                        const SocketSections& sockets, bool onDemand) {
  Extension out;
  readPacing(in, names, out.pacing);
  readReadiness(in, names, out.readiness);
  readHealth(in, names, out.health);
  if (out.health.rules.watchdog.count() > 0 && out.readiness.access == NotifyAccess::None) {
    if (in.has("notify_access"))
      in.conflict("notify_access", {"watchdog", "health_check"}, "a watchdog needs main or all");
    out.readiness.access = NotifyAccess::Main;
  }
  readSurroundings(in, names, out.surroundings);
  readLimits(in, names, out.limits);
  readDependences(in, names, out.dependences);
  readReloading(in, names, out.reloading);
  readWatching(in, names, out.reloading, out.watching);
  readAround(in, names, out.around);
  readStopping(in, names, core::seconds(process.stopWaitSeconds), out.stopping);
  readScheduling(in, names, out.scheduling);
  if (out.scheduling.given() && !in.has("type")) out.dependences.oneshot = true;  // a job
  readLifetime(in, names, out.lifetime);
  out.activation.onDemand = onDemand;
  readActivation(in, names, sockets, out.readiness, out.activation);
  readControlGroup(in, names, out.controlGroup);
  for (const Key& key : kExtensionKeys)
    if (in.has(key.name)) out.given.emplace_back(key.name, in.text(key.name, names).value_or(""));
  return out;
}

const char* whatIsImpossible(const Extension& extension) noexcept {
  if (!isPossible(extension.pacing)) return "restart_delay, restart_limit or fatal_retry";
  if (!isPossible(extension.stopping)) return "stopsignal";
  if (!isPossible(extension.around)) return "exec_start_pre or others of exec_";
  if (!isPossible(extension.reloading)) return "reload_signal or reload_timeout";
  if (!isPossible(extension.dependences)) return "start_delay";
  if (!isPossible(extension.readiness)) return "ready";
  if (!isPossible(extension.health)) return "health_check, watchdog or memory_restart";
  if (!isPossible(extension.limits)) return "limit_, nice, ionice or cpu_affinity";
  if (!isPossible(extension.scheduling)) return "schedule or schedule_jitter";
  if (!isPossible(extension.lifetime)) return "max_runtime, max_age or run_window";
  if (!isPossible(extension.activation)) return "sockets or idle_stop";
  if (!isPossible(extension.watching)) return "watch_delay or watch_action";
  if (!isPossible(extension.controlGroup)) return "memory_max, memory_high, cpu_max or tasks_max";
  return nullptr;
}

}  // namespace config
