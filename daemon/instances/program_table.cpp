// SPDX-License-Identifier: MIT
#include "daemon/instances/program_table.hpp"

#include <algorithm>
#include <string_view>

namespace instances {

void ProgramTable::apply(const Notice& notice, const Changed& changed) {
  if (notice.wholeTable) {
    complete_ = true;
    std::set<std::string_view> named;
    for (const auto& program : notice.programs) named.insert(program.name);
    // First, since the room is limited.
    for (auto next = programs_.begin(); next != programs_.end();) {
      const auto at = next++;
      if (!named.contains(at->first)) remove(at, changed);
    }
  }
  for (const auto& program : notice.programs) set(program, changed);
}

void ProgramTable::set(const core::notify::Program& program, const Changed& changed) {
  const auto at = programs_.find(program.name);
  if (program.state == core::notify::kRemoved) {
    if (at != programs_.end()) remove(at, changed);
    return;
  }
  const auto state = lifecycle::stateFromText(program.state);
  if (!state) return;
  if (at != programs_.end() && isSame(*at, program, *state)) return;
  const ProgramStatus status{program.name, program.state, program.pid, program.description};
  if (at == programs_.end()) {
    if (programs_.size() >= kMostPrograms) return;
    Known known{program.pid, *state};
    describe(program.name, known, program.description);  // first: what nobody has is harmless, if this is all
    programs_.emplace(program.name, known);
    ++countOf(*state);
    return changed(status);
  }
  auto& known = at->second;
  describe(at->first, known, program.description);  // from here on nothing can fail
  --countOf(known.state);
  ++countOf(*state);
  known.state = *state;
  known.pid = program.pid;
  changed(status);
}

bool ProgramTable::isSame(const Programs::value_type& known, const core::notify::Program& program,
                          lifecycle::ProcessState state) const {
  return known.second.pid == program.pid && known.second.state == state &&
         descriptionOf(known.first, known.second) == program.description;
}

void ProgramTable::describe(const std::string& name, Known& known, const std::string& text) {
  if (!text.empty()) {
    descriptions_.insert_or_assign(name, text);
  } else if (known.described) {
    descriptions_.erase(name);
  }
  known.described = !text.empty();
}

void ProgramTable::remove(Programs::iterator program, const Changed& changed) {
  const ProgramStatus gone{program->first, std::string(core::notify::kRemoved), 0, {}};
  --countOf(program->second.state);
  if (program->second.described) descriptions_.erase(program->first);
  programs_.erase(program);
  changed(gone);
}

const std::string& ProgramTable::descriptionOf(const std::string& name, const Known& known) const {
  static const std::string kNone;
  return known.described ? descriptions_.find(name)->second : kNone;
}

std::uint32_t& ProgramTable::countOf(lifecycle::ProcessState state) noexcept {
  const auto at = std::find(lifecycle::kAllStates.begin(), lifecycle::kAllStates.end(), state);
  return counts_[static_cast<std::size_t>(at - lifecycle::kAllStates.begin())];
}

std::map<std::string, std::uint32_t> ProgramTable::counts() const {
  std::map<std::string, std::uint32_t> out;
  for (std::size_t i = 0; i < counts_.size(); ++i)
    if (counts_[i] > 0) out.emplace(lifecycle::toText(lifecycle::kAllStates[i]), counts_[i]);
  return out;
}

void ProgramTable::clear() {
  programs_.clear();
  descriptions_.clear();
  counts_ = {};
  complete_ = false;
}

std::vector<ProgramStatus> ProgramTable::list() const {
  std::vector<ProgramStatus> out;
  out.reserve(programs_.size());
  for (const auto& [name, known] : programs_)
    out.push_back({name, lifecycle::toText(known.state), known.pid, descriptionOf(name, known)});
  return out;
}

std::set<pid_t> ProgramTable::groups() const {
  std::set<pid_t> out;
  for (const auto& [name, known] : programs_)
    if (known.pid > 1) out.insert(known.pid);
  return out;
}

}  // namespace instances
