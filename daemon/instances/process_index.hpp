// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "daemon/instances/process_table.hpp"

namespace instances {

/// How the processes of an instance are recognized where there are no control groups. All of them have the
/// owner's uid or descend from one.
struct ProcessMatcher {
  uid_t uid = 0;
  pid_t mainPid = 0;       ///< never part of the result; 0: none
  std::set<pid_t> groups;  ///< process groups of its programs
  std::set<pid_t> marked;  ///< those that are known by the mark in their environment
  /// For processes left to the manager: whether such a child of `parent` can only be this instance's.
  pid_t orphansOf = 0;
  std::function<bool(pid_t)> known;  ///< children of the manager that are something else
};

/// A list of processes, to be asked for a few of them: each question costs what it finds, not what is in the list.
class ProcessIndex {
 public:
  explicit ProcessIndex(std::vector<ProcessInfo> all);

  [[nodiscard]] const std::vector<ProcessInfo>& all() const noexcept { return all_; }
  /// The processes of an instance and their descendants, without zombies and without the main process.
  [[nodiscard]] std::vector<ProcessInfo> belongingTo(const ProcessMatcher& matcher) const;
  /// The processes of `uid` whose instance only their environment shows: they descend from none of the main
  /// processes in `mains`.
  [[nodiscard]] std::vector<pid_t> strays(uid_t uid, const MainProcesses& mains) const;
  /// A process and all that descend from it.
  [[nodiscard]] std::vector<pid_t> treeOf(pid_t root) const;

 private:
  using Place = std::uint32_t;  ///< in all_
  /// The places of some processes under a number that they have in common, in the order of both.
  using Order = std::vector<std::pair<std::int64_t, Place>>;

  template <class Visit>
  static void visit(const Order& order, std::int64_t key, Visit each);
  [[nodiscard]] const ProcessInfo* find(pid_t pid) const;
  [[nodiscard]] std::vector<const ProcessInfo*> beginningsFor(const ProcessMatcher& matcher) const;

  std::vector<ProcessInfo> all_;  // by pid
  Order byParent_, byGroup_, bySession_, byUid_;
};

}  // namespace instances
