// SPDX-License-Identifier: MIT
// How all programs go over to another supervisord.
#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "instance/config/model.hpp"
#include "instance/output/outlets.hpp"
#include "instance/process/context.hpp"
#include "instance/process/fcgi_listener.hpp"
#include "instance/process/group.hpp"
#include "instance/process/process.hpp"
#include "instance/process/shutdown.hpp"
#include "instance/process/table.hpp"
#include "instance/state/descriptors.hpp"
#include "instance/state/state.hpp"
#include "lib/core/reaper.hpp"

namespace process {
namespace {

constexpr const char* kExits = "exits";

core::Err<core::Error> refusal(const std::string& group, const char* why) {
  return core::Err{core::Error{"the saved state has " + std::string(why) + " " + group}};
}

/// A journal has those that have changed last at its end. The order is that of the configuration; its programs may be
/// younger than others, since an update has replaced them. What was added at run time follows by its number.
void inStartOrder(Group::SavedPrograms& saved, const config::GroupConfig& config) {
  std::unordered_map<std::string_view, std::size_t> places;
  for (const auto& program : config.processes) places.emplace(program->name, places.size());
  const auto place = [&](const state::Program* program) {
    const auto at = program->config && !program->ofGroup ? places.end() : places.find(program->name);
    return std::pair(at == places.end() ? places.size() : at->second, program->number);
  };
  std::stable_sort(saved.begin(), saved.end(), [&](const auto* a, const auto* b) { return place(a) < place(b); });
}

}  // namespace

void Table::settle() noexcept { context_->census().killNow(); }

void Table::save(state::State& state, state::Outgoing& outgoing) const {
  output::Lanes lanes;
  std::size_t programs = 0;
  for (const auto& group : groups_) programs += group->processes().size();
  state.programs.reserve(state.programs.size() + programs);
  for (const auto& group : groups_) {
    state.groups.push_back(group->configPtr());
    group->save(state, outgoing, lanes);
  }
  outlets().save(state.unsent, outgoing, std::move(lanes));
  state.daemon.nextNumber = context_->numberToCome();
  if (const auto* const exits = context_->exits()) outgoing.add(kExits, exits->descriptor());
}

core::Status Table::restore(const state::State& state, state::Incoming& incoming) {
  outlets().restore(state.unsent);
  if (auto exits = incoming.take(kExits)) context_->listenForExits(std::move(exits));
  if (auto restored = restoreGroups(state, incoming); !restored) return restored;
  if (auto restored = restoreSockets(state, incoming); !restored) return restored;
  context_->continueNumbers(state.daemon.nextNumber);
  return {};
}

core::Status Table::restoreGroups(const state::State& state, state::Incoming& incoming) {
  std::unordered_map<std::string_view, Group::SavedPrograms> programs;
  for (const auto& group : state.groups)
    if (!programs.emplace(group->name, Group::SavedPrograms()).second) return refusal(group->name, "twice the group");
  for (const auto& program : state.programs) {
    const auto found = programs.find(program.group);
    if (found == programs.end()) return refusal(program.group, "a program of the unknown group");
    found->second.push_back(&program);
  }
  for (const auto& config : state.groups) {
    auto& saved = programs[config->name];
    inStartOrder(saved, *config);
    for (const auto* const program : saved) context_->continueNumbers(program->number + 1);
    auto group = std::make_unique<Group>(*context_, config, saved);
    if (auto restored = group->restore(saved, incoming); !restored) return restored;
    insert(std::move(group));
  }
  return {};
}

core::Status Table::restoreSockets(const state::State& state, state::Incoming& incoming) {
  for (const auto& saved : state.sharedSockets) {
    Group* const group = find(saved.group);
    if (group == nullptr || !group->restoreSocket(saved.place, incoming.take(saved.socket), saved.users))
      return refusal(saved.group, "a shared socket that is not one of group");
  }
  for (const auto& group : groups_) group->recoverSockets();
  return {};
}

void Table::resumed() {
  for (const auto& group : groups_)
    for (const auto& program : group->processes()) {
      program->resume();
      if (program->config().extension->startAsLast) context_->lastStates().takenOver(*program);
    }
  auto* const exits = context_->exits();
  if (exits != nullptr && context_->foreignProcesses() == 0) exits->close();
  reaper_->reapSoon();
}

}  // namespace process
