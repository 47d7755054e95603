// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ctl/deploy/sources/sources.hpp"
#include "lib/core/result.hpp"

namespace deploy {

/// The parsed command line, with the words of HADeploy.
struct Options {
  std::vector<Source> sources;  ///< --src and --var, in the order of the command line
  std::string action;           ///< in lower case if it is one of ours, which may be written DEPLOY
  std::vector<std::string> scopes;
  std::vector<std::string> excludedScopes;
  std::vector<std::string> limit;  ///< hosts and groups; empty: all
  std::string vaultPasswordFile;
  std::string workingFolder;
  std::string loggingConf;
  int forks = 0;      ///< 0: chosen by the number of hosts and processors
  int verbosity = 0;  ///< how many -v ansible-playbook gets
  bool askVaultPassword = false;
  bool askBecomePassword = false;
  bool check = false;
  bool diff = false;
  bool keep = false;
  bool json = false;
  bool purge = false;
  bool prune = false;
  bool help = false;
  bool version = false;
};

/// An option, for the help.
struct OptionText {
  std::string_view word;   ///< with its dashes
  std::string_view value;  ///< what its value is called; empty: it takes none
  std::string_view help;
};
[[nodiscard]] std::vector<OptionText> optionTexts();

/// The actions that every application file has; others come from its ansible_playbooks.
[[nodiscard]] const std::vector<std::string_view>& ownActions();

/// Whether the words ask for JSON: known even if they have mistakes.
[[nodiscard]] bool asksForJson(const std::vector<std::string>& words);

/// The error is one or two complete sentences. Without --help and --version, there is an action and a source.
[[nodiscard]] core::Expected<Options> parseOptions(const std::vector<std::string>& words);

}  // namespace deploy
