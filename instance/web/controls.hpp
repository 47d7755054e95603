// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "lib/lifecycle/state.hpp"

namespace process {
class Process;
}

namespace web {

/// The CSS class with the colour of a state.
[[nodiscard]] const char* classOf(lifecycle::ProcessState state) noexcept;
/// The state as a coloured word.
[[nodiscard]] std::string badge(lifecycle::ProcessState state);

/// A button of the form "actions". Its address is complete, so that a script can call it, too. `parameter` is
/// "processname" or "groupname", or empty for an action on all programs.
[[nodiscard]] std::string actionButton(std::string_view text, std::string_view action, std::string_view parameter,
                                       const std::string& name, bool hidden = false);
/// Start, Restart and Stop of a program. Those that do not apply to its state are hidden.
[[nodiscard]] std::string programButtons(const process::Process& program);

}  // namespace web
