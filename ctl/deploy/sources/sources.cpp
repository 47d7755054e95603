// SPDX-License-Identifier: MIT
#include "ctl/deploy/sources/sources.hpp"

#include <fmt/core.h>
#include <stdlib.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "ctl/deploy/sources/merging.hpp"
#include "ctl/deploy/sources/relative_paths.hpp"
#include "ctl/deploy/sources/tree_expander.hpp"
#include "ctl/deploy/sources/variables.hpp"
#include "ctl/deploy/yaml/allowance.hpp"
#include "ctl/deploy/yaml/parser.hpp"
#include "lib/core/files.hpp"
#include "lib/core/text.hpp"

namespace deploy {
namespace {

constexpr std::size_t kFileBytes = std::size_t{4} << 20;
constexpr std::size_t kFiles = 1000;  // of a run; a file that is included twice is two
constexpr std::size_t kIncludeDepth = 50;

bool isVariableName(std::string_view name) {
  const auto isLetter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto isDigit = [](char c) { return c >= '0' && c <= '9'; };
  return !name.empty() && isLetter(name[0]) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return isLetter(c) || isDigit(c); });
}

/// The name of a file that is the same for all paths to it.
std::string identityOf(const std::string& path) {
  const std::unique_ptr<char, decltype(&::free)> real(::realpath(path.c_str(), nullptr), ::free);
  return real ? real.get() : path;
}

/// Reads the sources in their order, so that a value sees the variables that are before it.
class Loader {
 public:
  Loader(const std::string& action, Problems& problems)
      : problems_(problems), variables_(action), expander_(variables_, allowance_, problems) {
    root_.kind = Node::Kind::Map;
  }

  /// `place` is that of the include, or the file itself for --src.
  void file(const std::string& name, const Mark& place);
  void variable(const std::string& text);
  [[nodiscard]] Node finish();

 private:
  struct Open {
    std::string name;
    std::string identity;
  };

  void document(Node root);
  void section(Node::Member member);
  void includes(Node value);
  void include(const Node& path, const std::string& attribute);
  void variables(const Node::Member& section);
  /// Reports an error of an include, or of --src if no file is open.
  void fail(const Mark& place, std::string reason, std::string suggestion = {});
  [[nodiscard]] std::string chainTo(const std::string& name) const;

  Problems& problems_;
  Allowance allowance_;
  Anchors anchors_;
  Variables variables_;
  TreeExpander expander_;
  std::vector<Open> open_;
  std::size_t files_ = 0;
  Mark variablesMark_;
  Node root_;
  MapIndex sections_;
};

void Loader::fail(const Mark& place, std::string reason, std::string suggestion) {
  problems_.error(place, open_.empty() ? "" : "/include", std::move(reason), std::move(suggestion));
  expander_.ignoreUndefined();
}

std::string Loader::chainTo(const std::string& name) const {
  std::string chain;
  for (const auto& open : open_) chain += open.name + " -> ";
  return chain + name;
}

void Loader::file(const std::string& name, const Mark& place) {
  const auto identity = identityOf(name);
  for (const auto& open : open_)
    if (open.identity == identity)
      return fail(place, fmt::format("the file includes itself: {}", chainTo(name)), "remove one of these includes");
  if (open_.size() == kIncludeDepth)
    return fail(place, fmt::format("more than {} files include each other", kIncludeDepth));
  if (++files_ > kFiles) {
    if (files_ == kFiles + 1) fail(place, fmt::format("more than {} files", kFiles));
    return;
  }
  const auto text = core::readFile(name, kFileBytes);
  if (!text) return fail(place, text.error().text);
  open_.push_back({name, identity});
  auto documents = parseYaml(name, *text, anchors_, allowance_, problems_);
  if (!documents.complete) expander_.ignoreUndefined();
  for (auto& root : documents.roots) document(std::move(root));
  open_.pop_back();
}

void Loader::document(Node root) {
  if (root.kind != Node::Kind::Map) {
    problems_.error(root.mark, "", "the file must be a map of sections", "for example 'hosts:' with a list under it");
    return;
  }
  for (auto& member : root.members) {
    if (member.key == "include")
      includes(std::move(member.value));
    else if (member.key == "vars")
      variables(member);
    else
      section(std::move(member));
  }
}

void Loader::section(Node::Member member) {
  auto path = "/" + member.key;
  const auto known = sections_.positions.find(member.key);
  expander_.expand(member.value, path,
                   known == sections_.positions.end() ? nullptr : &root_.members[known->second].value);
  makePathsAbsolute(member.key, member.value);
  addMember(root_, sections_, std::move(member), path, problems_);
}

void Loader::variables(const Node::Member& section) {
  if (section.value.kind != Node::Kind::Map) {
    problems_.error(section.value.mark, "/vars", "'vars' must be a map", "for example 'vars: { name: value }'");
    return;
  }
  if (!variablesMark_.file) variablesMark_ = section.mark;
  // One after the other: each may use those before it.
  for (auto member : section.value.members) {
    expander_.expand(member.value, "/vars/" + member.key, variables_.find(member.key));
    variables_.set(std::move(member), problems_);
  }
}

void Loader::includes(Node value) {
  expander_.expand(value, "/include", nullptr);
  if (value.kind != Node::Kind::List) return include(value, "/include");
  for (std::size_t i = 0; i < value.items.size(); ++i) include(value.items[i], fmt::format("/include/{}", i));
}

void Loader::include(const Node& path, const std::string& attribute) {
  if (path.unresolved) return expander_.ignoreUndefined();
  if (path.kind != Node::Kind::Scalar || path.text.empty()) {
    problems_.error(path.mark, attribute, "'include' needs the path of a file, or a list of them",
                    "for example 'include: supervisors.yml'");
    return;
  }
  file(besideFile(open_.back().name, path.text), path.mark);
}

void Loader::variable(const std::string& text) {
  const std::size_t equals = text.find('=');
  const auto name = text.substr(0, equals);
  if (equals == std::string::npos || text.find('=', equals + 1) != std::string::npos) {
    problems_.error({}, "", fmt::format("--var '{}' must be NAME=VALUE, with one '='", text),
                    "put another value in a file with 'vars:'");
  } else if (!isVariableName(name)) {
    problems_.error({}, "", fmt::format("--var: '{}' is not a name of a variable", name),
                    "use letters, digits and '_', and a letter first");
  } else if (!core::isUtf8(text)) {
    problems_.error({}, "", fmt::format("--var: the value of '{}' is not UTF-8 text", name));
  } else {
    Node value;
    value.text = text.substr(equals + 1);
    variables_.set({name, {}, std::move(value)}, problems_);
  }
}

Node Loader::finish() {
  Node all = variables_.release();
  all.mark = variablesMark_;
  root_.members.insert(root_.members.begin(), {"vars", variablesMark_, std::move(all)});
  return std::move(root_);
}

}  // namespace

Node load(const std::vector<Source>& sources, const std::string& action, Problems& problems) {
  Loader loader(action, problems);
  for (const auto& source : sources) {
    if (source.kind == Source::Kind::Variable)
      loader.variable(source.text);
    else
      loader.file(source.text, {std::make_shared<std::string>(source.text), 0, 0});
  }
  return loader.finish();
}

}  // namespace deploy
