// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "instance/config/command_line.hpp"
#include "instance/config/model.hpp"
#include "instance/config/sources.hpp"
#include "lib/core/result.hpp"

namespace config {

/// Reads, merges, expands and validates the configuration that `line` names; what the command line gives wins. Used at
/// start, for a reread and for a restart: it changes nothing outside its result. The error text is complete: reason,
/// key, section, file, line. Only a start passes over an included file that it cannot read (Unreadable::Skipped): later
/// that would stop its programs.
[[nodiscard]] core::Expected<Configuration> load(const CommandLine& line, Unreadable unreadable = Unreadable::Refused);

/// The processes that a section `[program:NAME]` with these options would make in `group`, in start order, as if they
/// stood in `base`. Warnings go nowhere.
[[nodiscard]] core::Expected<std::vector<std::shared_ptr<const ProcessConfig>>> parsePrograms(
    const Configuration& base, const std::string& name, const std::string& group,
    const std::vector<std::pair<std::string, std::string>>& options, GroupConfig::Kind kind);

/// What children get as SUPERVISOR_SERVER_URL when they do not say otherwise: the first Unix socket, else the last
/// inet server; empty if there is none.
[[nodiscard]] std::string fallbackServerUrl(const std::vector<HttpServer>& servers);

}  // namespace config
