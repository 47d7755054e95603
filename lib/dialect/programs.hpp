// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lib/dialect/context.hpp"
#include "lib/dialect/section_reader.hpp"

namespace config {

using Processes = std::vector<std::shared_ptr<const ProcessConfig>>;

/// The processes of one [program:x], [fcgi-program:x] or [eventlistener:x] section, sorted by (priority, name).
/// `groupSection` is the [group:x] that they are members of, `socket` becomes their ProcessConfig::socket.
[[nodiscard]] core::Result<Processes, Refusal> readProcesses(ReadContext& context, const core::IniSection& section,
                                                             const std::string& group,
                                                             const core::IniSection* groupSection = nullptr,
                                                             int socket = -1);

/// The part of a section's name after the colon.
[[nodiscard]] std::string nameBehindColon(const std::string& section);

}  // namespace config
