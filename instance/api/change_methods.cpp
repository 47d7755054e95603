// SPDX-License-Identifier: MIT
#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "instance/api/arguments.hpp"
#include "instance/api/group_update.hpp"
#include "instance/api/instance.hpp"
#include "instance/api/supervisor_methods.hpp"
#include "instance/config/change.hpp"
#include "instance/config/difference.hpp"
#include "instance/config/load.hpp"
#include "instance/process/group.hpp"
#include "instance/process/process.hpp"
#include "instance/process/table.hpp"
#include "lib/xmlrpc/writer.hpp"

namespace api {
namespace {

using config::GroupChange;
using config::GroupConfig;
using config::ProgramChange;
using xmlrpc::Array;
using xmlrpc::FaultCode;

/// The change of a group that comes or goes: that of all its programs.
GroupChange allOf(const GroupConfig& group, ProgramChange::Kind kind) {
  GroupChange change;
  for (const auto& program : group.processes) change.programs.push_back({kind, program->name, {}, {}});
  return change;
}

/// One group that runs, and what becomes of it.
struct Changed {
  const process::Group* group;
  const GroupConfig* now;
  GroupChange change;
};

/// What restarts because of restart_with_dependencies, by the names of groups.
std::map<std::string, Followed, std::less<>> followersOf(const std::vector<Changed>& changes) {
  std::set<const process::Process*> ended;
  std::vector<process::Process*> restarted;
  for (const auto& one : changes)
    for (const bool removed : {true, false})
      for (auto* const program : endedPrograms(*one.group, *one.now, one.change, removed)) {
        ended.insert(program);
        if (!removed && lifecycle::isActive(program->state())) restarted.push_back(program);
      }
  std::map<std::string, Followed, std::less<>> followers;
  for (auto* const program : restarted)
    for (const auto* const other : process::Process::inStopOrder({program}, process::Along::Restarting))
      if (!ended.contains(other)) followers[other->group().name()].try_emplace(other->name(), program->fullName());
  return followers;
}

std::string changesTo(const process::Table& table, const std::vector<config::GroupPtr>& now) {
  std::string out;
  xmlrpc::Writer writer(out);
  writer.beginArray();
  std::set<std::string_view> seen;
  std::vector<Changed> changes;
  for (const auto& group : now) {
    if (!seen.insert(group->name).second) continue;  // only the first one of a name is used
    const auto* const active = table.find(group->name);
    if (active == nullptr)
      writeChange(out, group->name, "added", allOf(*group, ProgramChange::Kind::Added), 0);
    else if (!config::sameGroup(active->config(), *group))
      changes.push_back({active, group.get(), active->changeTo(*group)});
  }
  for (auto& one : changes) planStarts(*one.group, *one.now, one.change);
  auto followers = followersOf(changes);
  for (const auto& [group, target, change] : changes) {
    auto followed = followers.extract(group->name());
    writeChange(out, group->name(), change.whole ? "replaced" : "changed", change,
                change.whole ? 0 : keptPrograms(*group, change), followed ? std::move(followed.mapped()) : Followed());
  }
  for (auto& [name, followed] : followers)
    writeChange(out, name, "same", {}, table.find(name)->processes().size(), std::move(followed));
  for (const auto& group : table.groups())
    if (!seen.contains(group->name()))
      writeChange(out, group->name(), "removed", allOf(group->config(), ProgramChange::Kind::Removed), 0);
  writer.endArray();
  return out;
}

MethodResult getConfigChanges(const Instance& instance, const Array& params) {
  if (!waits(params, 0)) return changesTo(instance.table, instance.configuration().groups);
  const auto read = config::load(instance.commandLine, config::Unreadable::Refused, instance.scaling());
  if (!read) return fail(FaultCode::CantReread, read.error().text);
  return changesTo(instance.table, read->groups);
}

void updateProcessGroup(Instance& instance, Waiters& waiters, const Array& params,
                        core::Completion<MethodResult> done) {
  const auto name = textArgument(params[0], "name");
  if (!name) return done(core::Err{name.error()});
  UpdateRequest request{*name, waits(params, 1), {}};
  if (params.size() > 2) {
    const Array* const programs = params[2].array();
    if (programs == nullptr) return done(fail(FaultCode::IncorrectParameters, "programs"));
    for (const auto& program : *programs) request.programs.push_back(scalarText(program));
  }
  updateGroup(instance, waiters, std::move(request), std::move(done));
}

}  // namespace

void addUpdateMethod(Instance& instance, Waiters& waiters, SupervisorNamespace& names) {
  names.add(
      "updateProcessGroup", {"struct", "string", "boolean", "array"}, 1,
      "Applies the configuration that was read last to one group. Programs that stay as they are continue, and so do\n"
      "those that differ only in keys that do not need a restart; the others are stopped, and started if they\n"
      "have autostart. Supervisor does not have this method.\n\n"
      "@param string name  The group.\n"
      "@param boolean start  Start what is new or was stopped for its change (the default).\n"
      "@param array programs  Only these programs of the group; nothing is added or removed then.\n"
      "@return struct result  What was changed, as a member of the result of getConfigChanges.",
      [&](const Array& params, core::Completion<MethodResult> done) {
        updateProcessGroup(instance, waiters, params, std::move(done));
      });
  names.unlist("updateProcessGroup");
}

void addChangeMethods(Instance& instance, Waiters& waiters, SupervisorNamespace& names) {
  names.add(
      "getConfigChanges", {"array", "boolean"}, 0,
      "Returns what an update would change. Nothing is changed, and what was read stays as it is. Supervisor does\n"
      "not have this method.\n\n"
      "@param boolean read  Read the files (the default), else compare with what was read last.\n"
      "@return array result  For each group that differs a struct of name, change ('added', 'removed', 'changed'\n"
      "or 'replaced', if it can only be changed as a whole; 'same' if it does not differ and some of its programs\n"
      "restart with others), keys (of the group itself) and programs: structs of name, change ('added', 'removed',\n"
      "'restarted' or 'live', if it continues), keys, causes if only some of the keys need the restart, and with if\n"
      "it restarts with another program (restart_with_dependencies): that. kept is the number of programs of which\n"
      "the configuration needs no restart.",
      immediately([&instance](const Array& params) { return getConfigChanges(instance, params); }));
  names.unlist("getConfigChanges");
  addUpdateMethod(instance, waiters, names);
}

}  // namespace api
