// SPDX-License-Identifier: MIT
#include "ctl/deploy/sources/operand.hpp"

#include <fmt/core.h>

#include <charconv>
#include <cmath>
#include <unordered_map>
#include <utility>

#include "lib/core/text.hpp"

namespace deploy {
namespace {

Operand scalarOf(const Node& node) {
  Operand value = Operand::ofText(node.text);
  value.hidden = node.hidden;
  if (node.quoted) return value;
  if (const auto number = core::parseInteger(node.text)) {
    value.kind = Operand::Kind::Integer;
    value.integer = *number;
  } else if (const auto* flag = booleanOf(node.text)) {
    value.kind = Operand::Kind::Boolean;
    value.boolean = *flag;
  } else if (!node.text.empty()) {
    const char* end = node.text.data() + node.text.size();
    const auto parsed = std::from_chars(node.text.data(), end, value.real);
    if (parsed.ec == std::errc() && parsed.ptr == end) value.kind = Operand::Kind::Real;
  }
  return value;
}

bool isEqual(const std::shared_ptr<const Node>& left, const std::shared_ptr<const Node>& right) {
  if (left->kind != right->kind) return false;
  if (left->items.size() != right->items.size() || left->members.size() != right->members.size()) return false;
  for (std::size_t i = 0; i < left->items.size(); ++i)
    if (!deploy::isEqual(Operand::of(partOf(left, &left->items[i])), Operand::of(partOf(right, &right->items[i]))))
      return false;
  std::unordered_map<std::string_view, const Node*> others;
  for (const auto& member : right->members) others.emplace(member.key, &member.value);
  for (const auto& member : left->members) {
    const auto other = others.find(member.key);
    if (other == others.end()) return false;
    if (!deploy::isEqual(Operand::of(partOf(left, &member.value)), Operand::of(partOf(right, other->second))))
      return false;
  }
  return true;
}

}  // namespace

const bool* booleanOf(std::string_view text) noexcept {
  static constexpr bool kTrue = true;
  static constexpr bool kFalse = false;
  for (const std::string_view word : {"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"})
    if (text == word) return &kTrue;
  for (const std::string_view word : {"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"})
    if (text == word) return &kFalse;
  return nullptr;
}

Operand Operand::of(const std::shared_ptr<const Node>& node) {
  if (node->kind == Node::Kind::Scalar) return scalarOf(*node);
  Operand value;
  value.kind = node->kind == Node::Kind::List ? Kind::List : Kind::Map;
  value.node = node;
  return value;
}

std::string Operand::printed() const {
  if (!text.empty()) return text;
  if (kind == Kind::Integer) return std::to_string(integer);
  if (kind == Kind::Boolean) return boolean ? "true" : "false";
  if (kind != Kind::Real) return {};
  auto digits = fmt::format("{}", real);
  if (std::isfinite(real) && digits.find_first_of(".e") == std::string::npos) digits += ".0";
  return digits;
}

bool Operand::isTrue() const noexcept {
  switch (kind) {
    case Kind::Undefined: return false;
    case Kind::Text: return !text.empty();
    case Kind::Integer: return integer != 0;
    case Kind::Real: return real != 0;
    case Kind::Boolean: return boolean;
    case Kind::List: return !node->items.empty();
    case Kind::Map: return !node->members.empty();
    case Kind::Environment: return true;
  }
  return false;
}

const char* Operand::kindName() const noexcept {
  switch (kind) {
    case Kind::Undefined: return "undefined";
    case Kind::Text: return "a text";
    case Kind::Integer:
    case Kind::Real: return "a number";
    case Kind::Boolean: return "a boolean";
    case Kind::List: return "a list";
    case Kind::Map: return "a map";
    case Kind::Environment: return "the environment";
  }
  return "";
}

Node Operand::toNode(const Mark& mark) const {
  Node result;
  if (node) {
    result = *node;
  } else {
    result.text = printed();
    result.quoted = kind == Kind::Text;
    result.hidden = hidden;
  }
  result.mark = mark;
  return result;
}

bool isEqual(const Operand& left, const Operand& right) {
  if (left.isNumber() && right.isNumber())
    return left.kind == right.kind && left.kind == Operand::Kind::Integer ? left.integer == right.integer
                                                                          : left.asReal() == right.asReal();
  if (left.kind != right.kind) return false;
  if (left.kind == Operand::Kind::Text) return left.text == right.text;
  if (left.kind == Operand::Kind::Boolean) return left.boolean == right.boolean;
  return left.node && right.node && isEqual(left.node, right.node);
}

}  // namespace deploy
