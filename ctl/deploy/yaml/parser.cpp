// SPDX-License-Identifier: MIT
#include "ctl/deploy/yaml/parser.hpp"

#include <fmt/core.h>
#include <yaml.h>

#include <optional>
#include <utility>

#include "ctl/deploy/yaml/characters.hpp"
#include "ctl/deploy/yaml/merge_keys.hpp"
#include "ctl/deploy/yaml/syntax_errors.hpp"
#include "lib/core/text.hpp"

namespace deploy {
namespace {

constexpr std::size_t kKeyBytes = 1024;

/// An event of libyaml, which owns its texts.
struct Event {
  yaml_event_t raw{};
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() { yaml_event_delete(&raw); }
};

std::string textOf(const yaml_char_t* text) { return text ? reinterpret_cast<const char*>(text) : ""; }

/// One pass over the events of a file. Each function returns nullopt after an error, which is then reported and ends
/// the reading.
class Parser {
 public:
  Parser(const std::string& name, std::string_view text, Anchors& anchors, Allowance& allowance, Problems& problems);
  ~Parser() { yaml_parser_delete(&parser_); }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  [[nodiscard]] Documents documents();

 private:
  [[nodiscard]] bool next(Event& event);
  [[nodiscard]] std::optional<Node> node(const yaml_event_t& event, int depth);
  [[nodiscard]] std::optional<Node> alias(const yaml_event_t& event, int depth);
  [[nodiscard]] std::optional<Node> scalar(const yaml_event_t& event);
  [[nodiscard]] std::optional<Node> list(const yaml_event_t& event, int depth);
  [[nodiscard]] std::optional<Node> map(const yaml_event_t& event, int depth);
  [[nodiscard]] std::optional<Node::Member> key(const yaml_event_t& event, bool& isMergeKey);
  void placeText(Node& node, const yaml_event_t& event) const;

  [[nodiscard]] Mark markOf(const yaml_mark_t& mark) const { return {file_, mark.line + 1, mark.column + 1}; }
  /// The text of a line, from 1; without its end.
  [[nodiscard]] std::string_view line(std::size_t number) const;
  std::nullopt_t fail(const Mark& mark, std::string reason, std::string suggestion = {});
  void reportSyntax();

  std::shared_ptr<const std::string> file_;
  std::string_view text_;
  std::vector<std::size_t> lines_;  ///< where each begins
  Anchors& anchors_;
  std::vector<std::string> open_;  ///< anchors of the values that are being read
  Allowance& allowance_;
  Problems& problems_;
  bool failed_ = false;
  yaml_parser_t parser_{};
};

Parser::Parser(const std::string& name, std::string_view text, Anchors& anchors, Allowance& allowance,
               Problems& problems)
    : file_(std::make_shared<std::string>(name)),
      text_(text),
      anchors_(anchors),
      allowance_(allowance),
      problems_(problems) {
  if (text_.starts_with("\xEF\xBB\xBF")) text_.remove_prefix(3);
  lines_.push_back(0);
  for (std::size_t i = 0; i < text_.size(); ++i)
    if (text_[i] == '\n' || (text_[i] == '\r' && text_.substr(i + 1, 1) != "\n")) lines_.push_back(i + 1);
  if (yaml_parser_initialize(&parser_) == 0) throw std::bad_alloc();
  yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
  yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text_.data()), text_.size());
}

std::nullopt_t Parser::fail(const Mark& mark, std::string reason, std::string suggestion) {
  if (!failed_) problems_.error(mark, "", std::move(reason), std::move(suggestion));
  failed_ = true;
  return std::nullopt;
}

std::string_view Parser::line(std::size_t number) const {
  if (number == 0 || number > lines_.size()) return {};
  const std::size_t begin = lines_[number - 1];
  return text_.substr(begin, text_.find_first_of("\r\n", begin) - begin);
}

void Parser::reportSyntax() {
  if (parser_.problem == nullptr) throw std::bad_alloc();
  const std::string_view context = parser_.context ? parser_.context : "";
  const auto mark = markOf(parser_.problem_mark);
  const auto from = markOf(parser_.context_mark);
  auto [reason, suggestion] =
      explainSyntaxError(parser_.problem, context, fmt::format("{}:{}", from.line, from.column), line(mark.line));
  fail(mark, std::move(reason), std::move(suggestion));
}

bool Parser::next(Event& event) {
  if (failed_) return false;
  if (yaml_parser_parse(&parser_, &event.raw) != 0) return true;
  reportSyntax();
  return false;
}

Documents Parser::documents() {
  Documents result;
  if (const auto bad = findBadCharacter(text_)) {
    fail({file_, bad->line, bad->column}, bad->reason, "save the file as UTF-8 text");
    result.complete = false;
    return result;
  }
  for (;;) {
    Event event;
    if (!next(event) || event.raw.type == YAML_STREAM_END_EVENT) break;
    if (event.raw.type == YAML_STREAM_START_EVENT || event.raw.type == YAML_DOCUMENT_START_EVENT ||
        event.raw.type == YAML_DOCUMENT_END_EVENT)
      continue;
    auto root = node(event.raw, 0);
    const bool empty = root && root->kind == Node::Kind::Scalar && root->text.empty() && !root->quoted;
    if (root && !empty) result.roots.push_back(std::move(*root));
  }
  result.complete = !failed_;
  return result;
}

