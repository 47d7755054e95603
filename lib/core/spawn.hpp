// SPDX-License-Identifier: MIT
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/core/result.hpp"
#include "lib/core/sandbox.hpp"
#include "lib/core/unique_fd.hpp"
#include "lib/core/users.hpp"

namespace core {

/// Everything a child becomes, prepared before the fork. The child makes system calls only.
struct SpawnSpec {
  std::string file;                      ///< what execve gets; no PATH search
  std::vector<std::string> arguments;    ///< argv, with argv[0]
  std::vector<std::string> environment;  ///< "KEY=value"
  std::string pidVariable;               ///< a variable that gets the child's own pid; empty: none
  /// (descriptor here, number there); descriptors not listed are closed. The numbers there must be 0..n without gaps.
  /// With -1 for the descriptor here the number stays closed.
  std::vector<std::pair<int, int>> descriptors;
  std::optional<Identity> identity;  ///< becomes this account before exec; failure is fatal, never "run as root"
  std::string directory;             ///< empty: stay
  std::optional<mode_t> umask;
  bool newProcessGroup = true;
  bool newSession = false;
  bool parentDeathSignal = false;  ///< SIGKILL for the child when the parent dies
  /// Shares the parent's memory until exec (as vfork): the fast way for a program of one's own account, and only done
  /// for one. Without it the parent never waits for what the child touches (a directory on a hung file system).
  bool shareMemory = false;
  int cgroupFd = -1;  ///< the control group to start in, or -1
  std::vector<std::pair<int, rlimit>> limits;
  /// Marked as the process that was started at this time, in clock ticks since boot (family_mark.hpp).
  std::optional<std::uint64_t> markedFrom{};
  std::optional<int> nice;
  std::optional<int> ioPriority;              ///< as of ioprio_set(2)
  std::vector<unsigned long> processors;      ///< where it may run, as of sched_setaffinity(2); empty: anywhere
  std::optional<std::uint64_t> capabilities;  ///< has these and no others; nullopt: as the change of user leaves them
  std::optional<int> oomScoreAdjust;
  /// Without oomScoreAdjust: becomes a likelier victim than its parent by so much when memory runs out. Not above 1000,
  /// and not for a parent that may never be killed (-1000). Without /proc nothing happens.
  int oomScoreRaise = 0;
  /// If oomScoreAdjust cannot be set: a text on standard error instead of a failure; with explainOnStderr.
  bool oomScoreOptional = false;
  bool noNewPrivileges = false;
  /// Entered before the change of account. Needs `directory`, since the working directory is not part of the new view.
  Sandbox sandbox;
  /// Where to put the pid; nullptr: nowhere. The kernel does it, before the child runs: so that it is there, in shared
  /// memory, even if this process is killed at that moment.
  pid_t* pidPlace = nullptr;
  /// On a failure the child writes Supervisor's text for the failed step to its standard error
  /// ("supervisor: couldn't exec X: ENOENT").
  bool explainOnStderr = false;
};

enum class SpawnStep {
  Fork,
  ControlGroup,
  Session,
  Descriptors,
  Limits,
  Nice,
  IoPriority,
  Processors,
  Capabilities,
  Namespace,
  ReadOnlyPath,
  PrivateTmp,
  Identity,
  Directory,
  Exec,
  Time
};

struct SpawnError {
  SpawnStep step = SpawnStep::Fork;
  int code = 0;    ///< errno
  int which = -1;  ///< with Limits RLIMIT_*, with ReadOnlyPath the place in the sandbox; -1: none
};
/// Supervisor's text for a child that could not start its program: "couldn't chdir to /x: ENOENT".
[[nodiscard]] std::string supervisorsWords(const SpawnSpec& spec, const SpawnError& error);
[[nodiscard]] const char* toText(SpawnStep step) noexcept;

/// A child between fork and exec.
struct Spawned {
  pid_t pid = 0;
  /// Where the child reports; invalid with `explainOnStderr`. Readable without blocking; see readReport().
  UniqueFd report;
  /// With `explainOnStderr`: why the child does not become its program, and ends.
  std::optional<SpawnError> failure;
};

/// What a child has reported so far.
struct SpawnReport {
  bool complete = false;  ///< its program runs, it failed, or it was killed
  /// When it began, in clock ticks since boot: with the pid, a name that no other process has. 0: unknown.
  std::uint64_t startTime = 0;
  std::optional<SpawnError> error;  ///< the step that failed; the child is about to exit
};

/// Starts the child with default signal dispositions and an empty mask, and does not wait for it. Before it becomes
/// another account it closes every descriptor that it is not meant to have, and nobody may trace it or read its memory
/// until exec; its account may stop it, though, so a caller needs a time limit (SpawnWatch has one).
/// With `explainOnStderr` it waits for the child's exec. Only a failed fork is an error: later steps explain themselves
/// on the child's standard error and end it with status 127, as Supervisor's do.
[[nodiscard]] Result<Spawned, SpawnError> beginSpawn(const SpawnSpec& spec);

/// Adds what has arrived at `report` (of Spawned) to `soFar`. Never blocks.
void readReport(int report, SpawnReport& soFar) noexcept;

/// As beginSpawn(), and waits for the child's exec, at most a second: for programs without an event loop. A child that
/// fails, or does not get there in time, is killed, and reaped if it ends soon.
[[nodiscard]] Result<pid_t, SpawnError> spawn(const SpawnSpec& spec);

}  // namespace core
