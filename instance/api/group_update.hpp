// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "instance/api/method.hpp"

namespace config {
struct GroupChange;
struct GroupConfig;
}  // namespace config
namespace process {
class Group;
class Process;
}  // namespace process

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

/// The programs of the group that end for the change and are configured as before or otherwise, in their order, or
/// (`removed`) those that are not configured any more.
[[nodiscard]] std::vector<process::Process*> endedPrograms(const process::Group& group, const config::GroupConfig& now,
                                                           const config::GroupChange& change, bool removed);
/// Notes for each program of `change` that exists whether an update starts it.
void planStarts(const process::Group& group, const config::GroupConfig& now, config::GroupChange& change);
/// The number of programs of the group that continue in spite of the change.
[[nodiscard]] std::size_t keptPrograms(const process::Group& group, const config::GroupChange& change);
/// By the name of a program that restarts with another one: the full name of that.
using Followed = std::map<std::string, std::string, std::less<>>;
/// Appends a struct that describes a change: name, change ("added", "removed", "replaced", "changed" or "same"), keys
/// (of the group itself), programs (structs of name, change and keys) and kept (keptPrograms()).
void writeChange(std::string& out, std::string_view group, std::string_view word, const config::GroupChange& change,
                 std::size_t kept, Followed followed = {});

}  // namespace api
