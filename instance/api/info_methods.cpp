// SPDX-License-Identifier: MIT
#include <unistd.h>

#include "instance/api/arguments.hpp"
#include "instance/api/instance.hpp"
#include "instance/api/names.hpp"
#include "instance/api/supervisor_methods.hpp"
#include "instance/process/group.hpp"
#include "instance/process/process.hpp"
#include "instance/process/table.hpp"
#include "lib/core/clock.hpp"
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

/// Appends the struct of one program. `now` is the wall clock in seconds.
void appendProcessInfo(std::string& out, const process::Process& program, std::int64_t now) {
  const std::string& stdoutLog = program.logPath(process::Channel::Stdout);
  xmlrpc::StructWriter members(out);
  members.text<"name">(program.name());
  members.text<"group">(program.group().name());
  members.number<"start">(program.startedAt());
  members.number<"stop">(program.stoppedAt());
  members.number<"now">(now);
  members.number<"state">(static_cast<int>(program.state()));
  members.text<"statename">(lifecycle::toText(program.state()));
  members.text<"spawnerr">(program.spawnError());
  members.number<"exitstatus">(program.exitStatus());
  members.text<"logfile">(stdoutLog);  // an alias, kept by Supervisor for old clients
  members.text<"stdout_logfile">(stdoutLog);
  members.text<"stderr_logfile">(program.logPath(process::Channel::Stderr));
  members.number<"pid">(program.pid());
  members.text<"description">(program.description());
  members.end();
}

MethodResult getProcessInfo(const Instance& instance, const Array& params) {
  const auto name = textArgument(params[0], "name");
  if (!name) return core::Err{name.error()};
  const auto program = findProgram(instance.table, *name);
  if (!program) return core::Err{program.error()};
  std::string out;
  appendProcessInfo(out, **program, core::wallSeconds());
  return out;
}

MethodResult getAllProcessInfo(const Instance& instance) {
  constexpr std::size_t typicalStruct = 1100;
  constexpr std::size_t envelope = 300;  // of the reply, which is composed in this string
  const auto programs = byName(instance.table);
  const std::int64_t now = core::wallSeconds();
  std::string out;
  // Growing a megabyte by doubling would copy it twenty times, and leave holes in the heap.
  out.reserve(programs.size() * typicalStruct + envelope);
  xmlrpc::Writer writer(out);
  writer.beginArray();
  for (const process::Process* program : programs) appendProcessInfo(out, *program, now);
  writer.endArray();
  return out;
}

}  // namespace

void addInfoMethods(Instance& instance, SupervisorNamespace& names) {
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
            immediately([&instance](const Array&) { return getAllProcessInfo(instance); }));
}

}  // namespace api
