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

/// What the command line of supervisord says. Kept for the life of the daemon: rereading and restarting use it again.
struct CommandLine {
  enum class Action { Run, Check, Help, Version };
  Action action = Action::Run;
  std::string program;         ///< argv[0], for messages
  std::string file;            ///< absolute path of the configuration file
  std::string fileAsTyped;     ///< for messages
  std::string startDirectory;  ///< the working directory at start: relative paths stay relative to it after a chdir
  std::string notice;          ///< to print on standard error before anything else, or empty
  bool overlaid = false;       ///< --overlay: an Overlay comes on standard input
  std::shared_ptr<const Overlay> overlay;  ///< what load() sees otherwise than it is on disk; null: nothing

  // Values that win over the file's.
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
