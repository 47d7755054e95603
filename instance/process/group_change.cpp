// SPDX-License-Identifier: MIT
// How a group goes over to another configuration while its programs run.
#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "instance/config/change.hpp"
#include "instance/config/model.hpp"
#include "instance/process/context.hpp"
#include "instance/process/fcgi_listener.hpp"
#include "instance/process/group.hpp"
#include "instance/process/process.hpp"

namespace process {
namespace {

std::unordered_set<std::string_view> namesOf(const config::GroupConfig& group) {
  std::unordered_set<std::string_view> names;
  for (const auto& program : group.processes) names.insert(program->name);
  return names;
}

}  // namespace

config::GroupChange Group::changeTo(const config::GroupConfig& now) const {
  config::GroupConfig running;
  running.kind = config_->kind;
  running.name = config_->name;
  running.priority = config_->priority;
  running.listener = config_->listener;
  running.sockets = config_->sockets;
  running.processes.reserve(processes_.size());
  const auto names = namesOf(now);
  for (const auto& program : processes_)
    if (!program->isAdded() || names.contains(program->name())) running.processes.push_back(program->configPtr());
  return config::changeOf(running, now);
}

void Group::apply(config::GroupPtr now, const config::GroupChange& change) {
  using Kind = config::ProgramChange::Kind;
  // First all that needs memory.
  std::unordered_map<std::string_view, std::unique_ptr<Process>> made;
  for (const auto& one : change.programs) made.try_emplace(one.name);
  for (const auto& one : change.programs)
    if (one.kind == Kind::Live) made.erase(one.name);
  for (const auto& program : now->processes)
    if (const auto at = made.find(program->name); at != made.end() && !at->second)
      at->second = std::make_unique<Process>(context_, *this, program);
  std::unordered_map<const Process*, std::size_t> places;
  for (const auto& program : processes_) places.emplace(program.get(), places.size());
  const auto names = namesOf(*now);
  std::vector<std::unique_ptr<Process>> next;
  next.reserve(processes_.size() + made.size());
  std::vector<Process*> sorted;
  sorted.reserve(next.capacity());
  context_.makeRoom(processes_.size());

  for (const auto& program : now->processes) {
    const auto fresh = made.find(program->name);
    Process* const old = fresh == made.end() ? find(program->name) : nullptr;
    auto& source = fresh != made.end() ? fresh->second : processes_[places.find(old)->second];
    if (!source) continue;  // of several with one name the first counts
    if (old != nullptr) old->reconfigure(program);
    next.push_back(std::move(source));
  }
  for (auto& program : processes_)
    if (program && program->isAdded() && !names.contains(program->name())) next.push_back(std::move(program));
  processes_.swap(next);
  for (const auto& program : processes_) sorted.push_back(program.get());
  std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->name() < b->name(); });
  byName_ = std::move(sorted);
  for (std::size_t i = 0; i < sockets_.size(); ++i) sockets_[i].useEqual(now->sockets[i]);
  config_ = std::move(now);
  for (auto& program : next) {
    if (!program) continue;
    program->retire();
    context_.removed(std::move(program));
  }
}

}  // namespace process
