// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "instance/api/method.hpp"

namespace api {

class MethodTable;
class ProcessList;
class Waiters;
class Instance;

/// The methods of Supervisor itself, in the namespace `name` ("supervisor", as the section [rpcinterface:NAME] calls
/// it). `instance` must outlive the table.
class SupervisorMethods {
 public:
  SupervisorMethods(Instance& instance, MethodTable& table, std::string name);
  ~SupervisorMethods();
  SupervisorMethods(const SupervisorMethods&) = delete;
  SupervisorMethods& operator=(const SupervisorMethods&) = delete;

  /// Replaces in `table` the methods whose outcome a successor still awaits, see resumed_calls.hpp. `refused`: why this
  /// program continues, after another one that was to replace it; nullopt: it has replaced another one.
  void addResumed(MethodTable& table, const std::optional<std::string>& refused) const;

 private:
  Instance& instance_;
  std::string name_;
  std::unique_ptr<Waiters> waiters_;
  std::unique_ptr<ProcessList> list_;
};

/// Adds methods of that namespace to a table.
class SupervisorNamespace {
 public:
  SupervisorNamespace(Instance& instance, MethodTable& table, std::string name);
  /// A method that answers SHUTDOWN_STATE while supervisord shuts down or restarts.
  void add(std::string_view name, std::vector<std::string_view> signature, std::size_t required, std::string_view help,
           Handler handler);
  /// A method that works in every state, as sendRemoteCommEvent does in Supervisor.
  void addAlways(std::string_view name, std::vector<std::string_view> signature, std::size_t required,
                 std::string_view help, Handler handler);
  /// `name`, which Supervisor does not have, is not among the methods that system.listMethods returns.
  void unlist(std::string_view name);
  /// `alias` is another name for `name`.
  void addAlias(std::string_view alias, std::string_view name);

 private:
  [[nodiscard]] std::string fullName(std::string_view method) const;

  Instance& instance_;
  MethodTable& table_;
  std::string name_;
};

// The methods by concern, each in a file of its own.
void addInfoMethods(Instance& instance, ProcessList& list, SupervisorNamespace& names);
void addControlMethods(Instance& instance, Waiters& waiters, SupervisorNamespace& names);
void addGroupControlMethods(Instance& instance, Waiters& waiters, SupervisorNamespace& names);
void addScalingMethods(Instance& instance, Waiters& waiters, SupervisorNamespace& names);
void addEnablingMethods(Instance& instance, SupervisorNamespace& names);
void addLogMethods(Instance& instance, SupervisorNamespace& names);
void addConfigMethods(Instance& instance, SupervisorNamespace& names);
/// Our own method, in its own namespace, however that of Supervisor is called.
void addConfigWarnings(Instance& instance, MethodTable& table);
/// What Supervisor does not have: methods that show and apply changes program by program.
void addUpdateMethod(Instance& instance, Waiters& waiters, SupervisorNamespace& names);
void addChangeMethods(Instance& instance, Waiters& waiters, SupervisorNamespace& names);
void addConfigInfoMethods(Instance& instance, SupervisorNamespace& names);
void addCommunicationMethods(Instance& instance, SupervisorNamespace& names);

}  // namespace api
