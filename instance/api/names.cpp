// SPDX-License-Identifier: MIT
#include "instance/api/names.hpp"

#include <algorithm>

#include "instance/api/method.hpp"
#include "instance/process/group.hpp"
#include "instance/process/process.hpp"
#include "instance/process/table.hpp"

namespace api {

using xmlrpc::FaultCode;

core::Result<Target, xmlrpc::Fault> findTarget(const process::Table& table, const std::string& name) {
  const std::size_t colon = name.find(':');
  const std::string_view groupName = std::string_view(name).substr(0, colon);
  const std::string_view program = colon == std::string::npos ? groupName : std::string_view(name).substr(colon + 1);
  Target target{table.find(groupName), nullptr};
  if (target.group == nullptr) return fail(FaultCode::BadName, name);
  if (program.empty() || (colon != std::string::npos && program == "*")) return target;
  target.program = target.group->find(program);
  if (target.program == nullptr) return fail(FaultCode::BadName, name);
  return target;
}

core::Result<process::Process*, xmlrpc::Fault> findProgram(const process::Table& table, const std::string& name) {
  auto target = findTarget(table, name);
  if (!target) return core::Err{std::move(target).error()};
  if (target->program == nullptr) return fail(FaultCode::BadName, name);
  return target->program;
}

std::vector<process::Process*> byPriority(const process::Table& table) {
  std::vector<process::Process*> programs;
  for (const auto& group : table.groups()) {
    const auto members = group->byPriority();
    programs.insert(programs.end(), members.begin(), members.end());
  }
  return programs;
}

std::vector<process::Process*> byName(const process::Table& table) {
  std::vector<process::Process*> programs;
  for (const auto& group : table.groups())
    for (const auto& program : group->processes()) programs.push_back(program.get());
  const auto before = [](const process::Process* a, const process::Process* b) {
    const int groups = &a->group() == &b->group() ? 0 : a->group().name().compare(b->group().name());
    return groups != 0 ? groups < 0 : a->name() < b->name();
  };
  // Without priorities, the order of starting is already the order of names: usually nothing is to be sorted.
  if (!std::is_sorted(programs.begin(), programs.end(), before)) std::sort(programs.begin(), programs.end(), before);
  return programs;
}

}  // namespace api
