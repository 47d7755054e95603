// SPDX-License-Identifier: MIT
// What programs wait for although it does not come.
#include <utility>

#include "instance/process/launch.hpp"
#include "instance/process/order.hpp"
#include "instance/process/process.hpp"

namespace process {

/// Why a program that depends on `node`, and waits for it, waits for ever; nullopt: not because of `node` itself.
std::optional<std::string> Order::dead(Node node) const {
  const Process& one = *programs_[node];
  if (!one.waits().start && one.startIsForbidden())
    return fmt::format("{}, which is outside of its run_window", one.fullName());
  if (one.waits().start || one.comesBack()) return std::nullopt;
  auto text = fmt::format("{}, which is {}", one.fullName(), lifecycle::toText(one.state()));
  const auto end = one.lastEnd().waitStatus();
  if (one.state() == lifecycle::ProcessState::Exited && end) text += " (" + describeWaitStatus(*end) + ")";
  if (one.disabled()) text += " and disabled";
  return text;
}

std::optional<std::string> Order::lacks(Node node) const {
  const auto unknown = unknown_.find(node);
  return unknown == unknown_.end() ? std::nullopt : std::optional(unknown->second.front() + ", which does not exist");
}

/// Whether it runs, or ends: behind it nothing is needed any more.
bool Order::isBusyNode(Node node) const noexcept {
  const auto state = programs_[node]->state();
  return lifecycle::isActive(state) || state == lifecycle::ProcessState::Stopping;
}

std::optional<std::string> Order::obstacle(const Process& program) {
  const auto node = nodeOf(program);
  if (!node) return std::nullopt;
  const auto counts = [this](Node from, const Edge& need) { return !isBusyNode(from) && !met(need); };
  auto chain = graph_.allNeeds(*node, counts);
  chain.push_back(*node);
  for (const auto place : chain) {
    if (isBusyNode(place)) continue;
    if (auto why = lacks(place)) return why;
    if (place == *node) continue;
    if (auto why = dead(place)) return why;
  }
  return std::nullopt;
}

/// From the reasons on to those that depend on them: one look at each program and at each dependence.
std::unordered_map<const Process*, std::string> Order::obstacles() {
  refresh();
  std::unordered_map<Node, std::string> reasons;
  std::vector<Node> reached;
  for (Node node = 0; node < programs_.size(); ++node) {
    if (isBusyNode(node)) continue;
    auto why = lacks(node);
    if (!why) why = dead(node);
    if (!why) continue;
    reasons.emplace(node, std::move(*why));
    reached.push_back(node);
  }
  std::unordered_map<const Process*, std::string> out;
  for (std::size_t i = 0; i < reached.size(); ++i) {  // it grows
    const Node node = reached[i];
    if (programs_[node]->waits().start) out.emplace(programs_[node], reasons.at(node));
    for (const Edge& dependent : graph_.dependents(node)) {
      const bool counts = !isBusyNode(dependent.to) && !met({node, dependent.condition});
      if (counts && reasons.try_emplace(dependent.to, reasons.at(node)).second) reached.push_back(dependent.to);
    }
  }
  return out;
}

}  // namespace process
