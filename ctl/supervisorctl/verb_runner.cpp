// SPDX-License-Identifier: MIT
#include "ctl/supervisorctl/verb_runner.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <limits>
#include <utility>

#include "ctl/supervisorctl/session.hpp"

namespace ctl {
namespace {

using xmlrpc::FaultCode;

int statusOf(int fault) {
  switch (static_cast<FaultCode>(fault)) {
    case FaultCode::SpawnError:
    case FaultCode::AbnormalTermination:
    case FaultCode::NotRunning: return ExitStatus::NotRunning;
    default: return ExitStatus::Generic;
  }
}

}  // namespace

Answer<void> VerbRunner::run(const std::vector<std::string>& names, bool sideBySide) {
  Answer<void> done = callEach(names, sideBySide);
  if (until_) session_.limitCalls(0);
  return done;
}

Answer<void> VerbRunner::callEach(const std::vector<std::string>& names, bool sideBySide) {
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

Answer<void> VerbRunner::runAll() {
  limit();
  auto answer = session_.call(verb_.all, verb_.extra);
  if (!answer && isLate(answer.error())) return {};
  if (!answer) return core::Err{std::move(answer).error()};
  return reportEach(*answer);
}

void VerbRunner::limit() {
  if (!until_) return;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*until_ - core::Clock::now()).count();
  session_.limitCalls(static_cast<int>(std::clamp<long>(left, 1, std::numeric_limits<int>::max())));
}

bool VerbRunner::isLate(const Failure& failure) {
  const bool late = until_ && failure.kind == Failure::Kind::System && failure.code == ETIMEDOUT;
  late_ = late_ || late;
  return late;
}

Call VerbRunner::callFor(const std::string& text) const {
  const ProcessName name = splitName(text);
  const bool whole = name.process || verb_.group == verb_.one;  // one method that understands "group:*"
  xmlrpc::Array params{xmlrpc::Value{whole ? text : name.group}};
  params.insert(params.end(), verb_.extra.begin(), verb_.extra.end());
  return {std::string(name.process ? verb_.one : verb_.group), std::move(params)};
}

bool VerbRunner::takesAlong() const { return !verb_.dependents.empty() && session_.knowsDependents; }

Call VerbRunner::stopCallFor(const std::string& text) const {
  const ProcessName name = splitName(text);
  return {"supervisor.stopProcesses",
          {xmlrpc::Value{name.process ? text : name.group + ":*"}, xmlrpc::Value{verb_.dependents}}};
}

Answer<void> VerbRunner::report(const std::string& text, Answer<xmlrpc::Value> answer) {
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

Answer<void> VerbRunner::reportEach(const xmlrpc::Value& results, const ProcessName* asked) {
  for (const CallReport& result : toReports(results)) {
    const bool along =
        asked != nullptr && (result.group != asked->group || (asked->process && result.name != *asked->process));
    const auto cause = along ? joinName(asked->group, asked->process.value_or("*")) : std::string();
    if (Answer<void> done = reportOne(result, cause); !done) return done;
  }
  return {};
}

Answer<void> VerbRunner::reportOne(const CallReport& result, const std::string& cause) {
  const std::string name = joinName(result.group, result.name);
  if (cause.empty()) reported_.push_back(name);
  if (result.status == static_cast<int>(FaultCode::Success)) {
    if (cause.empty()) succeeded_.push_back(name);
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
    const std::string reason = spawnReason(result);
    session_.out.line(name + ": ERROR (" + words + ')' + (reason.empty() ? "" : ": " + reason));
  }
  if (result.status != verb_.ignored) session_.exitStatus = statusOf(result.status);
  return {};
}

}  // namespace ctl
