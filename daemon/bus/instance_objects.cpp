// SPDX-License-Identifier: MIT
#include "daemon/bus/instance_objects.hpp"

#include <systemd/sd-bus.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <utility>

#include "daemon/bus/guarded_call.hpp"
#include "daemon/bus/instance_table.hpp"
#include "daemon/bus/names.hpp"
#include "lib/core/text.hpp"

namespace bus {

namespace {

/// An owner chooses the names of programs and the texts of its instance. sd-bus refuses strings that are not UTF-8: one
/// such text would make every reply with the properties fail.
void makeUtf8(instances::InstanceStatus& status) {
  for (auto* text :
       {&status.subState, &status.reason, &status.user, &status.group, &status.confFile, &status.logsDir,
        &status.pidDir, &status.socksDir, &status.includeDir, &status.supervisorctl, &status.socket, &status.logFile,
        &status.endpoint, &status.sourceFile, &status.controlGroup, &status.result, &status.desired})
    if (!core::isUtf8(*text)) *text = core::toUtf8(*text);
  std::map<std::string, std::uint32_t> counts;
  for (const auto& [word, count] : status.programCounts) counts[core::toUtf8(word)] += count;
  status.programCounts = std::move(counts);
}

/// The name of the instance whose object is at `path`; "" for a path that instancePath() does not make.
std::string nameAt(const char* path) {
  char* decoded = nullptr;
  if (sd_bus_path_decode(path, kInstancePrefix, &decoded) <= 0) return {};
  const std::unique_ptr<char, decltype(&std::free)> owned(decoded, &std::free);
  std::string name = decoded;
  return instancePath(name) == path ? name : std::string();
}

}  // namespace

InstanceObjects::InstanceObjects(BusMethods& methods, const RawBus& bus, const LoopBus& loopBus)
    : methods_(methods), bus_(bus), loopBus_(loopBus) {
  const auto find = [](sd_bus*, const char* path, const char*, void* self, void** found, sd_bus_error* error) {
    *found = self;
    return guardedCall(error, [&] { return static_cast<InstanceObjects*>(self)->select(path) ? 1 : 0; });
  };
  const auto enumerate = [](sd_bus*, const char*, void* self, char*** nodes, sd_bus_error* error) {
    return guardedCall(error, [&] {
      *nodes = static_cast<InstanceObjects*>(self)->paths();
      return 0;
    });
  };
  throwIfFailed(
      sd_bus_add_fallback_vtable(bus_.get(), &table_, kInstancePrefix, kInstanceInterface, instanceTable(), find, this),
      "cannot serve the instances");
  throwIfFailed(sd_bus_add_node_enumerator(bus_.get(), &enumerator_, kInstancePrefix, enumerate, this),
                "cannot list the instances");
}

InstanceObjects::~InstanceObjects() {
  try {
    while (!objects_.empty()) remove(std::string(objects_.begin()->first));
  } catch (const std::exception&) {
    // Lost the D-Bus connection: there are no listeners.
  }
  sd_bus_slot_unref(enumerator_);
  sd_bus_slot_unref(table_);
}

void InstanceObjects::add(const std::string& name) {
  if (objects_.count(name)) return;
  currentTurn_ = 0;
  if (!readStatus(name)) return;
  Object object{current_, current_.state, current_.isTroubled()};
  count(objects_.emplace(name, object).first->second, 1);
  throwIfFailed(sd_bus_emit_object_added(bus_.get(), instancePath(name).c_str()), "cannot signal an added instance");
}

void InstanceObjects::remove(const std::string& name) {
  const auto found = objects_.find(name);
  if (found == objects_.end()) return;
  removing_ = true;  // sd-bus asks for the object, of which it signals the removal
  const int signalled = sd_bus_emit_object_removed(bus_.get(), instancePath(name).c_str());
  removing_ = false;
  count(found->second, -1);
  objects_.erase(found);
  throwIfFailed(signalled, "cannot signal a removed instance");
}

bool InstanceObjects::update(const std::string& name, bool patient) {
  const auto found = objects_.find(name);
  if (found == objects_.end()) return false;
  currentTurn_ = 0;
  if (!readStatus(name)) return false;
  const StatusDigest now(current_);
  if (patient && differInProgramsOnly(found->second.digest, now)) {
    currentTurn_ = 0;  // who reads it now gets the signal first
    return true;
  }
  signalChanges(name, found->second, now);
  return false;
}

bool InstanceObjects::select(const char* path) {
  const auto found = objects_.find(nameAt(path));
  if (found == objects_.end()) return false;
  const bool known = currentTurn_ == loopBus_.turn() && current_.name == found->first;
  if (known || removing_) return true;
  if (!readStatus(found->first)) return false;
  // What a reader sees is signalled before the reply, not only in the next turn.
  signalChanges(found->first, found->second, StatusDigest(current_));
  return true;
}

/// Makes `name` the current instance; false: it is gone.
bool InstanceObjects::readStatus(const std::string& name) {
  auto fresh = methods_.manager().get(name);
  if (!fresh) return false;
  makeUtf8(*fresh);
  current_ = std::move(*fresh);
  currentTurn_ = loopBus_.turn();
  return true;
}

/// Of the current instance, whose digest is `now`.
void InstanceObjects::signalChanges(const std::string& name, Object& object, const StatusDigest& now) {
  const auto was = std::exchange(object.digest, now);
  const auto changed = changedProperties(was, object.digest);
  if (changed.empty()) return;
  count(object, -1);
  object.state = current_.state;
  object.troubled = current_.isTroubled();
  count(object, 1);
  std::vector<char*> names;
  for (const auto& one : changed) names.push_back(const_cast<char*>(one.c_str()));
  names.push_back(nullptr);
  throwIfFailed(
      sd_bus_emit_properties_changed_strv(bus_.get(), instancePath(name).c_str(), kInstanceInterface, names.data()),
      "cannot signal a changed instance");
}

void InstanceObjects::count(const Object& object, int change) noexcept {
  const auto by = static_cast<std::uint32_t>(change);  // modulo 2^32
  counts_.all += by;
  if (object.state == instances::InstanceState::Running) counts_.running += by;
  if (object.state == instances::InstanceState::Failed) counts_.failed += by;
  if (object.troubled) counts_.troubled += by;
}

/// The paths of all objects as sd-bus takes them: it frees each and the list.
char** InstanceObjects::paths() const {
  auto** const list = static_cast<char**>(std::calloc(objects_.size() + 1, sizeof(char*)));
  if (!list) throw std::bad_alloc();
  std::size_t i = 0;
  for (const auto& [name, object] : objects_) {
    list[i] = ::strdup(instancePath(name).c_str());
    if (list[i++]) continue;
    while (i > 0) std::free(list[--i]);
    std::free(list);
    throw std::bad_alloc();
  }
  return list;
}

}  // namespace bus
