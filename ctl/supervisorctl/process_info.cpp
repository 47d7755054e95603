// SPDX-License-Identifier: MIT
#include "ctl/supervisorctl/process_info.hpp"

#include <algorithm>
#include <array>

#include "ctl/supervisorctl/names.hpp"

namespace ctl {
namespace {

constexpr std::array<std::string_view, 14> kMembersOfSupervisor{
    "name",       "group",   "start",          "stop",           "now", "state",      "statename", "spawnerr",
    "exitstatus", "logfile", "stdout_logfile", "stderr_logfile", "pid", "description"};

}  // namespace

bool ProcessInfo::isStopped() const noexcept {
  const auto known = lifecycle::stateFromNumber(state);
  return known && lifecycle::isStopped(*known);
}

bool ProcessInfo::isInTrouble() const noexcept {
  const auto known = lifecycle::stateFromNumber(state);
  return known && lifecycle::isTrouble(*known);
}

const xmlrpc::Value* ProcessInfo::furtherMember(std::string_view member) const noexcept {
  const auto at = std::find_if(further.begin(), further.end(), [&](const auto& one) { return one.first == member; });
  return at == further.end() ? nullptr : &at->second;
}

std::string ProcessInfo::fullName() const { return joinName(group, name); }

std::string textOf(const xmlrpc::Value& value, std::string_view member) {
  const xmlrpc::Value* found = value.member(member);
  const std::string* text = found ? found->string() : nullptr;
  return text ? *text : std::string();
}

std::int64_t numberOf(const xmlrpc::Value& value, std::string_view member) {
  const xmlrpc::Value* found = value.member(member);
  if (!found) return 0;
  if (const bool* flag = found->boolean()) return *flag ? 1 : 0;
  const std::int64_t* number = found->integer();
  return number ? *number : 0;
}

ProcessInfo toProcessInfo(const xmlrpc::Value& value) {
  ProcessInfo info;
  info.name = textOf(value, "name");
  info.group = textOf(value, "group");
  info.stateName = textOf(value, "statename");
  info.description = textOf(value, "description");
  info.spawnError = textOf(value, "spawnerr");
  info.stdoutLog = textOf(value, "stdout_logfile");
  info.stderrLog = textOf(value, "stderr_logfile");
  info.state = numberOf(value, "state");
  info.pid = numberOf(value, "pid");
  info.start = numberOf(value, "start");
  info.stop = numberOf(value, "stop");
  info.now = numberOf(value, "now");
  info.exitStatus = numberOf(value, "exitstatus");
  if (const auto* const health = value.member("health"))
    info.health = HealthInfo{textOf(*health, "state"), numberOf(*health, "since"), numberOf(*health, "failures"),
                             textOf(*health, "lastError")};
  if (const auto* const members = value.structure())
    for (const auto& member : *members)
      if (std::find(kMembersOfSupervisor.begin(), kMembersOfSupervisor.end(), member.first) ==
          kMembersOfSupervisor.end())
        info.further.push_back(member);
  return info;
}

std::vector<ProcessInfo> toProcessInfos(const xmlrpc::Value& value) {
  std::vector<ProcessInfo> infos;
  if (const xmlrpc::Array* array = value.array()) {
    infos.reserve(array->size());
    for (const xmlrpc::Value& item : *array) infos.push_back(toProcessInfo(item));
  }
  return infos;
}

std::vector<CallReport> toReports(const xmlrpc::Value& value) {
  std::vector<CallReport> reports;
  if (const xmlrpc::Array* array = value.array()) {
    reports.reserve(array->size());
    for (const xmlrpc::Value& item : *array)
      reports.push_back({textOf(item, "name"), textOf(item, "group"), textOf(item, "description"),
                         static_cast<int>(numberOf(item, "status"))});
  }
  return reports;
}

}  // namespace ctl
