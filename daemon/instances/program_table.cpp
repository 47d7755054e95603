// SPDX-License-Identifier: MIT
#include "daemon/instances/program_table.hpp"

namespace instances {

void ProgramTable::apply(const Notice& notice, const Changed& changed) {
  if (!notice.wholeTable) {
    for (const auto& program : notice.programs) set(program, changed);
    return;
  }
  complete_ = true;
  std::set<ProgramStatus, ByName> old;
  old.swap(programs_);
  // What is named again keeps its entry, so that only what differs is a change.
  for (const auto& program : notice.programs) {
    if (const auto before = old.find(program.name); before != old.end()) programs_.insert(old.extract(before));
    set(program, changed);
  }
  counts_.clear();
  for (const auto& program : programs_) ++counts_[program.state];
  for (const auto& program : old) changed({program.name, std::string(core::notify::kRemoved), 0, {}});
}

void ProgramTable::set(const core::notify::Program& program, const Changed& changed) {
  const auto known = programs_.find(program.name);
  ProgramStatus status{program.name, program.state, program.pid, program.description};
  if (program.state == core::notify::kRemoved) {
    if (known == programs_.end()) return;
    count(known->state, -1);
    programs_.erase(known);
  } else if (known != programs_.end()) {
    if (*known == status) return;
    count(known->state, -1);
    count(status.state, 1);
    auto copy = status;
    auto node = programs_.extract(known);  // from here on nothing can fail
    node.value() = std::move(copy);
    programs_.insert(std::move(node));
  } else {
    if (programs_.size() >= kMostPrograms) return;
    count(status.state, 1);
    programs_.insert(status);
  }
  changed(status);
}

void ProgramTable::count(const std::string& state, int change) {
  auto& number = counts_[state];
  number = static_cast<std::uint32_t>(static_cast<int>(number) + change);
  if (number == 0) counts_.erase(state);
}

void ProgramTable::clear() {
  programs_.clear();
  counts_.clear();
  complete_ = false;
}

std::vector<ProgramStatus> ProgramTable::list() const { return {programs_.begin(), programs_.end()}; }

std::set<pid_t> ProgramTable::groups() const {
  std::set<pid_t> out;
  for (const auto& program : programs_)
    if (program.pid > 1) out.insert(program.pid);
  return out;
}

}  // namespace instances
