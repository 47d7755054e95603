// SPDX-License-Identifier: MIT
#include "ctl/deploy/sources/expansion.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "ctl/deploy/sources/evaluator.hpp"
#include "ctl/deploy/sources/operators.hpp"
#include "ctl/deploy/sources/tokens.hpp"
#include "lib/core/text.hpp"

namespace deploy {
namespace {

constexpr std::size_t kNone = std::string_view::npos;
constexpr std::size_t kOpenConditions = 50;

/// One pass over a text. `step` and what it calls return false after a mistake, which is in `complaint_`.
class Expansion {
 public:
  Expansion(std::string_view text, const Variables& variables, Allowance& allowance)
      : text_(text), lastAngles_(text.rfind(">>")), variables_(variables), allowance_(allowance) {}

  core::Result<Operand, Complaint> run();

 private:
  /// An open %{if}.
  struct Condition {
    std::size_t offset;
    bool outside;  ///< whether the text around it is wanted
    bool done;     ///< a branch was wanted
    bool isElse;
  };

  [[nodiscard]] bool step();
  [[nodiscard]] bool expression(std::string_view end);
  [[nodiscard]] bool statement();
  [[nodiscard]] bool raw(std::size_t from);
  [[nodiscard]] bool branch(std::size_t offset, std::string_view word, std::string_view test);
  [[nodiscard]] bool append(std::size_t offset, const Operand& value);
  [[nodiscard]] std::optional<Operand> valueOf(std::size_t offset, std::string_view text);
  [[nodiscard]] std::optional<bool> testOf(std::size_t offset, std::string_view text);
  [[nodiscard]] std::size_t nextOpening() const;

  void emit(std::string_view text) {
    if (wanted_) out_ += text;
  }
  bool fail(std::size_t offset, std::string reason, std::string suggestion = {}) {
    complaint_ = Complaint{offset, std::move(reason), std::move(suggestion)};
    return false;
  }

