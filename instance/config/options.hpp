// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/core/result.hpp"

namespace config {

struct OptionSpec {
  char shortName = 0;  ///< 0: none
  std::string_view longName;
  bool takesValue = false;
  bool whole = false;  ///< a long name that cannot be shortened
};

struct GivenOption {
  const OptionSpec* spec = nullptr;
  std::string typed;  ///< "-c" or "--configuration" in full, for messages
  std::string value;
};

/// Parses arguments (without argv[0]) as Python's getopt does: clustered short options, values attached or
/// following, long options by unique prefix; the first other word ends the options, and every remaining word is an
/// error.
[[nodiscard]] core::Expected<std::vector<GivenOption>> parseOptions(std::span<const std::string> arguments,
                                                                    std::span<const OptionSpec> specs);

}  // namespace config
