// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace process {
class Process;
}

namespace web {

/// "healthy", "unhealthy: REASON": what the page adds to the description of a running program; empty if nobody asks for
/// its health.
[[nodiscard]] std::string healthText(const process::Process& program);
/// The description of the page: that of `status`, and the health.
[[nodiscard]] std::string descriptionText(const process::Process& program);

}  // namespace web