  std::string_view text_;
  std::size_t lastAngles_;
  const Variables& variables_;
  Allowance& allowance_;
  std::size_t at_ = 0;
  std::string out_;
  bool hidden_ = false;           ///< the text has a value of the environment
  std::optional<Operand> whole_;  ///< the value, if the text is one expression
  std::vector<Condition> open_;
  bool wanted_ = true;
  std::optional<Complaint> complaint_;
};

core::Result<Operand, Complaint> Expansion::run() {
  while (at_ < text_.size())
    if (!step()) return core::Err{std::move(*complaint_)};
  if (!open_.empty())
    return core::Err{Complaint{open_.back().offset, "'%{if}' without '%{endif}'", "add %{endif} at its end"}};
  if (whole_) return std::move(*whole_);
  auto text = Operand::ofText(std::move(out_));
  text.hidden = hidden_;
  return text;
}

/// Where the next ${, %{, #{ or << is; the end of the text if there is none.
std::size_t Expansion::nextOpening() const {
  for (std::size_t i = text_.find_first_of("$%#<", at_); i != kNone; i = text_.find_first_of("$%#<", i + 1)) {
    const auto two = text_.substr(i, 2);
    // Before {{ of Ansible they are characters like others.
    if (two[0] != '<' && two.substr(1) == "{" && text_.substr(i + 1, 2) != "{{") return i;
    if (two == "<<" && lastAngles_ != kNone && lastAngles_ >= i + 2) return i;
  }
  return text_.size();
}

bool Expansion::step() {
  const std::size_t next = nextOpening();
  emit(text_.substr(at_, next - at_));
  at_ = next;
  if (at_ == text_.size()) return true;
  if (text_[at_] == '<') return expression(">>");
  if (text_[at_] == '$') return expression("}");
  if (text_[at_] == '%') return statement();
  const std::size_t end = text_.find('}', at_);
  if (end == kNone) return fail(at_, "the comment '#{' has no '}'", kKeep);
  at_ = end + 1;
  return true;
}

bool Expansion::expression(std::string_view end) {
  const std::size_t begin = at_ + 2;
  const std::size_t close = findEnd(text_, begin, end);
  if (close == kNone)
    return fail(at_, fmt::format("the expression '{}' has no '{}'", text_.substr(at_, 2), end), kKeep);
  const std::size_t opening = std::exchange(at_, close + end.size());
  auto value = valueOf(begin, text_.substr(begin, close - begin));
  if (!value) return false;
  if (!wanted_) return true;
  if (opening == 0 && at_ == text_.size()) {
    whole_ = std::move(value);
    return true;
  }
  return append(opening, *value);
}

bool Expansion::append(std::size_t offset, const Operand& value) {
  if (value.node || value.kind == Operand::Kind::Environment)
    return fail(
        offset, fmt::format("{} cannot be part of a text", value.kindName()),
        value.kind == Operand::Kind::List ? "join it: ${list|join(',')}" : "take one of its values: ${map.key}");
  out_ += value.printed();
  hidden_ = hidden_ || value.hidden;
  return out_.size() <= kLongestText || fail(offset, kTextTooLong);
}

/// The value of an expression, which is only read where the text is not wanted.
std::optional<Operand> Expansion::valueOf(std::size_t offset, std::string_view text) {
  const auto refuse = [&](Complaint complaint) {
    complaint.offset += offset;
    complaint_ = std::move(complaint);
    return std::nullopt;
  };
  auto tree = parseExpression(text);
  if (!tree) {
    auto complaint = std::move(tree).error();
    if (complaint.suggestion.empty()) complaint.suggestion = kKeep;
    return refuse(std::move(complaint));
  }
  if (!wanted_) return Operand::ofText("");
  auto value = evaluate(**tree, variables_, allowance_);
  if (!value) return refuse(std::move(value).error());
  return std::move(*value);
}

bool Expansion::statement() {
  const std::size_t begin = at_ + 2;
  const std::size_t close = findEnd(text_, begin, "}");
  if (close == kNone) return fail(at_, "the statement '%{' has no '}'", kKeep);
  auto content = text_.substr(begin, close - begin);
  while (!content.empty() && core::isBlank(content.front())) content.remove_prefix(1);
  const auto word = content.substr(0, std::min(content.size(), content.find_first_of(" \t\r\n(")));
  const auto rest = content.substr(word.size());
  const std::size_t opening = std::exchange(at_, close + 1);
  if (word == "raw" && core::trim(rest).empty()) return raw(opening);
  if (word == "if" || word == "elif" || word == "else" || word == "endif") return branch(opening, word, rest);
  return fail(opening, fmt::format("the statement '%{{{}}}' is not known", core::trim(content)),
              "statements are: if, elif, else, endif, raw, endraw");
}

/// The text up to %{endraw}, as it is.
bool Expansion::raw(std::size_t from) {
  constexpr std::string_view kWord = "endraw";
  for (std::size_t i = text_.find(kWord, at_); i != kNone; i = text_.find(kWord, i + kWord.size())) {
    std::size_t begin = i;
    while (begin > at_ && core::isBlank(text_[begin - 1])) --begin;
    std::size_t end = i + kWord.size();
    while (end < text_.size() && core::isBlank(text_[end])) ++end;
    if (begin < at_ + 2 || text_.substr(begin - 2, 2) != "%{" || text_.substr(end, 1) != "}") continue;
    emit(text_.substr(at_, begin - 2 - at_));
    at_ = end + 1;
    return true;
  }
  return fail(from, "'%{raw}' without '%{endraw}'", "add %{endraw} at its end");
}

std::optional<bool> Expansion::testOf(std::size_t offset, std::string_view text) {
  const auto value = valueOf(offset, text);
  if (!value) return std::nullopt;
  return wanted_ && value->isTrue();
}

bool Expansion::branch(std::size_t offset, std::string_view word, std::string_view test) {
  const auto testOffset = static_cast<std::size_t>(test.data() - text_.data());
  const bool hasTest = word == "if" || word == "elif";
  if (!hasTest && !core::trim(test).empty())
    return fail(testOffset, fmt::format("'%{{{}}}' does not take a test", word));
  if (word == "if") {
    if (open_.size() == kOpenConditions) return fail(offset, "too many '%{if}' inside each other");
    const auto yes = testOf(testOffset, test);
    if (!yes) return false;
    open_.push_back({offset, wanted_, *yes, false});
    wanted_ = *yes;
    return true;
  }
  if (open_.empty()) return fail(offset, fmt::format("'%{{{}}}' without '%{{if}}'", word));
  auto& condition = open_.back();
  if (word == "endif") {
    wanted_ = condition.outside;
    open_.pop_back();
    return true;
  }
  if (condition.isElse) return fail(offset, fmt::format("'%{{{}}}' after '%{{else}}'", word));
  condition.isElse = word == "else";
  wanted_ = condition.outside && !condition.done;
  if (hasTest) {
    const auto yes = testOf(testOffset, test);
    if (!yes) return false;
    wanted_ = *yes;
  }
  condition.done = condition.done || wanted_;
  return true;
}

/// What an expression yields is reported at the place of the expression.
void markAll(Node& node, const Mark& mark) {
  node.mark = mark;
  node.form = Node::Form::Loose;
  for (auto& item : node.items) markAll(item, mark);
  for (auto& member : node.members) {
    member.mark = mark;
    markAll(member.value, mark);
  }
}

bool hasExpressions(std::string_view text) {
  return text.find('{') != kNone || (text.find("<<") != kNone && text.find(">>") != kNone);
}

}  // namespace

core::Result<Node, Complaint> expandScalar(const Node& scalar, const Variables& variables, Allowance& allowance) {
  if (!hasExpressions(scalar.text)) return scalar;
  auto value = Expansion(scalar.text, variables, allowance).run();
  if (!value) return core::Err{std::move(value).error()};
  if (value->kind == Operand::Kind::Environment)
    return core::Err{Complaint{0, "the environment is not a value", "take one of its variables: ${env.HOME}"}};
  const bool fits = value->node ? allowance.takeCopy(*value->node) : allowance.take(0, value->text.size());
  if (!fits) return core::Err{Complaint{0, kTooMuch, ""}};
  Node result = value->toNode(scalar.mark);
  if (result.kind == Node::Kind::Scalar && result.text == scalar.text) return scalar;
  if (result.kind == Node::Kind::Scalar) result.quoted = scalar.quoted;
  markAll(result, scalar.mark);
  return result;
}

Mark placeIn(const Node& scalar, std::size_t offset) {
  Mark mark = scalar.mark;
  if (scalar.form == Node::Form::Loose) return mark;
  const auto before = std::string_view(scalar.text).substr(0, offset);
  const std::size_t lastLine = before.rfind('\n') + 1;  // npos + 1 is 0
  if (scalar.form == Node::Form::Block)
    mark.line += 1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
  mark.column = scalar.textColumn + core::characters(before.substr(lastLine));
  return mark;
}

}  // namespace deploy
