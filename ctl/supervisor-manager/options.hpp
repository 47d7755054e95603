// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "lib/core/result.hpp"

namespace manager {

/// The command line, read. Options may stand before and after the verb; all that follows `ctl NAME` is supervisorctl's.
struct Options {
  std::string verb;                    ///< empty: list
  std::vector<std::string> arguments;  ///< after the verb

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
  bool quiet = false;
  bool noAskPassword = false;
  bool raw = false;
  bool follow = false;
  bool purge = false;
  bool now = false;
  bool help = false;
  bool version = false;
};

/// The error is a complete sentence.
[[nodiscard]] core::Expected<Options> parseOptions(const std::vector<std::string>& words);

}  // namespace manager
