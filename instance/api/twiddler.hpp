// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/core/result.hpp"
#include "lib/xmlrpc/fault.hpp"
#include "lib/xmlrpc/value.hpp"

namespace config {
struct Configuration;
struct Message;
struct ProcessConfig;
struct RpcInterface;
}  // namespace config
namespace process {
class Group;
class Table;
}  // namespace process

namespace api {

/// supervisor_twiddler 1.0: adds programs to running groups and removes them, until the next restart. One object serves
/// one `[rpcinterface:NAME]` section.
class Twiddler {
 public:
  template <class T>
  using Result = core::Result<T, xmlrpc::Fault>;
  /// The fault of a method that `whitelist` does not list; Supervisor itself has no such number.
  static constexpr int kNotInWhitelist = 230;

  /// `base` returns the configuration as it was last read, from which new programs inherit. The options of
  /// `interface` are used only here.
  Twiddler(process::Table& table, std::function<const config::Configuration&()> base,
           const config::RpcInterface& interface);

  /// Whether `method` (without its namespace) may be called now.
  [[nodiscard]] Result<void> admit(std::string_view method) const;

  [[nodiscard]] std::vector<std::string> groupNames() const;
  /// Adds the processes of a section `[program:NAME]` with `options`, all or none, and starts those with autostart.
  Result<void> addProgram(const std::string& group, const std::string& name, const xmlrpc::Struct& options);
  /// Removes one stopped process from its group.
  Result<void> removeProcess(const std::string& group, const std::string& process);
  /// Writes to the activity log; `level` is one of Supervisor's numbers or short names, in any case.
  Result<void> log(std::string_view message, const xmlrpc::Value& level) const;

 private:
  [[nodiscard]] Result<process::Group*> findGroup(const std::string& name) const;

  using Programs = std::vector<std::shared_ptr<const config::ProcessConfig>>;
  [[nodiscard]] std::optional<std::string> wrongDependence(const process::Group& group, const Programs& programs,
                                                           std::vector<config::Message>& messages) const;

  process::Table& table_;
  std::function<const config::Configuration&()> base_;
  std::vector<std::string> whitelist_;  ///< empty: every method
};

}  // namespace api
