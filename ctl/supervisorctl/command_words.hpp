// SPDX-License-Identifier: MIT
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/core/result.hpp"

namespace ctl {

/// The words after a command: names, and those of our own options that the command has. A word that is no option of
/// the command is a name, as it is for Supervisor.
struct CommandWords {
  bool json = false;
  bool resources = false;
  bool parallel = false;
  std::optional<std::string> waitFor;  ///< name of a state, upper case
  std::optional<int> timeout;          ///< seconds
  std::optional<int> watch;            ///< seconds between two looks
  std::vector<std::string> names;

  [[nodiscard]] bool meansAll() const noexcept;
};

/// Sorts the words of `argument`; `options` are the ones of this command ("--json"). `defaultState` is what a bare
/// `--wait` waits for. The error names the option.
[[nodiscard]] core::Expected<CommandWords> sortWords(std::string_view argument,
                                                     std::initializer_list<std::string_view> options,
                                                     std::string_view defaultState = "RUNNING");

}  // namespace ctl
