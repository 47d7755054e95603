// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/core/result.hpp"

namespace manager {

/// The command line, read. Options may stand before and after the verb; all that follows `ctl NAME` is supervisorctl's.
struct Options {
  std::string verb;                    ///< empty: list
  std::vector<std::string> arguments;  ///< after the verb
  std::vector<std::string> words;      ///< all of it as it was typed

  std::string host;
  std::string busAddress;
  std::string root;
  std::string signal = "TERM";
  std::string whom = "main";
  int lines = 10;
  int rounds = 0;  ///< of top; 0: until the user ends it
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
  bool help = false;
  bool version = false;
};

/// An option as help and completion tell it.
struct OptionText {
  char letter;  ///< 0: none
  std::string_view word;
  std::string_view value;  ///< what its value is called; empty: it takes none
  std::string_view help;
  std::string_view verbs;  ///< separated by blanks; empty: all verbs take it
};
[[nodiscard]] std::vector<OptionText> optionTexts();
/// Whether the option means something to the verb.
[[nodiscard]] bool isFor(const OptionText& option, std::string_view verb);

/// The error is a complete sentence.
[[nodiscard]] core::Expected<Options> parseOptions(const std::vector<std::string>& words);

}  // namespace manager
