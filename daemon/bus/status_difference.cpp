// SPDX-License-Identifier: MIT
#include "daemon/bus/status_difference.hpp"

namespace bus {

std::vector<std::string> changedProperties(const instances::InstanceStatus& was, const instances::InstanceStatus& now) {
  std::vector<std::string> changed;
  const auto compare = [&](const char* property, const auto& before, const auto& after) {
    if (before != after) changed.emplace_back(property);
  };
  compare("User", was.user, now.user);
  compare("UID", was.uid, now.uid);
  compare("Group", was.group, now.group);
  compare("GID", was.gid, now.gid);
  compare("State", was.state, now.state);
  compare("SubState", was.subState, now.subState);
  compare("StatusText", was.reason, now.reason);
  compare("MainPID", was.mainPid, now.mainPid);
  compare("Enabled", was.enabled, now.enabled);
  compare("Managed", was.state == instances::InstanceState::Unmanaged,
          now.state == instances::InstanceState::Unmanaged);
  compare("NoRemove", was.noRemove, now.noRemove);
  compare("WantedState", was.desired, now.desired);
  compare("Priority", was.priority, now.priority);
  compare("EntryFile", was.sourceFile, now.sourceFile);
  compare("ConfigurationFile", was.confFile, now.confFile);
  compare("IncludeDirectory", was.includeDir, now.includeDir);
  compare("LogsDirectory", was.logsDir, now.logsDir);
  compare("LogFile", was.logFile, now.logFile);
  compare("PIDDirectory", was.pidDir, now.pidDir);
  compare("SocketsDirectory", was.socksDir, now.socksDir);
  compare("Socket", was.socket, now.socket);
  compare("ControlProgram", was.supervisorctl, now.supervisorctl);
  compare("Endpoint", was.endpoint, now.endpoint);
  compare("StateChangeTimestamp", was.sinceWallMicros, now.sinceWallMicros);
  compare("StateChangeTimestampMonotonic", was.sinceMonotonicMicros, now.sinceMonotonicMicros);
  compare("NRestarts", was.restarts, now.restarts);
  compare("Result", was.result, now.result);
  if (was.programCounts != now.programCounts) {
    changed.emplace_back("NPrograms");
    changed.emplace_back("ProgramsByState");
  }
  compare("ControlGroup", was.controlGroup, now.controlGroup);
  return changed;
}

}  // namespace bus
