// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "ctl/supervisorctl/command_line.hpp"
#include "ctl/supervisorctl/settings.hpp"

namespace ctl {

/// Why no session can start; `exitStatus` as Supervisor's client ends.
struct SettingsError {
  std::string text;
  int exitStatus = 2;
};

/// The configuration file that a call means, as it was given or is found; it need not be there. nullopt: none.
[[nodiscard]] std::optional<std::string> configFileOf(const CommandLine& line, const std::string& program);
/// Where the server is, after the command line or that file; the default if neither can tell.
[[nodiscard]] std::string serverUrlOf(const CommandLine& line, const std::optional<std::string>& file);

/// Finds and reads the configuration file, and puts the command line on top of it. `program` is the path by which we
/// were called: it decides where the file is looked for.
[[nodiscard]] core::Result<Settings, SettingsError> loadSettings(const CommandLine& line, const std::string& program);

}  // namespace ctl
