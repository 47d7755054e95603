// SPDX-License-Identifier: MIT
#include "ctl/deploy/yaml/allowance.hpp"

#include <algorithm>

namespace deploy {

bool Allowance::take(std::size_t nodes, std::size_t bytes) noexcept {
  if (nodes > nodes_ || bytes > bytes_) {
    nodes_ = 0;  // whatever follows is refused as well
    return false;
  }
  nodes_ -= nodes;
  bytes_ -= bytes;
  return true;
}

bool Allowance::takeCopy(const Node& node) noexcept {
  if (!take(1, node.text.size())) return false;
  for (const auto& item : node.items)
    if (!takeCopy(item)) return false;
  for (const auto& member : node.members)
    if (!take(0, member.key.size()) || !takeCopy(member.value)) return false;
  return true;
}

int levelsOf(const Node& node) noexcept {
  int deepest = 0;
  for (const auto& item : node.items) deepest = std::max(deepest, levelsOf(item));
  for (const auto& member : node.members) deepest = std::max(deepest, levelsOf(member.value));
  return node.kind == Node::Kind::Scalar ? 0 : deepest + 1;
}

}  // namespace deploy
