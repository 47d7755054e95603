// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "lib/core/result.hpp"

namespace config {
struct ProcessConfig;
}

namespace process {

/// A command line, ready for execve.
struct Command {
  std::string file;
  std::vector<std::string> arguments;
};

struct CommandError {
  enum class Kind {
    Bad,            ///< cannot be parsed, or is empty
    NoFile,         ///< nothing there
    NotExecutable,  ///< a directory, without execute bits, or not for us
  };
  Kind kind = Kind::Bad;
  std::string text;  ///< Supervisor's words
};

/// Splits the program's command and finds the file: as it stands if it has a '/', else the first hit in the PATH of the
/// program's environment or of ours (that one counts, even if it cannot be executed).
[[nodiscard]] core::Result<Command, CommandError> resolveCommand(const config::ProcessConfig& config);
/// The same for another command of the program.
[[nodiscard]] core::Result<Command, CommandError> resolveCommand(const std::string& line,
                                                                 const config::ProcessConfig& config);

}  // namespace process
