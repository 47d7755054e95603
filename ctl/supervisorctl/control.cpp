// SPDX-License-Identifier: MIT
// start, stop, signal: the commands that act on processes, and the simple restart.
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ctl/supervisorctl/command.hpp"
#include "ctl/supervisorctl/command_words.hpp"
#include "ctl/supervisorctl/control.hpp"
#include "ctl/supervisorctl/names.hpp"
#include "ctl/supervisorctl/parallel.hpp"
#include "ctl/supervisorctl/selection.hpp"
#include "ctl/supervisorctl/session.hpp"
#include "ctl/supervisorctl/waiting.hpp"
#include "lib/core/clock.hpp"
#include "lib/core/text.hpp"

namespace ctl {
namespace {

using xmlrpc::FaultCode;

/// The text for one result; empty: Supervisor's client does not know the code, and raises an exception.
using Words = std::string (*)(const CallReport& report);

/// The differences between start, stop and signal.
struct Verb {
  std::string_view one, group, all;  ///< the methods
  std::string_view success;
  Words words;
  int ignored;          ///< a fault code that does not count as a failure, or 0
  int badGroupStatus;   ///< exit status for a group that does not exist
  xmlrpc::Array extra;  ///< parameters after the name
  /// What a stop does to the programs that depend on it, see stopProcesses; empty: it is not a stop.
  std::string dependents{};
};

constexpr const char* kLeaving = "supervisord is restarting or shutting down";

/// What a start waits for that does not come by itself: "waits for db, which is FATAL"; empty: nothing.
std::string vainWait(const CallReport& report) {
  const auto at = report.description.find(": waits for ");
  return at == std::string::npos ? "" : report.description.substr(at + 2);
}

std::string startWords(const CallReport& report) {
  if (auto words = vainWait(report); !words.empty()) return words;
  switch (static_cast<FaultCode>(report.status)) {
    case FaultCode::ShutdownState: return kLeaving;
    case FaultCode::BadName: return "no such process";
    case FaultCode::NoFile: return "no such file";
    case FaultCode::NotExecutable: return "file is not executable";
    case FaultCode::AlreadyStarted: return "already started";
    case FaultCode::SpawnError: return "spawn error";
    case FaultCode::AbnormalTermination: return "abnormal termination";
    default: return {};
  }
}

std::string signalWords(const CallReport& report) {
  switch (static_cast<FaultCode>(report.status)) {
    case FaultCode::ShutdownState: return kLeaving;
    case FaultCode::BadName: return "no such process";
    case FaultCode::BadSignal: return "bad signal name";
    case FaultCode::NotRunning: return "not running";
    default: return {};
  }
}

std::string enablingWords(const CallReport& report) {
  constexpr std::string_view failed = "FAILED: ";
  switch (static_cast<FaultCode>(report.status)) {
    case FaultCode::BadName: return "no such process";
    case FaultCode::UnknownMethod: return "this supervisord cannot enable and disable";
    case FaultCode::Failed:
      return report.description.starts_with(failed) ? report.description.substr(failed.size()) : report.description;
    default: return {};
  }
}

std::string reloadWords(const CallReport& report) {
  constexpr std::string_view kFailed = "FAILED: ";
  switch (static_cast<FaultCode>(report.status)) {
    case FaultCode::BadName: return "no such process";
    case FaultCode::NotRunning: return "not running";
    case FaultCode::UnknownMethod: return "this supervisord cannot; use \"signal\" or \"restart\"";
    case FaultCode::Failed:
      return report.description.starts_with(kFailed) ? report.description.substr(kFailed.size()) : report.description;
    default: return {};
  }
}

const Verb& startVerb() {
  static const Verb kVerb{"supervisor.startProcess",
                          "supervisor.startProcessGroup",
                          "supervisor.startAllProcesses",
                          "started",
                          startWords,
                          static_cast<int>(FaultCode::AlreadyStarted),
                          ExitStatus::InvalidArguments,
                          {}};
  return kVerb;
}

/// `dependents`: "all", "none" or "restarting", which is a stop that a start follows.
Verb stopVerb(std::string dependents) {
  return {"supervisor.stopProcess",
          "supervisor.stopProcessGroup",
          "supervisor.stopAllProcesses",
          "stopped",
          signalWords,
          static_cast<int>(FaultCode::NotRunning),
          ExitStatus::Generic,
          {},
          std::move(dependents)};
}

const Verb& enableVerb() {
  static const Verb kVerb{"supervisor.enableProcess",
                          "supervisor.enableProcessGroup",
                          "supervisor.enableAllProcesses",
                          "enabled",
                          enablingWords,
                          0,
                          ExitStatus::Generic,
                          {}};
  return kVerb;
}

const Verb& disableVerb() {
  static const Verb kVerb{"supervisor.disableProcess",
                          "supervisor.disableProcessGroup",
                          "supervisor.disableAllProcesses",
                          "disabled",
                          enablingWords,
                          0,
                          ExitStatus::Generic,
                          {}};
  return kVerb;
}

/// Executes one verb for a list of names.
class Control {
 public:
  /// `until`: how long its calls may take.
  Control(Session& session, const Verb& verb, std::optional<core::Instant> until = {})
      : session_(session), verb_(verb), until_(until) {}

