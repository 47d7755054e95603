// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lib/core/ini.hpp"
#include "lib/dialect/schema.hpp"

/// Common mistakes in configuration files, found without interpreting the values.
namespace config {

/// Advice on a key that this kind of section does not have: the right spelling, or the right section. Complete clauses
/// ("did you mean 'x'?"); nullopt if it does not resemble a known key: then it is ignored, because other programs have
/// their settings in the same files.
[[nodiscard]] std::optional<std::string> adviceOnKey(SectionKind kind, std::string_view key);

/// The first indented line of a value that was probably meant as a separate line: "key=value" with a key of this kind
/// of section, or a section header.
[[nodiscard]] std::optional<std::string> swallowedLine(SectionKind kind, const core::IniEntry& entry);

}  // namespace config
