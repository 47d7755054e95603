// SPDX-License-Identifier: MIT
#include <algorithm>
#include <utility>

#include "instance/api/arguments.hpp"
#include "instance/api/instance.hpp"
#include "instance/api/method_table.hpp"
#include "instance/api/supervisor_methods.hpp"
#include "instance/config/difference.hpp"
#include "instance/config/model.hpp"
#include "instance/process/group.hpp"
#include "instance/process/table.hpp"
#include "lib/xmlrpc/writer.hpp"

namespace api {
namespace {

using xmlrpc::Array;
using xmlrpc::FaultCode;

void writeNames(xmlrpc::Writer& writer, const std::vector<std::string>& groups) {
  writer.beginArray();
  for (const std::string& name : groups) writer.string(name);
  writer.endArray();
}

MethodResult reloadConfig(Instance& instance) {
  if (const auto read = instance.reconfigure(); !read) return fail(FaultCode::CantReread, read.error().text);
  std::vector<config::GroupPtr> active;
  for (const auto& group : instance.table.groups()) active.push_back(group->configPtr());
  const config::Difference difference = config::difference(active, instance.configuration().groups);
  std::string out;
  xmlrpc::Writer writer(out);
  // The outer array is Supervisor's: clients read result[0].
  writer.beginArray();
  writer.beginArray();
  writeNames(writer, difference.added);
  writeNames(writer, difference.changed);
  writeNames(writer, difference.removed);
  writer.endArray();
  writer.endArray();
  return out;
}

MethodResult addProcessGroup(Instance& instance, const Array& params) {
  const auto name = textArgument(params[0], "name");
  if (!name) return core::Err{name.error()};
  const auto& groups = instance.configuration().groups;
  const auto found =
      std::find_if(groups.begin(), groups.end(), [&](const auto& group) { return group->name == *name; });
  // In this order, as in Supervisor: an active group that is no longer configured is BAD_NAME.
  if (found == groups.end()) return fail(FaultCode::BadName, *name);
  if (instance.table.find(*name) != nullptr) return fail(FaultCode::AlreadyAdded, *name);
  const auto added = instance.table.add(*found);
  if (!added) return fail(FaultCode::Failed, added.error().text);
  instance.table.autostart(**added);
  return trueValue();
}

MethodResult removeProcessGroup(Instance& instance, const Array& params) {
  const auto name = textArgument(params[0], "name");
  if (!name) return core::Err{name.error()};
  process::Group* group = instance.table.find(*name);
  if (group == nullptr) return fail(FaultCode::BadName, *name);
  if (!instance.table.remove(*group)) return fail(FaultCode::StillRunning, *name);
  return trueValue();
}

}  // namespace

void addConfigWarnings(Instance& instance, MethodTable& table) {
  table.add({"supervisor_manager.getConfigWarnings",
             {"array"},
             0,
             "Returns what looks like a mistake in the configuration that was read last, such as misspelt keys and "
             "sections. Supervisor does not have this method.\n\n@return array result  One text for each, with file "
             "and line.",
             immediately([&instance](const Array&) -> MethodResult {
               std::string out;
               xmlrpc::Writer writer(out);
               writer.beginArray();
               for (const std::string_view text : instance.configuration().warnings()) writer.string(text);
               writer.endArray();
               return out;
             })});
}

void addConfigMethods(Instance& instance, SupervisorNamespace& names) {
  names.add("reloadConfig", {"array"}, 0,
            "Reads the configuration again. Running processes are not changed.\n\n"
            "@return array result  One array of three: the added, changed and removed groups.",
            immediately([&instance](const Array&) { return reloadConfig(instance); }));
  names.add("addProcessGroup", {"boolean", "string"}, 1,
            "Adds a group of the configuration and starts its processes that have autostart.\n\n"
            "@param string name  The group.\n@return boolean result  True.",
            immediately([&instance](const Array& params) { return addProcessGroup(instance, params); }));
  names.add("removeProcessGroup", {"boolean", "string"}, 1,
            "Removes a group. All its processes must be stopped.\n\n@param string name  The group.\n"
            "@return boolean result  True.",
            immediately([&instance](const Array& params) { return removeProcessGroup(instance, params); }));
}

}  // namespace api
