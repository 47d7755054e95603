// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "ctl/deploy/yaml/node.hpp"

namespace deploy {

/// What an expression works with.
struct Operand {
  enum class Kind { Undefined, Text, Integer, Real, Boolean, List, Map, Environment };

  Kind kind = Kind::Undefined;
  /// A text; of a number or boolean of the sources, what the user wrote (it is printed again as it was written); of
  /// what is undefined, its name.
  std::string text;
  std::int64_t integer = 0;
  double real = 0;
  bool boolean = false;
  /// The list or map. Of what is undefined, the map that does not have it; null: it is not a variable.
  std::shared_ptr<const Node> node;
  bool hidden = false;  ///< made of a variable of the environment

  static Operand ofText(std::string text) { return {Kind::Text, std::move(text), 0, 0, false, nullptr, false}; }
  static Operand ofInteger(std::int64_t number) { return {Kind::Integer, {}, number, 0, false, nullptr, false}; }
  static Operand ofReal(double number) { return {Kind::Real, {}, 0, number, false, nullptr, false}; }
  static Operand ofBoolean(bool flag) { return {Kind::Boolean, {}, 0, 0, flag, nullptr, false}; }
  static Operand undefined(std::string name, std::shared_ptr<const Node> in = nullptr) {
    return {Kind::Undefined, std::move(name), 0, 0, false, std::move(in), false};
  }
  /// Of a value of the sources. A plain text is a number or a boolean if it looks like one: 755, 0755 (755), 1.5, yes.
  static Operand of(const std::shared_ptr<const Node>& node);

  [[nodiscard]] bool isNumber() const noexcept { return kind == Kind::Integer || kind == Kind::Real; }
  /// Of a number.
  [[nodiscard]] double asReal() const noexcept { return kind == Kind::Real ? real : static_cast<double>(integer); }
  /// Not for lists, maps and what is undefined.
  [[nodiscard]] std::string printed() const;
  /// False: an empty text, list or map, 0, false.
  [[nodiscard]] bool isTrue() const noexcept;
  /// "a text", "a list", ... for messages.
  [[nodiscard]] const char* kindName() const noexcept;
  /// As a value of the sources, at the place `mark`.
  [[nodiscard]] Node toNode(const Mark& mark) const;
};

/// Numbers compare by value, lists and maps by their content; values of different kinds are not equal.
[[nodiscard]] bool isEqual(const Operand& left, const Operand& right);

/// True or false, in the words of YAML 1.1 (yes, on, true, y, ... in three spellings).
[[nodiscard]] const bool* booleanOf(std::string_view text) noexcept;

/// A pointer to a part of `whole` that keeps it alive.
[[nodiscard]] inline std::shared_ptr<const Node> partOf(const std::shared_ptr<const Node>& whole, const Node* part) {
  return {whole, part};
}

}  // namespace deploy
