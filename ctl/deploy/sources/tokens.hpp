// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
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

/// Walks over tokens; at the end it sees End again and again.
class TokenCursor {
 public:
  explicit TokenCursor(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  [[nodiscard]] const Token& peek() const { return tokens_[at_]; }
  /// The one after it.
  [[nodiscard]] const Token& peekSecond() const { return tokens_[std::min(at_ + 1, tokens_.size() - 1)]; }
  Token take();
  /// The next token, if it is one of these symbols.
  std::optional<Token> takeOneOf(std::initializer_list<std::string_view> symbols);
  std::optional<Token> takeWord(std::string_view word);
  /// Goes to the end.
  void stop() { at_ = tokens_.size() - 1; }

 private:
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
};

/// Where `end` ("}" or ">>") is first outside of quotes and brackets, from `from` on; npos: nowhere.
[[nodiscard]] std::size_t findEnd(std::string_view text, std::size_t from, std::string_view end);

}  // namespace deploy
