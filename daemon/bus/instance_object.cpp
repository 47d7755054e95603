// SPDX-License-Identifier: MIT
#include "daemon/bus/instance_object.hpp"

#include <numeric>
#include <utility>

#include "daemon/bus/names.hpp"
#include "daemon/bus/status_difference.hpp"
#include "lib/core/text.hpp"

namespace bus {

namespace {

/// An owner chooses the names of programs and the texts of its instance. sd-bus refuses strings that are not UTF-8: one
/// such text would make every reply with the properties fail.
std::optional<instances::InstanceStatus> inUtf8(std::optional<instances::InstanceStatus> status) {
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

InstanceObject::InstanceObject(BusMethods& methods, const LoopBus& bus, instances::InstanceStatus status)
    : AdaptorInterfaces(methods.connection(), sdbus::ObjectPath{instancePath(status.name)}),
      methods_(methods),
      bus_(bus),
      name_(status.name),
      status_(std::move(*inUtf8(std::move(status)))) {
  registerAdaptor();
  emitInterfacesAddedSignal();
}

InstanceObject::~InstanceObject() {
  try {
    emitInterfacesRemovedSignal();
  } catch (const sdbus::Error&) {
    // Lost the D-Bus connection: there are no listeners.
  }
  unregisterAdaptor();
}

const instances::InstanceStatus& InstanceObject::now() {
  if (statusTurn_ != bus_.turn()) {
    statusTurn_ = bus_.turn();
    // A change that is not signalled here would never be: update() compares with the copy that this read replaces.
    const auto fresh = inUtf8(methods_.manager().get(name_));
    if (fresh && !changedProperties(status_, *fresh).empty()) update();
  }
  return status_;
}

void InstanceObject::update() {
  auto fresh = inUtf8(methods_.manager().get(name_));
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
  methods_.reply(std::move(result), methods_.run(caller(), Verb::Start, &Manager::start, name_));
}
void InstanceObject::Stop(sdbus::Result<>&& result) {
  methods_.reply(std::move(result), methods_.run(caller(), Verb::Stop, &Manager::stop, name_));
}
void InstanceObject::Restart(sdbus::Result<>&& result) {
  methods_.reply(std::move(result), methods_.run(caller(), Verb::Restart, &Manager::restart, name_));
}
void InstanceObject::Reload(sdbus::Result<>&& result) {
  methods_.reply(std::move(result), methods_.run(caller(), Verb::Reload, &Manager::reload, name_));
}
void InstanceObject::Kill(sdbus::Result<>&& result, std::string whom, std::int32_t signo) {
  methods_.reply(std::move(result), methods_.kill(caller(), name_, std::move(whom), signo));
}
void InstanceObject::Enable(sdbus::Result<bool>&& result) {
  methods_.reply(std::move(result), methods_.enable(caller(), name_, true));
}
void InstanceObject::Disable(sdbus::Result<bool>&& result) {
  methods_.reply(std::move(result), methods_.enable(caller(), name_, false));
}
void InstanceObject::SetProperties(sdbus::Result<>&& result, PropertyMap properties) {
  methods_.reply(std::move(result), methods_.change(caller(), name_, std::move(properties)));
}
void InstanceObject::Remove(sdbus::Result<>&& result, bool purge) {
  methods_.reply(std::move(result), methods_.remove(caller(), name_, purge));
}
void InstanceObject::StartProgram(sdbus::Result<>&& result, std::string program) {
  methods_.reply(std::move(result), methods_.program(caller(), name_, std::move(program), ProgramVerb::Start));
}
void InstanceObject::StopProgram(sdbus::Result<>&& result, std::string program) {
  methods_.reply(std::move(result), methods_.program(caller(), name_, std::move(program), ProgramVerb::Stop));
}
void InstanceObject::RestartProgram(sdbus::Result<>&& result, std::string program) {
  methods_.reply(std::move(result), methods_.program(caller(), name_, std::move(program), ProgramVerb::Restart));
}

}  // namespace bus
