// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "daemon/instances/process_index.hpp"
#include "lib/core/clock.hpp"
#include "lib/core/event_loop.hpp"
#include "lib/core/reaper.hpp"
#include "lib/core/task.hpp"

namespace instances {

/// The last look at all processes, for callers for which a recent one is enough.
class ProcessSnapshot {
 public:
  explicit ProcessSnapshot(const MainProcesses& mains) noexcept : mains_(mains) {}

  [[nodiscard]] std::shared_ptr<const ProcessIndex> get(core::Duration maximumAge);
  [[nodiscard]] bool isWithin(core::Duration maximumAge) const noexcept;
  /// When the manager may look again for something that can wait: looking takes a part of its time, not all of it.
  [[nodiscard]] core::Instant nextLook() const noexcept;
  /// A process and all that descend from it. Any account may ask for this, and may have thousands of processes: the
  /// look may be older than `maximumAge`, so that looking takes a small part of the manager's time.
  [[nodiscard]] std::vector<pid_t> treeOf(pid_t root, core::Duration maximumAge);

 private:
  const MainProcesses& mains_;
  std::shared_ptr<const ProcessIndex> index_;
  core::Instant taken_{};
  core::Duration cost_{};
};

/// What one look found for one account; all its instances that asked meanwhile get the same.
class AccountLook {
 public:
  explicit AccountLook(std::shared_ptr<const ProcessIndex> index) : index_(std::move(index)) {}

  [[nodiscard]] const ProcessIndex& index() const noexcept { return *index_; }
  /// The strays of the account that have `mark` in their environment, and run.
  [[nodiscard]] std::set<pid_t> marked(const std::string& mark) const;

 private:
  friend class ProcessLooks;
  struct Stray {
    pid_t pid;
    core::UniqueFd pidfd;  ///< from before its environment was read: what was read is its own, or it is gone
  };

  std::shared_ptr<const ProcessIndex> index_;
  std::unordered_multimap<std::string, Stray> byMark_;
};

/// Looks at processes for instances that have to find their own. When hundreds of them start or end, they get one look
/// together. An account whose processes cannot be looked at in time holds up its own instances only.
class ProcessLooks {
 public:
  /// `stopping`: instances whose process was asked to end. While one ends after the other, a look waits for more.
  ProcessLooks(core::EventLoop& loop, core::Reaper& reaper, ProcessSnapshot& snapshot, const MainProcesses& mains,
               const std::size_t& stopping);

  /// A look for the instances of `uid`. The list of processes in it was begun after this call, or is not older than
  /// `age`. Null: there was not enough memory.
  core::Task<std::shared_ptr<const AccountLook>> get(uid_t uid, core::Duration age);

 private:
  using Done = core::Completion<std::shared_ptr<const AccountLook>>;
  struct Request {
    uid_t uid;
    core::Duration age;
    core::Instant asked;
    Done done;
  };

  [[nodiscard]] core::Instant waitsUntil(const Request& request) const noexcept;
  void armFor(const Request& request);
  void armForAll();
  void begin();
  core::Task<> look(uid_t uid, std::shared_ptr<const ProcessIndex> index, std::vector<Done> waiting);
  core::Task<std::shared_ptr<const AccountLook>> readMarks(uid_t uid, std::shared_ptr<const ProcessIndex> index);

  core::EventLoop& loop_;
  core::Reaper& reaper_;
  ProcessSnapshot& snapshot_;
  const MainProcesses& mains_;
  const std::size_t& stopping_;
  std::vector<Request> waiting_;
  std::set<uid_t> reading_;  ///< accounts for which a helper is at work
  core::Timer timer_;
  core::Instant armedFor_{};  ///< while the timer is armed
  core::Instant lastAsked_{};
  core::TaskScope tasks_;
};

}  // namespace instances
