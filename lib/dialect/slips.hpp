// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lib/core/ini.hpp"
#include "lib/dialect/schema.hpp"

/// Slips that real files contain, recognised without knowing what a value means.
namespace config {

/// What to do about a key that this kind of section does not know: how it is spelt, or where it belongs. Complete
/// clauses ("did you mean 'x'?"); nullopt if it resembles nothing, which is left alone: other programs keep their
/// settings in the same files.
[[nodiscard]] std::optional<std::string> adviceOnKey(SectionKind kind, std::string_view key);

/// The first indented line of a value that was surely meant as a line of its own: "key=value" with a key of this kind
/// of section, or a section's head.
[[nodiscard]] std::optional<std::string> swallowedLine(SectionKind kind, const core::IniEntry& entry);

}  // namespace config
