// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "daemon/entries/entry.hpp"
#include "daemon/instances/fingerprint.hpp"

namespace instances {

/// What a reload does to one instance.
enum class Deed {
  Nothing,  ///< its files are compared, and put right
  Add,
  Remove,
  Change,  ///< entry and files; what runs goes on
  Start,
  Stop,
  Restart,
};
/// "add", "remove", "change", "start", "stop", "restart"; "nothing".
[[nodiscard]] const char* toText(Deed deed) noexcept;

/// An instance as it is when a reload comes.
struct Seen {
  const entries::Entry& entry;  ///< that counts now
  Fingerprint deployed;         ///< what was brought about last
  bool up = false;              ///< it runs, or is on its way
};

/// What a reload will do. Made once; a plan tells it, and a reload does it.
struct Decision {
  Deed deed = Deed::Nothing;
  bool starts = false;               ///< it is started, at once or after its stop
  bool updates = false;              ///< while it runs, it takes in changed programs
  std::vector<std::string> details;  ///< "KEY: OLD -> NEW"
};

/// What becomes of an instance (null: there is none) whose entry is to be `next` (null: taken away). `state` counts
/// where the entry is new or anything of it changed that a deployment acts on. What an entry only describes
/// (managed = no) is neither started nor stopped.
[[nodiscard]] Decision decide(const Seen* now, const entries::Entry* next);

}  // namespace instances
