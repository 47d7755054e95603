// SPDX-License-Identifier: MIT
#include "ctl/deploy/language/selection.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "ctl/deploy/language/foreign.hpp"

namespace deploy {
namespace {

constexpr std::array kPlugins{Plugin::Users, Plugin::Files, Plugin::Systemd, Plugin::Supervisor, Plugin::Ansible};

bool isPlugin(std::string_view word) {
  return std::any_of(kPlugins.begin(), kPlugins.end(), [&](Plugin one) { return toText(one) == word; });
}

void checkWord(const ScopeFilter::Word& word, Inventory& inventory, Problems& problems) {
  if (word.text == "all" || word.text == "none" || isPlugin(word.text)) return;
  if (isForeignPlugin(word.text)) {
    problems.error(word.mark, word.path, fmt::format("the plug-in {} is not supported", word.text), "remove the word");
    return;
  }
  if (inventory.resolve(word.text).reason.empty()) return;
  std::vector<std::string_view> names{"all", "none"};
  for (const auto plugin : kPlugins) names.push_back(toText(plugin));
  problems.error(word.mark, word.path, fmt::format("'{}' is neither a plug-in nor a scope of items", word.text),
                 didYouMean(word.text, names, "the words are all, none, users, files, systemd, supervisor, ansible"));
}

}  // namespace

ScopeFilter::ScopeFilter(std::vector<Word> included, std::vector<Word> excluded, Inventory& inventory,
                         Problems& problems) {
  for (const auto& word : included) checkWord(word, inventory, problems);
  for (const auto& word : excluded) checkWord(word, inventory, problems);
  for (auto& word : included) included_.insert(std::move(word.text));
  for (auto& word : excluded) excluded_.insert(std::move(word.text));
}

bool ScopeFilter::matches(const Names& words, Plugin plugin, std::string_view scope) {
  return words.count("all") != 0 || words.find(toText(plugin)) != words.end() ||
         (plugin == Plugin::Files && words.find(scope) != words.end());
}

bool ScopeFilter::selects(Plugin plugin, std::string_view scope) const {
  if (plugin == Plugin::None) return true;
  return !matches(excluded_, plugin, scope) && (included_.empty() || matches(included_, plugin, scope));
}

std::vector<ScopeFilter::Word> wordsOf(const Node* section, std::string_view name) {
  std::vector<ScopeFilter::Word> words;
  if (!section) return words;
  const std::string path = fmt::format("/{}", name);
  const auto add = [&](const Node& node, std::string where) {
    const bool word = node.kind == Node::Kind::Scalar && !node.unresolved && !node.text.empty();
    if (word) words.push_back({node.text, node.mark, std::move(where)});
  };
  add(*section, path);
  for (std::size_t i = 0; i < section->items.size(); ++i) add(section->items[i], fmt::format("{}/{}", path, i));
  return words;
}

std::vector<ScopeFilter::Word> wordsOf(const std::vector<std::string>& given, std::string_view option) {
  std::vector<ScopeFilter::Word> words;
  for (const auto& text : given) words.push_back({text, {}, std::string(option)});
  return words;
}

}  // namespace deploy
