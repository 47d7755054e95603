// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ctl/supervisorctl/failure.hpp"

namespace ctl {

class Session;

/// A word is meant as an option, unless something is named so.
[[nodiscard]] bool looksLikeOption(std::string_view word) noexcept;

/// "Error: unknown option --x; start has --wait and --timeout", or a suggestion. `options` are those of the command,
/// separated by blanks.
[[nodiscard]] std::string unknownOption(std::string_view word, std::string_view command, std::string_view options);

/// Prints that error, with the options of the command's table.
void refuseOption(Session& session, std::string_view command, std::string_view word);

/// Whether one of `names`, the words of a command that are not its options, looks like an option and is not the name of
/// a process or group: then prints the error. "restart --if-change all" must not restart everything, but Supervisor
/// lets a program be named like an option. Calls the server only if there is such a word.
[[nodiscard]] Answer<bool> refusesOption(Session& session, std::string_view command,
                                         const std::vector<std::string>& names);

}  // namespace ctl
