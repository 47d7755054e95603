// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cerrno>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "instance/api/arguments.hpp"
#include "instance/api/control.hpp"
#include "instance/api/group_call.hpp"
#include "instance/api/instance.hpp"
#include "instance/api/supervisor_methods.hpp"
#include "instance/config/change.hpp"
#include "instance/config/difference.hpp"
#include "instance/config/load.hpp"
#include "instance/config/overlay.hpp"
#include "instance/config/scale_file.hpp"
#include "instance/process/group.hpp"
#include "instance/process/process.hpp"
#include "instance/process/table.hpp"
#include "lib/core/files.hpp"
#include "lib/core/log.hpp"
#include "lib/dialect/context.hpp"
#include "lib/xmlrpc/struct_writer.hpp"

namespace api {
namespace {

using Programs = std::vector<process::Process*>;
using Configs = std::vector<std::shared_ptr<const config::ProcessConfig>>;
using xmlrpc::Array;
using xmlrpc::FaultCode;
template <class T>
using Faulty = core::Result<T, xmlrpc::Fault>;

constexpr std::size_t kLargestScaleFile = 1024 * 1024;

/// What a change of the number of processes means for a group.
struct ScalePlan {
  std::string group;
  Configs added;
  std::vector<std::string> removed;  ///< names
};

core::Err<xmlrpc::Fault> failed(const std::string& why) { return fail(FaultCode::Failed, why); }

std::set<std::string_view> namesOf(const Configs& programs) {
  std::set<std::string_view> names;
  for (const auto& program : programs) names.insert(program->name);
  return names;
}

/// The group as the files have it now must be the one that runs: what is added must fit to the others.
Faulty<void> checkUnchanged(const Instance& instance, const process::Group& group) {
  const auto now = config::load(instance.commandLine);
  if (!now) return fail(FaultCode::CantReread, now.error().text);
  const auto found =
      std::find_if(now->groups.begin(), now->groups.end(), [&](const auto& one) { return one->name == group.name(); });
  if (found == now->groups.end() || !config::sameGroup(**found, group.config()))
    return failed("the configuration of group " + group.name() + " has changed: run update first");
  return {};
}

Faulty<ScalePlan> planOf(const Instance& instance, const std::string& program, int count) {
  config::Scale wanted{program, count};
  if (const auto loaded = config::load(instance.commandLine, config::Unreadable::Refused, &wanted); !loaded)
    return failed(loaded.error().text);
  auto* const group = wanted.group.empty() ? nullptr : instance.table.find(wanted.group);
  if (group == nullptr) return fail(FaultCode::BadName, program);
  if (const auto same = checkUnchanged(instance, *group); !same) return core::Err{same.error()};
  // Every name that the program can have now, to tell its processes from others in the group.
  config::Scale all{program, std::max(count, static_cast<int>(group->processes().size()))};
  if (const auto loaded = config::load(instance.commandLine, config::Unreadable::Refused, &all); !loaded)
    return failed(loaded.error().text);
  const auto kept = namesOf(wanted.processes), own = namesOf(all.processes);
  ScalePlan plan{wanted.group, {}, {}};
  for (const auto& one : wanted.processes)
    if (group->find(one->name) == nullptr) plan.added.push_back(one);
  for (const auto& one : group->processes())
    if (own.count(one->name()) && !kept.count(one->name())) plan.removed.push_back(one->name());
  return plan;
}

/// Writes the number to the included file, if the configuration stays good with it, and reads it again.
Faulty<void> save(Instance& instance, const std::string& program, int count) {
  const auto path = config::scaleFile(instance.commandLine);
  if (!path) return failed(path.error().text);
  const auto old = core::readFile(*path, kLargestScaleFile);
  if (!old && old.error().code != ENOENT) return failed(old.error().text);
  const auto text = config::withScale(old ? *old : std::string(), program, count);
  auto overlay = std::make_shared<config::Overlay>();
  overlay->files[*path] = text;
  auto line = instance.commandLine;
  line.overlay = overlay;
  if (const auto loaded = config::load(line); !loaded) return failed(loaded.error().text);
  if (auto written = core::writeFileAtomically(*path, text, 0644); !written) return failed(written.error().text);
  if (const auto read = instance.reconfigure(); !read) return fail(FaultCode::CantReread, read.error().text);
  return {};
}

/// First all are added: what each start needs to know of the others is found out once.
void add(process::Group& group, const Configs& programs) {
  std::vector<process::Process*> added;
  added.reserve(programs.size());
  for (const auto& program : programs)
    if (auto* const one = group.add(program)) added.push_back(one);
  for (auto* const program : added)
    if (program->startsByItself()) program->startAutomatically();
}

MethodResult outcome(const ScalePlan& plan) {
  std::string out;
  xmlrpc::StructWriter members(out);
  const auto names = [&](const char* member, const std::vector<std::string>& texts) {
    members.value(member, [&](xmlrpc::Writer& writer) {
      writer.beginArray();
      for (const auto& text : texts) writer.string(text);
      writer.endArray();
    });
  };
  std::vector<std::string> added;
  for (const auto& program : plan.added) added.push_back(program->name);
  members.text("group", plan.group);
  names("added", added);
  names("removed", plan.removed);
  members.end();
  return out;
}

/// Whether an update would change nothing but what the group counts as its configuration.
bool isAsConfigured(const process::Group& group, const config::GroupConfig& now) {
  const auto change = group.changeTo(now);
  return !change.whole && change.keys.empty() && change.programs.empty();
}

/// Takes out what has been stopped. What did not stop, or was started again meanwhile, is a fault.
MethodResult finish(const Instance& instance, const ScalePlan& plan) {
  auto& table = instance.table;
  std::string left;
  for (const auto& name : plan.removed) {
    auto* const program = table.find(plan.group, name);
    if (program == nullptr) continue;
    if (lifecycle::isStopped(program->state()) && program->pid() == 0)
      program->group().remove(*program);
    else
      left += (left.empty() ? "" : ", ") + program->fullName();
  }
  if (!left.empty()) return failed("still running, and not removed: " + left);
  const auto& groups = instance.configuration().groups;
  const auto configured =
      std::find_if(groups.begin(), groups.end(), [&](const auto& group) { return group->name == plan.group; });
  auto* const group = table.find(plan.group);
  if (group != nullptr && configured != groups.end() && group->configPtr() != *configured &&
      isAsConfigured(*group, **configured))
    (void)table.apply(*group, *configured);
  return outcome(plan);
}

void scaleProgram(Instance& instance, Waiters& waiters, const Array& params, core::Completion<MethodResult> done) {
  const auto name = textArgument(params[0], "name");
  if (!name) return done(core::Err{name.error()});
  const auto count = integerArgument(params[1], "count");
  if (!count) return done(core::Err{count.error()});
  if (*count < 0 || *count > 100000)
    return done(fail(FaultCode::IncorrectParameters, "count must be from 0 to 100000"));
  const int number = static_cast<int>(*count);
  const auto plan = planOf(instance, *name, number);
  if (!plan) return done(core::Err{plan.error()});
  if (params.size() > 2 && truth(params[2]))
    if (const auto saved = save(instance, *name, number); !saved) return done(core::Err{saved.error()});
  auto& table = instance.table;
  auto& group = *table.find(plan->group);
  logging::info("{} is scaled to {}: {} added, {} removed", *name, number, plan->added.size(), plan->removed.size());
  add(group, plan->added);
  Programs leaving;
  for (const auto& one : plan->removed)
    if (auto* const program = group.find(one); program != nullptr && lifecycle::isActive(program->state()))
      leaving.push_back(program);
  forEachProgram(
      leaving,
      [&waiters](process::Process& program, core::Completion<Waiters::WaitResult> ended) {
        stopProgram(waiters, program, program.fullName(), true, std::move(ended));
      },
      [&instance, plan = *plan, done = std::move(done)](const MethodResult&) mutable { done(finish(instance, plan)); });
}

}  // namespace

void addScalingMethods(Instance& instance, Waiters& waiters, SupervisorNamespace& names) {
  names.add("scaleProgram", {"struct", "string", "int", "boolean"}, 2,
            "Gives a program another number of processes, without touching the others: adds and starts the first ones\n"
            "that are missing, or stops and removes the last ones. Supervisor does not have this method.\n\n"
            "@param string name  NAME of [program:NAME] or [fcgi-program:NAME].\n"
            "@param int count  The number of processes.\n"
            "@param boolean save  Keep the number in an included file (default: until the next restart).\n"
            "@return struct result  group, and the names that were added and removed.",
            [&](const Array& params, core::Completion<MethodResult> done) {
              scaleProgram(instance, waiters, params, std::move(done));
            });
  names.unlist("scaleProgram");
}

}  // namespace api
