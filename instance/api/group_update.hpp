// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "instance/api/method.hpp"

namespace config {
struct GroupChange;
}
namespace process {
class Group;
}

namespace api {

class Instance;
class Waiters;

/// What a client wants of one group.
struct UpdateRequest {
  std::string group;
  bool start = true;                  ///< those that are new or restarted and have autostart
  std::vector<std::string> programs;  ///< only these, if they are there and differ; empty: the whole group
};

/// Applies the configuration that was read last to one group: stops the programs that have to start again or are gone,
/// waits for their ends, applies all of it in one step, and starts. Others continue. Called again, it continues where
/// an earlier call was lost.
///
/// Faults: BAD_NAME without such a group in the configuration, FAILED if a group cannot be added, STILL_RUNNING if a
/// program did not stop; then the running configuration is the old one.
void updateGroup(Instance& instance, Waiters& waiters, UpdateRequest request, core::Completion<MethodResult> done);

/// The number of programs of the group that continue in spite of the change.
[[nodiscard]] std::size_t keptPrograms(const process::Group& group, const config::GroupChange& change);
/// Appends a struct that describes a change: name, change ("added", "removed", "replaced" or "changed"), keys (of the
/// group itself), programs (structs of name, change and keys) and kept (keptPrograms()).
void writeChange(std::string& out, std::string_view group, std::string_view word, const config::GroupChange& change,
                 std::size_t kept);

}  // namespace api
