// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lib/core/ini.hpp"

namespace config {

struct ReadContext;

/// What a command expects of a shell, which does not run it: "command is not run by a shell: '&&' is passed to it as an
/// argument; …", with what to write instead. Nothing for what is quoted, or where all is well.
[[nodiscard]] std::optional<std::string> shellHint(std::string_view command);

/// Warns of the command of a program's section.
void noteShellSyntax(ReadContext& context, const core::IniSection& section);

}  // namespace config
