// SPDX-License-Identifier: MIT
#include "ctl/deploy/sources/expression.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <optional>
#include <utility>

#include "ctl/deploy/sources/tokens.hpp"
#include "lib/core/text.hpp"

namespace deploy {
namespace {

using Tree = std::unique_ptr<Expression>;
using Kind = Expression::Kind;

constexpr int kNesting = 50;  // of parentheses, lists, `not`, `else`: each is a recursion
constexpr int kDepth = 400;   // of the tree: a chain of operators is as deep as it is long

/// By recursive descent. After a mistake each function sees the end of the tokens, and returns a tree for nothing.
class Reader {
 public:
  explicit Reader(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  core::Result<Tree, Complaint> read() {
    auto tree = condition();
    if (tokens_.peek().kind != Token::Kind::End) unexpected();
    if (complaint_) return core::Err{std::move(*complaint_)};
    return tree;
  }

 private:
  Tree condition();
  Tree either();
  Tree both();
  Tree negation();
  Tree comparison();
  Tree sum();
  Tree concatenation();
  Tree product();
  Tree sign();
  Tree postfix();
  Tree primary();
  Tree number(const Token& token);
  Tree literal(const Token& token, Operand value);
  Tree name(const Token& token);
  Tree attribute(Tree of);
  Tree index(Tree of);
  Tree filter(Tree of);
  Tree test(Tree of);
  std::vector<Tree> arguments(std::string_view end);

  /// A level of operators that group from the left.
  Tree chain(std::initializer_list<std::string_view> symbols, Tree (Reader::*next)()) {
    auto tree = (this->*next)();
    while (const auto symbol = tokens_.takeOneOf(symbols)) {
      auto right = (this->*next)();
      tree = make(Kind::Operation, symbol->offset, symbol->text, std::move(tree), std::move(right));
    }
    return tree;
  }

  template <class... Parts>
  Tree make(Kind kind, std::size_t offset, std::string text, Parts... parts) {
    auto tree = std::make_unique<Expression>();
    tree->kind = kind;
    tree->offset = offset;
    tree->text = std::move(text);
    (add(*tree, std::move(parts)), ...);
    return tree;
  }
  void add(Expression& tree, Tree part) {
    tree.depth = std::max(tree.depth, part->depth + 1);
    tree.parts.push_back(std::move(part));
    if (tree.depth > kDepth) fail(tree.offset, "the expression is too long", "use a variable for a part of it");
  }

  void expect(std::string_view symbol) {
    if (!tokens_.takeOneOf({symbol})) unexpected(fmt::format(", a '{}' is expected", symbol));
  }
  void unexpected(const std::string& instead = {}) {
    const auto& token = tokens_.peek();
    fail(token.offset, token.kind == Token::Kind::End ? "the expression is not complete" + instead
                                                      : fmt::format("unexpected '{}'{}", token.text, instead));
  }
  Tree fail(std::size_t offset, std::string reason, std::string suggestion = {}) {
    if (!complaint_) complaint_ = Complaint{offset, std::move(reason), std::move(suggestion)};
    tokens_.stop();
    return make(Kind::Literal, offset, {});
  }
  /// Counts a recursion while it lives.
  class Nested {
   public:
    explicit Nested(Reader& reader) : reader_(reader) {
      if (++reader_.nesting_ > kNesting)
        reader_.fail(reader_.tokens_.peek().offset, "the expression is nested too deeply",
                     "use a variable for a part of it");
    }
    ~Nested() { --reader_.nesting_; }
    Nested(const Nested&) = delete;
    Nested& operator=(const Nested&) = delete;

   private:
    Reader& reader_;
  };

  TokenCursor tokens_;
  int nesting_ = 0;
  std::optional<Complaint> complaint_;
};

Tree Reader::condition() {
  const Nested nested(*this);
  auto tree = either();
  while (const auto word = tokens_.takeWord("if")) {
    auto test = either();
    tree = make(Kind::Condition, word->offset, "", std::move(tree), std::move(test));
    if (tokens_.takeWord("else")) add(*tree, condition());
  }
  return tree;
}

Tree Reader::either() {
  auto tree = both();
  while (const auto word = tokens_.takeWord("or"))
    tree = make(Kind::Either, word->offset, "or", std::move(tree), both());
  return tree;
}

Tree Reader::both() {
  auto tree = negation();
  while (const auto word = tokens_.takeWord("and"))
    tree = make(Kind::Both, word->offset, "and", std::move(tree), negation());
  return tree;
}

Tree Reader::negation() {
  const Nested nested(*this);
  if (const auto word = tokens_.takeWord("not")) return make(Kind::Not, word->offset, "not", negation());
  return comparison();
}

Tree Reader::comparison() {
  const auto takeOperator = [this]() -> std::optional<Token> {
    if (auto symbol = tokens_.takeOneOf({"==", "!=", "<=", ">=", "<", ">"})) return symbol;
    if (auto word = tokens_.takeWord("in")) return word;
    if (!tokens_.peek().isWord("not") || !tokens_.peekSecond().isWord("in")) return std::nullopt;
    tokens_.take();
    auto word = tokens_.take();
    word.text = "not in";
    return word;
  };
  auto tree = sum();
  const auto first = takeOperator();
  if (!first) return tree;
  auto right = sum();
  tree = make(Kind::Operation, first->offset, first->text, std::move(tree), std::move(right));
  if (const auto second = takeOperator())
    fail(second->offset, "comparisons cannot follow each other", "write 'a < b and b < c'");
  return tree;
}

Tree Reader::sum() { return chain({"+", "-"}, &Reader::concatenation); }

Tree Reader::concatenation() { return chain({"~"}, &Reader::product); }

Tree Reader::product() { return chain({"*", "//", "/", "%"}, &Reader::sign); }

Tree Reader::sign() {
  const Nested nested(*this);
  if (const auto minus = tokens_.takeOneOf({"-"})) return make(Kind::Negate, minus->offset, "-", sign());
  return postfix();
}

Tree Reader::postfix() {
  auto tree = primary();
  for (;;) {
    if (tokens_.takeOneOf({"."})) {
      tree = attribute(std::move(tree));
    } else if (tokens_.takeOneOf({"["})) {
      tree = index(std::move(tree));
    } else if (tokens_.takeOneOf({"|"})) {
      tree = filter(std::move(tree));
    } else if (tokens_.takeWord("is")) {
      tree = test(std::move(tree));
    } else if (tokens_.peek().isSymbol("(")) {
      return fail(tokens_.peek().offset, "calls are not supported", "use a filter, such as x|upper");
    } else {
      return tree;
    }
  }
}

Tree Reader::attribute(Tree of) {
  const auto token = tokens_.take();
  if (token.kind == Token::Kind::Name) return make(Kind::Attribute, token.offset, token.text, std::move(of));
  if (token.kind == Token::Kind::Integer) return make(Kind::Index, token.offset, "", std::move(of), number(token));
  return fail(token.offset, "a name is expected after '.'");
}

Tree Reader::index(Tree of) {
  const std::size_t offset = tokens_.peek().offset;
  auto key = condition();
  if (tokens_.peek().isSymbol(":")) return fail(tokens_.peek().offset, "slices are not supported");
  expect("]");
  return make(Kind::Index, offset, "", std::move(of), std::move(key));
}

Tree Reader::filter(Tree of) {
  const auto name = tokens_.take();
  if (name.kind != Token::Kind::Name) return fail(name.offset, "the name of a filter is expected after '|'");
  auto tree = make(Kind::Filter, name.offset, name.text, std::move(of));
  if (tokens_.takeOneOf({"("}))
    for (auto& argument : arguments(")")) add(*tree, std::move(argument));
  return tree;
}

Tree Reader::test(Tree of) {
  const bool negated = tokens_.takeWord("not").has_value();
  const auto name = tokens_.take();
  if (!name.isWord("defined") && !name.isWord("undefined"))
    return fail(name.offset, fmt::format("the test 'is {}' is not known", name.text),
                "tests are: defined, undefined, and 'not' with these");
  auto tree = make(Kind::Defined, name.offset, "", std::move(of));
  return negated == name.isWord("defined") ? make(Kind::Not, name.offset, "not", std::move(tree)) : std::move(tree);
}

std::vector<Tree> Reader::arguments(std::string_view end) {
  std::vector<Tree> result;
  while (!tokens_.peek().isSymbol(end)) {
    result.push_back(condition());
    if (!tokens_.takeOneOf({","})) break;
  }
  expect(end);
  return result;
}

Tree Reader::number(const Token& token) {
  double real = 0;
  std::from_chars(token.text.data(), token.text.data() + token.text.size(), real);
  if (token.kind == Token::Kind::Real) return literal(token, Operand::ofReal(real));
  if (const auto integer = core::parseInteger(token.text)) return literal(token, Operand::ofInteger(*integer));
  return fail(token.offset, "the number is too large");
}

Tree Reader::literal(const Token& token, Operand value) {
  auto tree = make(Kind::Literal, token.offset, "");
  tree->value = std::move(value);
  return tree;
}

Tree Reader::name(const Token& token) {
  for (const std::string_view word : {"and", "or", "not", "if", "else", "in", "is"})
    if (token.text == word) return fail(token.offset, fmt::format("unexpected '{}'", token.text));
  if (token.text == "true" || token.text == "True") return literal(token, Operand::ofBoolean(true));
  if (token.text == "false" || token.text == "False") return literal(token, Operand::ofBoolean(false));
  return make(Kind::Name, token.offset, token.text);
}

Tree Reader::primary() {
  if (tokens_.peek().kind == Token::Kind::End) {
    unexpected();
    return make(Kind::Literal, tokens_.peek().offset, "");
  }
  const auto token = tokens_.take();
  switch (token.kind) {
    case Token::Kind::Integer:
    case Token::Kind::Real: return number(token);
    case Token::Kind::Text: return literal(token, Operand::ofText(token.text));
    case Token::Kind::Name: return name(token);
    default: break;
  }
  if (token.isSymbol("(")) {
    auto tree = condition();
    expect(")");
    return tree;
  }
  if (token.isSymbol("[")) {
    auto tree = make(Kind::List, token.offset, "");
    for (auto& item : arguments("]")) add(*tree, std::move(item));
    return tree;
  }
  if (token.isSymbol("{")) return fail(token.offset, "maps are not supported in an expression", "define a variable");
  return fail(token.offset, fmt::format("unexpected '{}'", token.text));
}

}  // namespace

core::Result<std::unique_ptr<Expression>, Complaint> parseExpression(std::string_view text) {
  auto tokens = tokensOf(text);
  if (!tokens) return core::Err{std::move(tokens).error()};
  return Reader(std::move(*tokens)).read();
}

}  // namespace deploy
