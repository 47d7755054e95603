// SPDX-License-Identifier: MIT
#include "ctl/deploy/sources/tree_expander.hpp"

#include <utility>

#include "ctl/deploy/sources/expansion.hpp"
#include "ctl/deploy/sources/merging.hpp"

namespace deploy {

void TreeExpander::expand(Node& value, std::string path, const Node* merged) {
  path_ = std::move(path);
  visit(value, merged);
}

void TreeExpander::visit(Node& value, const Node* merged) {
  switch (value.kind) {
    case Node::Kind::Scalar: visitScalar(value); break;
    case Node::Kind::List: visitList(value, merged); break;
    case Node::Kind::Map: visitMap(value, merged); break;
  }
}

void TreeExpander::visitScalar(Node& value) {
  auto expanded = expandScalar(value, variables_, allowance_);
  if (expanded) {
    value = std::move(*expanded);
    return;
  }
  auto complaint = std::move(expanded).error();
  const bool isTooMuch = complaint.reason == kTooMuch;
  const bool isKnown = (complaint.undefined && ignoresUndefined_) || exhausted_;
  if (!isKnown)
    problems_.error(placeIn(value, complaint.offset), path_, std::move(complaint.reason),
                    std::move(complaint.suggestion));
  exhausted_ = exhausted_ || isTooMuch;
  value.unresolved = true;
}

void TreeExpander::visitList(Node& value, const Node* merged) {
  const std::size_t before = merged && merged->kind == Node::Kind::List ? merged->items.size() : 0;
  const std::size_t length = path_.size();
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    path_ += '/';
    path_ += std::to_string(before + i);
    visit(value.items[i], nullptr);
    path_.resize(length);
  }
}

void TreeExpander::visitMap(Node& value, const Node* merged) {
  const std::size_t length = path_.size();
  std::vector<Node::Member> members = std::exchange(value.members, {});
  MapIndex index;
  for (auto& member : members) {
    path_ += '/';
    path_ += member.key;
    const Node* earlier = nullptr;  // only the length of a list matters
    if (member.value.kind != Node::Kind::Scalar) {
      const auto at = index.find(member.key);
      earlier = at != index.end() ? &value.members[at->second].value : merged ? merged->find(member.key) : nullptr;
    }
    visit(member.value, earlier);
    addMember(value, index, std::move(member), path_, problems_);
    path_.resize(length);
  }
}

}  // namespace deploy
