// SPDX-License-Identifier: MIT
#include "ctl/deploy/sources/evaluator.hpp"

#include <fmt/core.h>

#include <cstdlib>
#include <utility>
#include <vector>

#include "ctl/deploy/sources/filters.hpp"
#include "ctl/deploy/sources/operators.hpp"
#include "lib/core/text.hpp"

namespace deploy {
namespace {

using Kind = Expression::Kind;

core::Err<Complaint> at(std::size_t offset, Complaint complaint) {
  complaint.offset = offset;
  return core::Err{std::move(complaint)};
}

/// Follows the tree; recursive, since its depth is limited.
class Evaluator {
 public:
  Evaluator(const Variables& variables, Allowance& allowance) : variables_(variables), allowance_(allowance) {}

  /// May be undefined.
  [[nodiscard]] Outcome maybe(const Expression& tree) const;
  /// What is undefined is a complaint.
  [[nodiscard]] Outcome defined(const Expression& tree) const;

 private:
  [[nodiscard]] Outcome list(const Expression& tree) const;
  [[nodiscard]] Outcome item(const Expression& tree) const;
  [[nodiscard]] Outcome condition(const Expression& tree) const;
  [[nodiscard]] Outcome filter(const Expression& tree) const;
  [[nodiscard]] Outcome operation(const Expression& tree) const;
  [[nodiscard]] Complaint undefined(const Operand& value) const;

