// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ctl/deploy/hosts.hpp"
#include "ctl/deploy/language/application.hpp"

namespace deploy {

/// Whether an expression ({{ }}, {% %}) in the text uses what Ansible knows only after it has gathered facts: a
/// variable ansible_..., hostvars or groups.
[[nodiscard]] bool mentionsFacts(std::string_view text) noexcept;

/// The hosts whose facts are gathered first: those with force_setup, and those of the run if one of the texts or
/// templates that the action uses needs facts. Both are among `allowed`; in the order of the sources.
[[nodiscard]] std::vector<std::string> factHosts(const Application& application, std::string_view action,
                                                 const std::vector<std::string>& ofRun, const Names& allowed);

}  // namespace deploy