std::optional<Node> Parser::node(const yaml_event_t& event, int depth) {
  const auto mark = markOf(event.start_mark);
  if (depth > kLevels) return fail(mark, kTooDeep);
  if (event.type == YAML_ALIAS_EVENT) return alias(event, depth);
  if (!allowance_.take(1, event.type == YAML_SCALAR_EVENT ? event.data.scalar.length : 0)) return fail(mark, kTooMuch);
  const bool isScalar = event.type == YAML_SCALAR_EVENT;
  const bool isList = event.type == YAML_SEQUENCE_START_EVENT;
  const std::string anchor = textOf(isScalar ? event.data.scalar.anchor
                                    : isList ? event.data.sequence_start.anchor
                                             : event.data.mapping_start.anchor);
  if (anchor.empty()) return isScalar ? scalar(event) : isList ? list(event, depth) : map(event, depth);
  open_.push_back(anchor);
  auto result = isScalar ? scalar(event) : isList ? list(event, depth) : map(event, depth);
  open_.pop_back();
  if (!result) return result;
  if (!allowance_.takeCopy(*result)) return fail(mark, kTooMuch);
  anchors_[anchor] = *result;
  return result;
}

std::optional<Node> Parser::alias(const yaml_event_t& event, int depth) {
  const std::string name = textOf(event.data.alias.anchor);
  const auto mark = markOf(event.start_mark);
  for (const auto& open : open_)
    if (open == name) return fail(mark, fmt::format("the value with the anchor '&{}' contains itself", name));
  const auto found = anchors_.find(name);
  if (found == anchors_.end())
    return fail(mark, fmt::format("there is not an anchor '&{}' before this alias", name), "check its name");
  if (depth + levelsOf(found->second) > kLevels) return fail(mark, kTooDeep);
  if (!allowance_.takeCopy(found->second)) return fail(mark, kTooMuch);
  return found->second;
}

std::optional<Node> Parser::scalar(const yaml_event_t& event) {
  Node node;
  node.mark = markOf(event.start_mark);
  node.quoted = event.data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
  node.text.assign(reinterpret_cast<const char*>(event.data.scalar.value), event.data.scalar.length);
  placeText(node, event);
  return node;
}

/// Sets the form of a scalar and where its text begins.
void Parser::placeText(Node& node, const yaml_event_t& event) const {
  const auto style = event.data.scalar.style;
  if (style == YAML_LITERAL_SCALAR_STYLE) {
    const std::size_t inText = node.text.find_first_not_of(" \n");
    const std::size_t begin = inText == std::string::npos ? 0 : node.text.rfind('\n', inText) + 1;
    for (std::size_t number = node.mark.line + 1; number <= lines_.size(); ++number) {
      const std::size_t indent = line(number).find_first_not_of(' ');
      if (indent == std::string_view::npos) continue;
      if (inText == std::string::npos || indent < inText - begin) return;
      node.form = Node::Form::Block;
      node.textColumn = indent - (inText - begin) + 1;
      return;
    }
    return;
  }
  const bool oneLine = event.start_mark.line == event.end_mark.line;
  const std::size_t quotes = style == YAML_PLAIN_SCALAR_STYLE ? 0 : 1;
  const bool asWritten = event.end_mark.column - event.start_mark.column == core::characters(node.text) + 2 * quotes;
  if (!oneLine || !asWritten || style == YAML_FOLDED_SCALAR_STYLE) return;
  node.form = Node::Form::Line;
  node.textColumn = node.mark.column + quotes;
}

std::optional<Node> Parser::list(const yaml_event_t& event, int depth) {
  Node result;
  result.kind = Node::Kind::List;
  result.mark = markOf(event.start_mark);
  for (;;) {
    Event item;
    if (!next(item)) return std::nullopt;
    if (item.raw.type == YAML_SEQUENCE_END_EVENT) return result;
    auto value = node(item.raw, depth + 1);
    if (!value) return std::nullopt;
    result.items.push_back(std::move(*value));
  }
}

std::optional<Node::Member> Parser::key(const yaml_event_t& event, bool& isMergeKey) {
  const auto mark = markOf(event.start_mark);
  const bool isText = event.type == YAML_SCALAR_EVENT || event.type == YAML_ALIAS_EVENT;
  if (!isText) return fail(mark, "a key must be a text, not a map or a list", "put a text with { or [ in quotes");
  auto name = node(event, 0);
  if (!name) return std::nullopt;
  if (name->kind != Node::Kind::Scalar) return fail(mark, "a key must be a text, not a map or a list");
  if (name->text.size() > kKeyBytes) return fail(mark, fmt::format("a key has more than {} bytes", kKeyBytes));
  isMergeKey = event.type == YAML_SCALAR_EVENT && !name->quoted && name->text == "<<";
  return Node::Member{std::move(name->text), mark, {}};
}

std::optional<Node> Parser::map(const yaml_event_t& event, int depth) {
  Node result;
  result.kind = Node::Kind::Map;
  result.mark = markOf(event.start_mark);
  std::vector<bool> mergeKeys;
  for (;;) {
    Event first;
    if (!next(first)) break;
    if (first.raw.type == YAML_MAPPING_END_EVENT) break;
    bool isMergeKey = false;
    auto member = key(first.raw, isMergeKey);
    Event second;
    if (!member || !next(second)) break;
    auto value = node(second.raw, depth + 1);
    if (!value) break;
    member->value = std::move(*value);
    result.members.push_back(std::move(*member));
    mergeKeys.push_back(isMergeKey);
  }
  // Of the root, what was read before the error is kept: it is complete, and shows more mistakes.
  if (failed_ && depth > 0) return std::nullopt;
  result.members = resolveMergeKeys(std::move(result.members), mergeKeys, problems_);
  return result;
}

}  // namespace

Documents parseYaml(const std::string& name, std::string_view text, Anchors& anchors, Allowance& allowance,
                    Problems& problems) {
  return Parser(name, text, anchors, allowance, problems).documents();
}

}  // namespace deploy
