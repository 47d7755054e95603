// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <utility>
#include <vector>

#include "lib/core/result.hpp"
#include "lib/core/unique_fd.hpp"

namespace core {

/// Whether the process group of a leader that has been reaped has members, zombies included. The number of a group is
/// given to no new process while the group has members: a process with that pid is another one, started after
/// the group was empty.
[[nodiscard]] bool outlivesItsLeader(pid_t group) noexcept;

/// (process group, pid) of every process that /proc shows, in ascending order; empty without /proc. Asks the kernel for
/// each group and reads no file of a process, since that could block.
[[nodiscard]] std::vector<std::pair<pid_t, pid_t>> listProcessGroups();

/// A descriptor of process `pid` if it runs (a zombie does not), belongs to `group` and to `session`, as all members of
/// a group do (0: it is not known); else ESRCH. Another error (EMFILE, ENOSYS) says nothing about the process.
/// The descriptor becomes readable when the process has ended.
[[nodiscard]] Expected<UniqueFd> openMember(pid_t pid, pid_t group, pid_t session);
/// Whether the process of a descriptor from openMember() has ended.
[[nodiscard]] bool hasEnded(int member) noexcept;

}  // namespace core
