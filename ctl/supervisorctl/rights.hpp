// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "ctl/supervisorctl/command_line.hpp"
#include "ctl/supervisorctl/settings_loader.hpp"
#include "lib/core/result.hpp"

namespace ctl {

/// If root uses a configuration, a link or a socket that another account controls, runs the same command as that
/// account, as a guest with its own terminal (lib/terminal), and returns its exit status. With root's rights, the
/// account could read root's environment through %(ENV_X)s in a password, have a history file written over one of
/// root's files, or send root's commands to another supervisord.
///
/// nullopt: continue with the present rights (not root, only root controls the files, or --trust). An error, a complete
/// message: there is no single account to act as.
[[nodiscard]] core::Expected<std::optional<int>> actAsOwner(const CommandLine& line, const std::string& program,
                                                            const ConfigChoice& config);

/// As root: whether other accounts control the path, or the Unix socket of the URL, or can create it.
[[nodiscard]] bool isForOthers(const std::string& path, bool content);
[[nodiscard]] bool leadsToOthers(const std::string& url);

/// In the process of actAsOwner(): why it does not have root's rights, to print after a failure. Empty elsewhere.
[[nodiscard]] std::string rightsNote();

}  // namespace ctl
