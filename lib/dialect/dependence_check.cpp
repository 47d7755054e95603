// SPDX-License-Identifier: MIT
#include "lib/dialect/dependence_check.hpp"

#include <algorithm>
#include <vector>

#include "lib/core/text.hpp"
#include "lib/dialect/program.hpp"
#include "lib/lifecycle/dependence.hpp"

namespace config {
namespace {

bool depends(const Member& member) { return !member.program->extension->dependences.on.empty(); }

bool isWatched(const ProcessConfig& program) {
  const auto& health = program.extension->health;
  return health.check.kind != ProbeTarget::Kind::None || health.rules.watchdog.count() > 0;
}

std::string cycleText(const lifecycle::Directory& directory, const std::vector<lifecycle::Graph::Node>& cycle) {
  std::vector<std::string> names;
  for (const auto node : cycle) names.push_back(toText(directory.places()[node]));
  if (names.size() == 2) return names.front() + " depends on itself";
  return "these programs wait for each other: " + core::join(names, " -> ");
}

lifecycle::Directory directoryFor(std::span<const Member> members) {
  std::vector<lifecycle::Place> places;
  places.reserve(members.size());
  for (const auto& member : members) places.push_back({member.group, member.program->name});
  return lifecycle::Directory(std::move(places));
}

/// Why `condition` of a program is probably not meant; empty: it may be.
std::string doubt(lifecycle::Condition condition, const ProcessConfig& program) {
  const bool oneshot = program.extension->dependences.oneshot;
  if (condition == lifecycle::Condition::Exited && program.autoRestart == AutoRestart::Always)
    return " has autorestart=true, so it is 'exited' only from each end to its next start";
  if (condition == lifecycle::Condition::Ready && program.extension->readiness.kind == Readiness::Kind::None &&
      !oneshot)
    return " does not have the key 'ready', so it is 'ready' when it is RUNNING";
  return {};
}

}  // namespace

std::optional<WrongDependence> wrongDependence(std::span<const Member> members, std::size_t first) {
  if (std::none_of(members.begin(), members.end(), depends)) return std::nullopt;
  const auto directory = directoryFor(members);
  lifecycle::Graph graph(members.size());
  for (std::uint32_t node = 0; node < members.size(); ++node) {
    for (const auto& dependence : members[node].program->extension->dependences.on) {
      const auto found = directory.find(dependence);
      if (!found && node < first) continue;
      if (!found) return WrongDependence{node, found.error().text};
      for (const auto on : *found) {
        if (dependence.condition == lifecycle::Condition::Healthy && !isWatched(*members[on].program))
          return WrongDependence{
              node, toText(directory.places()[on]) + " has neither health_check nor watchdog, so it is never healthy"};
        graph.add(node, on, dependence.condition);
      }
    }
  }
  const auto cycle = graph.cycle();
  if (cycle.empty()) return std::nullopt;
  return WrongDependence{cycle.front(), cycleText(directory, cycle)};
}

std::vector<WrongDependence> doubtfulDependences(std::span<const Member> members, std::size_t first) {
  std::vector<WrongDependence> doubts;
  if (std::none_of(members.begin(), members.end(), depends)) return doubts;
  const auto directory = directoryFor(members);
  for (auto node = first; node < members.size(); ++node) {
    for (const auto& dependence : members[node].program->extension->dependences.on) {
      const auto found = directory.find(dependence);
      if (!found) continue;
      for (const auto on : *found) {
        const auto why = doubt(dependence.condition, *members[on].program);
        if (why.empty()) continue;
        doubts.push_back({node, toText(directory.places()[on]) + why});
        break;
      }
    }
  }
  return doubts;
}

}  // namespace config
