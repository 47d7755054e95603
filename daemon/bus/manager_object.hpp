// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "daemon/bus/adaptors.hpp"
#include "daemon/bus/bus_methods.hpp"

namespace bus {

/// The numbers behind the manager's properties. Old and new ones are compared for PropertiesChanged.
struct ManagerSummary {
  std::uint32_t instances = 0;
  std::uint32_t running = 0;
  std::uint32_t failed = 0;
  std::uint32_t troubled = 0;
  std::uint32_t refused = 0;
  bool reloading = false;

  [[nodiscard]] const char* systemState() const noexcept {
    return failed || troubled || refused ? "degraded" : "running";
  }
};

/// The object /org/supervisormanager1.
class ManagerObject final : public sdbus::AdaptorInterfaces<org::supervisormanager1::Manager_adaptor,
                                                            sdbus::ObjectManager_adaptor, sdbus::Properties_adaptor> {
 public:
  ManagerObject(BusMethods& methods, std::string version);
  ~ManagerObject();

  /// Takes new numbers and signals the properties that changed.
  void update(const ManagerSummary& now);

 private:
  std::vector<sdbus::Struct<std::string, std::string, std::string, std::string, std::uint32_t, bool, std::string,
                            sdbus::ObjectPath>>
  ListInstances() override;
  sdbus::ObjectPath GetInstance(const std::string& name) override;
  sdbus::ObjectPath GetInstanceByPID(const std::uint32_t& pid) override;
  std::vector<sdbus::ObjectPath> GetInstanceByUID(const std::uint32_t& uid) override;
  void StartInstance(sdbus::Result<>&& result, std::string name) override;
  void StopInstance(sdbus::Result<>&& result, std::string name) override;
  void RestartInstance(sdbus::Result<>&& result, std::string name) override;
  void ForceRestartInstance(sdbus::Result<>&& result, std::string name) override;
  void CheckInstance(sdbus::Result<std::vector<std::string>>&& result, std::string name) override;
  void ReloadInstance(sdbus::Result<>&& result, std::string name) override;
  void UpgradeInstance(sdbus::Result<>&& result, std::string name) override;
  void StartInstances(sdbus::Result<OutcomeList>&& result, std::vector<std::string> names) override;
  void StopInstances(sdbus::Result<OutcomeList>&& result, std::vector<std::string> names) override;
  void RestartInstances(sdbus::Result<OutcomeList>&& result, std::vector<std::string> names) override;
  void ReloadInstances(sdbus::Result<OutcomeList>&& result, std::vector<std::string> names) override;
  void UpgradeInstances(sdbus::Result<OutcomeList>&& result, std::vector<std::string> names) override;
  void KillInstance(sdbus::Result<>&& result, std::string name, std::string whom, std::int32_t signo) override;
  void EnableInstances(sdbus::Result<std::vector<std::string>>&& result, std::vector<std::string> names) override;
  void DisableInstances(sdbus::Result<std::vector<std::string>>&& result, std::vector<std::string> names) override;
  void CreateInstance(sdbus::Result<sdbus::ObjectPath>&& result, std::string name, PropertyMap properties) override;
  void SetInstanceProperties(sdbus::Result<>&& result, std::string name, PropertyMap properties) override;
  void RemoveInstance(sdbus::Result<>&& result, std::string name, bool purge) override;
  void Reload(sdbus::Result<ChangeList>&& result) override;
  void PlanReload(sdbus::Result<ChangeList, ComplaintList, ComplaintList>&& result) override;
  void Reexecute(sdbus::Result<>&& result) override;
  ProgramList ListPrograms(const std::string& name) override;
  ProgramCounts ListProgramCounts() override;
  void GetProgramLog(sdbus::Result<std::string>&& result, std::string name, std::string program) override;
  void StartProgram(sdbus::Result<>&& result, std::string name, std::string program) override;
  void StopProgram(sdbus::Result<>&& result, std::string name, std::string program) override;
  void RestartProgram(sdbus::Result<>&& result, std::string name, std::string program) override;
  void ListRefusedEntries(sdbus::Result<ComplaintList>&& result) override;
  void ListWarnings(sdbus::Result<ComplaintList>&& result) override;
  void GetFailureDetails(sdbus::Result<std::string>&& result, std::string name) override;

  std::string Version() override { return version_; }
  std::string SystemState() override { return summary_.systemState(); }
  std::uint32_t NInstances() override { return summary_.instances; }
  std::uint32_t NRunningInstances() override { return summary_.running; }
  std::uint32_t NFailedInstances() override { return summary_.failed; }
  std::uint32_t NTroubledInstances() override { return summary_.troubled; }
  std::uint32_t NRefusedEntries() override { return summary_.refused; }
  bool UpgradesInstances() override { return methods_.manager().upgradesInstances(); }
  bool ReloadActive() override { return summary_.reloading; }

  /// Of the call that is being processed.
  [[nodiscard]] Caller caller() { return callerOf(currentMessage(getObject())); }

  BusMethods& methods_;
  std::string version_;
  ManagerSummary summary_;
};

}  // namespace bus
