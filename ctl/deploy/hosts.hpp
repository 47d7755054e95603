// SPDX-License-Identifier: MIT
#pragma once

#include <set>
#include <string>
#include <vector>

#include "ctl/deploy/language/application.hpp"
#include "lib/core/result.hpp"

namespace deploy {

using Names = std::set<std::string, std::less<>>;

/// The names of all hosts, in the order of the sources.
[[nodiscard]] std::vector<std::string> hostNames(const Application& application);

/// What --limit names: hosts and groups, `all`, and what is left out (`!NAME`); empty: every host. The error names an
/// unknown one.
[[nodiscard]] core::Expected<Names> limitedHosts(const Application& application, const std::vector<std::string>& limit);

}  // namespace deploy
