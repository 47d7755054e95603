// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "daemon/bus/authorizer.hpp"
#include "daemon/bus/reply.hpp"
#include "daemon/bus/report_text.hpp"
#include "daemon/instances/manager.hpp"
#include "lib/core/task.hpp"

namespace bus {

using PropertyMap = std::map<std::string, sdbus::Variant>;
using ProgramList = std::vector<sdbus::Struct<std::string, std::string, std::uint32_t, std::string>>;
using ProgramCounts = std::map<std::string, std::map<std::string, std::uint32_t>>;
/// For each name: the name, the D-Bus error ("" if the operation succeeded), its message.
using OutcomeList = std::vector<sdbus::Struct<std::string, std::string, std::string>>;
/// What PlanReload returns: changes, refused entries, warnings.
using ReloadPlan = std::tuple<ChangeList, ComplaintList, ComplaintList>;

/// An error as sdbus-c++ takes it from a method that replies before it returns.
[[nodiscard]] inline sdbus::Error toBusError(const CallError& error) { return makeError(error.name, error.message); }

/// Who sent a call.
[[nodiscard]] Caller callerOf(const sdbus::Message& call);

/// The methods of both interfaces, which differ only in the source of the name: authorize, act, return what is to be
/// sent. Each is a task for reply().
class BusMethods {
 public:
  using Operation = core::Task<instances::OperationResult> (instances::Manager::*)(std::string);

  BusMethods(std::shared_ptr<sdbus::IConnection> connection, instances::Manager& manager, uid_t managerUid);

  /// Begins `method` and sends what it returns as the reply of a call.
  template <class... R>
  void reply(sdbus::Result<R...>&& result, core::Task<CallResult<Returned<R...>>> method) {
    auto completion = replyTo(connection_, std::move(result));
    calls_.run(answer(std::move(method), std::move(completion)));
  }

  core::Task<CallResult<>> run(Caller caller, Verb verb, Operation operation, std::string name);
  /// For each of the distinct names, in their order, the outcome of the operation.
  core::Task<CallResult<OutcomeList>> runMany(Caller caller, Verb verb, Operation operation,
                                              std::vector<std::string> names);
  core::Task<CallResult<>> kill(Caller caller, std::string name, std::string whom, int signo);
  core::Task<CallResult<>> program(Caller caller, std::string name, std::string program, instances::ProgramVerb verb);
  /// Whether anything changed.
  core::Task<CallResult<bool>> enable(Caller caller, std::string name, bool enabled);
  /// The names of those that changed. One refused name refuses all.
  core::Task<CallResult<std::vector<std::string>>> enableMany(Caller caller, std::vector<std::string> names,
                                                              bool enabled);
  core::Task<CallResult<sdbus::ObjectPath>> create(Caller caller, std::string name, PropertyMap properties);
  core::Task<CallResult<>> change(Caller caller, std::string name, PropertyMap properties);
  core::Task<CallResult<>> remove(Caller caller, std::string name, bool purge);
  core::Task<CallResult<ChangeList>> reload(Caller caller);
  core::Task<CallResult<ReloadPlan>> plan(Caller caller);
  core::Task<CallResult<std::vector<std::string>>> check(Caller caller, std::string name);
  core::Task<CallResult<>> reexecute(Caller caller);
  core::Task<CallResult<ComplaintList>> complaints(Caller caller, bool refused);
  core::Task<CallResult<std::string>> failureDetails(Caller caller, std::string name);
  core::Task<CallResult<std::string>> programLog(Caller caller, std::string name, std::string program);

  /// Of the instances that have reported their programs.
  [[nodiscard]] ProgramCounts programCounts() const;
  /// Throws the D-Bus error of an instance that does not exist.
  [[nodiscard]] ProgramList programs(const std::string& name) const;

  [[nodiscard]] instances::Manager& manager() noexcept { return manager_; }
  [[nodiscard]] sdbus::IConnection& connection() noexcept { return *connection_; }

 private:
  core::Task<CallResult<Place>> authorise(Caller caller, Verb verb, std::string name = {}, Place place = {});
  core::Task<CallResult<>> operate(Operation operation, std::string name);

  std::shared_ptr<sdbus::IConnection> connection_;
  instances::Manager& manager_;
  Authorizer authorizer_;
  core::TaskScope calls_;  // last: the calls under way end before what they use
};

}  // namespace bus
