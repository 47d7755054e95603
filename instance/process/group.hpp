// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lib/core/result.hpp"

namespace config {
struct GroupConfig;
struct ProcessConfig;
}  // namespace config

namespace process {

class ProcessContext;
class FcgiListener;
class Process;

/// A group of programs that were configured together.
class Group {
 public:
  Group(ProcessContext& context, std::shared_ptr<const config::GroupConfig> config);
  ~Group();
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  [[nodiscard]] const config::GroupConfig& config() const noexcept { return *config_; }
  [[nodiscard]] const std::shared_ptr<const config::GroupConfig>& configPtr() const noexcept { return config_; }
  [[nodiscard]] const std::string& name() const noexcept;
  /// In start order.
  [[nodiscard]] const std::vector<std::unique_ptr<Process>>& processes() const noexcept { return processes_; }
  [[nodiscard]] Process* find(std::string_view name) const noexcept;
  /// Ascending priority; equal ones in start order.
  [[nodiscard]] std::vector<Process*> byPriority() const;
  /// Whether every program is stopped, exited, fatal or unknown.
  [[nodiscard]] bool stopped() const noexcept;

  /// Adds one program to the group as it runs; nullptr if the name is taken. Does not start it.
  Process* add(std::shared_ptr<const config::ProcessConfig> program);
  /// Takes a stopped program out.
  void remove(Process& program);
  /// The socket that a program of the group shares with others; nullptr if it has a pipe.
  [[nodiscard]] FcgiListener* socketFor(const config::ProcessConfig& program) noexcept;
  /// Whether every shared socket can be bound.
  [[nodiscard]] core::Status probeSockets();

 private:
  [[nodiscard]] std::vector<Process*>::const_iterator position(std::string_view name) const noexcept;

  ProcessContext& context_;
  std::shared_ptr<const config::GroupConfig> config_;
  std::vector<FcgiListener> sockets_;
  std::vector<std::unique_ptr<Process>> processes_;
  std::vector<Process*> byName_;
};

}  // namespace process
