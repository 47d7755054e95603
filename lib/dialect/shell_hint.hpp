// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lib/core/ini.hpp"

namespace config {

struct ReadContext;

/// A warning about a command that uses the syntax of a shell, which does not run it: "command is not run by a shell:
/// '&&' is passed to it as an argument; …", with what to write instead. nullopt if it uses none, or only in quotes.
[[nodiscard]] std::optional<std::string> shellHint(std::string_view command);

/// Adds that warning for the command of a program's section.
void noteShellSyntax(ReadContext& context, const core::IniSection& section);

}  // namespace config
