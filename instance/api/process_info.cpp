// SPDX-License-Identifier: MIT
#include "instance/api/process_info.hpp"

#include "instance/process/group.hpp"
#include "instance/process/process.hpp"
#include "lib/xmlrpc/struct_writer.hpp"

namespace api {

Moment Moment::now() noexcept { return {core::wallSeconds(), core::Clock::now()}; }

MovingParts appendProcessInfo(std::string& out, const process::Process& program, const Moment& moment) {
  const std::string& stdoutLog = program.logPath(process::Channel::Stdout);
  MovingParts moving;
  xmlrpc::StructWriter members(out);
  members.text<"name">(program.name());
  members.text<"group">(program.group().name());
  members.number<"start">(program.startedAt());
  members.number<"stop">(program.stoppedAt());
  moving.now.begin = out.size() + xmlrpc::kNumberStart<"now">.view().size();
  members.number<"now">(moment.wall);
  moving.now.end = out.size() - xmlrpc::kNumberEnd.size();
  members.number<"state">(static_cast<int>(program.state()));
  members.text<"statename">(lifecycle::toText(program.state()));
  members.text<"spawnerr">(program.spawnError());
  members.number<"exitstatus">(program.exitStatus());
  members.text<"logfile">(stdoutLog);  // an alias, kept by Supervisor for old clients
  members.text<"stdout_logfile">(stdoutLog);
  members.text<"stderr_logfile">(program.logPath(process::Channel::Stderr));
  members.number<"pid">(program.pid());
  moving.description.begin = out.size() + xmlrpc::kTextStart<"description">.view().size();
  members.text<"description">(program.description(moment.steady));
  moving.description.end = out.size() - xmlrpc::kTextEnd.size();
  members.end();
  return moving;
}

}  // namespace api
