// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ctl/deploy/sources/operand.hpp"
#include "lib/core/result.hpp"

namespace deploy {

/// What is wrong with a text that has expressions, and where in it (a byte).
struct Complaint {
  std::size_t offset = 0;
  std::string reason;
  std::string suggestion;
  bool undefined = false;  ///< a variable is missing; nothing is wrong with the expression itself
};

/// The suggestion for what may not be meant as an expression.
inline constexpr const char* kKeep = "to keep such a text unchanged, put it between %{raw} and %{endraw}";

/// An expression as a tree.
struct Expression {
  enum class Kind {
    Literal,    ///< value
    List,       ///< parts
    Name,       ///< text
    Attribute,  ///< parts[0], text: its key
    Index,      ///< parts[0][parts[1]]
    Not,        ///< parts[0]
    Negate,     ///< parts[0]
    Both,       ///< parts[0] and parts[1]
    Either,     ///< parts[0] or parts[1]
    Operation,  ///< parts[0] text parts[1]
    Condition,  ///< parts[0] if parts[1] else parts[2], which may be missing
    Defined,    ///< parts[0] is defined
    Filter,     ///< parts[0]|text(parts[1], ...)
  };

  Kind kind = Kind::Literal;
  std::size_t offset = 0;
  std::string text;
  Operand value;
  std::vector<std::unique_ptr<Expression>> parts;
  int depth = 1;  ///< of the tree; limited, so that work on it may be recursive
};

/// Reads an expression: a part of the language of Jinja2 (names, literals, operators, `if else`, `is defined`,
/// filters).
[[nodiscard]] core::Result<std::unique_ptr<Expression>, Complaint> parseExpression(std::string_view text);

}  // namespace deploy