  const Variables& variables_;
  Allowance& allowance_;
};

/// For messages: a.b, a[0].
std::string nameOf(const Expression& tree) {
  if (tree.kind == Kind::Name) return tree.text;
  if (tree.kind == Kind::Attribute) return fmt::format("{}.{}", nameOf(*tree.parts[0]), tree.text);
  if (tree.kind != Kind::Index) return "(...)";
  const auto& key = *tree.parts[1];
  return fmt::format("{}[{}]", nameOf(*tree.parts[0]), key.kind == Kind::Literal ? key.value.printed() : nameOf(key));
}

bool takeForCopy(const Operand& value, Allowance& allowance) {
  return value.node ? allowance.takeCopy(*value.node) : allowance.take(1, value.text.size());
}

/// A variable of the environment: it is hidden, since passwords are given so.
Outcome environment(const Expression& tree, const std::string& name) {
  const char* text = ::getenv(name.c_str());
  if (text == nullptr) return Operand::undefined("env." + name);
  if (!core::isUtf8(text))
    return at(tree.offset, {0, fmt::format("the environment variable '{}' is not UTF-8 text", name), ""});
  auto value = Operand::ofText(text);
  value.hidden = true;
  return value;
}

Complaint Evaluator::undefined(const Operand& value) const {
  Complaint complaint;
  complaint.undefined = true;
  std::string similar;
  if (value.node) {
    complaint.reason = fmt::format("'{}' is not defined", value.text);
    similar = similarKey(*value.node, std::string_view(value.text).substr(value.text.rfind('.') + 1));
  } else if (value.text.starts_with("env.")) {
    complaint.reason = fmt::format("the environment variable '{}' is not set", value.text.substr(4));
  } else if (value.text.empty()) {
    complaint.reason = "the condition is false, and there is not an 'else'";
  } else {
    complaint.reason = fmt::format("the variable '{}' is not defined before this place", value.text);
    complaint.suggestion = kKeep;
    similar = variables_.similar(value.text);
  }
  if (!similar.empty()) complaint.suggestion = fmt::format("did you mean '{}'?", similar);
  return complaint;
}

Outcome Evaluator::defined(const Expression& tree) const {
  auto value = maybe(tree);
  if (value && value->kind == Operand::Kind::Undefined) return at(tree.offset, undefined(*value));
  return value;
}

Outcome Evaluator::maybe(const Expression& tree) const {
  switch (tree.kind) {
    case Kind::Literal: return tree.value;
    case Kind::List: return list(tree);
    case Kind::Name: return variables_.get(tree.text);
    case Kind::Attribute:
    case Kind::Index: return item(tree);
    case Kind::Condition: return condition(tree);
    case Kind::Filter: return filter(tree);
    case Kind::Operation: return operation(tree);
    case Kind::Defined: {
      auto value = maybe(*tree.parts[0]);
      return value ? Operand::ofBoolean(value->kind != Operand::Kind::Undefined) : value;
    }
    default: break;
  }
  auto value = defined(*tree.parts[0]);
  if (!value) return value;
  if (tree.kind == Kind::Not) return Operand::ofBoolean(!value->isTrue());
  if (tree.kind == Kind::Negate) {
    auto negated = negate(*value);
    return negated ? negated : at(tree.offset, std::move(negated).error());
  }
  // As in Python, `and` and `or` yield one of their sides.
  return value->isTrue() == (tree.kind == Kind::Both) ? defined(*tree.parts[1]) : value;
}

Outcome Evaluator::list(const Expression& tree) const {
  std::vector<Operand> values;
  for (const auto& part : tree.parts) {
    auto value = defined(*part);
    if (!value) return value;
    if (!takeForCopy(*value, allowance_)) return at(tree.offset, {0, kTooMuch, ""});
    values.push_back(std::move(*value));
  }
  return listOf(values);
}

/// The item of a list, the value of a key, a variable of the environment.
Outcome Evaluator::item(const Expression& tree) const {
  auto of = maybe(*tree.parts[0]);
  if (!of || of->kind == Operand::Kind::Undefined) return of;
  auto index = tree.kind == Kind::Attribute ? Outcome(Operand::ofText(tree.text)) : defined(*tree.parts[1]);
  if (!index) return index;
  const bool isPlain = !index->node && index->kind != Operand::Kind::Environment;
  const auto key = index->printed();
  const auto missing = Operand::undefined(nameOf(tree), of->node);
  if (of->kind == Operand::Kind::Environment && isPlain) return environment(tree, key);
  if (of->kind == Operand::Kind::Map && isPlain) {
    const auto* found = of->node->find(key);
    return found ? Operand::of(partOf(of->node, found)) : missing;
  }
  if (of->kind == Operand::Kind::List && index->kind == Operand::Kind::Integer) {
    const auto size = static_cast<std::int64_t>(of->node->items.size());
    const auto place = index->integer < 0 ? index->integer + size : index->integer;
    if (place < 0 || place >= size) return missing;
    return Operand::of(partOf(of->node, &of->node->items[static_cast<std::size_t>(place)]));
  }
  return at(tree.offset, {0, fmt::format("{} does not have '{}'", of->kindName(), key), ""});
}

Outcome Evaluator::condition(const Expression& tree) const {
  auto test = defined(*tree.parts[1]);
  if (!test) return test;
  if (test->isTrue()) return maybe(*tree.parts[0]);
  return tree.parts.size() > 2 ? maybe(*tree.parts[2]) : Operand::undefined("");
}

Outcome Evaluator::filter(const Expression& tree) const {
  auto value = takesUndefined(tree.text) ? maybe(*tree.parts[0]) : defined(*tree.parts[0]);
  if (!value) return value;
  std::vector<Operand> arguments;
  for (std::size_t i = 1; i < tree.parts.size(); ++i) {
    auto argument = defined(*tree.parts[i]);
    if (!argument) return argument;
    arguments.push_back(std::move(*argument));
  }
  auto result = applyFilter(tree.text, *value, arguments);
  if (!result) return at(tree.offset, std::move(result).error());
  result->hidden = result->hidden || value->hidden;
  for (const auto& argument : arguments) result->hidden = result->hidden || argument.hidden;
  return result;
}

Outcome Evaluator::operation(const Expression& tree) const {
  auto left = defined(*tree.parts[0]);
  if (!left) return left;
  auto right = defined(*tree.parts[1]);
  if (!right) return right;
  const bool copies = tree.text == "+" || tree.text == "~";
  if (copies && !(takeForCopy(*left, allowance_) && takeForCopy(*right, allowance_)))
    return at(tree.offset, {0, kTooMuch, ""});
  auto result = operate(tree.text, *left, *right);
  if (!result) return at(tree.offset, std::move(result).error());
  result->hidden = left->hidden || right->hidden;
  return result;
}

}  // namespace

core::Result<Operand, Complaint> evaluate(const Expression& expression, const Variables& variables,
                                          Allowance& allowance) {
  return Evaluator(variables, allowance).defined(expression);
}

}  // namespace deploy
