// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/core/log.hpp"
#include "lib/core/result.hpp"

namespace config {

struct Overlay;

/// The parsed command line of supervisord. Kept for the life of the daemon, which uses it again for a reread and a
/// restart.
struct CommandLine {
  enum class Action { Run, Check, CheckState, Help, Version };
  Action action = Action::Run;
  std::string program;         ///< argv[0], for messages
  std::string file;            ///< absolute path of the configuration file
  std::string fileAsTyped;     ///< for messages
  std::string startDirectory;  ///< the working directory at start: relative paths stay relative to it after a chdir
  std::string notice;          ///< to print on standard error before anything else, or empty
  int stateDescriptor = -1;    ///< --check-state: where the state is
  bool overlaid = false;       ///< --overlay: standard input has an Overlay
  std::shared_ptr<const Overlay> overlay;  ///< files that load() sees instead of those on disk; null: none

  // Values that override those of the file.
  std::optional<std::string> user;
  std::optional<std::string> directory;
  std::optional<std::string> logFile;
  std::optional<std::string> pidFile;
  std::optional<std::string> identifier;
  std::optional<std::string> childLogDir;
  std::optional<mode_t> umask;
  std::optional<std::int64_t> logMaxBytes;
  std::optional<int> logBackups;
  std::optional<int> minFds;
  std::optional<int> minProcs;
  std::optional<logging::Level> logLevel;
  bool noDaemon = false;
  bool silent = false;
  bool noCleanup = false;
  bool stripAnsi = false;
};

/// Parses argv (with argv[0]) and finds the configuration file. An error is a complete message, to be printed by
/// usageError().
[[nodiscard]] core::Expected<CommandLine> parseCommandLine(const std::vector<std::string>& arguments);

/// "Error: TEXT\nFor help, use PROGRAM -h\n", for standard error. The exit status is 2.
[[nodiscard]] std::string usageError(const std::string& program, const std::string& text);

/// What `-h` prints.
[[nodiscard]] std::string usage(const std::string& program);

}  // namespace config
