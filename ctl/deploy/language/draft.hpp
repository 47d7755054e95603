// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ctl/deploy/language/application.hpp"
#include "ctl/deploy/language/table.hpp"

namespace deploy {

/// An item while it is checked.
struct Draft {
  Item item;
  const Node* node = nullptr;  ///< the map of the sources
  /// Values that another item gave, as host_overrides do: where they are, for messages.
  std::map<std::string, std::pair<Mark, std::string>, std::less<>> origins;
  std::string scope;       ///< as it was written
  bool scopeKnown = true;  ///< false: its scope has an error, so that its hosts prove nothing
  bool selected = true;    ///< false: the scopes of the run leave it out

  /// The text of an attribute; empty: it has none, or one of Ansible.
  [[nodiscard]] std::string_view known(std::string_view key) const;
  /// Whether the sources have the attribute: not a default.
  [[nodiscard]] bool given(std::string_view key) const { return node->find(key) != nullptr; }
};

/// The items of all sections, by section.
struct Drafts {
  std::map<std::string, std::vector<Draft>, std::less<>> sections;
  /// Items with `when: no`, as section, blank, name.
  std::map<std::string, Mark, std::less<>> dropped;

  [[nodiscard]] std::vector<Draft>& of(std::string_view section);
  /// "the one at FILE:LINE:COLUMN has when: no" if an item of that name was dropped, else an empty text.
  [[nodiscard]] std::string droppedHint(std::string_view section, std::string_view name) const;
};

/// Reports a mistake in an attribute of an item, or in the whole item if `key` is empty.
void errorIn(Problems& problems, const Draft& draft, std::string_view key, std::string reason,
             std::string suggestion = {});
void warningIn(Problems& problems, const Draft& draft, std::string_view key, std::string reason,
               std::string suggestion = {});

/// "did you mean 'x'?" if a candidate is near, else `otherwise`.
[[nodiscard]] std::string didYouMean(std::string_view word, std::span<const std::string_view> candidates,
                                     std::string otherwise = {});

/// Checks a section of items against the table. Every item that is a map is in the result, with the values that are
/// right, and without defaults.
void readItems(const Section& section, const Node& node, Drafts& drafts, Problems& problems);
/// Checks a section of texts.
[[nodiscard]] std::vector<std::string> readTexts(const Section& section, const Node& node, Problems& problems);
/// Checks a section that is yes or no.
[[nodiscard]] bool readFlag(const Section& section, const Node& node, Problems& problems);

/// Fills in the defaults of the table.
void fillDefaults(const Section& section, Draft& draft);

}  // namespace deploy
