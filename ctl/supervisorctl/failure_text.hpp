// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "ctl/supervisorctl/failure.hpp"
#include "ctl/supervisorctl/settings.hpp"

namespace ctl {

/// Why the server cannot be used, as one sentence with its URL, the cause and the next step. For a server that does not
/// run it begins with the text of Supervisor's `status`, which scripts match: "URL refused connection", "URL no such
/// file". Empty for a failure that does not concern the connection.
[[nodiscard]] std::string connectionText(const Failure& failure, const SessionSettings& settings);

/// The line for a failure that the command itself did not handle.
[[nodiscard]] std::string failureLine(const Failure& failure, const SessionSettings& settings);

/// "ERROR: WHAT: ..." with the server and the next step, for a server that is shutting down.
[[nodiscard]] std::string shutdownLine(std::string_view what, const SessionSettings& settings);

}  // namespace ctl
