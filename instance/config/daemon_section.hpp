// SPDX-License-Identifier: MIT
#pragma once

#include "lib/core/result.hpp"

namespace config {

struct CommandLine;
struct Daemon;
struct ReadContext;

/// Reads [supervisord]. Values of the command line override those of the file, which are checked nevertheless. Stores
/// its environment in the context. Call settleUser() when everything else has been read.
[[nodiscard]] core::Expected<Daemon> readDaemon(ReadContext& context, const CommandLine& line);

/// Looks up the account to run as: the last check of a configuration.
[[nodiscard]] core::Status settleUser(const ReadContext& context, const CommandLine& line, Daemon& daemon);

}  // namespace config
