// SPDX-License-Identifier: MIT
#include "instance/api/group_control.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "instance/api/arguments.hpp"
#include "instance/api/control.hpp"
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

Programs those(const Programs& programs, bool (*fits)(const process::Process&)) {
  Programs chosen;
  std::copy_if(programs.begin(), programs.end(), std::back_inserter(chosen),
               [fits](const process::Process* program) { return fits(*program); });
  return chosen;
}

using GroupAction =
    std::function<void(const Programs& programs, const Array& params, core::Completion<MethodResult> done)>;

/// A handler for methods whose first parameter names a group.
Handler onGroup(const Instance& instance, GroupAction action) {
  return [&instance, action = std::move(action)](const Array& params, core::Completion<MethodResult> done) {
    const auto name = textArgument(params[0], "name");
    if (!name) return done(core::Err{name.error()});
    const process::Group* group = instance.table.find(*name);
    if (group == nullptr) return done(fail(xmlrpc::FaultCode::BadName, *name));
    action(group->byPriority(), params, std::move(done));
  };
}

/// Nothing depends any more on a group that the configuration does not have: it is about to be removed.
process::Along whoStopsWith(const Instance& instance, const Programs& group) {
  const auto& configured = instance.configuration().groups;
  const bool stays = group.empty() || std::any_of(configured.begin(), configured.end(), [&](const auto& one) {
                       return one->name == group.front()->group().name();
                     });
  return stays ? process::Along::All : process::Along::Nobody;
}

}  // namespace

// The programs are chosen before the first one is started or stopped: a change of one must not add or remove others.

void startAll(Waiters& waiters, const Programs& programs, bool wait, core::Completion<MethodResult> done) {
  auto chosen = those(programs, [](const process::Process& program) { return !lifecycle::isActive(program.state()); });
  std::erase_if(chosen, [](process::Process* program) { return program->disabled() || program->takesAutostart(); });
  forEachProgram(
      process::Process::inStartOrder(std::move(chosen)),
      [&waiters, wait](process::Process& program, core::Completion<Waiters::WaitResult> ended) {
        startProgram(waiters, program, program.fullName(), wait, std::move(ended));
      },
      std::move(done));
}

void stopAll(Waiters& waiters, const Programs& programs, bool wait, core::Completion<MethodResult> done,
             process::Along along) {
  stopThese(waiters, those(programs, isActive), wait, std::move(done), along);
}

void stopThese(Waiters& waiters, const Programs& programs, bool wait, core::Completion<MethodResult> done,
               process::Along along) {
  const auto all = process::Process::inStopOrder(programs, along);
  const std::unordered_set<const process::Process*> asked(programs.begin(), programs.end());
  forEachProgram(
      all,
      [&, wait, along](process::Process& program, core::Completion<Waiters::WaitResult> ended) {
        // The stop of what it depends on, which comes later in the list, takes it along: it is to start again with it.
        if (asked.count(&program) == 0) return awaitStop(waiters, program, wait, std::move(ended));
        stopProgram(waiters, program, program.fullName(), wait, std::move(ended), along);
      },
      std::move(done));
}

void signalAll(const Programs& programs, const std::string& signal, core::Completion<MethodResult> done) {
  forEachProgram(
      those(programs, [](const process::Process& program) { return lifecycle::isSignallable(program.state()); }),
      [&signal](process::Process& program, core::Completion<Waiters::WaitResult> ended) {
        ended(signalProgram(program, program.fullName(), signal));
      },
      std::move(done));
}

void addGroupControlMethods(Instance& instance, Waiters& waiters, SupervisorNamespace& names) {
  names.add(
      "startProcessGroup", {"array", "string", "boolean"}, 1,
      "Starts all processes of a group.\n\n@param string name  The group.\n"
      "@param boolean wait  Answer when each is up or has failed (the default).\n"
      "@return array result  A struct of name, group, status and description for each.",
      onGroup(instance, [&waiters](const Programs& programs, const Array& params, core::Completion<MethodResult> done) {
        startAll(waiters, programs, waits(params, 1), std::move(done));
      }));
  names.add("startAllProcesses", {"array", "boolean"}, 0,
            "Starts all processes.\n\n@param boolean wait  Answer when each is up or has failed (the default).\n"
            "@return array result  A struct of name, group, status and description for each.",
            [&](const Array& params, core::Completion<MethodResult> done) {
              startAll(waiters, byPriority(instance.table), waits(params, 0), std::move(done));
            });
  names.add("stopProcessGroup", {"array", "string", "boolean"}, 1,
            "Stops all processes of a group.\n\n@param string name  The group.\n"
            "@param boolean wait  Answer when each has ended (the default), else after 50 ms at most.\n"
            "@return array result  A struct of name, group, status and description for each.",
            onGroup(instance, [&](const Programs& programs, const Array& params, core::Completion<MethodResult> done) {
              stopAll(waiters, programs, waits(params, 1), std::move(done), whoStopsWith(instance, programs));
            }));
  names.add("stopAllProcesses", {"array", "boolean"}, 0,
            "Stops all processes.\n\n"
            "@param boolean wait  Answer when each has ended (the default), else after 50 ms at most.\n"
            "@return array result  A struct of name, group, status and description for each.",
            [&](const Array& params, core::Completion<MethodResult> done) {
              stopAll(waiters, byPriority(instance.table), waits(params, 0), std::move(done));
            });
  names.add("signalProcessGroup", {"array", "string", "string"}, 2,
            "Sends a signal to all processes of a group.\n\n@param string name  The group.\n"
            "@param string signal  Its name, with or without SIG, or its number.\n"
            "@return array result  A struct of name, group, status and description for each.",
            onGroup(instance, [](const Programs& programs, const Array& params, core::Completion<MethodResult> done) {
              signalAll(programs, scalarText(params[1]), std::move(done));
            }));
  names.add("signalAllProcesses", {"array", "string"}, 1,
            "Sends a signal to all processes.\n\n@param string signal  Its name, with or without SIG, or its number.\n"
            "@return array result  A struct of name, group, status and description for each.",
            [&](const Array& params, core::Completion<MethodResult> done) {
              signalAll(byPriority(instance.table), scalarText(params[0]), std::move(done));
            });
}

}  // namespace api
