// SPDX-License-Identifier: MIT
#include "instance/api/process_info.hpp"

#include "instance/process/group.hpp"
#include "instance/process/process.hpp"
#include "lib/xmlrpc/struct_writer.hpp"

namespace api {

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

}  // namespace api
