// SPDX-License-Identifier: MIT
#include "daemon/instances/status_of.hpp"

namespace instances {
namespace {

InstanceState stateOf(Machine::Phase phase, bool managed, bool asksToStart) {
  using Phase = Machine::Phase;
  if (!managed) return InstanceState::Unmanaged;
  switch (phase) {
    case Phase::Inactive: return InstanceState::Inactive;
    case Phase::Preparing:
    case Phase::Spawning:
    case Phase::Starting: return InstanceState::Starting;
    case Phase::Running: return InstanceState::Running;
    case Phase::Stopping: return InstanceState::Stopping;
    case Phase::Clearing: return asksToStart ? InstanceState::Restarting : InstanceState::Stopping;
    case Phase::Waiting: return InstanceState::Restarting;
    case Phase::Failed: return InstanceState::Failed;
  }
  return InstanceState::Inactive;
}

const char* subStateOf(Machine::Phase phase) {
  using Phase = Machine::Phase;
  switch (phase) {
    case Phase::Inactive: return "dead";
    case Phase::Preparing: return "preparing";
    case Phase::Spawning:
    case Phase::Starting: return "waiting for readiness";
    case Phase::Running: return "running";
    case Phase::Stopping: return "stopping its programs";
    case Phase::Clearing: return "ending what was left running";
    case Phase::Waiting: return "waiting for the next try";
    case Phase::Failed: return "failed";
  }
  return "";
}

}  // namespace

InstanceStatus statusOf(const entries::Entry& entry, const Machine& machine) {
  InstanceStatus s;
  s.name = entry.name;
  s.state = stateOf(machine.phase(), entry.managed, machine.wanted());
  s.subState = subStateOf(machine.phase());
  s.uid = entry.owner.uid;
  s.gid = entry.identity.gid;
  s.user = entry.owner.name;
  s.group = entry.group;
  s.confFile = entry.confFile;
  s.logsDir = entry.logsDir;
  s.pidDir = entry.pidDir;
  s.socksDir = entry.socksDir;
  s.includeDir = entry.includeDir;
  s.supervisorctl = entry.supervisorctl;
  s.socket = entry.socketPath();
  s.logFile = entry.logFile();
  if (entry.http) s.endpoint = entry.http->endpoint;
  s.sourceFile = entry.origin.file;
  s.sinceMonotonicMicros = static_cast<std::uint64_t>(
      std::chrono::duration_cast<core::microseconds>(machine.since().time_since_epoch()).count());
  s.restarts = machine.restarts();
  s.takeovers = machine.takeovers();
  s.result = toText(machine.result());
  s.reason = machine.reason();
  s.details = machine.details();
  s.enabled = entry.enabled;
  s.noRemove = entry.noRemove;
  s.desired = toText(entry.state);
  s.priority = entry.priority;
  return s;
}

}  // namespace instances