  /// The time was over before an answer came.
  [[nodiscard]] bool late() const noexcept { return late_; }

  Answer<void> run(const std::vector<std::string>& names, bool sideBySide) {
    Answer<void> done = callEach(names, sideBySide);
    if (until_) session_.limitCalls(0);
    return done;
  }

 private:
  Answer<void> callEach(const std::vector<std::string>& names, bool sideBySide) {
    std::vector<Call> calls;
    for (const std::string& name : names) {
      if (name == "all") return runAll();
      calls.push_back(takesAlong() ? stopCallFor(name) : callFor(name));
    }
    limit();
    if (sideBySide && calls.size() > 1)
      return callSideBySide(session_, calls, [&](std::size_t index, Answer<xmlrpc::Value> answer) {
        return report(names[index], std::move(answer));
      });
    for (std::size_t index = 0; index < calls.size(); ++index) {
      const Call call = verb_.dependents.empty() || takesAlong() ? calls[index] : callFor(names[index]);
      limit();
      auto answer = session_.call(call.method, call.params);
      if (Answer<void> done = report(names[index], std::move(answer)); !done) return done;
    }
    return {};
  }

  Answer<void> runAll() {
    limit();
    auto answer = session_.call(verb_.all, verb_.extra);
    if (!answer && isLate(answer.error())) return {};
    if (!answer) return core::Err{std::move(answer).error()};
    return reportEach(*answer);
  }

  /// For the next call: what is left of the time, at least a moment.
  void limit() {
    if (!until_) return;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*until_ - core::Clock::now()).count();
    session_.limitCalls(static_cast<int>(std::clamp<long>(left, 1, std::numeric_limits<int>::max())));
  }
  [[nodiscard]] bool isLate(const Failure& failure) {
    const bool late = until_ && failure.kind == Failure::Kind::System && failure.code == ETIMEDOUT;
    late_ = late_ || late;
    return late;
  }

  [[nodiscard]] Call callFor(const std::string& text) const {
    const ProcessName name = splitName(text);
    const bool whole = name.process || verb_.group == verb_.one;  // one method that understands "group:*"
    xmlrpc::Array params{xmlrpc::Value{whole ? text : name.group}};
    params.insert(params.end(), verb_.extra.begin(), verb_.extra.end());
    return {std::string(name.process ? verb_.one : verb_.group), std::move(params)};
  }

  [[nodiscard]] bool takesAlong() const { return !verb_.dependents.empty() && session_.knowsDependents; }

  [[nodiscard]] Call stopCallFor(const std::string& text) const {
    const ProcessName name = splitName(text);
    return {"supervisor.stopProcesses",
            {xmlrpc::Value{name.process ? text : name.group + ":*"}, xmlrpc::Value{verb_.dependents}}};
  }

