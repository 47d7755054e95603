// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "daemon/layout/plan.hpp"

namespace layout {

class Tree;

enum class Mode { Apply, DryRun };

/// What became of some nodes.
struct Report {
  std::vector<Change> changes;
  std::vector<std::string> errors;  ///< complete sentences; the nodes behind them were left as they are
  std::vector<Node> delegated;      ///< the owner can write there: to be done with the owner's ids
  std::vector<Node> afterwards;     ///< to be applied again when the delegated ones are done
};

/// Brings each node about, in order, with the ids of this process. Everything is compared first: a second time changes
/// nothing. Never follows a link, never opens a FIFO or device, never takes over what belongs to somebody else.
[[nodiscard]] Report applyNodes(const Tree& tree, const std::vector<Node>& nodes, Mode mode);

}  // namespace layout
