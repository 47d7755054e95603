// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/core/result.hpp"

namespace manager {

/// The parsed command line. Options can be before and after the verb; everything after `ctl NAME` belongs to
/// supervisorctl.
struct Options {
  std::string verb;                    ///< empty: list
  std::vector<std::string> arguments;  ///< after the verb
  std::vector<std::string> words;      ///< the whole command line as it was typed

  std::string host;
  std::string busAddress;
  std::string root;
  std::string signal = "TERM";
  std::string whom = "main";
  int lines = 10;
  int rounds = 0;  ///< of top; 0: until the user quits
  bool json = false;
  bool noPager = false;
  bool noLegend = false;
  bool full = false;
  bool quiet = false;
  bool noAskPassword = false;
  bool raw = false;
  bool follow = false;
  bool purge = false;
  bool now = false;
  bool force = false;
  bool all = false;
  bool upgrade = false;
  bool help = false;
  bool version = false;
};

/// An option, for help and completion.
struct OptionText {
  char letter;  ///< 0: none
  std::string_view word;
  std::string_view value;  ///< what its value is called; empty: it takes none
  std::string_view help;
  std::string_view verbs;  ///< separated by blanks; empty: all verbs take it
};
[[nodiscard]] std::vector<OptionText> optionTexts();
/// Whether the verb uses the option.
[[nodiscard]] bool isFor(const OptionText& option, std::string_view verb);

/// The error is one or more complete sentences.
[[nodiscard]] core::Expected<Options> parseOptions(const std::vector<std::string>& words);

}  // namespace manager
