// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "instance/config/command_line.hpp"
#include "lib/core/completion.hpp"
#include "lib/core/result.hpp"

namespace config {
struct Configuration;
struct GroupConfig;
struct Scale;
struct Scaling;
}  // namespace config
namespace core {
class EventLoop;
}
namespace events {
class Service;
}
namespace output {
class RotatingFile;
}
namespace process {
class Table;
}

namespace api {

/// The running supervisord, as the methods see it. Owned by Supervisord, for as long as methods can be called.
class Instance {
 public:
  /// `prepareRestart` returns whether a restart would succeed, as far as that can be known; it logs a refusal.
  Instance(core::EventLoop& eventLoop, process::Table& programs, events::Service& listeners,
           const config::CommandLine& line, std::shared_ptr<const config::Configuration> configuration,
           std::function<core::Status()> prepareRestart);
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  // The parts that methods act on.
  core::EventLoop& loop;
  process::Table& table;
  events::Service& events;
  const std::string version;              ///< Supervisor's, which clients compare
  const config::CommandLine commandLine;  ///< has priority over the file whenever that is read again

  /// The configuration as it was last read. The reference is valid until reconfigure() or adopt().
  [[nodiscard]] const config::Configuration& configuration() const noexcept { return *configuration_; }
  [[nodiscard]] const std::shared_ptr<const config::Configuration>& configurationPtr() const noexcept {
    return configuration_;
  }
  /// Reads the configuration again and applies what counts for programs that are started from now on. Logs its
  /// warnings. On an error everything stays as it is. Groups are added and removed by other calls.
  /// `asked`: a number of processes that is about to be in force.
  [[nodiscard]] core::Status reconfigure(config::Scale* asked = nullptr);
  /// The numbers of processes that count in place of those of the files: those of the groups that run.
  [[nodiscard]] config::Scaling scaling(config::Scale* asked = nullptr) const;
  /// The configuration that was last read has this group from now on, in place of the one with its name.
  void adopt(const std::shared_ptr<const config::GroupConfig>& group);

  /// nullptr: the activity log is not a file.
  [[nodiscard]] output::RotatingFile* activityLog() const noexcept { return activityLog_; }
  void setActivityLog(output::RotatingFile* log) noexcept { activityLog_ = log; }
  [[nodiscard]] core::Status prepareRestart() const { return prepareRestart_(); }

  /// Replaces this program by the installed one, in the same process. `done` gets success when the new program is about
  /// to take over; with `untilServing` never: the new program answers the call then.
  using Upgrade = std::function<void(bool untilServing, core::Completion<core::Status> done)>;
  void setUpgrade(Upgrade upgrade) noexcept { upgrade_ = std::move(upgrade); }
  void upgrade(bool untilServing, core::Completion<core::Status> done) const {
    upgrade_(untilServing, std::move(done));
  }

  /// Applies a configuration as reconfigure() does: the one that was last read, in a program that took over.
  void apply(std::shared_ptr<const config::Configuration> configuration);

 private:
  std::shared_ptr<const config::Configuration> configuration_;
  output::RotatingFile* activityLog_ = nullptr;
  std::function<core::Status()> prepareRestart_;
  Upgrade upgrade_;
};

}  // namespace api
