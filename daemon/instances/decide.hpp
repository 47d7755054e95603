// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <vector>

#include "daemon/instances/change.hpp"
#include "daemon/instances/fingerprint.hpp"

namespace entries {
struct Entry;
}

namespace instances {

/// What earlier managers left of an instance. It counts when a manager starts.
struct Inherited {
  std::optional<bool> wanted =
      {};                 ///< it was meant to run during this boot of the host; nothing: this is its first manager
  bool stopping = false;  ///< it was being stopped; with `wanted`, to start again
  bool enabled = true;    ///< what the first manager of a boot starts
};

/// All that counts for a decision about one instance.
struct Seen {
  const entries::Entry* entry = nullptr;     ///< that counts now; null: the manager does not have the instance
  bool fresh = false;                        ///< no entry of it has ever been applied
  std::optional<Fingerprint> deployed = {};  ///< of the entry applied last; nothing: unknown
  bool up = false;                           ///< it is meant to run, now or after a delay
  bool runs = false;                         ///< it has a process
  std::optional<Inherited> inherited = {};   ///< the manager starts, and `entry` is already the one to apply
};

/// What will be done. Made once: a plan prints it, and a run does it.
struct Decision {
  Deed deed = Deed::Nothing;
  bool checks = false;          ///< first the owner's check of the configuration; what it refuses changes nothing
  bool files = false;           ///< its files are put in place, after a stop and before a start
  bool starts = false;          ///< it is started, immediately or after its stop
  bool updates = false;         ///< while it runs, it loads changed programs
  std::vector<KeyChange> keys;  ///< the written lines that differ, for people
};

/// What becomes of an instance whose entry is to be `next` (null: it has none any more). This is the only place that
/// decides that, for the start of the manager, reload, plan, create, set and remove alike. The first row that fits
/// counts; "changed" means that the fingerprint of what was applied last is another one.
///
///   a reload, a plan or an edit                                deed
///   --------------------------------------------------------- --------------------------------------------------------
///   no entry                                                   Remove, or Nothing if there is no instance
///   no instance; or its first time failed and it is down       Add; starts if state = started
///   not changed, the written lines are the same                Nothing; its files are put right
///   not changed, other lines                                   Change
///   changed, managed = no                                      Change: it is neither started nor stopped
///   changed, down                                              Start if state = started, otherwise Change
///   changed, up, state = stopped                               Stop
///   changed, up, its process depends on what changed           Restart; checked if it has a process
///   changed, up                                                Change; a changed program is loaded, and checked first
///
///   the start of the manager                                   deed
///   --------------------------------------------------------- --------------------------------------------------------
///   no entry                                                   Remove
///   managed = no                                               Nothing
///   has no process                                             starts if it was meant to run, in a new boot if it is
///                                                              enabled; new or changed: as `state` says, and a new one
///                                                              with state = current does not start
///   has a process, meant to stop, and no changed entry says    Stop
///     state = started; or new or changed, and state = stopped
///   has a process that is being stopped                        Restart: the stop ends, then it starts
///   has a process, changed                                     as a reload: Restart or Change
///   has a process, not changed                                 Nothing: not even its files are looked at, so that an
///                                                              upgrade of the manager starts no helper
///
/// So an edit made while no manager runs has the effect that it would have had as a reload. What was applied last may
/// be unknown: written by another version, or lost. Then nothing counts as changed, since that must not restart what
/// runs.
[[nodiscard]] Decision decide(const Seen& seen, const entries::Entry* next);

}  // namespace instances
