// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include "lib/dialect/context.hpp"

namespace config {

/// Warns of what looks like a slip of the pen: unknown sections and keys, keys of another section, keys of Supervisor 2
/// (with today's names), lines that became part of the value above, a quote that a comment cut off. What resembles
/// nothing is left alone: other programs keep their settings in the same files.
void noteUnusual(ReadContext& context);

/// Warns of what an expanded `environment` says and nobody gets: unquoted characters that end a value.
void noteIgnored(ReadContext& context, const core::IniSection& section, std::string_view environment);

}  // namespace config
