// SPDX-License-Identifier: MIT
#include <algorithm>
#include <set>
#include <utility>

#include "instance/api/instance.hpp"
#include "instance/api/supervisor_methods.hpp"
#include "instance/config/model.hpp"
#include "instance/process/group.hpp"
#include "instance/process/process.hpp"
#include "instance/process/table.hpp"
#include "lib/xmlrpc/struct_writer.hpp"

namespace api {
namespace {

using config::AutoRestart;
using config::GroupConfig;
using config::LogSettings;
using config::ProcessConfig;
using process::Channel;
using xmlrpc::Array;

/// The path of the log. That of an automatic log is known only while this very configuration is in use.
/// "none" and "auto" are Supervisor's texts, for XML-RPC without nil.
std::string logName(const LogSettings& log, const process::Process* program, Channel channel) {
  switch (log.target) {
    case LogSettings::Target::None: return "none";
    case LogSettings::Target::File: return log.path;
    case LogSettings::Target::Auto: break;
  }
  const bool known = program != nullptr && !program->logPath(channel).empty();
  return known ? program->logPath(channel) : "auto";
}

void writeLog(xmlrpc::StructWriter& members, const std::string& channel, const LogSettings& log,
              const std::string& file) {
  members.number(channel + "_capture_maxbytes", log.captureMaxBytes);
  members.flag(channel + "_events_enabled", log.events);
  members.text(channel + "_logfile", file);
  members.number(channel + "_logfile_backups", log.backups);
  members.number(channel + "_logfile_maxbytes", log.maxBytes);
  members.flag(channel + "_syslog", log.syslog);
}

void writeRules(xmlrpc::StructWriter& members, const ProcessConfig& program) {
  if (program.extension->startAsLast)
    members.text("autostart", "last");
  else if (program.extension->activation.onDemand)
    members.text("autostart", "ondemand");
  else
    members.flag("autostart", program.autoStart);
  if (program.autoRestart == AutoRestart::Unexpected)
    members.text("autorestart", "unexpected");
  else
    members.flag("autorestart", program.autoRestart == AutoRestart::Always);
  members.value("exitcodes", [&program](xmlrpc::Writer& writer) {
    writer.beginArray();
    for (const int code : program.exitCodes) writer.integer(code);
    writer.endArray();
  });
  members.number("startsecs", program.startSeconds);
  members.number("startretries", program.startRetries);
  members.number("stopsignal", program.stopSignal);
  members.number("stopwaitsecs", program.stopWaitSeconds);
  members.flag("killasgroup", program.killAsGroup);
}

/// The keys that Supervisor does not have, with their texts, where they are given.
void writeExtension(xmlrpc::StructWriter& members, const ProcessConfig& program) {
  // "group" is the program's place in the list of programs: the one that it runs with is beside "uid".
  for (const auto& [key, text] : program.extension->given) members.text(key == "group" ? "gid" : key, text);
}

void appendProgram(std::string& out, const process::Table& table, const GroupConfig& group,
                   const ProcessConfig& program) {
  const bool inUse = table.find(group.name) != nullptr;
  const process::Process* active = inUse ? table.find(group.name, program.name) : nullptr;
  // After a reread the automatic logs are "auto" again, as in Supervisor.
  if (active != nullptr && &active->config() != &program) active = nullptr;
  xmlrpc::StructWriter members(out);
  members.text("name", program.name);
  members.text("group", group.name);
  members.number("group_prio", group.priority);
  members.number("process_prio", program.priority);
  members.flag("inuse", inUse);
  members.text("command", program.command);
  members.text("directory", program.directory.empty() ? "none" : program.directory);
  if (program.uid)
    members.number("uid", *program.uid);
  else
    members.text("uid", "none");
  members.text("serverurl", program.serverUrl.value_or("none"));
  writeRules(members, program);
  members.flag("redirect_stderr", program.redirectStderr);
  writeLog(members, "stdout", program.out, logName(program.out, active, Channel::Stdout));
  writeLog(members, "stderr", program.err, logName(program.err, active, Channel::Stderr));
  writeExtension(members, program);
  if (group.listener && group.listener->details) members.flag("event_details", true);  // not Supervisor's
  members.end();
}

using ConfiguredPrograms = std::vector<std::pair<const GroupConfig*, const ProcessConfig*>>;

/// The configured programs, without those that were removed from their group at run time.
ConfiguredPrograms configuredPrograms(const Instance& instance) {
  ConfiguredPrograms programs;
  for (const auto& group : instance.configuration().groups) {
    const process::Group* active = instance.table.find(group->name);
    const bool unchanged = active != nullptr && active->configPtr() == group;
    for (const auto& program : group->processes)
      if (!unchanged || active->find(program->name) != nullptr) programs.emplace_back(group.get(), program.get());
  }
  return programs;
}

/// Adds the programs that were added to their group at run time.
void appendAddedPrograms(const Instance& instance, ConfiguredPrograms& programs) {
  ConfiguredPrograms added;
  for (const auto& group : instance.table.groups()) {
    std::set<const ProcessConfig*> original;
    for (const auto& program : group->config().processes) original.insert(program.get());
    for (const auto& program : group->processes())
      if (original.find(&program->config()) == original.end()) added.emplace_back(&group->config(), &program->config());
  }
  if (added.empty()) return;
  std::set<std::pair<std::string_view, std::string_view>> known;
  for (const auto& [group, program] : programs) known.emplace(group->name, program->name);
  for (const auto& entry : added)
    if (known.emplace(entry.first->name, entry.second->name).second) programs.push_back(entry);
}

MethodResult getAllConfigInfo(const Instance& instance) {
  ConfiguredPrograms programs = configuredPrograms(instance);
  appendAddedPrograms(instance, programs);
  std::stable_sort(programs.begin(), programs.end(),
                   [](const auto& a, const auto& b) { return a.second->name < b.second->name; });
  std::string out;
  xmlrpc::Writer writer(out);
  writer.beginArray();
  for (const auto& [group, program] : programs) appendProgram(out, instance.table, *group, *program);
  writer.endArray();
  return out;
}

}  // namespace

void addConfigInfoMethods(Instance& instance, SupervisorNamespace& names) {
  names.add("getAllConfigInfo", {"array"}, 0,
            "Returns the configuration of every process, including groups that are not added yet.\n\n"
            "@return array result  A struct for each, with the keys of its program section.",
            immediately([&instance](const Array&) { return getAllConfigInfo(instance); }));
}

}  // namespace api
