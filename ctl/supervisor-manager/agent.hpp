// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

namespace manager {

/// Starts polkit's agent for text terminals (pkttyagent), so that polkit can ask this terminal's user for a password
/// where no desktop's agent does; returns when it is ready. -1 if there is none: then polkit just refuses.
[[nodiscard]] pid_t startAgent();
/// Ends and reaps it; nothing happens for -1.
void endAgent(pid_t agent) noexcept;

}  // namespace manager
