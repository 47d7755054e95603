// SPDX-License-Identifier: MIT
#pragma once

#include "ctl/deploy/language/draft.hpp"
#include "ctl/deploy/language/inventory.hpp"

namespace deploy {

/// The scopes of a run: words all, none, names of plug-ins, or the text of a scope of folders, files and trees.
class ScopeFilter {
 public:
  /// A word and where it is; line 0 and an empty path: the command line.
  struct Word {
    std::string text;
    Mark mark;
    std::string path;
  };

  ScopeFilter(std::vector<Word> included, std::vector<Word> excluded, Inventory& inventory, Problems& problems);

  /// Whether an item is part of the run. What is excluded is not; if anything is included, the rest is not.
  [[nodiscard]] bool selects(Plugin plugin, std::string_view scope) const;

 private:
  [[nodiscard]] static bool matches(const Names& words, Plugin plugin, std::string_view scope);

  Names included_;
  Names excluded_;
};

/// The words of a section, or of an option instead (`option` is its name, for messages).
[[nodiscard]] std::vector<ScopeFilter::Word> wordsOf(const Node* section, std::string_view name);
[[nodiscard]] std::vector<ScopeFilter::Word> wordsOf(const std::vector<std::string>& given, std::string_view option);

}  // namespace deploy
