// SPDX-License-Identifier: MIT
// status, pid: the commands that show processes.
#include <algorithm>
#include <string>
#include <unordered_map>
#include <vector>

#include "ctl/supervisorctl/command.hpp"
#include "ctl/supervisorctl/command_words.hpp"
#include "ctl/supervisorctl/selection.hpp"
#include "ctl/supervisorctl/session.hpp"
#include "ctl/supervisorctl/status_text.hpp"
#include "ctl/supervisorctl/unknown_option.hpp"
#include "ctl/supervisorctl/waiting.hpp"
#include "lib/core/clock.hpp"

namespace ctl {
namespace {

/// Adds the resources of programs to their rows. CPU covers the time since the previous update, or since the start of
/// the program for the first one.
class ResourceView {
 public:
  explicit ResourceView(pid_t server) : server_(server) {}

  void fill(std::vector<StatusRow>& rows) {
    const ProcessTable table = ProcessTable::read();
    const core::Instant now = core::Clock::now();
    std::unordered_map<pid_t, double> seen;
    for (StatusRow& row : rows) {
      const auto pid = static_cast<pid_t>(row.info.pid);
      row.usage = pid > 0 ? table.usageOf(pid, server_) : std::nullopt;
      if (!row.usage) continue;
      seen[pid] = row.usage->cpuSeconds;
      const auto before = before_.find(pid);
      if (before == before_.end()) {
        row.usage->overSeconds = static_cast<double>(row.info.now - row.info.start);
        continue;
      }
      // The sum decreases when a child ends.
      row.usage->cpuSeconds = std::max(0.0, row.usage->cpuSeconds - before->second);
      row.usage->overSeconds = std::chrono::duration<double>(now - lookedAt_).count();
    }
    before_ = std::move(seen);
    lookedAt_ = now;
  }

 private:
  pid_t server_;
  std::unordered_map<pid_t, double> before_;  ///< seconds of processor time
  core::Instant lookedAt_{};
};

class Status {
 public:
  Status(Session& session, const CommandWords& words) : session_(session), words_(words) {}

  Answer<void> run() {
    if (words_.resources) {
      auto pid = session_.call("supervisor.getPID");
      if (!pid) return core::Err{std::move(pid).error()};
      view_.emplace(pid->integer() ? static_cast<pid_t>(*pid->integer()) : 0);
    }
    if (words_.watch) return watch();
    return show();
  }

 private:
  Answer<void> show() {
    auto infos = session_.allProcesses();
    if (!infos) return core::Err{std::move(infos).error()};
    Selection selection = select(*infos, words_.names);
    for (const std::string& problem : selection.problems) session_.refuse(problem, ExitStatus::Unknown);
    std::vector<StatusRow> rows;
    rows.reserve(selection.found.size());
    for (ProcessInfo& info : selection.found) {
      if (info.isStopped()) session_.exitStatus = ExitStatus::SomethingStopped;
      rows.push_back({std::move(info), std::nullopt});
    }
    if (view_) view_->fill(rows);
    const StatusStyle style{session_.out.colours(), words_.resources, words_.health};
    session_.out.raw(words_.json ? statusJson(rows, style) : statusText(rows, style));
    return {};
  }

  /// Prints the table repeatedly until Ctrl-C. A terminal is cleared each time; otherwise an empty line follows.
  Answer<void> watch() {
    const Interrupt interrupt;
    const bool terminal = session_.out.isTerminal();
    const int before = session_.exitStatus;
    if (terminal) session_.out.raw("\033[?25l");
    Answer<void> done;
    do {
      session_.exitStatus = before;
      if (terminal) session_.out.raw("\033[H\033[J");
      done = show();
      if (!terminal) session_.out.line("");
      session_.out.flush();
    } while (done && interrupt.wait(-1, *words_.watch * 1000) == Interrupt::Woken::TimedOut);
    if (terminal) session_.out.raw("\033[?25h");
    session_.out.flush();
    return done;
  }

  Session& session_;
  const CommandWords& words_;
  std::optional<ResourceView> view_;
};

Answer<void> waitAndShow(Session& session, const CommandWords& words) {
  if (words.waitFor) {
    const int before = session.exitStatus;
    auto reached = waitForState(session, words.names, *words.waitFor, words.timeout);
    if (!reached) return core::Err{std::move(reached).error()};
    Answer<void> done = Status(session, words).run();
    // The exit status of --wait is whether the state was reached, not whether a process is stopped.
    if (done) session.exitStatus = *reached ? before : ExitStatus::Generic;
    return done;
  }
  return Status(session, words).run();
}

}  // namespace

Answer<void> runStatus(Session& session, const std::string& argument) {
  auto words = sortWords(argument, {"--json", "--resources", "--health", "--watch", "--wait", "--timeout"});
  if (!words) {
    session.refuse(words.error().text, ExitStatus::InvalidArguments);
    return {};
  }
  session.machineOutput = words->json;
  auto up = session.isUp();
  if (!up) return core::Err{std::move(up).error()};
  if (!*up) {
    session.exitStatus = ExitStatus::Unknown;
    return {};
  }
  auto refused = refusesOption(session, "status", words->names);
  if (!refused) return core::Err{std::move(refused).error()};
  if (*refused) return {};
  return waitAndShow(session, *words);
}

Answer<void> runPid(Session& session, const std::string& argument) {
  auto up = session.isUp();
  if (!up) return core::Err{std::move(up).error()};
  if (!*up) return {};
  auto words = sortWords(argument, {});
  if (!words) return core::Err{raised("ValueError", words.error().text)};
  if (words->names.empty()) {
    auto pid = session.call("supervisor.getPID");
    if (!pid) return core::Err{std::move(pid).error()};
    session.out.line(std::to_string(pid->integer() ? *pid->integer() : 0));
    return {};
  }
  if (words->meansAll()) {
    auto infos = session.allProcesses();
    if (!infos) return core::Err{std::move(infos).error()};
    for (const ProcessInfo& info : *infos) session.out.line(std::to_string(info.pid));
    return {};
  }
  auto names = expandPatterns(session, words->names);
  if (!names) return core::Err{std::move(names).error()};
  for (const std::string& name : *names) {
    auto answer = session.call("supervisor.getProcessInfo", {xmlrpc::Value{name}});
    if (!answer) {
      if (!answer.error().isFault(xmlrpc::FaultCode::BadName)) return core::Err{std::move(answer).error()};
      session.refuse("No such process " + name);
      continue;
    }
    const ProcessInfo info = toProcessInfo(*answer);
    session.out.line(std::to_string(info.pid));
    if (info.pid == 0) session.exitStatus = ExitStatus::NotRunning;
  }
  return {};
}

}  // namespace ctl
