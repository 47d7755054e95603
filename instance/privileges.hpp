// SPDX-License-Identifier: MIT
#pragma once

#include <sys/resource.h>

#include <optional>
#include <vector>

#include "lib/core/result.hpp"

namespace config {
struct Daemon;
struct Message;
}  // namespace config

/// Becomes the configured user, permanently. Messages for the log, which is not open yet, go to `messages`. The error
/// is Supervisor's.
[[nodiscard]] core::Status dropPrivileges(const config::Daemon& daemon, std::vector<config::Message>& messages);

/// The error that dropPrivileges() would give a process that is not root; changes nothing.
[[nodiscard]] core::Status mayBecome(const config::Daemon& daemon);

/// Raises the soft limits of open files and processes to at least minfds and minprocs.
[[nodiscard]] core::Status raiseLimits(const config::Daemon& daemon, std::vector<config::Message>& messages);

/// Raises the soft limit of open files to the hard one: a thousand programs need some thousand pipes and logs. Returns
/// the previous limit, which the programs get, since many of them allocate or close as many descriptors as it allows;
/// nullopt if nothing changed.
[[nodiscard]] std::optional<rlimit> liftFileLimit() noexcept;
