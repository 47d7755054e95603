// SPDX-License-Identifier: MIT
#pragma once

#include <sys/resource.h>

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/instances/control_groups.hpp"
#include "daemon/instances/descriptor_store.hpp"
#include "daemon/instances/exit_link.hpp"
#include "daemon/instances/kept_file.hpp"
#include "daemon/instances/machine.hpp"
#include "daemon/instances/process_looks.hpp"
#include "daemon/instances/record.hpp"
#include "daemon/layout/plan.hpp"
#include "lib/core/event_loop.hpp"
#include "lib/core/group_sync.hpp"
#include "lib/core/log.hpp"
#include "lib/core/pacer.hpp"
#include "lib/core/reaper.hpp"
#include "lib/core/spawn.hpp"

namespace instances {

/// Lines about an instance: `journalctl SUPERVISOR_INSTANCE=name` shows them.
[[nodiscard]] inline logging::Tagged about(std::string_view instance) noexcept {
  return {"SUPERVISOR_INSTANCE", instance};
}

/// What all runners share. Owned by the fleet, outlives them.
struct InstanceContext {
  core::EventLoop& loop;
  core::Reaper& reaper;
  ControlGroups groups;
  layout::Places places;
  std::string runDirectory;    ///< /run/supervisor-manager: adoption/, notify/
  std::string stateDirectory;  ///< /var/lib/supervisor-manager: links/, state/
  std::string supervisord;
  bool privileged = true;
  Rules rules;
  bool ending = false;  ///< all instances are being stopped: none starts any more
  /// What may be instances of an earlier manager; from the look for them until they are taken over.
  std::map<pid_t, SeenProcess> seen;
  WriteRetries retries{loop};
  MainProcesses mains = {};  ///< of all instances
  ProcessSnapshot snapshot{mains};
  core::Pacer pacer{loop};  ///< for what takes milliseconds and is begun for many instances at a time
  core::GroupSync syncs{loop};
  std::size_t stopping = 0;  ///< instances whose process was asked to end
  ProcessLooks looks{loop, reaper, snapshot, mains, stopping};
  DescriptorStores stores{loop, reaper};       ///< kept for the instances
  std::multimap<uid_t, ExitLink*> exits = {};  ///< of the instances that have taken over, or will, by their user
  std::optional<rlimit> fileLimit = {};        ///< of open files, of what runs as an owner: the manager raises its own

  /// Before the limits of the entry.
  void limitFiles(core::SpawnSpec& spec) const {
    if (fileLimit) spec.limits.emplace(spec.limits.begin(), RLIMIT_NOFILE, *fileLimit);
  }

  [[nodiscard]] std::string recordPath(const std::string& name) const { return runDirectory + "/adoption/" + name; }
  [[nodiscard]] std::string notifyPath(const std::string& name) const { return runDirectory + "/notify/" + name; }
  [[nodiscard]] std::string statePath(const std::string& name) const { return stateDirectory + "/state/" + name; }
};

}  // namespace instances
