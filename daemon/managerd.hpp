// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "daemon/instances/fleet.hpp"
#include "daemon/instances/manager.hpp"
#include "lib/core/event_loop.hpp"
#include "lib/core/notify.hpp"
#include "lib/core/reaper.hpp"
#include "lib/core/task.hpp"
#include "lib/core/unique_fd.hpp"

namespace bus {
class Service;
}

/// The options of the command line.
struct ManagerdOptions {
  instances::ManagerOptions manager;
  bool bus = true;
  bool verify = false;        ///< only check the entries
  bool endInstances = false;  ///< only end what a manager that is gone left running
};

/// Reads the command line. Nothing: --help or --version was answered, or the line is wrong (`code` is the exit status).
[[nodiscard]] std::optional<ManagerdOptions> parseCommandLine(int argc, char** argv, int& code);

/// The composition root of supervisor-managerd: one loop, the instances, the bus, the messages to systemd.
class Managerd final : private instances::Observer {
 public:
  /// `argv` is what a re-execution starts again.
  Managerd(ManagerdOptions options, char** argv);
  ~Managerd() override;
  /// Runs until told to stop; returns the exit status.
  int run();

 private:
  [[nodiscard]] bool open();
  core::Task<> lookAndBegin();
  void begin();
  [[nodiscard]] bool lock();
  core::Task<> nameLockHolder(std::string path);
  [[nodiscard]] bool openBus(std::string replaced = {});
  core::Task<> openBusAgain();
  void endWithoutBus();
  void stop();
  core::Task<> stopAndExit();
  void reload();
  void replaceProgram();
  void tell(const std::string& message) const;
  void settle();

  void instanceAdded(const std::string& name) override;
  void instanceRemoved(const std::string& name) override;
  void instanceChanged(const std::string& name) override;
  void programChanged(const std::string& instance, const instances::ProgramStatus& program) override;
  void reloading(bool active) override;

  ManagerdOptions options_;
  char** argv_;
  std::string executable_;
  core::Notifier notifier_;
  core::UniqueFd lock_;
  bool otherHasLock_ = false;
  core::EventLoop loop_;
  core::Reaper reaper_;
  core::SignalWatch terminate_;
  core::SignalWatch interrupt_;
  core::SignalWatch hangup_;
  core::Timer replace_;
  core::Timer status_;   // many changes settle together
  std::string settled_;  // the status sent to systemd then
  instances::Fleet fleet_;
  core::TaskScope tasks_;
  std::unique_ptr<bus::Service> bus_;
  bool busAgain_ = false;  // a new connection is being tried
  bool begun_ = false;     // it is known what runs
  bool stopping_ = false;
  bool stopWanted_ = false;
  bool reloadWanted_ = false;  // by SIGHUP, before that was known
};

/// Checks all entries as the manager would and prints what is wrong; 0 if nothing is refused.
int verifyEntries(const ManagerdOptions& options);
