// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ctl/deploy/yaml/node.hpp"

namespace deploy {

/// A mistake in the sources, or something that deserves a warning.
struct Problem {
  enum class Kind { Error, Warning };
  Kind kind = Kind::Error;
  Mark mark;
  std::string path;        ///< of the attribute: /supervisors/0/managed; empty: the whole file
  std::string reason;      ///< no line break, no full stop
  std::string suggestion;  ///< what to write instead, or empty
};

/// Collects the problems of all sources, so that a user sees them all in one run.
class Problems {
 public:
  void error(Mark mark, std::string path, std::string reason, std::string suggestion = {});
  void warning(Mark mark, std::string path, std::string reason, std::string suggestion = {});

  [[nodiscard]] bool hasErrors() const noexcept;
  [[nodiscard]] const std::vector<Problem>& all() const noexcept { return all_; }

 private:
  std::vector<Problem> all_;
};

/// One line: "FILE:LINE:COLUMN: /supervisors/0/managed: reason (suggestion)"; a warning has "warning: " before the
/// reason. Safe on a terminal.
[[nodiscard]] std::string toText(const Problem& problem);

/// "FILE:LINE:COLUMN"; without the line if there is none.
[[nodiscard]] std::string toText(const Mark& mark);

}  // namespace deploy
