// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

namespace manager {

/// Starts polkit's agent for text terminals (pkttyagent), so that polkit can ask for a password on this terminal if no
/// desktop has an agent for it. Returns its pid when it is ready, -1 if it is not installed: polkit then denies what
/// would need a password.
[[nodiscard]] pid_t startAgent();
/// Terminates and reaps the agent; does nothing for -1.
void endAgent(pid_t agent) noexcept;

}  // namespace manager
