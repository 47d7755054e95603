// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ctl/deploy/language/draft.hpp"
#include "ctl/deploy/language/inventory.hpp"
#include "ctl/deploy/language/local_files.hpp"

/// The checks that need more than one attribute or more than one item. Each adds to the items what the run needs.
namespace deploy {

/// What other items refer to, by name. The drafts must outlive it and stay where they are.
struct References {
  using Pair = std::pair<std::string, std::string>;  ///< supervisor and name
  std::map<std::string, Draft*, std::less<>> supervisors;
  std::map<Pair, Draft*> programs;
  std::map<Pair, Draft*> programGroups;
  std::map<std::string, Draft*, std::less<>> units;
};

/// What all of them need.
struct Grooming {
  Drafts& drafts;
  Inventory& inventory;
  const LocalFiles& files;
  Problems& problems;
  References references;
};

/// Replaces the scope of each item of a section by its hosts.
void resolveScopes(Grooming& grooming, const Section& section);
/// Finds a source on the deployer: the values of `schemeKey` and `sourceKey`, or a mistake of `key`.
void findSource(Grooming& grooming, Draft& draft, std::string_view key, std::string_view schemeKey,
                std::string_view sourceKey, LocalKind kind = LocalKind::File);
/// Warns about items of a section that have the same text and a host in common.
void warnOfTwice(Grooming& grooming, std::string_view section, std::string_view key, std::string_view what);

void groomAccounts(Grooming& grooming);
void groomFiles(Grooming& grooming);
void groomUnits(Grooming& grooming);
void groomSupervisors(Grooming& grooming);
void groomPrograms(Grooming& grooming);
void groomProgramGroups(Grooming& grooming);
void groomPlaybooks(Grooming& grooming, const std::vector<std::string>& folders);
/// Checks the targets of files.notify and writes them as {kind, supervisor, program} and so on.
void groomNotifications(Grooming& grooming);

/// The draft of a name, or nullptr after an error in `key` of `from`.
[[nodiscard]] Draft* findSupervisor(Grooming& grooming, const Draft& from, std::string_view key, std::string_view name);

}  // namespace deploy
