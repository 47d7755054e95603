// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ctl/deploy/hosts.hpp"
#include "ctl/deploy/language/application.hpp"

namespace deploy {

/// What the plan of a run says besides the items.
struct PlanSettings {
  std::string action;
  bool purge = false;
  bool prune = false;
  bool diff = false;
  std::vector<std::string> packages;  ///< .deb files that a host without the manager gets
};

/// The sections whose items are deployed, in the order in which they are.
[[nodiscard]] const std::vector<std::string_view>& plannedSections();

/// Whether an action looks at the items of a section.
[[nodiscard]] bool looksAt(std::string_view action, std::string_view section) noexcept;

/// The hosts for which an action has something to do, in the order of the sources: those of `allowed` that have items
/// which the action looks at.
[[nodiscard]] std::vector<std::string> hostsOfRun(const Application& application, std::string_view action,
                                                  const Names& allowed);

/// plan.json, which the collection reads: every item for `hosts` that the action looks at, with the place where it
/// stands.
[[nodiscard]] Value plan(const Application& application, const PlanSettings& settings,
                         const std::vector<std::string>& hosts);

}  // namespace deploy
