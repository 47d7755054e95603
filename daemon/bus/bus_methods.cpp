// SPDX-License-Identifier: MIT
#include "daemon/bus/bus_methods.hpp"

#include <fmt/format.h>
#include <systemd/sd-bus.h>

#include <csignal>

#include "daemon/bus/names.hpp"
#include "daemon/bus/properties.hpp"
#include "lib/core/text.hpp"

namespace bus {

namespace {

core::Err<CallError> invalid(std::string message) { return core::Err{CallError{kInvalidArgs, std::move(message)}}; }

CallResult<> toCallResult(const instances::OperationResult& outcome) {
  if (!outcome) return core::Err{toCallError(outcome.error())};
  return {};
}

}  // namespace

Caller callerOf(const sdbus::Message& message) {
  Caller caller;
  caller.sender = message.getSender();
  caller.interactive =
      sd_bus_message_get_allow_interactive_authorization(static_cast<sd_bus_message*>(rawMessage(message))) > 0;
  return caller;
}

BusMethods::BusMethods(std::shared_ptr<sdbus::IConnection> connection, instances::Manager& manager, uid_t managerUid)
    : connection_(std::move(connection)), manager_(manager), authorizer_(*connection_, managerUid) {}

/// The call's place, which a method keeps until its work is done. `name` is empty for methods of the manager itself.
core::Task<CallResult<Place>> BusMethods::authorise(Caller caller, Verb verb, std::string name, Place place) {
  const bool exists = !name.empty() && verb != Verb::Create;
  Request request{std::move(caller), verb, name, {}, {}, std::move(place)};
  if (exists) {
    const auto status = manager_.get(name);
    if (!status) co_return core::Err{noSuchInstance(name)};
    request.user = status->user;
    request.owner = status->uid;
  }
  const auto owner = request.owner;
  auto checking = authorizer_.check(std::move(request));
  auto allowed = co_await checking;
  if (!allowed || !exists) co_return allowed;
  // A user may have taken minutes to answer polkit. The answer was about an instance of this owner.
  const auto status = manager_.get(name);
  if (!status) co_return core::Err{noSuchInstance(name)};
  if (status->uid != owner)
    co_return core::Err{CallError{
        kAccessDenied, fmt::format("Not allowed to {} '{}': the instance was replaced by one of another account during "
                                   "the authorization. Repeat the call",
                                   ruleOf(verb).word, name)}};
  co_return allowed;
}

core::Task<CallResult<>> BusMethods::operate(Operation operation, std::string name) {
  auto operating = (manager_.*operation)(std::move(name));
  const auto outcome = co_await operating;
  co_return toCallResult(outcome);
}

core::Task<CallResult<>> BusMethods::run(Caller caller, Verb verb, Operation operation, std::string name) {
  const auto allowed = co_await authorise(std::move(caller), verb, name);
  if (!allowed) co_return core::Err{allowed.error()};
  co_return co_await operate(operation, name);
}

core::Task<CallResult<>> BusMethods::kill(Caller caller, std::string name, std::string whom, int signo) {
  const auto allowed = co_await authorise(std::move(caller), Verb::Kill, name);
  if (!allowed) co_return core::Err{allowed.error()};
  if (whom != "main" && whom != "all")
    co_return invalid(fmt::format("Argument 'whom': '{}' is neither 'main' nor 'all'", whom));
  if (signo < 1 || signo > SIGRTMAX) co_return invalid(fmt::format("Argument 'signal': there is no signal {}", signo));
  const auto who = whom == "main" ? instances::KillWhom::Main : instances::KillWhom::All;
  const auto killed = co_await manager_.kill(name, who, signo);
  co_return toCallResult(killed);
}

core::Task<CallResult<>> BusMethods::program(Caller caller, std::string name, std::string program,
                                             instances::ProgramVerb verb) {
  const auto allowed = co_await authorise(std::move(caller), Verb::ControlProgram, name);
  if (!allowed) co_return core::Err{allowed.error()};
  const auto controlled = co_await manager_.controlProgram(name, program, verb);
  co_return toCallResult(controlled);
}

core::Task<CallResult<bool>> BusMethods::enable(Caller caller, std::string name, bool enabled) {
  const auto verb = enabled ? Verb::Enable : Verb::Disable;
  const auto allowed = co_await authorise(std::move(caller), verb, name);
  if (!allowed) co_return core::Err{allowed.error()};
  const auto changed = manager_.setEnabled(name, enabled);
  if (!changed) co_return core::Err{toCallError(changed.error())};
  co_return *changed;
}

core::Task<CallResult<sdbus::ObjectPath>> BusMethods::create(Caller caller, std::string name, PropertyMap properties) {
  const auto allowed = co_await authorise(std::move(caller), Verb::Create, name);
  if (!allowed) co_return core::Err{allowed.error()};
  const auto converted = toProperties(properties);
  if (!converted) co_return core::Err{converted.error()};
  const auto created = co_await manager_.create(name, *converted);
  if (!created) co_return core::Err{toCallError(created.error())};
  co_return sdbus::ObjectPath{instancePath(name)};
}

core::Task<CallResult<>> BusMethods::change(Caller caller, std::string name, PropertyMap properties) {
  const auto allowed = co_await authorise(std::move(caller), Verb::Change, name);
  if (!allowed) co_return core::Err{allowed.error()};
  const auto converted = toProperties(properties);
  if (!converted) co_return core::Err{converted.error()};
  const auto changed = co_await manager_.setProperties(name, *converted);
  co_return toCallResult(changed);
}

core::Task<CallResult<>> BusMethods::remove(Caller caller, std::string name, bool purge) {
  const auto allowed = co_await authorise(std::move(caller), Verb::Remove, name);
  if (!allowed) co_return core::Err{allowed.error()};
  const auto removed = co_await manager_.remove(name, purge);
  co_return toCallResult(removed);
}

core::Task<CallResult<ChangeList>> BusMethods::reload(Caller caller) {
  const auto allowed = co_await authorise(std::move(caller), Verb::ReloadManager);
  if (!allowed) co_return core::Err{allowed.error()};
  const auto report = co_await manager_.reloadAll(false);
  if (!report) co_return core::Err{toCallError(report.error())};
  co_return toList(report->changes);
}

core::Task<CallResult<ReloadPlan>> BusMethods::plan(Caller caller) {
  const auto allowed = co_await authorise(std::move(caller), Verb::PlanReload);
  if (!allowed) co_return core::Err{allowed.error()};
  const auto report = co_await manager_.reloadAll(true);
  if (!report) co_return core::Err{toCallError(report.error())};
  co_return ReloadPlan(toList(report->changes), toList(report->refused), toList(report->warnings));
}

core::Task<CallResult<std::vector<std::string>>> BusMethods::check(Caller caller, std::string name) {
  const auto allowed = co_await authorise(std::move(caller), Verb::Reload, name);
  if (!allowed) co_return core::Err{allowed.error()};
  const auto warnings = co_await manager_.check(name);
  if (!warnings) co_return core::Err{toCallError(warnings.error())};
  std::vector<std::string> texts;
  for (const auto& text : *warnings) texts.push_back(core::toUtf8(text));
  co_return texts;
}

core::Task<CallResult<>> BusMethods::reexecute(Caller caller) {
  const auto allowed = co_await authorise(std::move(caller), Verb::Reexecute);
  if (!allowed) co_return core::Err{allowed.error()};
  const auto begun = co_await manager_.reexecute();
  co_return toCallResult(begun);
}

core::Task<CallResult<ComplaintList>> BusMethods::complaints(Caller caller, bool refused) {
  const auto allowed = co_await authorise(std::move(caller), Verb::ReadComplaints);
  if (!allowed) co_return core::Err{allowed.error()};
  co_return toList(refused ? manager_.refused() : manager_.warnings());
}

core::Task<CallResult<std::string>> BusMethods::failureDetails(Caller caller, std::string name) {
  const auto allowed = co_await authorise(std::move(caller), Verb::ReadFailure, name);
  if (!allowed) co_return core::Err{allowed.error()};
  const auto status = manager_.get(name);
  if (!status) co_return core::Err{noSuchInstance(name)};
  co_return core::toUtf8(status->details);
}

core::Task<CallResult<std::string>> BusMethods::programLog(Caller caller, std::string name, std::string program) {
  const auto allowed = co_await authorise(std::move(caller), Verb::ReadFailure, name);
  if (!allowed) co_return core::Err{allowed.error()};
  const auto text = co_await manager_.programLog(name, program);
  if (!text) co_return core::Err{toCallError(text.error())};
  co_return core::toUtf8(*text);
}

ProgramCounts BusMethods::programCounts() const {
  ProgramCounts counts;
  for (const auto& one : manager_.list())
    if (one.programsTold) counts[one.name] = one.programCounts;
  return counts;
}

ProgramList BusMethods::programs(const std::string& name) const {
  if (!manager_.get(name)) throw toBusError(noSuchInstance(name));
  ProgramList list;
  for (const auto& program : manager_.programs(name))
    list.emplace_back(core::toUtf8(program.name), core::toUtf8(program.state), static_cast<std::uint32_t>(program.pid),
                      core::toUtf8(program.description));
  return list;
}

}  // namespace bus
