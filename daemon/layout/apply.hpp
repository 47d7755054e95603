// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
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

/// The same in steps, for who syncs the files of many plans together. `tree` and `nodes` must outlive it. Destroyed
/// before its end, it takes away what has no name yet.
class Applying {
 public:
  /// A file that is written and gets its name in the next step.
  struct Unsynced {
    int fd;    ///< borrowed
    int code;  ///< to be set: 0, or the errno of the sync
  };

  Applying(const Tree& tree, const std::vector<Node>& nodes, Mode mode);
  ~Applying();
  Applying(const Applying&) = delete;
  Applying& operator=(const Applying&) = delete;

  /// Does what comes next, until files are to be synced. Empty: all is done.
  [[nodiscard]] std::vector<Unsynced*> proceed();
  /// What became of the nodes, after the last step.
  [[nodiscard]] Report takeReport();

 private:
  class Steps;
  std::unique_ptr<Steps> steps_;
};

}  // namespace layout
