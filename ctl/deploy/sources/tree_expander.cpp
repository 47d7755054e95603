// SPDX-License-Identifier: MIT
#include "ctl/deploy/sources/tree_expander.hpp"

#include <algorithm>
#include <utility>

#include "ctl/deploy/sources/expansion.hpp"
#include "ctl/deploy/sources/merging.hpp"

namespace deploy {
namespace {

constexpr std::size_t kLongestReason = 400;  // it may quote a long name or a long part of the text

}  // namespace

void TreeExpander::expand(Node& value, std::string path, const Node* merged) {
  path_ = std::move(path);
  depth_ = static_cast<int>(std::count(path_.begin(), path_.end(), '/'));
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
  if (!expanded) return refuse(value, std::move(expanded).error());
  if (depth_ + levelsOf(*expanded) > kLevels) return refuse(value, {0, kTooDeep, ""});
  value = std::move(*expanded);
}

void TreeExpander::refuse(Node& value, Complaint complaint) {
  if (complaint.reason.size() > kLongestReason) complaint.reason = complaint.reason.substr(0, kLongestReason) + "...";
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
  ++depth_;
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    path_ += '/';
    path_ += std::to_string(before + i);
    visit(value.items[i], nullptr);
    path_.resize(length);
  }
  --depth_;
}

void TreeExpander::visitMap(Node& value, const Node* merged) {
  const std::size_t length = path_.size();
  std::vector<Node::Member> members = std::exchange(value.members, {});
  MapIndex index;
  ++depth_;
  for (auto& member : members) {
    path_ += '/';
    path_ += member.key;
    const Node* earlier = nullptr;  // only the length of a list matters
    if (member.value.kind != Node::Kind::Scalar) {
      const auto at = index.positions.find(member.key);
      earlier = at != index.positions.end() ? &value.members[at->second].value
                : merged                    ? merged->find(member.key)
                                            : nullptr;
    }
    visit(member.value, earlier);
    addMember(value, index, std::move(member), path_, problems_);
    path_.resize(length);
  }
  --depth_;
}

}  // namespace deploy
