// SPDX-License-Identifier: MIT
#include "ctl/deploy/sources/operators.hpp"

#include <fmt/core.h>

#include <cmath>
#include <limits>
#include <utility>

namespace deploy {
namespace {

using OperandKind = Operand::Kind;

core::Err<Complaint> notFor(std::string_view symbol, const Operand& left, const Operand& right) {
  const bool concatenates = symbol == "+" && (left.kind == OperandKind::Text || right.kind == OperandKind::Text);
  return complain(fmt::format("'{}' is not possible with {} and {}", symbol, left.kindName(), right.kindName()),
                  concatenates ? "join texts and numbers with ~" : "");
}

core::Err<Complaint> overflow() { return complain("the number is too large"); }

Outcome divideIntegers(std::string_view symbol, std::int64_t left, std::int64_t right) {
  if (right == -1) {  // the quotient of the smallest integer does not fit
    if (symbol == "%") return Operand::ofInteger(0);
    if (left == std::numeric_limits<std::int64_t>::min()) return overflow();
    return Operand::ofInteger(-left);
  }
  const bool down = left % right != 0 && (left < 0) != (right < 0);  // Python rounds down, C++ towards 0
  if (symbol == "//") return Operand::ofInteger(left / right - (down ? 1 : 0));
  return Operand::ofInteger(left % right + (down ? right : 0));
}

Outcome calculateReals(std::string_view symbol, double left, double right) {
  if (symbol == "+") return Operand::ofReal(left + right);
  if (symbol == "-") return Operand::ofReal(left - right);
  if (symbol == "*") return Operand::ofReal(left * right);
  if (symbol == "/") return Operand::ofReal(left / right);
  const double quotient = std::floor(left / right);
  return Operand::ofReal(symbol == "//" ? quotient : left - quotient * right);
}

Outcome calculate(std::string_view symbol, const Operand& left, const Operand& right) {
  const bool divides = symbol == "/" || symbol == "//" || symbol == "%";
  if (divides && right.asReal() == 0) return complain("division by zero");
  if (symbol == "/" || left.kind == OperandKind::Real || right.kind == OperandKind::Real)
    return calculateReals(symbol, left.asReal(), right.asReal());
  if (divides) return divideIntegers(symbol, left.integer, right.integer);
  std::int64_t result = 0;
  const bool tooLarge = symbol == "+"   ? __builtin_add_overflow(left.integer, right.integer, &result)
                        : symbol == "-" ? __builtin_sub_overflow(left.integer, right.integer, &result)
                                        : __builtin_mul_overflow(left.integer, right.integer, &result);
  if (tooLarge) return overflow();
  return Operand::ofInteger(result);
}

Outcome joined(const Operand& left, const Operand& right) {
  auto text = left.printed() + right.printed();
  if (text.size() > kLongestText) return complain(kTextTooLong);
  return Operand::ofText(std::move(text));
}

Operand appended(const Operand& left, const Operand& right) {
  auto all = std::make_shared<Node>(*left.node);
  all->items.insert(all->items.end(), right.node->items.begin(), right.node->items.end());
  Operand result;
  result.kind = OperandKind::List;
  result.node = std::move(all);
  return result;
}

Outcome arithmetic(std::string_view symbol, const Operand& left, const Operand& right) {
  if (left.isNumber() && right.isNumber()) return calculate(symbol, left, right);
  if (symbol == "+" && left.kind == OperandKind::Text && right.kind == OperandKind::Text) return joined(left, right);
  if (symbol == "+" && left.kind == OperandKind::List && right.kind == OperandKind::List) return appended(left, right);
  return notFor(symbol, left, right);
}

Outcome compare(std::string_view symbol, const Operand& left, const Operand& right) {
  const bool numbers = left.isNumber() && right.isNumber();
  if (!numbers && !(left.kind == OperandKind::Text && right.kind == OperandKind::Text))
    return notFor(symbol, left, right);
  bool less = left.text < right.text;
  bool more = left.text > right.text;
  if (numbers) {
    const bool integers = left.kind == OperandKind::Integer && right.kind == OperandKind::Integer;
    less = integers ? left.integer < right.integer : left.asReal() < right.asReal();
    more = integers ? left.integer > right.integer : left.asReal() > right.asReal();
  }
  if (symbol == "<") return Operand::ofBoolean(less);
  if (symbol == ">") return Operand::ofBoolean(more);
  if (symbol == "<=") return Operand::ofBoolean(less || isEqual(left, right));
  return Operand::ofBoolean(more || isEqual(left, right));
}

Outcome contains(std::string_view symbol, const Operand& item, const Operand& in) {
  if (in.kind == OperandKind::Text && item.kind == OperandKind::Text)
    return Operand::ofBoolean(in.text.find(item.text) != std::string::npos);
  if (in.kind == OperandKind::Map) return Operand::ofBoolean(in.node->find(item.printed()) != nullptr);
  if (in.kind != OperandKind::List) return notFor(symbol, item, in);
  for (const auto& each : in.node->items)
    if (isEqual(item, Operand::of(partOf(in.node, &each)))) return Operand::ofBoolean(true);
  return Operand::ofBoolean(false);
}

bool isPrintable(const Operand& value) { return !value.node && value.kind != OperandKind::Environment; }

}  // namespace

Outcome operate(std::string_view symbol, const Operand& left, const Operand& right) {
  if (symbol == "==") return Operand::ofBoolean(isEqual(left, right));
  if (symbol == "!=") return Operand::ofBoolean(!isEqual(left, right));
  if (symbol == "in") return contains(symbol, left, right);
  if (symbol == "not in") {
    auto found = contains(symbol, left, right);
    if (found) found->boolean = !found->boolean;
    return found;
  }
  if (symbol == "~") return isPrintable(left) && isPrintable(right) ? joined(left, right) : notFor("~", left, right);
  if (symbol == "<" || symbol == "<=" || symbol == ">" || symbol == ">=") return compare(symbol, left, right);
  return arithmetic(symbol, left, right);
}

Outcome negate(const Operand& value) {
  if (value.kind == OperandKind::Real) return Operand::ofReal(-value.real);
  if (value.kind == OperandKind::Integer) return calculate("-", Operand::ofInteger(0), value);
  return complain(fmt::format("'-' is not possible with {}", value.kindName()));
}

Operand listOf(const std::vector<Operand>& values) {
  auto list = std::make_shared<Node>();
  list->kind = Node::Kind::List;
  for (const auto& value : values) list->items.push_back(value.toNode({}));
  Operand result;
  result.kind = OperandKind::List;
  result.node = std::move(list);
  return result;
}

}  // namespace deploy
