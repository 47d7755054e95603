// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/core/result.hpp"
#include "lib/xmlrpc/fault.hpp"

namespace process {
class Group;
class Process;
class Table;
}  // namespace process

namespace api {

/// What a client means by a name: "proc" (in the group of the same name) or "group:proc"; "group:*" and "group:" are
/// the whole group, with `program` nullptr.
struct Target {
  process::Group* group = nullptr;
  process::Process* program = nullptr;
};

/// BAD_NAME with the name as given if there is no such group or program.
[[nodiscard]] core::Result<Target, xmlrpc::Fault> findTarget(const process::Table& table, const std::string& name);
/// The same for one program: a whole group is BAD_NAME.
[[nodiscard]] core::Result<process::Process*, xmlrpc::Fault> findProgram(const process::Table& table,
                                                                         const std::string& name);

/// The programs of all groups, group by group in the order of their priorities.
[[nodiscard]] std::vector<process::Process*> byPriority(const process::Table& table);
/// In the order of group names, then of program names (by code point).
[[nodiscard]] std::vector<process::Process*> byName(const process::Table& table);

}  // namespace api
