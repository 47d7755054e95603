// SPDX-License-Identifier: MIT
#include "tests/unit/deploy/nodes.hpp"

#include <memory>
#include <stdexcept>

#include "lib/core/text.hpp"

namespace nodes {
namespace {

using deploy::Node;

class FlowParser {
 public:
  explicit FlowParser(std::string_view text) : text_(text) {}

  Node value() {
    skip();
    Node node;
    node.mark = mark();
    if (next() == '{')
      map(node);
    else if (next() == '[')
      list(node);
    else
      scalar(node);
    return node;
  }

 private:
  char next() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  deploy::Mark mark() const { return {file_, line_, at_ - lineStart_ + 1}; }

  char take() {
    if (at_ == text_.size()) throw std::runtime_error("the text ends too early");
    const char c = text_[at_++];
    if (c == '\n') {
      ++line_;
      lineStart_ = at_;
    }
    return c;
  }

  void skip() {
    while (core::isBlank(next())) take();
  }

  /// Whether the list or map has another member.
  bool hasMore(char end) {
    skip();
    if (next() == ',') take();
    skip();
    if (next() != end) return true;
    take();
    return false;
  }

  void map(Node& node) {
    node.kind = Node::Kind::Map;
    take();
    while (hasMore('}')) {
      Node::Member member;
      member.mark = mark();
      while (next() != ':') member.key += take();
      take();
      member.value = value();
      node.members.push_back(std::move(member));
    }
  }

  void list(Node& node) {
    node.kind = Node::Kind::List;
    take();
    while (hasMore(']')) node.items.push_back(value());
  }

  void scalar(Node& node) {
    if (const char quote = next(); quote == '"' || quote == '\'') {
      node.quoted = true;
      take();
      while (next() != quote) node.text += next() == '\\' ? (take(), take() == 'n' ? '\n' : '\\') : take();
      take();
      return;
    }
    while (std::string_view(",]}\n").find(next()) == std::string_view::npos) node.text += take();
    node.text = core::trim(node.text);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  std::size_t lineStart_ = 0;
  std::shared_ptr<const std::string> file_ = std::make_shared<const std::string>("app.yml");
};

}  // namespace

Node parse(std::string_view text) { return FlowParser(text).value(); }

Understood understand(std::string_view text, const deploy::Selection& selection) {
  deploy::Problems problems;
  Understood understood{deploy::understand(parse(text), selection, problems), {}};
  for (const auto& problem : problems.all()) understood.problems.push_back(toText(problem));
  return understood;
}

std::string problemsOf(std::string_view text, const deploy::Selection& selection) {
  return core::join(understand(text, selection).problems, "\n");
}

}  // namespace nodes