  Answer<void> report(const std::string& text, Answer<xmlrpc::Value> answer) {
    const ProcessName name = splitName(text);
    if (!answer && !verb_.dependents.empty() && answer.error().isFault(FaultCode::UnknownMethod)) {
      session_.knowsDependents = false;
      const Call plain = callFor(text);
      answer = session_.call(plain.method, plain.params);
    }
    if (answer) {
      if (!name.process || answer->array() != nullptr) return reportEach(*answer, &name);
      return reportOne({*name.process, name.group, {}, static_cast<int>(FaultCode::Success)});
    }
    const Failure& failure = answer.error();
    if (isLate(failure)) return {};  // the wait that follows names the missing ones
    if (failure.kind != Failure::Kind::Fault) return core::Err{std::move(answer).error()};
    if (name.process) return reportOne({*name.process, name.group, failure.text, failure.code});
    if (verb_.words == enablingWords && failure.isFault(FaultCode::Failed))
      return reportOne({"*", name.group, failure.text, failure.code});
    if (!failure.isFault(FaultCode::BadName)) return core::Err{std::move(answer).error()};
    session_.refuse(name.group + ": ERROR (no such group)", verb_.badGroupStatus);
    return {};
  }

  /// `asked`: what was asked for; others are in the results because they depend on it.
  Answer<void> reportEach(const xmlrpc::Value& results, const ProcessName* asked = nullptr) {
    for (const CallReport& result : toReports(results)) {
      const bool along =
          asked != nullptr && (result.group != asked->group || (asked->process && result.name != *asked->process));
      const auto cause = along ? joinName(asked->group, asked->process.value_or("*")) : std::string();
      if (Answer<void> done = reportOne(result, cause); !done) return done;
    }
    return {};
  }

  /// `cause`: what was asked for, if that is another program.
  Answer<void> reportOne(const CallReport& result, const std::string& cause = {}) {
    const std::string name = joinName(result.group, result.name);
    if (result.status == static_cast<int>(FaultCode::Success)) {
      session_.out.line(name + ": " + std::string(verb_.success) +
                        (cause.empty() ? "" : " (it depends on " + cause + ", and starts again with it)"));
      return {};
    }
    if (verb_.words == signalWords && result.status == static_cast<int>(FaultCode::Failed)) {
      session_.out.line(result.description);
    } else {
      const std::string words = verb_.words(result);
      if (words.empty())
        return core::Err{raised("ValueError", "Unknown result code " + std::to_string(result.status) + " for " + name)};
      session_.out.line(name + ": ERROR (" + words + ')');
    }
    if (result.status != verb_.ignored) session_.exitStatus = statusOf(result.status);
    return {};
  }

  static int statusOf(int fault) {
    switch (static_cast<FaultCode>(fault)) {
      case FaultCode::SpawnError:
      case FaultCode::AbnormalTermination:
      case FaultCode::NotRunning: return ExitStatus::NotRunning;
      default: return ExitStatus::Generic;
    }
  }

