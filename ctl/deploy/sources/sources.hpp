// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "ctl/deploy/yaml/node.hpp"
#include "ctl/deploy/yaml/problems.hpp"

namespace deploy {

/// --src FILE or --var NAME=VALUE, in the order of the command line.
struct Source {
  enum class Kind { File, Variable };
  Kind kind = Kind::File;
  std::string text;
};

/// Loads, merges and expands the sources: one map of all sections, with the files of `include` merged in and every
/// ${...} and <<...>> replaced. `vars` in it has every variable, including those of --var and hadeploy_action.
/// Paths that the language has relative to the file that holds them are absolute in it.
/// What is wrong goes to `problems`; the result then has what could be read.
[[nodiscard]] Node load(const std::vector<Source>& sources, const std::string& action, Problems& problems);

}  // namespace deploy
