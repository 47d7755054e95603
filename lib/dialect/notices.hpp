// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include "lib/dialect/context.hpp"
#include "lib/dialect/section_reader.hpp"

namespace config {

/// Warns about probable mistakes: unknown sections and keys, keys of another section, keys of Supervisor 2 (with their
/// present names), lines that became part of the value above, a quote that a comment cut off. Names that do not
/// resemble a known one are ignored: other programs have their settings in the same files.
void noteUnusual(ReadContext& context);

/// Warns about unknown keys and those of Supervisor 2, as above, of one section.
void noteKeys(ReadContext& context, const core::IniSection& section);

/// Warns about the parts of an expanded `environment` that are ignored: unquoted characters that end a value.
void noteIgnored(ReadContext& context, const SectionReader& in, std::string_view environment);

}  // namespace config
