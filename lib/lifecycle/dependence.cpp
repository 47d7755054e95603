// SPDX-License-Identifier: MIT
#include "lib/lifecycle/dependence.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <utility>

#include "lib/core/text.hpp"

namespace lifecycle {
namespace {

/// How many names a message shows.
constexpr std::size_t kMostShown = 5;

bool isPattern(std::string_view text) noexcept { return text.find_first_of("*?[") != std::string_view::npos; }

/// A walk through edges, without recursion: a chain of programs may be long.
class Walk {
 public:
  using Node = Graph::Node;
  using Edges = std::vector<std::vector<Graph::Edge>>;

  Walk(const Edges& edges, const Graph::Counts& counts) : edges_(edges), counts_(counts), marks_(edges.size()) {}

  /// Visits what `from` leads to, and appends it to `order`, each node behind those that it leads to. False: a cycle,
  /// see cycle().
  bool run(Node from, std::vector<Node>& order) {
    if (marks_[from] != Mark::None) return true;
    enter(from);
    while (!path_.empty()) {
      auto& [node, next] = path_.back();
      if (next == edges_[node].size()) {
        marks_[node] = Mark::Done;
        order.push_back(node);
        path_.pop_back();
        continue;
      }
      const auto& edge = edges_[node][next++];
      if (counts_ && !counts_(node, edge)) continue;
      if (marks_[edge.to] == Mark::None) {
        enter(edge.to);
      } else if (marks_[edge.to] == Mark::Open) {
        close(edge.to);
        return false;
      }
    }
    return true;
  }
  [[nodiscard]] const std::vector<Node>& cycle() const noexcept { return cycle_; }

 private:
  enum class Mark : std::uint8_t { None, Open, Done };
  void enter(Node node) {
    marks_[node] = Mark::Open;
    path_.emplace_back(node, 0);
  }
  void close(Node at) {
    const auto first = std::find_if(path_.begin(), path_.end(), [at](const auto& step) { return step.first == at; });
    for (auto step = first; step != path_.end(); ++step) cycle_.push_back(step->first);
    cycle_.push_back(at);
  }

  const Edges& edges_;
  const Graph::Counts& counts_;
  std::vector<Mark> marks_;
  std::vector<std::pair<Node, std::size_t>> path_;  ///< each with the edge to follow next
  std::vector<Node> cycle_;
};

std::vector<Graph::Node> reach(const Walk::Edges& edges, Graph::Node node, const Graph::Counts& counts) {
  std::vector<Graph::Node> order;
  if (edges[node].empty()) return order;
  Walk(edges, counts).run(node, order);
  if (!order.empty()) order.pop_back();  // the node itself
  return order;
}

}  // namespace

std::string toText(const Dependence& dependence) {
  return dependence.group.empty() ? dependence.program : dependence.group + ":" + dependence.program;
}

std::string toText(const Place& place) {
  return place.group == place.program ? std::string(place.group)
                                      : std::string(place.group) + ":" + std::string(place.program);
}

bool meets(Condition condition, const Standing& standing) noexcept {
  const bool done = standing.state == ProcessState::Exited && standing.expected;
  switch (condition) {
    case Condition::Started:
      return standing.state == ProcessState::Starting || standing.state == ProcessState::Running || done;
    case Condition::Running:
    case Condition::Ready: return standing.oneshot ? done : standing.state == ProcessState::Running;
    case Condition::Healthy: return standing.state == ProcessState::Running && standing.healthy;
    case Condition::Exited: break;
  }
  return done;
}

bool lasts(Condition condition, bool oneshot) noexcept { return condition != Condition::Exited && !oneshot; }

Directory::Directory(std::vector<Place> places) : places_(std::move(places)) {
  for (std::uint32_t i = 0; i < places_.size(); ++i) {
    byGroup_[places_[i].group].push_back(i);
    byProgram_[places_[i].program].push_back(i);
  }
}

core::Err<core::Error> Directory::unknown(const Dependence& dependence) const {
  std::vector<std::string_view> names;
  for (const auto& [name, members] : dependence.group.empty() ? byProgram_ : byGroup_) names.push_back(name);
  std::sort(names.begin(), names.end());
  const bool isGroup = !dependence.group.empty() && byGroup_.count(dependence.group) == 0;
  std::string text = isGroup ? "there is no group " + core::pythonRepr(dependence.group)
                             : "there is no program " + core::pythonRepr(toText(dependence));
  const auto near = !isGroup && !dependence.group.empty()
                        ? std::nullopt
                        : core::nearest(isGroup ? dependence.group : dependence.program, names);
  if (near) text += "; did you mean " + std::string(*near) + "?";
  return core::Err{core::Error{std::move(text)}};
}

core::Expected<std::vector<std::uint32_t>> Directory::find(const Dependence& dependence) const {
  const bool alone = dependence.group.empty();
  const auto group = byGroup_.find(alone ? dependence.program : dependence.group);
  if (group != byGroup_.end()) {
    std::vector<std::uint32_t> found;
    for (const auto member : group->second) {
      const std::string name(places_[member].program);
      if (name == dependence.program ||
          (isPattern(dependence.program) && ::fnmatch(dependence.program.c_str(), name.c_str(), 0) == 0))
        found.push_back(member);
    }
    if (!found.empty()) return found;
    if (alone) return group->second;
  }
  const auto named = byProgram_.find(dependence.program);
  if (!alone || named == byProgram_.end()) return unknown(dependence);
  if (named->second.size() == 1) return named->second;
  std::vector<std::string> several;
  for (const auto place : named->second)
    if (several.size() < kMostShown) several.push_back(toText(places_[place]));
  return core::Err{
      core::Error{core::pythonRepr(dependence.program) + " is ambiguous: write one of " + core::join(several, ", ")}};
}

void Graph::add(Node node, Node on, Condition condition) {
  needs_[node].push_back({on, condition});
  dependents_[on].push_back({node, condition});
}

std::vector<Graph::Node> Graph::allNeeds(Node node, const Counts& counts) const { return reach(needs_, node, counts); }
std::vector<Graph::Node> Graph::allDependents(Node node, const Counts& counts) const {
  return reach(dependents_, node, counts);
}

std::vector<Graph::Node> Graph::cycle() const {
  const Counts all;
  Walk walk(needs_, all);
  std::vector<Node> order;
  for (Node node = 0; node < needs_.size(); ++node)
    if (!walk.run(node, order)) return walk.cycle();
  return {};
}

}  // namespace lifecycle
