// SPDX-License-Identifier: MIT
#include <string_view>
#include <utility>
#include <vector>

#include "instance/api/arguments.hpp"
#include "instance/api/group_call.hpp"
#include "instance/api/instance.hpp"
#include "instance/api/names.hpp"
#include "instance/api/supervisor_methods.hpp"
#include "instance/process/group.hpp"
#include "instance/process/process.hpp"
#include "instance/process/table.hpp"

namespace api {
namespace {

using Programs = std::vector<process::Process*>;
using xmlrpc::Array;
using xmlrpc::FaultCode;

/// Enables or disables some programs: all of them, or none if that cannot be kept.
void setEnabled(const Instance& instance, const Programs& programs, bool enabled, core::Completion<MethodResult> done) {
  if (const auto kept = instance.table.setDisabled(programs, !enabled); !kept)
    return done(fail(FaultCode::Failed, kept.error().text));
  forEachProgram(
      programs, [](process::Process&, core::Completion<Waiters::WaitResult> ended) { ended({}); }, std::move(done));
}

void setOneEnabled(const Instance& instance, const Array& params, bool enabled, core::Completion<MethodResult> done) {
  const auto name = textArgument(params[0], "name");
  if (!name) return done(core::Err{name.error()});
  const auto target = findTarget(instance.table, *name);
  if (!target) return done(core::Err{target.error()});
  if (target->program == nullptr) return setEnabled(instance, target->group->byPriority(), enabled, std::move(done));
  if (const auto kept = instance.table.setDisabled({target->program}, !enabled); !kept)
    return done(fail(FaultCode::Failed, kept.error().text));
  done(trueValue());
}

void setGroupEnabled(const Instance& instance, const Array& params, bool enabled, core::Completion<MethodResult> done) {
  const auto name = textArgument(params[0], "name");
  if (!name) return done(core::Err{name.error()});
  const process::Group* group = instance.table.find(*name);
  if (group == nullptr) return done(fail(FaultCode::BadName, *name));
  setEnabled(instance, group->byPriority(), enabled, std::move(done));
}

/// The three methods that enable, or those that disable.
struct Verb {
  bool enabled;
  std::string_view one, group, all;
  std::string_view oneHelp, groupHelp, allHelp;
};

constexpr Verb kEnable{true,
                       "enableProcess",
                       "enableProcessGroup",
                       "enableAllProcesses",
                       "Undoes disableProcess; nothing is started.\n\n"
                       "@param string name  The process ('name', 'group:name', or 'group:*' for a group).\n"
                       "@return boolean result  True; for a group an array of results.",
                       "Undoes disableProcessGroup; nothing is started.\n\n@param string name  The group.\n"
                       "@return array result  A struct of name, group, status and description for each.",
                       "Undoes disableAllProcesses; nothing is started.\n\n"
                       "@return array result  A struct of name, group, status and description for each."};
constexpr Verb kDisable{
    false,
    "disableProcess",
    "disableProcessGroup",
    "disableAllProcesses",
    "From now on, also after a reboot, the process is started only by its name. It is not stopped.\n"
    "The fault is FAILED if that cannot be kept. Supervisor does not have this method.\n\n"
    "@param string name  The process ('name', 'group:name', or 'group:*' for a group).\n"
    "@return boolean result  True; for a group an array of results.",
    "The same as disableProcess for all processes of a group.\n\n@param string name  The group.\n"
    "@return array result  A struct of name, group, status and description for each.",
    "The same as disableProcess for all processes.\n\n"
    "@return array result  A struct of name, group, status and description for each."};

}  // namespace

void addEnablingMethods(Instance& instance, SupervisorNamespace& names) {
  for (const Verb& verb : {kEnable, kDisable}) {
    const bool enabled = verb.enabled;
    names.add(verb.one, {"boolean", "string"}, 1, verb.oneHelp,
              [&instance, enabled](const Array& params, core::Completion<MethodResult> done) {
                setOneEnabled(instance, params, enabled, std::move(done));
              });
    names.add(verb.group, {"array", "string"}, 1, verb.groupHelp,
              [&instance, enabled](const Array& params, core::Completion<MethodResult> done) {
                setGroupEnabled(instance, params, enabled, std::move(done));
              });
    names.add(verb.all, {"array"}, 0, verb.allHelp,
              [&instance, enabled](const Array&, core::Completion<MethodResult> done) {
                setEnabled(instance, byPriority(instance.table), enabled, std::move(done));
              });
    for (const auto name : {verb.one, verb.group, verb.all}) names.unlist(name);
  }
}

}  // namespace api
