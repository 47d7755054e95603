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
  config::GroupPtr now;  ///< with that number
  Configs added;
  std::vector<std::string> removed;  ///< names
};

core::Err<xmlrpc::Fault> failed(const std::string& why) { return fail(FaultCode::Failed, why); }

std::set<std::string_view> namesOf(const Configs& programs) {
  std::set<std::string_view> names;
  for (const auto& program : programs) names.insert(program->name);
  return names;
}

/// `group` without those of `own` that the other one does not have.
config::GroupConfig inCommon(const config::GroupConfig& group, const config::GroupConfig& other,
                             const std::set<std::string_view>& own) {
  const auto others = namesOf(other.processes);
  auto common = group;
  common.scales.clear();
  std::erase_if(common.processes, [&](const auto& one) { return own.count(one->name) && !others.count(one->name); });
  return common;
}

/// The group as the files have it now must be the one that runs: what is added must fit to the others. `wanted` is the
/// group with the new number. If not only the processes `own` of the program differ, all have to be read as they were:
/// they may contain the number. The files alone, without the new number, may be refused.
Faulty<void> checkUnchanged(const Instance& instance, const process::Group& group, const config::GroupConfig& wanted,
                            const std::set<std::string_view>& own) {
  if (config::sameGroup(inCommon(wanted, group.config(), own), inCommon(group.config(), wanted, own))) return {};
  const auto now = config::load(instance.commandLine, config::Unreadable::Refused, instance.scaling());
  if (!now) return fail(FaultCode::CantReread, now.error().text);
  const auto found =
      std::find_if(now->groups.begin(), now->groups.end(), [&](const auto& one) { return one->name == group.name(); });
  const bool same = found != now->groups.end() && config::sameGroup(**found, group.config());
  if (!same || wanted.kind != group.config().kind || wanted.sockets != group.config().sockets)
    return failed("the configuration of group " + group.name() + " has changed: run update first");
  return {};
}

Faulty<ScalePlan> planOf(const Instance& instance, const std::string& program, int count) {
  config::Scale wanted{program, count};
  const auto read = config::load(instance.commandLine, config::Unreadable::Refused, instance.scaling(&wanted));
  if (!read) return failed(read.error().text);
  auto* const group = wanted.group.empty() ? nullptr : instance.table.find(wanted.group);
  if (group == nullptr) return fail(FaultCode::BadName, program);
  // Every name that the program can have now, to tell its processes from others in the group.
  const auto most = std::max(group->processes().size(), group->config().processes.size());
  config::Scale all{program, std::max(count, static_cast<int>(most))};
  if (const auto loaded = config::load(instance.commandLine, config::Unreadable::Refused, instance.scaling(&all));
      !loaded)
    return failed(loaded.error().text);
  const auto kept = namesOf(wanted.processes), own = namesOf(all.processes);
  const auto at = std::find_if(read->groups.begin(), read->groups.end(),
                               [&](const auto& one) { return one->name == wanted.group; });
  if (const auto same = checkUnchanged(instance, *group, **at, own); !same) return core::Err{same.error()};
  ScalePlan plan{wanted.group, *at, {}, {}};
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
  config::Scale asked{program, count};
  const auto scaling = instance.scaling(&asked);
  if (const auto loaded = config::load(line, config::Unreadable::Refused, scaling); !loaded)
    return failed(loaded.error().text);
  if (auto written = core::writeFileAtomically(*path, text, 0644); !written) return failed(written.error().text);
  if (const auto read = instance.reconfigure(&asked); !read) return fail(FaultCode::CantReread, read.error().text);
  return {};
}

/// The group has the number from now on, and so has what was read last: a later update keeps it.
/// First all are added: what each start needs to know of the others is found out once.
void take(Instance& instance, process::Group& group, const ScalePlan& plan) {
  const auto added = instance.table.rescale(group, *plan.now, plan.added);
  instance.adopt(group.configPtr());
  for (auto* const program : added)
    if (program->startsByItself()) program->startAutomatically();
}

/// The number is in the files: it is none that only scale has given.
void forget(ScalePlan& plan, const std::string& program) {
  auto now = std::make_shared<config::GroupConfig>(*plan.now);
  std::erase_if(now->scales, [&](const auto& scaled) { return scaled.program == program; });
  plan.now = std::move(now);
}

MethodResult outcome(const ScalePlan& plan, const std::vector<std::string>& removed) {
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
  names("removed", removed);
  members.end();
  return out;
}

/// Takes out what has been stopped, unless another call has given the program a larger number since. What did not stop,
/// or was started again meanwhile, is a fault.
MethodResult finish(const Instance& instance, const ScalePlan& plan) {
  auto& table = instance.table;
  const auto* const group = table.find(plan.group);
  const auto wanted = group != nullptr ? namesOf(group->config().processes) : std::set<std::string_view>();
  std::string left;
  std::vector<std::string> removed;
  for (const auto& name : plan.removed) {
    auto* const program = table.find(plan.group, name);
    if (program == nullptr) {
      removed.push_back(name);
      continue;
    }
    const bool stopped = lifecycle::isStopped(program->state()) && program->pid() == 0;
    if (wanted.count(name)) {
      if (stopped && program->startsByItself()) program->startAutomatically();
      continue;
    }
    removed.push_back(name);
    if (stopped)
      program->group().remove(*program);
    else
      left += (left.empty() ? "" : ", ") + program->fullName();
  }
  if (!left.empty()) return failed("still running, and not removed: " + left);
  return outcome(plan, removed);
}

void scaleProgram(Instance& instance, Waiters& waiters, const Array& params, core::Completion<MethodResult> done) {
  const auto name = textArgument(params[0], "name");
  if (!name) return done(core::Err{name.error()});
  const auto count = integerArgument(params[1], "count");
  if (!count) return done(core::Err{count.error()});
  if (*count < 0 || *count > 100000)
    return done(fail(FaultCode::IncorrectParameters, "count must be from 0 to 100000"));
  const int number = static_cast<int>(*count);
  auto plan = planOf(instance, *name, number);
  if (!plan) return done(core::Err{plan.error()});
  if (params.size() > 2 && truth(params[2])) {
    if (const auto saved = save(instance, *name, number); !saved) return done(core::Err{saved.error()});
    forget(*plan, *name);
  }
  auto& table = instance.table;
  auto& group = *table.find(plan->group);
  logging::info("{} is scaled to {}: {} added, {} removed", *name, number, plan->added.size(), plan->removed.size());
  take(instance, group, *plan);
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
