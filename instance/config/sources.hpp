// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "instance/config/command_line.hpp"
#include "instance/config/model.hpp"
#include "lib/core/expansion.hpp"
#include "lib/core/ini.hpp"

namespace config {

/// How an included file that cannot be read is handled: as an error, or skipped with a warning.
enum class Unreadable { Refused, Skipped };

/// Reads the root file and merges the files of its [include] into it.
[[nodiscard]] core::Expected<core::IniDocument> readSources(const CommandLine& line, Unreadable unreadable,
                                                            const core::Names& environment,
                                                            std::vector<Message>& messages);

/// The absolute patterns of [include], in order; none without that section.
[[nodiscard]] core::Expected<std::vector<std::string>> includePatterns(const core::IniDocument& document,
                                                                       const std::string& here,
                                                                       const core::Names& environment);

}  // namespace config
