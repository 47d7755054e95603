// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ctl/deploy/sources/expression.hpp"
#include "lib/core/result.hpp"

namespace deploy {

struct Token {
  enum class Kind { Name, Integer, Real, Text, Symbol, End };
  Kind kind = Kind::End;
  std::size_t offset = 0;
  std::string text;  ///< of a text: without quotes and escapes

  [[nodiscard]] bool isSymbol(std::string_view symbol) const { return kind == Kind::Symbol && text == symbol; }
  [[nodiscard]] bool isWord(std::string_view word) const { return kind == Kind::Name && text == word; }
};

/// The tokens of an expression; the last one is End.
[[nodiscard]] core::Result<std::vector<Token>, Complaint> tokensOf(std::string_view text);

/// Where `end` ("}" or ">>") is first outside of quotes and brackets, from `from` on; npos: nowhere.
[[nodiscard]] std::size_t findEnd(std::string_view text, std::size_t from, std::string_view end);

}  // namespace deploy
