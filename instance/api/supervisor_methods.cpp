// SPDX-License-Identifier: MIT
#include "instance/api/supervisor_methods.hpp"

#include <string>
#include <utility>

#include "instance/api/instance.hpp"
#include "instance/api/method_table.hpp"
#include "instance/api/process_list.hpp"
#include "instance/api/resumed_calls.hpp"
#include "instance/api/waiters.hpp"
#include "instance/process/table.hpp"

namespace api {

SupervisorNamespace::SupervisorNamespace(Instance& instance, MethodTable& table, std::string name)
    : instance_(instance), table_(table), name_(std::move(name)) {}

std::string SupervisorNamespace::fullName(std::string_view method) const { return name_ + "." + std::string(method); }

void SupervisorNamespace::addAlways(std::string_view name, std::vector<std::string_view> signature,
                                    std::size_t required, std::string_view help, Handler handler) {
  table_.add({fullName(name), std::move(signature), required, help, std::move(handler)});
}

void SupervisorNamespace::add(std::string_view name, std::vector<std::string_view> signature, std::size_t required,
                              std::string_view help, Handler handler) {
  const auto guarded = [&table = instance_.table, handler = std::move(handler)](const xmlrpc::Array& params,
                                                                                core::Completion<MethodResult> done) {
    // RESTARTING is 0 and SHUTDOWN -1: both are below RUNNING.
    if (table.supervisorState() < process::SupervisorState::Running)
      return done(fail(xmlrpc::FaultCode::ShutdownState));
    handler(params, std::move(done));
  };
  addAlways(name, std::move(signature), required, help, guarded);
}

void SupervisorNamespace::unlist(std::string_view name) {
  Method method = *table_.find(fullName(name));
  method.listed = false;
  table_.add(std::move(method));
}

void SupervisorNamespace::addAlias(std::string_view alias, std::string_view name) {
  // A copy: system.listMethods lists both names, as in Supervisor.
  Method method = *table_.find(fullName(name));
  method.name = fullName(alias);
  table_.add(std::move(method));
}

SupervisorMethods::SupervisorMethods(Instance& instance, MethodTable& table, std::string name)
    : instance_(instance),
      name_(std::move(name)),
      waiters_(std::make_unique<Waiters>(instance.loop, instance.table)),
      list_(std::make_unique<ProcessList>(instance.loop, instance.table)) {
  SupervisorNamespace names(instance, table, name_);
  addInfoMethods(instance, *list_, names);
  addControlMethods(instance, *waiters_, names);
  addGroupControlMethods(instance, *waiters_, names);
  addEnablingMethods(instance, names);
  addScalingMethods(instance, *waiters_, names);
  addLogMethods(instance, names);
  addConfigMethods(instance, names);
  addChangeMethods(instance, *waiters_, names);
  addConfigInfoMethods(instance, names);
  addConfigWarnings(instance, table);
  addCommunicationMethods(instance, names);
}

SupervisorMethods::~SupervisorMethods() = default;

void SupervisorMethods::addResumed(MethodTable& table, const std::optional<std::string>& refused) const {
  addResumedCalls(table, name_ + ".", instance_.table, *waiters_, refused);
  // It continues where it was lost.
  SupervisorNamespace names(instance_, table, name_);
  addUpdateMethod(instance_, *waiters_, names);
}

}  // namespace api
