// SPDX-License-Identifier: MIT
#include "daemon/bus/manager_object.hpp"

#include <fmt/format.h>

#include <utility>

#include "daemon/bus/names.hpp"
#include "lib/core/text.hpp"

namespace bus {

using instances::Manager;
using instances::ProgramVerb;

ManagerObject::ManagerObject(BusMethods& methods, std::string version)
    : AdaptorInterfaces(methods.connection(), sdbus::ObjectPath{kManagerPath}),
      methods_(methods),
      version_(std::move(version)) {
  registerAdaptor();
}

ManagerObject::~ManagerObject() { unregisterAdaptor(); }

void ManagerObject::update(const ManagerSummary& now) {
  const ManagerSummary was = std::exchange(summary_, now);
  std::vector<std::string> changed;
  if (std::string_view(was.systemState()) != now.systemState()) changed.emplace_back("SystemState");
  if (was.instances != now.instances) changed.emplace_back("NInstances");
  if (was.running != now.running) changed.emplace_back("NRunningInstances");
  if (was.failed != now.failed) changed.emplace_back("NFailedInstances");
  if (was.troubled != now.troubled) changed.emplace_back("NTroubledInstances");
  if (was.refused != now.refused) changed.emplace_back("NRefusedEntries");
  if (was.reloading != now.reloading) changed.emplace_back("ReloadActive");
  if (!changed.empty()) getObject().emitPropertiesChangedSignal(Manager_adaptor::INTERFACE_NAME, changed);
}

std::vector<sdbus::Struct<std::string, std::string, std::string, std::string, std::uint32_t, bool, std::string,
                          sdbus::ObjectPath>>
ManagerObject::ListInstances() {
  decltype(ListInstances()) list;
  for (const auto& one : methods_.manager().list())
    list.emplace_back(one.name, one.user, std::string(toText(one.state)), core::toUtf8(one.subState),
                      static_cast<std::uint32_t>(one.mainPid), one.enabled, core::toUtf8(one.reason),
                      sdbus::ObjectPath{instancePath(one.name)});
  return list;
}

sdbus::ObjectPath ManagerObject::GetInstance(const std::string& name) {
  if (!methods_.manager().get(name)) throw toBusError(noSuchInstance(name));
  return sdbus::ObjectPath{instancePath(name)};
}

sdbus::ObjectPath ManagerObject::GetInstanceByPID(const std::uint32_t& pid) {
  const auto name = methods_.manager().nameOfPid(static_cast<pid_t>(pid));
  if (!name)
    throw makeError(errorName(instances::ErrorCode::NoSuchInstance),
                    fmt::format("Process {} does not belong to an instance", pid));
  return sdbus::ObjectPath{instancePath(*name)};
}

std::vector<sdbus::ObjectPath> ManagerObject::GetInstanceByUID(const std::uint32_t& uid) {
  std::vector<sdbus::ObjectPath> paths;
  for (const auto& name : methods_.manager().namesOfUid(uid)) paths.emplace_back(instancePath(name));
  return paths;
}

void ManagerObject::StartInstance(sdbus::Result<>&& result, std::string name) {
  methods_.reply(std::move(result), methods_.run(caller(), Verb::Start, &Manager::start, std::move(name)));
}
void ManagerObject::StopInstance(sdbus::Result<>&& result, std::string name) {
  methods_.reply(std::move(result), methods_.run(caller(), Verb::Stop, &Manager::stop, std::move(name)));
}
void ManagerObject::RestartInstance(sdbus::Result<>&& result, std::string name) {
  methods_.reply(std::move(result), methods_.run(caller(), Verb::Restart, &Manager::restart, std::move(name)));
}
void ManagerObject::ForceRestartInstance(sdbus::Result<>&& result, std::string name) {
  methods_.reply(std::move(result), methods_.run(caller(), Verb::Restart, &Manager::forceRestart, std::move(name)));
}
void ManagerObject::CheckInstance(sdbus::Result<std::vector<std::string>>&& result, std::string name) {
  methods_.reply(std::move(result), methods_.check(caller(), std::move(name)));
}
void ManagerObject::ReloadInstance(sdbus::Result<>&& result, std::string name) {
  methods_.reply(std::move(result), methods_.run(caller(), Verb::Reload, &Manager::reload, std::move(name)));
}
void ManagerObject::UpgradeInstance(sdbus::Result<>&& result, std::string name) {
  methods_.reply(std::move(result), methods_.run(caller(), Verb::Upgrade, &Manager::upgrade, std::move(name)));
}
void ManagerObject::StartInstances(sdbus::Result<OutcomeList>&& result, std::vector<std::string> names) {
  methods_.reply(std::move(result), methods_.runMany(caller(), Verb::Start, &Manager::start, std::move(names)));
}
void ManagerObject::StopInstances(sdbus::Result<OutcomeList>&& result, std::vector<std::string> names) {
  methods_.reply(std::move(result), methods_.runMany(caller(), Verb::Stop, &Manager::stop, std::move(names)));
}
void ManagerObject::RestartInstances(sdbus::Result<OutcomeList>&& result, std::vector<std::string> names) {
  methods_.reply(std::move(result), methods_.runMany(caller(), Verb::Restart, &Manager::restart, std::move(names)));
}
void ManagerObject::ReloadInstances(sdbus::Result<OutcomeList>&& result, std::vector<std::string> names) {
  methods_.reply(std::move(result), methods_.runMany(caller(), Verb::Reload, &Manager::reload, std::move(names)));
}
void ManagerObject::UpgradeInstances(sdbus::Result<OutcomeList>&& result, std::vector<std::string> names) {
  methods_.reply(std::move(result), methods_.runMany(caller(), Verb::Upgrade, &Manager::upgrade, std::move(names)));
}
void ManagerObject::KillInstance(sdbus::Result<>&& result, std::string name, std::string whom, std::int32_t signo) {
  methods_.reply(std::move(result), methods_.kill(caller(), std::move(name), std::move(whom), signo));
}
void ManagerObject::EnableInstances(sdbus::Result<std::vector<std::string>>&& result, std::vector<std::string> names) {
  methods_.reply(std::move(result), methods_.enableMany(caller(), std::move(names), true));
}
void ManagerObject::DisableInstances(sdbus::Result<std::vector<std::string>>&& result, std::vector<std::string> names) {
  methods_.reply(std::move(result), methods_.enableMany(caller(), std::move(names), false));
}
void ManagerObject::CreateInstance(sdbus::Result<sdbus::ObjectPath>&& result, std::string name,
                                   PropertyMap properties) {
  methods_.reply(std::move(result), methods_.create(caller(), std::move(name), std::move(properties)));
}
void ManagerObject::SetInstanceProperties(sdbus::Result<>&& result, std::string name, PropertyMap properties) {
  methods_.reply(std::move(result), methods_.change(caller(), std::move(name), std::move(properties)));
}
void ManagerObject::RemoveInstance(sdbus::Result<>&& result, std::string name, bool purge) {
  methods_.reply(std::move(result), methods_.remove(caller(), std::move(name), purge));
}
void ManagerObject::Reload(sdbus::Result<ChangeList>&& result) {
  methods_.reply(std::move(result), methods_.reload(caller()));
}
void ManagerObject::PlanReload(sdbus::Result<ChangeList, ComplaintList, ComplaintList>&& result) {
  methods_.reply(std::move(result), methods_.plan(caller()));
}
void ManagerObject::Reexecute(sdbus::Result<>&& result) {
  methods_.reply(std::move(result), methods_.reexecute(caller()));
}
ProgramList ManagerObject::ListPrograms(const std::string& name) { return methods_.programs(name); }
ProgramCounts ManagerObject::ListProgramCounts() { return methods_.programCounts(); }
void ManagerObject::GetProgramLog(sdbus::Result<std::string>&& result, std::string name, std::string program) {
  methods_.reply(std::move(result), methods_.programLog(caller(), std::move(name), std::move(program)));
}
void ManagerObject::StartProgram(sdbus::Result<>&& result, std::string name, std::string program) {
  methods_.reply(std::move(result),
                 methods_.program(caller(), std::move(name), std::move(program), ProgramVerb::Start));
}
void ManagerObject::StopProgram(sdbus::Result<>&& result, std::string name, std::string program) {
  methods_.reply(std::move(result), methods_.program(caller(), std::move(name), std::move(program), ProgramVerb::Stop));
}
void ManagerObject::RestartProgram(sdbus::Result<>&& result, std::string name, std::string program) {
  methods_.reply(std::move(result),
                 methods_.program(caller(), std::move(name), std::move(program), ProgramVerb::Restart));
}
void ManagerObject::ListRefusedEntries(sdbus::Result<ComplaintList>&& result) {
  methods_.reply(std::move(result), methods_.complaints(caller(), true));
}
void ManagerObject::GetFailureDetails(sdbus::Result<std::string>&& result, std::string name) {
  methods_.reply(std::move(result), methods_.failureDetails(caller(), std::move(name)));
}
void ManagerObject::ListWarnings(sdbus::Result<ComplaintList>&& result) {
  methods_.reply(std::move(result), methods_.complaints(caller(), false));
}

}  // namespace bus
