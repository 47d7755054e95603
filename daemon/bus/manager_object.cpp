// SPDX-License-Identifier: MIT
#include "daemon/bus/manager_object.hpp"

#include <fmt/format.h>

#include <utility>

#include "daemon/bus/names.hpp"
#include "lib/core/text.hpp"

namespace bus {

using instances::Manager;
using instances::ProgramVerb;

ManagerObject::ManagerObject(BusMethods& verbs, std::string version)
    : AdaptorInterfaces(verbs.connection(), sdbus::ObjectPath{kManagerPath}),
      methods_(verbs),
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
  if (!methods_.manager().get(name)) throw noSuchInstance(fmt::format("There is no instance '{}'", name));
  return sdbus::ObjectPath{instancePath(name)};
}

sdbus::ObjectPath ManagerObject::GetInstanceByPID(const std::uint32_t& pid) {
  const auto name = methods_.manager().nameOfPid(static_cast<pid_t>(pid));
  if (!name) throw noSuchInstance(fmt::format("Process {} belongs to no instance", pid));
  return sdbus::ObjectPath{instancePath(*name)};
}

std::vector<sdbus::ObjectPath> ManagerObject::GetInstanceByUID(const std::uint32_t& uid) {
  std::vector<sdbus::ObjectPath> paths;
  for (const auto& name : methods_.manager().namesOfUid(uid)) paths.emplace_back(instancePath(name));
  return paths;
}

void ManagerObject::StartInstance(sdbus::Result<>&& result, std::string name) {
  methods_.run(getObject(), Verb::Start, &Manager::start, name, std::move(result));
}
void ManagerObject::StopInstance(sdbus::Result<>&& result, std::string name) {
  methods_.run(getObject(), Verb::Stop, &Manager::stop, name, std::move(result));
}
void ManagerObject::RestartInstance(sdbus::Result<>&& result, std::string name) {
  methods_.run(getObject(), Verb::Restart, &Manager::restart, name, std::move(result));
}
void ManagerObject::ForceRestartInstance(sdbus::Result<>&& result, std::string name) {
  methods_.run(getObject(), Verb::Restart, &Manager::forceRestart, name, std::move(result));
}
void ManagerObject::CheckInstance(sdbus::Result<std::vector<std::string>>&& result, std::string name) {
  methods_.check(getObject(), name, std::move(result));
}
void ManagerObject::ReloadInstance(sdbus::Result<>&& result, std::string name) {
  methods_.run(getObject(), Verb::Reload, &Manager::reload, name, std::move(result));
}
void ManagerObject::StartInstances(sdbus::Result<OutcomeList>&& result, std::vector<std::string> names) {
  methods_.runMany(getObject(), Verb::Start, &Manager::start, std::move(names), std::move(result));
}
void ManagerObject::StopInstances(sdbus::Result<OutcomeList>&& result, std::vector<std::string> names) {
  methods_.runMany(getObject(), Verb::Stop, &Manager::stop, std::move(names), std::move(result));
}
void ManagerObject::RestartInstances(sdbus::Result<OutcomeList>&& result, std::vector<std::string> names) {
  methods_.runMany(getObject(), Verb::Restart, &Manager::restart, std::move(names), std::move(result));
}
void ManagerObject::ReloadInstances(sdbus::Result<OutcomeList>&& result, std::vector<std::string> names) {
  methods_.runMany(getObject(), Verb::Reload, &Manager::reload, std::move(names), std::move(result));
}
void ManagerObject::KillInstance(sdbus::Result<>&& result, std::string name, std::string whom, std::int32_t signo) {
  methods_.kill(getObject(), name, whom, signo, std::move(result));
}
void ManagerObject::EnableInstances(sdbus::Result<std::vector<std::string>>&& result, std::vector<std::string> names) {
  methods_.enable(getObject(), std::move(names), true, std::move(result));
}
void ManagerObject::DisableInstances(sdbus::Result<std::vector<std::string>>&& result, std::vector<std::string> names) {
  methods_.enable(getObject(), std::move(names), false, std::move(result));
}
void ManagerObject::CreateInstance(sdbus::Result<sdbus::ObjectPath>&& result, std::string name,
                                   PropertyMap properties) {
  methods_.create(getObject(), name, properties, std::move(result));
}
void ManagerObject::SetInstanceProperties(sdbus::Result<>&& result, std::string name, PropertyMap properties) {
  methods_.change(getObject(), name, properties, std::move(result));
}
void ManagerObject::RemoveInstance(sdbus::Result<>&& result, std::string name, bool purge) {
  methods_.remove(getObject(), name, purge, std::move(result));
}
void ManagerObject::Reload(sdbus::Result<ChangeList>&& result) { methods_.reload(getObject(), std::move(result)); }
void ManagerObject::PlanReload(sdbus::Result<ChangeList, ComplaintList, ComplaintList>&& result) {
  methods_.plan(getObject(), std::move(result));
}
void ManagerObject::Reexecute(sdbus::Result<>&& result) { methods_.reexecute(getObject(), std::move(result)); }
ProgramList ManagerObject::ListPrograms(const std::string& name) { return methods_.programs(name); }
ProgramCounts ManagerObject::ListProgramCounts() { return methods_.programCounts(); }
void ManagerObject::GetProgramLog(sdbus::Result<std::string>&& result, std::string name, std::string program) {
  methods_.programLog(getObject(), name, program, std::move(result));
}
void ManagerObject::StartProgram(sdbus::Result<>&& result, std::string name, std::string program) {
  methods_.program(getObject(), name, program, ProgramVerb::Start, std::move(result));
}
void ManagerObject::StopProgram(sdbus::Result<>&& result, std::string name, std::string program) {
  methods_.program(getObject(), name, program, ProgramVerb::Stop, std::move(result));
}
void ManagerObject::RestartProgram(sdbus::Result<>&& result, std::string name, std::string program) {
  methods_.program(getObject(), name, program, ProgramVerb::Restart, std::move(result));
}
void ManagerObject::ListRefusedEntries(sdbus::Result<ComplaintList>&& result) {
  methods_.complaints(getObject(), true, std::move(result));
}
void ManagerObject::GetFailureDetails(sdbus::Result<std::string>&& result, std::string name) {
  methods_.failureDetails(getObject(), name, std::move(result));
}
void ManagerObject::ListWarnings(sdbus::Result<ComplaintList>&& result) {
  methods_.complaints(getObject(), false, std::move(result));
}

}  // namespace bus
