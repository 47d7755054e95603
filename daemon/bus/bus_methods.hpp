// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "daemon/bus/authorizer.hpp"
#include "daemon/bus/bulk.hpp"
#include "daemon/bus/loop_bus.hpp"
#include "daemon/bus/reply.hpp"
#include "daemon/instances/manager.hpp"

namespace bus {

using PropertyMap = std::map<std::string, sdbus::Variant>;
using ChangeList = std::vector<sdbus::Struct<std::string, std::string, std::vector<std::string>>>;
using ComplaintList = std::vector<sdbus::Struct<std::string, std::uint32_t, std::string, std::string, std::string>>;
using ProgramList = std::vector<sdbus::Struct<std::string, std::string, std::uint32_t, std::string>>;
using ProgramCounts = std::map<std::string, std::map<std::string, std::uint32_t>>;

/// The D-Bus error NoSuchInstance, to be thrown by a method that replies at once.
[[nodiscard]] sdbus::Error noSuchInstance(std::string message);

/// The methods of both interfaces, which differ only in where the name comes from: read, authorise, act, reply.
/// `object` is the one whose message is being processed.
class BusMethods {
 public:
  BusMethods(std::shared_ptr<sdbus::IConnection> connection, instances::Manager& manager, uid_t managerUid);

  using Operation = core::Task<instances::OperationResult> (instances::Manager::*)(std::string);
  void run(const sdbus::IObject& object, Verb verb, Operation operation, const std::string& name,
           sdbus::Result<>&& result);
  void runMany(const sdbus::IObject& object, Verb verb, Operation operation, std::vector<std::string> names,
               sdbus::Result<OutcomeList>&& result);
  void kill(const sdbus::IObject& object, const std::string& name, const std::string& whom, int signo,
            sdbus::Result<>&& result);
  void program(const sdbus::IObject& object, const std::string& name, const std::string& program,
               instances::ProgramVerb verb, sdbus::Result<>&& result);
  void enable(const sdbus::IObject& object, std::vector<std::string> names, bool enabled,
              sdbus::Result<std::vector<std::string>>&& result);
  void enable(const sdbus::IObject& object, const std::string& name, bool enabled, sdbus::Result<bool>&& result);
  void create(const sdbus::IObject& object, const std::string& name, const PropertyMap& properties,
              sdbus::Result<sdbus::ObjectPath>&& result);
  void change(const sdbus::IObject& object, const std::string& name, const PropertyMap& properties,
              sdbus::Result<>&& result);
  void remove(const sdbus::IObject& object, const std::string& name, bool purge, sdbus::Result<>&& result);
  void reload(const sdbus::IObject& object, sdbus::Result<ChangeList>&& result);
  void check(const sdbus::IObject& object, const std::string& name, sdbus::Result<std::vector<std::string>>&& result);
  void plan(const sdbus::IObject& object, sdbus::Result<ChangeList, ComplaintList, ComplaintList>&& result);
  void reexecute(const sdbus::IObject& object, sdbus::Result<>&& result);
  void complaints(const sdbus::IObject& object, bool refused, sdbus::Result<ComplaintList>&& result);
  void failureDetails(const sdbus::IObject& object, const std::string& name, sdbus::Result<std::string>&& result);
  void programLog(const sdbus::IObject& object, const std::string& name, const std::string& program,
                  sdbus::Result<std::string>&& result);
  /// Of the instances that have told of their programs.
  [[nodiscard]] ProgramCounts programCounts() const;
  /// Throws the D-Bus error of an instance that does not exist.
  [[nodiscard]] ProgramList programs(const std::string& name) const;

  [[nodiscard]] instances::Manager& manager() noexcept { return manager_; }
  [[nodiscard]] sdbus::IConnection& connection() noexcept { return *connection_; }

 private:
  template <class... R, class Act>
  void guarded(const sdbus::IObject& object, Verb verb, const std::string& name, sdbus::Result<R...>&& result, Act act);
  [[nodiscard]] static Request requestOf(const sdbus::IObject& object, Verb verb);

  std::shared_ptr<sdbus::IConnection> connection_;
  instances::Manager& manager_;
  Authorizer authorizer_;
  core::TaskScope calls_;  // under way
};

}  // namespace bus
