// SPDX-License-Identifier: MIT
#include "daemon/bus/instance_object.hpp"

#include <numeric>
#include <utility>

#include "daemon/bus/names.hpp"
#include "daemon/bus/status_difference.hpp"
#include "lib/core/text.hpp"

namespace bus {

namespace {

/// An owner chooses the names of programs and what an instance says of itself; the bus takes nothing but UTF-8.
std::optional<instances::InstanceStatus> told(std::optional<instances::InstanceStatus> status) {
  if (!status) return status;
  for (auto* text : {&status->subState, &status->reason, &status->user, &status->group, &status->confFile,
                     &status->logsDir, &status->pidDir, &status->socksDir, &status->includeDir, &status->supervisorctl,
                     &status->socket, &status->logFile, &status->endpoint, &status->sourceFile, &status->controlGroup,
                     &status->result, &status->desired})
    *text = core::toUtf8(*text);
  std::map<std::string, std::uint32_t> counts;
  for (const auto& [word, count] : status->programCounts) counts[core::toUtf8(word)] += count;
  status->programCounts = std::move(counts);
  return status;
}

}  // namespace

using instances::Manager;
using instances::ProgramVerb;

InstanceObject::InstanceObject(BusMethods& verbs, const LoopBus& bus, instances::InstanceStatus status)
    : AdaptorInterfaces(verbs.connection(), sdbus::ObjectPath{instancePath(status.name)}),
      methods_(verbs),
      bus_(bus),
      name_(status.name),
      status_(std::move(*told(std::move(status)))) {
  registerAdaptor();
  emitInterfacesAddedSignal();
}

InstanceObject::~InstanceObject() {
  try {
    emitInterfacesRemovedSignal();
  } catch (const sdbus::Error&) {  // the bus is gone: nobody is left to be told
  }
  unregisterAdaptor();
}

const instances::InstanceStatus& InstanceObject::now() {
  if (statusTurn_ != bus_.turn()) {
    statusTurn_ = bus_.turn();
    // What was told last stays the base of the next comparison.
    const auto fresh = told(methods_.manager().get(name_));
    if (fresh && !changedProperties(status_, *fresh).empty()) update();
  }
  return status_;
}

void InstanceObject::update() {
  auto fresh = told(methods_.manager().get(name_));
  if (!fresh) return;
  const auto was = std::exchange(status_, std::move(*fresh));
  statusTurn_ = bus_.turn();  // before the signal, which reads the properties
  const auto changed = changedProperties(was, status_);
  if (!changed.empty()) getObject().emitPropertiesChangedSignal(Instance_adaptor::INTERFACE_NAME, changed);
}

std::uint32_t InstanceObject::NPrograms() {
  const auto& counts = now().programCounts;
  return std::accumulate(counts.begin(), counts.end(), 0U,
                         [](std::uint32_t sum, const auto& one) { return sum + one.second; });
}

void InstanceObject::Start(sdbus::Result<>&& result) {
  methods_.run(getObject(), Verb::Start, &Manager::start, name_, std::move(result));
}
void InstanceObject::Stop(sdbus::Result<>&& result) {
  methods_.run(getObject(), Verb::Stop, &Manager::stop, name_, std::move(result));
}
void InstanceObject::Restart(sdbus::Result<>&& result) {
  methods_.run(getObject(), Verb::Restart, &Manager::restart, name_, std::move(result));
}
void InstanceObject::Reload(sdbus::Result<>&& result) {
  methods_.run(getObject(), Verb::Reload, &Manager::reload, name_, std::move(result));
}
void InstanceObject::Kill(sdbus::Result<>&& result, std::string whom, std::int32_t signo) {
  methods_.kill(getObject(), name_, whom, signo, std::move(result));
}
void InstanceObject::Enable(sdbus::Result<bool>&& result) {
  methods_.enable(getObject(), name_, true, std::move(result));
}
void InstanceObject::Disable(sdbus::Result<bool>&& result) {
  methods_.enable(getObject(), name_, false, std::move(result));
}
void InstanceObject::SetProperties(sdbus::Result<>&& result, PropertyMap properties) {
  methods_.change(getObject(), name_, properties, std::move(result));
}
void InstanceObject::Remove(sdbus::Result<>&& result, bool purge) {
  methods_.remove(getObject(), name_, purge, std::move(result));
}
void InstanceObject::StartProgram(sdbus::Result<>&& result, std::string program) {
  methods_.program(getObject(), name_, program, ProgramVerb::Start, std::move(result));
}
void InstanceObject::StopProgram(sdbus::Result<>&& result, std::string program) {
  methods_.program(getObject(), name_, program, ProgramVerb::Stop, std::move(result));
}
void InstanceObject::RestartProgram(sdbus::Result<>&& result, std::string program) {
  methods_.program(getObject(), name_, program, ProgramVerb::Restart, std::move(result));
}

}  // namespace bus
