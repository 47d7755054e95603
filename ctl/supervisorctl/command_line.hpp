// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lib/core/result.hpp"

namespace ctl {

/// The words of the command line, sorted; nothing is looked up yet.
struct CommandLine {
  std::optional<std::string> configFile;
  std::optional<std::string> serverUrl;
  std::optional<std::string> username;
  std::optional<std::string> password;
  std::optional<std::string> passwordFile;
  std::optional<std::string> historyFile;
  bool interactive = false;
  bool trust = false;  ///< as root: act on files of other accounts with root's rights
  bool help = false;   ///< asked for before anything was wrong
  std::vector<std::string> action;
};

/// Reads options up to the first word that is none, in the manner of Python's getopt: short options may be joined,
/// long ones cut to a unique beginning. Errors are Supervisor's texts.
[[nodiscard]] core::Expected<CommandLine> parseCommandLine(std::span<const std::string> words);

/// The text of --help; `program` is how we were called.
[[nodiscard]] std::string usageText(const std::string& program);

}  // namespace ctl
