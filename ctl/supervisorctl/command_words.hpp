// SPDX-License-Identifier: MIT
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/core/result.hpp"

namespace ctl {

/// The words after a command: names, and the options that we add to the command. A word that is not such an option is a
/// name, as in Supervisor, where these commands have no options; see refusesOption().
struct CommandWords {
  bool json = false;
  bool resources = false;
  bool health = false;
  bool parallel = false;
  bool force = false;
  bool rolling = false;
  bool ifChanged = false;
  std::optional<std::string> waitFor;  ///< name of a state, upper case
  std::optional<int> timeout;          ///< seconds
  std::optional<int> maxUnavailable;   ///< at least 1
  std::optional<int> watch;            ///< seconds between two updates
  std::vector<std::string> names;

  [[nodiscard]] bool meansAll() const noexcept;
};

/// Sorts the words of `argument`; `options` are those of this command ("--json"). `--wait` without a state waits for
/// `defaultState`. The error names the option.
[[nodiscard]] core::Expected<CommandWords> sortWords(std::string_view argument,
                                                     std::initializer_list<std::string_view> options,
                                                     std::string_view defaultState = "RUNNING");

}  // namespace ctl
