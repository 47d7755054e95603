// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "ctl/supervisorctl/command_line.hpp"
#include "ctl/supervisorctl/settings_loader.hpp"
#include "lib/core/result.hpp"

namespace ctl {

/// Root with a configuration, a link or a socket that another account controls: a password there may hold root's
/// environment, a history file be one of root's, a socket lead to root's own supervisord. So all is done again as that
/// account, in a process of its own behind a terminal of its own (lib/terminal), whose exit status comes back.
///
/// nullopt: go on as we are (not root, only root has a say, --trust). An error, complete for people: nobody to become.
[[nodiscard]] core::Expected<std::optional<int>> actAsOwner(const CommandLine& line, const std::string& program,
                                                            const ConfigChoice& config);

/// As root: others have a say in what the path, or the Unix socket of the URL, leads to, or may put something there.
[[nodiscard]] bool isForOthers(const std::string& path, bool content);
[[nodiscard]] bool leadsToOthers(const std::string& url);

/// In such a process: why it has not root's rights, for one who misses them. Empty elsewhere.
[[nodiscard]] std::string rightsNote();

}  // namespace ctl
