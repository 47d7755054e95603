// SPDX-License-Identifier: MIT
#include "ctl/deploy/sources/variables.hpp"

#include <fmt/core.h>

#include <utility>
#include <vector>

#include "lib/core/text.hpp"

namespace deploy {

Variables::Variables(const std::string& action) {
  map_.kind = Node::Kind::Map;
  Node value;
  value.text = action;
  Problems none;
  addMember(map_, index_, {std::string(kAction), {}, std::move(value)}, "", none);
}

void Variables::set(Node::Member variable, Problems& problems) {
  if (variable.key == kAction) {
    problems.warning(variable.mark, fmt::format("/vars/{}", kAction), "this variable is always the action of the run",
                     "remove the line");
    return;
  }
  const auto path = fmt::format("/vars/{}", variable.key);
  addMember(map_, index_, std::move(variable), path, problems);
}

const Node* Variables::find(const std::string& name) const {
  const auto at = index_.positions.find(name);
  return at == index_.positions.end() ? nullptr : &map_.members[at->second].value;
}

Operand Variables::get(const std::string& name) const {
  // The pointer does not own: no variable changes while an expression is evaluated.
  if (const auto* node = find(name)) return Operand::of(partOf(nullptr, node));
  if (name != "env") return Operand::undefined(name);
  Operand environment;
  environment.kind = Operand::Kind::Environment;
  return environment;
}

std::string Variables::similar(std::string_view name) const { return similarKey(map_, name); }

std::string similarKey(const Node& map, std::string_view name) {
  constexpr std::size_t kLongest = 64;  // of the names that people mistype
  std::vector<std::string_view> candidates;
  if (name.size() > kLongest) return {};
  for (const auto& member : map.members)
    if (member.key.size() <= kLongest) candidates.push_back(member.key);
  return std::string(core::nearest(name, candidates).value_or(""));
}

}  // namespace deploy
