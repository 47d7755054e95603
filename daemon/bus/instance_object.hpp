// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "daemon/bus/adaptors.hpp"
#include "daemon/bus/bus_methods.hpp"
#include "daemon/bus/loop_bus.hpp"

namespace bus {

/// The object of one instance. Its properties come from a copy of the manager's status. The copy is renewed for each
/// message that reads a property and for each change that is signalled.
class InstanceObject final : public sdbus::AdaptorInterfaces<org::supervisormanager1::Instance_adaptor,
                                                             sdbus::ManagedObject_adaptor, sdbus::Properties_adaptor> {
 public:
  InstanceObject(BusMethods& methods, const LoopBus& bus, instances::InstanceStatus status);
  ~InstanceObject();

  /// Renews the copy of the status and signals the properties that changed.
  void update();
  [[nodiscard]] const instances::InstanceStatus& known() const noexcept { return status_; }

 private:
  void Start(sdbus::Result<>&& result) override;
  void Stop(sdbus::Result<>&& result) override;
  void Restart(sdbus::Result<>&& result) override;
  void Reload(sdbus::Result<>&& result) override;
  void Kill(sdbus::Result<>&& result, std::string whom, std::int32_t signo) override;
  void Enable(sdbus::Result<bool>&& result) override;
  void Disable(sdbus::Result<bool>&& result) override;
  void SetProperties(sdbus::Result<>&& result, PropertyMap properties) override;
  void Remove(sdbus::Result<>&& result, bool purge) override;
  ProgramList ListPrograms() override { return methods_.programs(name_); }
  void StartProgram(sdbus::Result<>&& result, std::string program) override;
  void StopProgram(sdbus::Result<>&& result, std::string program) override;
  void RestartProgram(sdbus::Result<>&& result, std::string program) override;

  std::string Name() override { return name_; }
  std::string User() override { return now().user; }
  std::uint32_t UID() override { return now().uid; }
  std::string Group() override { return now().group; }
  std::uint32_t GID() override { return now().gid; }
  std::string State() override { return toText(now().state); }
  std::string SubState() override { return now().subState; }
  std::string StatusText() override { return now().reason; }
  std::uint32_t MainPID() override { return static_cast<std::uint32_t>(now().mainPid); }
  bool Enabled() override { return now().enabled; }
  bool Managed() override { return now().state != instances::InstanceState::Unmanaged; }
  bool NoRemove() override { return now().noRemove; }
  std::string WantedState() override { return now().desired; }
  std::int32_t Priority() override { return now().priority; }
  std::string EntryFile() override { return now().sourceFile; }
  std::string ConfigurationFile() override { return now().confFile; }
  std::string IncludeDirectory() override { return now().includeDir; }
  std::string LogsDirectory() override { return now().logsDir; }
  std::string LogFile() override { return now().logFile; }
  std::string PIDDirectory() override { return now().pidDir; }
  std::string SocketsDirectory() override { return now().socksDir; }
  std::string Socket() override { return now().socket; }
  std::string ControlProgram() override { return now().supervisorctl; }
  std::string Endpoint() override { return now().endpoint; }
  std::uint64_t StateChangeTimestamp() override { return static_cast<std::uint64_t>(now().sinceWallMicros); }
  std::uint64_t StateChangeTimestampMonotonic() override { return now().sinceMonotonicMicros; }
  std::uint32_t NRestarts() override { return now().restarts; }
  std::string Result() override { return now().result; }
  std::uint32_t NPrograms() override;
  std::map<std::string, std::uint32_t> ProgramsByState() override { return now().programCounts; }
  std::string ControlGroup() override { return now().controlGroup; }
  std::uint64_t MemoryCurrent() override { return methods_.manager().usage(name_).memoryBytes.value_or(UINT64_MAX); }
  std::uint64_t CPUUsageUSec() override { return methods_.manager().usage(name_).cpuMicros.value_or(UINT64_MAX); }

  /// Of the call that is being processed.
  [[nodiscard]] Caller caller() { return callerOf(getObject()); }
  const instances::InstanceStatus& now();

  BusMethods& methods_;
  const LoopBus& bus_;
  std::string name_;
  instances::InstanceStatus status_;
  std::uint64_t statusTurn_ = 0;
};

}  // namespace bus
