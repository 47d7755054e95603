// SPDX-License-Identifier: MIT
#include "instance/api/process_info.hpp"

#include <sys/wait.h>

#include "instance/config/model.hpp"
#include "instance/process/description.hpp"
#include "instance/process/group.hpp"
#include "instance/process/health.hpp"
#include "instance/process/launch.hpp"
#include "instance/process/process.hpp"
#include "lib/xmlrpc/struct_writer.hpp"

namespace api {

namespace {

/// How its last process ended.
void appendEnd(std::string& out, int waitStatus, std::int64_t when) {
  const bool known = waitStatus != process::kStatusUnknown;
  xmlrpc::StructWriter members(out);
  members.number<"code">(known && WIFEXITED(waitStatus) ? WEXITSTATUS(waitStatus) : -1);
  members.number<"signal">(known && WIFSIGNALED(waitStatus) ? WTERMSIG(waitStatus) : 0);
  members.text<"reason">(process::describeWaitStatus(waitStatus));
  members.number<"time">(when);
  members.end();
}

/// The members that Supervisor does not have, for programs that use a key which it does not have.
void appendOwnMembers(xmlrpc::StructWriter& members, std::string& out, const process::Process& program,
                      const Moment& moment) {
  members.number<"restarts">(program.restarts());
  members.number<"nextStart">(program.nextStart(moment.steady));
  if (const auto end = program.lastEnd().waitStatus())
    members.value("lastExit", [&](xmlrpc::Writer&) { appendEnd(out, *end, program.stoppedAt()); });
}

void appendHealth(std::string& out, const process::Health& health) {
  xmlrpc::StructWriter members(out);
  members.text<"state">(lifecycle::toText(health.state()));
  members.number<"since">(health.since());
  members.number<"failures">(health.failures());
  members.text<"lastError">(health.lastError());
  members.end();
}

}  // namespace

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
  if (program.config().extension.given()) appendOwnMembers(members, out, program, moment);
  if (program.config().extension->readiness.kind != config::Readiness::Kind::None)
    members.flag("ready", program.state() == lifecycle::ProcessState::Running);
  if (const auto* const health = program.health())
    members.value("health", [&](xmlrpc::Writer&) { appendHealth(out, *health); });
  if (program.disabled()) members.flag("disabled", true);
  if (!program.config().extension->dependences.on.empty())
    members.value("waitingFor", [&program](xmlrpc::Writer& writer) {
      writer.beginArray();
      for (const auto& name : program.waitsFor()) writer.string(name);
      writer.endArray();
    });
  members.end();
  return moving;
}

}  // namespace api
