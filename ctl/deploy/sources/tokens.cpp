// SPDX-License-Identifier: MIT
#include "ctl/deploy/sources/tokens.hpp"

#include <fmt/core.h>

#include <array>

#include "lib/core/text.hpp"

namespace deploy {
namespace {

using Failure = core::Err<Complaint>;

constexpr std::array<std::string_view, 24> kSymbols = {"==", "!=", "<=", ">=", "//", "**", "(", ")",
                                                       "[",  "]",  "{",  "}",  ",",  ".",  "|", "+",
                                                       "-",  "*",  "/",  "%",  "~",  "<",  ">", ":"};

bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool beginsName(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

std::size_t endOfDigits(std::string_view text, std::size_t at) {
  while (at < text.size() && isDigit(text[at])) ++at;
  return at;
}

/// The end of the quoted text that begins at `at`, behind its last quote; npos: it has no end.
std::size_t endOfQuotes(std::string_view text, std::size_t at) {
  const char quote = text[at];
  for (std::size_t i = at + 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      return i + 1;
    }
  }
  return std::string_view::npos;
}

/// The content of quotes; escapes are those of Python that matter here, others stay.
std::string unescaped(std::string_view content) {
  std::string out;
  for (std::size_t i = 0; i < content.size(); ++i) {
    if (content[i] != '\\' || i + 1 == content.size()) {
      out += content[i];
      continue;
    }
    const char next = content[++i];
    switch (next) {
      case 'n': out += '\n'; break;
      case 't': out += '\t'; break;
      case 'r': out += '\r'; break;
      case '\\':
      case '\'':
      case '"': out += next; break;
      default: out += {'\\', next};
    }
  }
  return out;
}

Token number(std::string_view text, std::size_t at) {
  std::size_t end = endOfDigits(text, at);
  auto kind = Token::Kind::Integer;
  if (end + 1 < text.size() && text[end] == '.' && isDigit(text[end + 1])) {
    kind = Token::Kind::Real;
    end = endOfDigits(text, end + 1);
  }
  return {kind, at, std::string(text.substr(at, end - at))};
}

Token name(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && (beginsName(text[end]) || isDigit(text[end]))) ++end;
  return {Token::Kind::Name, at, std::string(text.substr(at, end - at))};
}

core::Result<Token, Complaint> symbol(std::string_view text, std::size_t at) {
  for (const auto candidate : kSymbols)
    if (text.substr(at).starts_with(candidate)) return Token{Token::Kind::Symbol, at, std::string(candidate)};
  const auto length = std::max<std::size_t>(core::firstCharacter(text.substr(at)).length, 1);
  return Failure{{at, fmt::format("'{}' is not allowed in an expression", text.substr(at, length)), ""}};
}

}  // namespace

core::Result<std::vector<Token>, Complaint> tokensOf(std::string_view text) {
  std::vector<Token> tokens;
  for (std::size_t at = 0; at < text.size();) {
    if (core::isBlank(text[at])) {
      ++at;
    } else if (text[at] == '\'' || text[at] == '"') {
      const std::size_t end = endOfQuotes(text, at);
      if (end == std::string_view::npos)
        return Failure{{at, fmt::format("the text that begins with {} has no end", text[at]), ""}};
      tokens.push_back({Token::Kind::Text, at, unescaped(text.substr(at + 1, end - at - 2))});
      at = end;
    } else if (isDigit(text[at]) || beginsName(text[at])) {
      tokens.push_back(isDigit(text[at]) ? number(text, at) : name(text, at));
      at += tokens.back().text.size();
    } else {
      auto one = symbol(text, at);
      if (!one) return Failure{std::move(one).error()};
      at += one->text.size();
      tokens.push_back(std::move(*one));
    }
  }
  tokens.push_back({Token::Kind::End, text.size(), ""});
  return tokens;
}

Token TokenCursor::take() {
  Token token = tokens_[at_];
  if (token.kind != Token::Kind::End) ++at_;
  return token;
}

std::optional<Token> TokenCursor::takeOneOf(std::initializer_list<std::string_view> symbols) {
  for (const auto symbol : symbols)
    if (peek().isSymbol(symbol)) return take();
  return std::nullopt;
}

std::optional<Token> TokenCursor::takeWord(std::string_view word) {
  if (!peek().isWord(word)) return std::nullopt;
  return take();
}

std::size_t findEnd(std::string_view text, std::size_t from, std::string_view end) {
  std::size_t brackets = 0;
  for (std::size_t i = from; i < text.size(); ++i) {
    const char c = text[i];
    if (brackets == 0 && text.substr(i).starts_with(end)) return i;
    if (c == '\'' || c == '"') {
      i = endOfQuotes(text, i);
      if (i == std::string_view::npos) return i;
      --i;
    } else if (c == '(' || c == '[' || c == '{') {
      ++brackets;
    } else if ((c == ')' || c == ']' || c == '}') && brackets > 0) {
      --brackets;
    }
  }
  return std::string_view::npos;
}

}  // namespace deploy
