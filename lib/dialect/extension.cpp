// SPDX-License-Identifier: MIT
#include "lib/dialect/extension.hpp"

#include <algorithm>

#include "lib/dialect/extension_keys.hpp"
#include "lib/dialect/health.hpp"
#include "lib/dialect/pacing.hpp"
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

}  // namespace config
