// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daemon/instances/context.hpp"
#include "daemon/instances/process_details.hpp"
#include "daemon/instances/process_table.hpp"

namespace instances {

/// A process of an instance, held by a pidfd from before it was found to belong there.
struct FoundProcess {
  ProcessInfo info;
  core::UniqueFd pidfd;
};

/// Finds the processes of one instance, without its main process. The control group says which they are. Where there is
/// none, relationship, process groups and the mark in the environment do; the environment is read by a helper.
class ProcessFinder {
 public:
  struct Subject {
    std::string instance;
    std::string mark;
    std::function<ProcessMatcher()> matcher;  ///< all but `marked`
    std::function<std::set<pid_t>()> mains;   ///< main processes of all instances
  };
  using Done = std::function<void(std::vector<FoundProcess>)>;

  ProcessFinder(InstanceContext& context, Subject subject) : context_(context), subject_(std::move(subject)) {}

  /// `done` is called once, before this returns or from the loop; never after the finder is gone. The look at all
  /// processes may be as old as `age`. One search at a time.
  void find(core::Duration age, Done done);

 private:
  [[nodiscard]] std::vector<FoundProcess> members() const;
  [[nodiscard]] std::vector<FoundProcess> related(const std::set<pid_t>& marked);

  InstanceContext& context_;
  Subject subject_;
  std::unique_ptr<layout::OwnerTask> reading_;
};

}  // namespace instances
