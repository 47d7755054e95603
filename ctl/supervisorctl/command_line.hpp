// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lib/core/result.hpp"

namespace ctl {

/// The parsed command line. Files are not read and names are not looked up yet.
struct CommandLine {
  std::optional<std::string> configFile;
  std::optional<std::string> serverUrl;
  std::optional<std::string> username;
  std::optional<std::string> password;
  std::optional<std::string> passwordFile;
  std::optional<std::string> historyFile;
  bool interactive = false;
  bool trust = false;  ///< as root: act on files of other accounts with root's rights
  bool help = false;   ///< -h was given, without a wrong option before it
  std::vector<std::string> action;
};

/// Reads options up to the first word that is not one, with the rules of Python's getopt: short options can be joined,
/// long ones abbreviated to a unique prefix. Errors have Supervisor's texts.
[[nodiscard]] core::Expected<CommandLine> parseCommandLine(std::span<const std::string> words);

/// The text of --help; `program` is the name by which we were called.
[[nodiscard]] std::string usageText(const std::string& program);

}  // namespace ctl
