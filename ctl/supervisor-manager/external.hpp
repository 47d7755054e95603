// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "ctl/supervisor-manager/exit_codes.hpp"
#include "ctl/supervisor-manager/session.hpp"

namespace manager {

/// One of our own programs: beside this one, or in the neighbouring bin or sbin; else its bare name, for PATH.
[[nodiscard]] std::string ownProgram(const std::string& name);

/// The word in quotes that any shell understands.
[[nodiscard]] std::string shellQuoted(const std::string& word);

/// Becomes the program (PATH is searched for a bare name); returns only if that fails, which is said.
[[nodiscard]] ExitCode become(Session& session, const std::vector<std::string>& arguments);

/// Becomes `supervisor-manager VERB ARGUMENTS` on the host of -H, over ssh, with this terminal.
[[nodiscard]] ExitCode becomeRemote(Session& session, const std::vector<std::string>& arguments);

}  // namespace manager
