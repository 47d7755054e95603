// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "instance/api/method.hpp"

namespace api {

class MethodTable;
class Waiters;
struct Instance;

/// The namespace "supervisor". `instance` must outlive the table.
class SupervisorMethods {
 public:
  SupervisorMethods(Instance& instance, MethodTable& table);
  ~SupervisorMethods();
  SupervisorMethods(const SupervisorMethods&) = delete;
  SupervisorMethods& operator=(const SupervisorMethods&) = delete;

 private:
  std::unique_ptr<Waiters> waiters_;
};

/// Puts a method of the namespace "supervisor" into a table: every one but sendRemoteCommEvent answers SHUTDOWN_STATE
/// while the supervisor goes down.
class SupervisorNamespace {
 public:
  SupervisorNamespace(Instance& instance, MethodTable& table) : instance_(instance), table_(table) {}
  void add(std::string_view name, std::vector<std::string_view> signature, std::size_t required, std::string_view help,
           Handler handler);
  void addAlways(std::string_view name, std::vector<std::string_view> signature, std::size_t required,
                 std::string_view help, Handler handler);
  /// `alias` is another name for `name`.
  void addAlias(std::string_view alias, std::string_view name);

 private:
  Instance& instance_;
  MethodTable& table_;
};

// The methods by concern, each in a file of its own.
void addInfoMethods(Instance& instance, SupervisorNamespace& names);
void addControlMethods(Instance& instance, Waiters& waiters, SupervisorNamespace& names);
void addGroupControlMethods(Instance& instance, Waiters& waiters, SupervisorNamespace& names);
void addLogMethods(Instance& instance, SupervisorNamespace& names);
void addConfigMethods(Instance& instance, SupervisorNamespace& names);
void addConfigInfoMethods(Instance& instance, SupervisorNamespace& names);
void addCommunicationMethods(Instance& instance, SupervisorNamespace& names);

}  // namespace api
