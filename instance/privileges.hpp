// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "instance/config/model.hpp"
#include "lib/core/result.hpp"

/// Becomes the configured user, for good. What is to be said about it goes to `messages`. The error is Supervisor's.
[[nodiscard]] core::Status dropPrivileges(const config::Daemon& daemon, std::vector<config::Message>& messages);

/// Raises the soft limits of open files and processes to at least minfds and minprocs; children inherit them.
[[nodiscard]] core::Status raiseLimits(const config::Daemon& daemon, std::vector<config::Message>& messages);
