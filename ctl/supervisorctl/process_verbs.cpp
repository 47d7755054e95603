// SPDX-License-Identifier: MIT
#include "ctl/supervisorctl/process_verbs.hpp"

#include <utility>

#include "ctl/supervisorctl/session.hpp"
#include "lib/xmlrpc/fault_reason.hpp"

namespace ctl {
namespace {

using xmlrpc::FaultCode;

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

}  // namespace

std::string spawnReason(const CallReport& report) {
  if (report.status != static_cast<int>(FaultCode::SpawnError)) return {};
  return std::string(xmlrpc::reasonIn(report.description));
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

const Verb& reloadVerb() {
  static const Verb kVerb{
      "supervisor.reloadProcess", "supervisor.reloadProcess", {}, "reloaded", reloadWords, 0, ExitStatus::Generic, {}};
  return kVerb;
}

Verb signalVerb(const std::string& signal) {
  return {"supervisor.signalProcess",
          "supervisor.signalProcessGroup",
          "supervisor.signalAllProcesses",
          "signalled",
          signalWords,
          0,
          ExitStatus::Generic,
          {xmlrpc::Value{signal}}};
}

}  // namespace ctl
