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

config::GroupConfig Group::asItRuns() const {
  config::GroupConfig runs = *config_;
  std::erase_if(runs.processes, [this](auto& program) {
    const auto* const one = find(program->name);
    const bool isOurs = one != nullptr && !one->isAdded();
    if (isOurs) program = one->configPtr();
    return !isOurs;
  });
  return runs;
}

config::GroupChange Group::changeTo(const config::GroupConfig& now) const {
  config::GroupConfig running;
  running.kind = config_->kind;
  running.name = config_->name;
  running.priority = config_->priority;
  running.listener = config_->listener;
  running.sockets = config_->sockets;
  running.scales = config_->scales;
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
  arrange(next, sorted);
  for (std::size_t i = 0; i < sockets_.size(); ++i) sockets_[i].useEqual(now->sockets[i]);
  config_ = std::move(now);
  for (auto& program : next) {
    if (!program) continue;
    program->retire();
    context_.removed(std::move(program));
  }
}

/// Goes over to these programs, and leaves the others in `programs`. `byName` is empty, and has room for all of them.
void Group::arrange(std::vector<std::unique_ptr<Process>>& programs, std::vector<Process*>& byName) noexcept {
  processes_.swap(programs);
  for (const auto& program : processes_) byName.push_back(program.get());
  std::sort(byName.begin(), byName.end(), [](const auto* a, const auto* b) { return a->name() < b->name(); });
  byName_.swap(byName);
}

std::vector<Process*> Group::rescale(const config::GroupConfig& now, const Programs& programs) {
  using Origin = Process::Origin;
  // First all that needs memory. Equal configurations stay the objects that they are.
  auto config = std::make_shared<config::GroupConfig>(now);
  std::unordered_map<std::string_view, std::unique_ptr<Process>> made;
  for (const auto& program : programs)
    if (find(program->name) == nullptr) made.try_emplace(program->name);
  std::unordered_map<const Process*, std::size_t> places;
  for (const auto& program : processes_) places.emplace(program.get(), places.size());
  std::unordered_map<const Process*, Origin> origins;
  std::vector<Process*> added;
  added.reserve(made.size());
  for (auto& program : config->processes) {
    const auto fresh = made.find(program->name);
    auto* old = fresh == made.end() ? find(program->name) : nullptr;
    if (fresh != made.end() && !fresh->second) {
      fresh->second = std::make_unique<Process>(context_, *this, program);
      added.push_back(fresh->second.get());
      origins.emplace(added.back(), Origin::Group);
    }
    if (old == nullptr || origins.contains(old)) continue;  // of several with one name the first counts
    const bool same = old->config() == *program;
    if (same) program = old->configPtr();
    origins.emplace(old, same ? Origin::Group : Origin::Outdated);
  }
  std::vector<std::unique_ptr<Process>> next;
  next.reserve(processes_.size() + made.size());
  std::vector<Process*> sorted;
  sorted.reserve(next.capacity());

  for (const auto& program : config->processes) {
    const auto fresh = made.find(program->name);
    Process* const old = fresh == made.end() ? find(program->name) : nullptr;
    if (fresh == made.end() && old == nullptr) continue;
    auto& source = fresh != made.end() ? fresh->second : processes_[places.find(old)->second];
    if (source) next.push_back(std::move(source));
  }
  for (auto& program : processes_)
    if (program) next.push_back(std::move(program));
  arrange(next, sorted);
  for (const auto& program : processes_) {
    const auto at = origins.find(program.get());
    const auto origin = at != origins.end() ? at->second : Origin::Outdated;
    if (!(program->isAdded() && origin == Origin::Outdated)) program->setOrigin(origin);
  }
  for (std::size_t i = 0; i < sockets_.size(); ++i) sockets_[i].useEqual(config->sockets[i]);
  config_ = std::move(config);
  return added;
}

}  // namespace process
