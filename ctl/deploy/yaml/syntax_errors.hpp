// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace deploy {

/// A syntax error in plain words.
struct Explanation {
  std::string reason;
  std::string suggestion;
};

/// `problem` and `context` are libyaml's words (context may be empty), `contextPlace` is "LINE:COLUMN" of what the
/// context is about, `line` the text of the line of the error.
[[nodiscard]] Explanation explainSyntaxError(std::string_view problem, std::string_view context,
                                             const std::string& contextPlace, std::string_view line);

}  // namespace deploy
