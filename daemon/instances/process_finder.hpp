// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "daemon/instances/context.hpp"
#include "daemon/instances/process_looks.hpp"
#include "lib/core/task.hpp"

namespace instances {

/// A process of an instance, held by a pidfd from before it was found to belong there.
struct FoundProcess {
  ProcessInfo info;
  core::UniqueFd pidfd;
};

/// Finds the processes of one instance, without its main process. The control group has them. Without one they are
/// recognized by parents, process groups and the mark in the environment, which a helper reads.
class ProcessFinder {
 public:
  struct Subject {
    std::string instance;
    std::string mark;
    std::function<ProcessMatcher()> matcher;  ///< all but `marked`
  };

  ProcessFinder(InstanceContext& context, Subject subject) : context_(context), subject_(std::move(subject)) {}

  /// The list of all processes that it works on may be as old as `age`. The finder must outlive the task.
  [[nodiscard]] core::Task<std::vector<FoundProcess>> find(core::Duration age);

 private:
  [[nodiscard]] std::vector<FoundProcess> members() const;
  [[nodiscard]] std::vector<FoundProcess> related(const AccountLook& look);

  InstanceContext& context_;
  Subject subject_;
};

}  // namespace instances
