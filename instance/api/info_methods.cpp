// SPDX-License-Identifier: MIT
#include <unistd.h>

#include "instance/api/arguments.hpp"
#include "instance/api/instance.hpp"
#include "instance/api/names.hpp"
#include "instance/api/process_info.hpp"
#include "instance/api/process_list.hpp"
#include "instance/api/supervisor_methods.hpp"
#include "instance/process/process.hpp"
#include "instance/process/table.hpp"
#include "lib/xmlrpc/struct_writer.hpp"

namespace api {

using xmlrpc::Array;

namespace {

MethodResult getState(const Instance& instance) {
  const process::SupervisorState supervisorState = instance.table.supervisorState();
  std::string out;
  xmlrpc::StructWriter members(out);
  members.number<"statecode">(static_cast<int>(supervisorState));
  members.text<"statename">(process::toText(supervisorState));
  members.end();
  return out;
}

MethodResult getProcessInfo(const Instance& instance, const Array& params) {
  const auto name = textArgument(params[0], "name");
  if (!name) return core::Err{name.error()};
  const auto program = findProgram(instance.table, *name);
  if (!program) return core::Err{program.error()};
  std::string out;
  appendProcessInfo(out, **program, Moment::now());
  return out;
}

}  // namespace

void addInfoMethods(Instance& instance, ProcessList& list, SupervisorNamespace& names) {
  names.add("getAPIVersion", {"string"}, 0,
            "Returns the version of these methods.\n\n@return string result  The version, \"3.0\".",
            immediately([](const Array&) { return textValue("3.0"); }));
  names.addAlias("getVersion", "getAPIVersion");
  names.add("getSupervisorVersion", {"string"}, 0,
            "Returns the version of supervisord.\n\n@return string result  The version.",
            immediately([&instance](const Array&) { return textValue(instance.version); }));
  names.add(
      "getIdentification", {"string"}, 0,
      "Returns the identifier of this supervisord.\n\n@return string result  The identifier, from its configuration.",
      immediately([&instance](const Array&) { return textValue(instance.table.settings().identifier); }));
  names.add("getState", {"struct"}, 0,
            "Returns the state of supervisord itself.\n\n@return struct result  statecode and statename.",
            immediately([&instance](const Array&) { return getState(instance); }));
  names.add("getPID", {"int"}, 0, "Returns the process id of supervisord.\n\n@return int result  The process id.",
            immediately([](const Array&) { return integerValue(::getpid()); }));
  names.add("getProcessInfo", {"struct", "string"}, 1,
            "Returns the status of one process.\n\n@param string name  The process (or 'group:name').\n"
            "@return struct result  Its names, state, times, process id, exit status, log files and a description.",
            immediately([&instance](const Array& params) { return getProcessInfo(instance, params); }));
  names.add("getAllProcessInfo", {"array"}, 0,
            "Returns the status of all processes.\n\n@return array result  A struct for each, as of getProcessInfo.",
            immediately([&list](const Array&) { return list.value(); }));
}

}  // namespace api