  Session& session_;
  const Verb& verb_;
  std::optional<core::Instant> until_;
  bool late_ = false;
};

/// The common part of start, stop and restart: the arguments, the calls, and --wait.
Answer<void> runVerbs(Session& session, std::string_view command, const std::string& argument,
                      const std::vector<Verb>& verbs) {
  auto up = session.isUp();
  if (!up) return core::Err{std::move(up).error()};
  if (!*up) return {};
  const bool stops = command == "stop";
  auto words = stops ? sortWords(argument, {"--wait", "--timeout", "--parallel", "--force"}, "STOPPED")
                     : sortWords(argument, {"--wait", "--timeout", "--parallel"}, "RUNNING");
  if (!words) {
    session.refuse(words.error().text, ExitStatus::InvalidArguments);
    return {};
  }
  if (words->names.empty()) {
    session.refuse("Error: " + std::string(command) + " requires a process name",
                   command == "start" ? ExitStatus::InvalidArguments : ExitStatus::Generic);
    printHelp(session, command);
    return {};
  }
  auto names = expandPatterns(session, words->names);
  if (!names) return core::Err{std::move(names).error()};
  const int before = session.exitStatus;
  const auto begin = core::Clock::now();
  const auto until = words->timeout ? std::optional(begin + std::chrono::seconds(*words->timeout)) : std::nullopt;
  for (Verb verb : verbs) {
    if (words->force) verb.dependents = "none";
    Control control(session, verb, until);
    if (Answer<void> done = control.run(*names, words->parallel); !done) return done;
    if (control.late()) break;
  }
  if (!words->waitFor) return {};
  auto reached = waitForState(session, *names, *words->waitFor, words->timeout, begin);
  if (!reached) return core::Err{std::move(reached).error()};
  // A failed first attempt is ignored if a later one succeeds in time.
  session.exitStatus = *reached ? before : ExitStatus::Generic;
  return {};
}

Answer<void> runEnabling(Session& session, const std::string& command, const std::string& argument, const Verb& verb) {
  auto up = session.isUp();
  if (!up) return core::Err{std::move(up).error()};
  if (!*up) return {};
  auto words = sortWords(argument, {});
  if (!words || words->names.empty()) {
    session.refuse(words ? "Error: " + command + " requires a process name" : words.error().text,
                   ExitStatus::InvalidArguments);
    printHelp(session, command);
    return {};
  }
  auto names = expandPatterns(session, words->names);
  if (!names) return core::Err{std::move(names).error()};
  return Control(session, verb).run(*names, false);
}

}  // namespace

Answer<void> runStart(Session& session, const std::string& argument) {
  return runVerbs(session, "start", argument, {startVerb()});
}

Answer<void> runStop(Session& session, const std::string& argument) {
  return runVerbs(session, "stop", argument, {stopVerb("all")});
}

Answer<void> runEnable(Session& session, const std::string& argument) {
  return runEnabling(session, "enable", argument, enableVerb());
}

Answer<void> runDisable(Session& session, const std::string& argument) {
  return runEnabling(session, "disable", argument, disableVerb());
}

Answer<void> stopAndStart(Session& session, const std::string& argument) {
  return runVerbs(session, "restart", argument, {stopVerb("restarting"), startVerb()});
}

Answer<void> stopEach(Session& session, const std::vector<std::string>& names, bool sideBySide) {
  return Control(session, stopVerb("restarting")).run(names, sideBySide);
}

Answer<void> startEach(Session& session, const std::vector<std::string>& names, bool sideBySide) {
  return Control(session, startVerb()).run(names, sideBySide);
}

Answer<void> runReloadProgram(Session& session, const std::string& argument) {
  static const Verb kVerb{
      "supervisor.reloadProcess", "supervisor.reloadProcess", {}, "reloaded", reloadWords, 0, ExitStatus::Generic, {}};
  auto up = session.isUp();
  if (!up) return core::Err{std::move(up).error()};
  if (!*up) return {};
  std::vector<std::string> words = core::splitBlanks(argument);
  if (words.empty()) {
    session.refuse("Error: reload-program requires a process name");
    printHelp(session, "reload-program");
    return {};
  }
  for (std::string& word : words)
    if (word == "all") word = "*";
  auto names = expandPatterns(session, std::move(words));
  if (!names) return core::Err{std::move(names).error()};
  return Control(session, kVerb).run(*names, false);
}

Answer<void> runSignal(Session& session, const std::string& argument) {
  auto up = session.isUp();
  if (!up) return core::Err{std::move(up).error()};
  if (!*up) return {};
  auto words = sortWords(argument, {});
  if (!words || words->names.size() < 2) {
    session.refuse("Error: signal requires a signal name and a process name");
    printHelp(session, "signal");
    return {};
  }
  const Verb verb{"supervisor.signalProcess",
                  "supervisor.signalProcessGroup",
                  "supervisor.signalAllProcesses",
                  "signalled",
                  signalWords,
                  0,
                  ExitStatus::Generic,
                  {xmlrpc::Value{words->names.front()}}};
  auto names = expandPatterns(session, {words->names.begin() + 1, words->names.end()});
  if (!names) return core::Err{std::move(names).error()};
  return Control(session, verb).run(*names, false);
}

}  // namespace ctl
