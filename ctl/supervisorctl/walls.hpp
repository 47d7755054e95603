// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "ctl/supervisorctl/failure.hpp"
#include "ctl/supervisorctl/settings.hpp"

namespace ctl {

/// What stands between a client and its server, as one sentence: the server's URL, the cause and the next step. A
/// server that is not there is called what Supervisor's `status` calls it: "URL refused connection", "URL no such
/// file". Empty for a failure that is none of the connection's.
[[nodiscard]] std::string wallText(const Failure& failure, const SessionSettings& settings);

/// The whole line that reports a failure which the command itself had no words for.
[[nodiscard]] std::string failureLine(const Failure& failure, const SessionSettings& settings);

/// "ERROR: WHAT", with the server and the next step, for a server that is shutting down.
[[nodiscard]] std::string shutdownLine(std::string_view what, const SessionSettings& settings);

}  // namespace ctl
