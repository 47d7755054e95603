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

/// Becomes the configured user, for good. What is to be said about it goes to `messages`. The error is Supervisor's.
[[nodiscard]] core::Status dropPrivileges(const config::Daemon& daemon, std::vector<config::Message>& messages);

/// The error that dropPrivileges() would give a process that is not root; changes nothing.
[[nodiscard]] core::Status mayBecome(const config::Daemon& daemon);

/// Raises the soft limits of open files and processes to at least minfds and minprocs.
[[nodiscard]] core::Status raiseLimits(const config::Daemon& daemon, std::vector<config::Message>& messages);

/// Lets this process open as many files as it may at all: pipes and logs of many programs are many. Returns the limit
/// there was, which is the programs' (many of them scale what they allocate or close by it); nullopt if nothing
/// changed.
[[nodiscard]] std::optional<rlimit> liftFileLimit() noexcept;
