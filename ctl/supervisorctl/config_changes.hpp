// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ctl/supervisorctl/failure.hpp"
#include "lib/xmlrpc/value.hpp"

namespace ctl {

class Session;

/// The result of reloadConfig: names of groups.
struct Changes {
  std::vector<std::string> added, changed, removed;
};

/// Lets the server read its configuration.
[[nodiscard]] Answer<Changes> reloadConfig(Session& session);
/// Calls `method` for one group and drops its result.
[[nodiscard]] Answer<void> callGroup(Session& session, std::string_view method, const std::string& group);
/// Prints the server's warnings about the configuration that it has just read. They go to standard error, because
/// scripts read standard output. Supervisor's daemon does not have this method: then there are none.
void showWarnings(Session& session);

/// One struct of getConfigChanges, or the result of updateProcessGroup.
struct GroupPlan {
  struct Program {
    std::string name, change;
    std::vector<std::string> keys;
    std::vector<std::string> causes;  ///< those of them that need the restart; empty: all
    std::string with;                 ///< the program that it restarts with; empty: none
    std::optional<bool> starts{};     ///< whether it is started after the change; older servers do not say
  };
  std::string name, change;
  std::vector<std::string> keys;
  std::vector<Program> programs;
  std::int64_t kept = 0;  ///< number of programs that continue
};

/// Of a result of updateProcessGroup.
[[nodiscard]] GroupPlan toPlan(const xmlrpc::Value& value);
/// What differs between the groups as they run and the configuration: as it is in the files (`read`), or as it was read
/// last. UNKNOWN_METHOD from Supervisor's server.
[[nodiscard]] Answer<std::vector<GroupPlan>> configChanges(Session& session, bool read);
/// Whether it restarts only because another one does.
[[nodiscard]] inline bool follows(const GroupPlan::Program& program) noexcept {
  return program.change == "restarted" && !program.with.empty();
}
/// " (command, umask)"; empty without keys.
[[nodiscard]] std::string inBrackets(const std::vector<std::string>& keys);
/// Prints what an update does with each program of a group, a line each.
void printPrograms(Session& session, const GroupPlan& plan, bool start = true);
/// Refuses an option, because the server is Supervisor's, or an older one of ours.
void refuseOldServer(Session& session, std::string_view option);

}  // namespace ctl
