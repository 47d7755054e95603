// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <csignal>
#include <cstring>

#include "ctl/supervisor-manager/changes.hpp"
#include "ctl/supervisor-manager/json.hpp"
#include "ctl/supervisor-manager/outcomes.hpp"
#include "ctl/supervisor-manager/output.hpp"
#include "ctl/supervisor-manager/verbs.hpp"
#include "lib/core/terminal_text.hpp"
#include "lib/core/text.hpp"

namespace manager {

namespace {

/// Calls `method` for the instances instances in parallel and prints the results. `good` gets the names of those that
/// succeeded.
ExitCode control(Session& session, const std::vector<InstanceRow>& rows, const std::string& method, const char* done,
                 const std::vector<Argument>& more = {}, std::vector<std::string>* good = nullptr) {
  if (rows.empty()) return session.code();
  std::vector<Call> calls;
  for (const auto& row : rows) {
    Call call{method, {row.name}};
    call.arguments.insert(call.arguments.end(), more.begin(), more.end());
    calls.push_back(std::move(call));
  }
  Outcomes outcomes(session);
  runAll(session, namesOf(rows), calls, done, outcomes);
  if (good) *good = outcomes.good();
  return outcomes.finish();
}

ExitCode control(Session& session, const std::string& method, const char* done, const std::vector<Argument>& more = {},
                 std::vector<std::string>* good = nullptr) {
  return control(session, session.select(session.options.arguments), method, done, more, good);
}

/// Upgrades what runs, and is not only described.
ExitCode upgradeAll(Session& session) {
  auto rows = session.select({}, true);
  std::erase_if(rows, [](const auto& row) { return row.state != "running"; });
  return control(session, rows, "UpgradeInstance", "upgraded");
}

/// The checks for warnings run one after the other, a fraction of a second each: for more instances than this the user
/// would wait too long.
constexpr std::size_t kMostChecked = 16;

/// As control(), and prints the warnings about the configurations of those that succeeded, if they are few.
ExitCode checked(Session& session, const std::string& method, const char* done) {
  std::vector<std::string> good;
  const auto code = control(session, method, done, {}, &good);
  if (good.size() > kMostChecked) return code;
  for (const auto& name : good) {
    const auto warnings = session.client()->check(name);
    if (!warnings) continue;  // the instance stopped or changed in the meantime
    for (const auto& text : *warnings) complain(fmt::format("{}: warning: {}", name, text));
  }
  return code;
}

ExitCode controlPrograms(Session& session, const std::string& method, const char* done) {
  const auto row = session.find(session.options.arguments.front());
  if (!row) return session.code();
  std::vector<Call> calls;
  const std::vector<std::string> names(session.options.arguments.begin() + 1, session.options.arguments.end());
  for (const auto& name : names) calls.push_back({method, {row->name, name}});
  Outcomes outcomes(session, row->name);
  runAll(session, names, calls, done, outcomes);
  return outcomes.finish();
}

/// Signal number of "TERM", "SIGTERM" or "15"; 0 if there is none.
int signalFrom(const std::string& text) {
  if (const auto number = core::parseInteger(text))
    return *number > 0 && *number <= SIGRTMAX ? static_cast<int>(*number) : 0;
  const std::string upper = core::upper(text);
  const std::string word = upper.starts_with("SIG") ? upper.substr(3) : upper;
  for (int signo = 1; signo < SIGRTMIN; ++signo) {
    const char* name = ::sigabbrev_np(signo);
    if (name && word == name) return signo;
  }
  return 0;
}

ExitCode enableOrNot(Session& session, bool enabled) {
  const auto rows = session.select(session.options.arguments);
  if (rows.empty()) return session.code();
  const auto names = namesOf(rows);
  if (const auto failure = session.client()->run({enabled ? "EnableInstances" : "DisableInstances", {names}}))
    return session.fail(*failure);
  if (session.options.now)
    return enabled ? control(session, "StartInstance", "enabled and started")
                   : control(session, "StopInstance", "disabled and stopped");
  Outcomes outcomes(session);
  for (const auto& name : names) outcomes.done(name, enabled ? "enabled" : "disabled");
  return outcomes.finish();
}

ExitCode reloadManager(Session& session) {
  auto* client = session.client();
  if (!client) return session.code();
  const auto changes = client->reload();
  if (!changes) return session.fail(changes.error());
  if (hasFailed(*changes)) session.note(Failed);
  const auto warnings = client->complaints(false);
  if (!warnings) return session.fail(warnings.error());
  const auto refused = client->complaints(true);
  if (!refused) return session.fail(refused.error());
  if (session.options.json)
    print(json::planText({*changes, *refused, *warnings}) + "\n");
  else if (!session.options.quiet)
    print(changes->empty() ? "Nothing changed\n" : toText(*changes));
  for (const auto& one : *warnings) complain("warning: " + toText(one));
  for (const auto& one : *refused) session.fail(Failed, "refused: " + toText(one));
  return session.code();
}

}  // namespace

ExitCode start(Session& session) { return checked(session, "StartInstance", "started"); }
ExitCode stop(Session& session) { return control(session, "StopInstance", "stopped"); }
ExitCode restart(Session& session) {
  if (session.options.force) return control(session, "ForceRestartInstance", "restarted");
  return checked(session, "RestartInstance", "restarted");
}

ExitCode reload(Session& session) {
  if (session.options.arguments.empty()) return reloadManager(session);
  return checked(session, "ReloadInstance", "reloaded");
}

ExitCode upgrade(Session& session) {
  const bool named = !session.options.arguments.empty();
  if (named == session.options.all) return session.fail(Misused, "Give either names of instances or --all");
  return named ? control(session, "UpgradeInstance", "upgraded") : upgradeAll(session);
}

ExitCode kill(Session& session) {
  const int signo = signalFrom(session.options.signal);
  if (signo == 0)
    return session.fail(
        Misused, fmt::format("Unknown signal '{}'; give a name such as HUP, or a number", session.options.signal));
  if (session.options.whom != "main" && session.options.whom != "all")
    return session.fail(Misused, fmt::format("--kill-whom must be main or all, not '{}'", session.options.whom));
  return control(session, "KillInstance", "signalled", {session.options.whom, signo});
}

ExitCode enable(Session& session) { return enableOrNot(session, true); }
ExitCode disable(Session& session) { return enableOrNot(session, false); }

ExitCode startProgram(Session& session) { return controlPrograms(session, "StartProgram", "started"); }
ExitCode stopProgram(Session& session) { return controlPrograms(session, "StopProgram", "stopped"); }
ExitCode restartProgram(Session& session) { return controlPrograms(session, "RestartProgram", "restarted"); }

ExitCode daemonReexec(Session& session) {
  auto* client = session.client();
  if (!client) return session.code();
  if (const auto failure = client->reexecute()) return session.fail(*failure);
  if (session.options.upgrade) {
    const auto properties = client->managerProperties();
    if (!properties) return session.fail(properties.error());
    if (textOf(*properties, "UpgradesInstances") == "yes") return upgradeAll(session);
  }
  if (session.options.json) print(json::object({{"result", core::jsonString("reexecuted")}}) + "\n");
  return Success;
}

}  // namespace manager
