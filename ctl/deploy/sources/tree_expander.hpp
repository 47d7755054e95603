// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "ctl/deploy/sources/expression.hpp"
#include "ctl/deploy/sources/variables.hpp"
#include "ctl/deploy/yaml/allowance.hpp"
#include "ctl/deploy/yaml/node.hpp"
#include "ctl/deploy/yaml/problems.hpp"

namespace deploy {

/// Expands all expressions of a value with the variables that are defined when it is called, and merges the keys that
/// a map has more than once.
class TreeExpander {
 public:
  TreeExpander(const Variables& variables, Allowance& allowance, Problems& problems)
      : variables_(variables), allowance_(allowance), problems_(problems) {}

  /// `path` is that of the value in the merged sources, `merged` what they have there so far (nullptr: nothing).
  void expand(Node& value, std::string path, const Node* merged);

  /// Part of the sources could not be read: an undefined variable may be defined there, so it is not reported.
  void ignoreUndefined() { ignoresUndefined_ = true; }

 private:
  void visit(Node& value, const Node* merged);
  void visitScalar(Node& value);
  void refuse(Node& value, Complaint complaint);
  void visitList(Node& value, const Node* merged);
  void visitMap(Node& value, const Node* merged);

  const Variables& variables_;
  Allowance& allowance_;
  Problems& problems_;
  bool ignoresUndefined_ = false;
  bool exhausted_ = false;  ///< the allowance is used up, which was reported
  std::string path_;
  int depth_ = 0;  ///< of the value that is visited, below the root
};

}  // namespace deploy
