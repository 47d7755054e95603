// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include "lib/core/result.hpp"
#include "lib/dialect/environment.hpp"

namespace config {

/// Parses a file of variables, as environment_file names it: lines "NAME=value", also with "export " in front. Empty
/// lines and those that begin with '#' or ';' are skipped. A value without quotes ends at " #" or with the line. In
/// single quotes nothing is special; in double quotes \n, \r, \t, \", \\, \$ and \` are, and a backslash at the end of
/// a line joins it to the next. Quoted values may have several lines. Nothing is expanded.
/// Sorted by name; of duplicates the last wins. The error begins with "line N: ".
[[nodiscard]] core::Expected<Environment::List> parseEnvironmentFile(std::string_view text);

}  // namespace config
