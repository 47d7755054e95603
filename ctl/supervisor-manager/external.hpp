// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "ctl/supervisor-manager/exit_codes.hpp"
#include "ctl/supervisor-manager/session.hpp"

namespace manager {

/// The path of one of our own programs: in this one's directory, or in the neighbouring bin or sbin; else its bare
/// name, for PATH.
[[nodiscard]] std::string ownProgram(const std::string& name);

/// The word in single quotes, for any POSIX shell.
[[nodiscard]] std::string shellQuoted(const std::string& word);

/// Replaces this process with the program (a bare name is searched in PATH). Returns only if that fails, after printing
/// why.
[[nodiscard]] ExitCode become(Session& session, const std::vector<std::string>& arguments);

/// Replaces this process with ssh, which runs `supervisor-manager VERB ARGUMENTS` on the host of -H with this terminal.
[[nodiscard]] ExitCode becomeRemote(Session& session, const std::vector<std::string>& arguments);

}  // namespace manager
