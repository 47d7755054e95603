// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "instance/api/instance.hpp"
#include "instance/background.hpp"
#include "instance/config/command_line.hpp"
#include "instance/config/model.hpp"
#include "instance/events/service.hpp"
#include "instance/http_frontend.hpp"
#include "instance/manager_link.hpp"
#include "instance/output/activity_log.hpp"
#include "instance/output/outlets.hpp"
#include "instance/process/table.hpp"
#include "instance/state/descriptors.hpp"
#include "instance/state/journal.hpp"
#include "instance/state/state.hpp"
#include "lib/core/event_loop.hpp"
#include "lib/core/result.hpp"

class PidFile;
namespace handover {
class Keeping;
class Upgrade;
class Wreck;
}  // namespace handover

/// What one life of supervisord passes to the next, when it restarts in the same process.
struct Inheritance {
  bool first = true;  ///< this is the first life of the process
  Background background;
  std::optional<rlimit> fileLimit;  ///< of the programs, if it is another than ours
  ManagerLink::Listener manager;
  std::uint64_t eventSerial = 0;
  std::vector<http::ListenSocket> sockets;
  std::shared_ptr<process::OpenListeners> listeners;  ///< of programs
  std::vector<std::string> arguments;                 ///< of the process
};

/// One life of supervisord, from a configuration that was read, or from the state that an older program left, to the
/// last program's end: builds the parts in the
/// order of their dependencies, joins them, and runs the loop.
class Supervisord : private process::Observer {
 public:
  Supervisord(const config::CommandLine& line, config::Configuration configuration, Inheritance& inheritance);
  /// For resume().
  Supervisord(const state::State& left, Inheritance& inheritance);
  ~Supervisord() override;
  Supervisord(const Supervisord&) = delete;
  Supervisord& operator=(const Supervisord&) = delete;

  /// Everything that may fail. The error is for the terminal.
  core::Status setUp();
  /// Instead of setUp(): takes over what a predecessor left, and lets nobody see it yet. After an error this object
  /// must not be destroyed before the predecessor has the process again: it would remove the files of sockets.
  [[nodiscard]] core::Status resume(state::State& left, state::Incoming& descriptors);
  /// After resume(), when the predecessor cannot get the process back: continues with programs and clients. `refused`:
  /// why an upgrade that this program began came back to it.
  void proceed(const state::State& left, state::Incoming& descriptors, const std::optional<std::string>& refused);
  /// Instead of setUp(): continues after the crash of another supervisord, whose programs still run.
  [[nodiscard]] core::Status takeOver(handover::Wreck& wreck);
  /// Returns the state it left for: Shutdown or Restarting.
  process::SupervisorState run();
  /// What the process is to end with, after Shutdown.
  [[nodiscard]] int exitStatus() const noexcept { return table_.exitStatus(); }

 private:
  [[nodiscard]] core::Status becomeUser(std::vector<config::Message>& messages);
  [[nodiscard]] core::Status restorePrograms(state::State& left, state::Incoming& descriptors);
  [[nodiscard]] core::Status openLog(std::vector<config::Message> messages);
  [[nodiscard]] core::Status prepareRestart();
  [[nodiscard]] core::Status openAhead(const config::Configuration& next);
  void handleSignals();
  void onExitSignal(const char* name);
  void onHangup();
  [[nodiscard]] std::string obstacleToUpgrade() const;
  [[nodiscard]] state::Daemon saveDaemon() const;
  [[nodiscard]] state::State save(state::Outgoing& descriptors);
  void reopenLogs();
  void onGroupAdded(process::Group& group) override;
  /// `kept`: what the keeper has from a predecessor.
  void keepPrograms(const std::vector<std::string>& kept);
  void beginKeeping(std::unique_ptr<state::Journal> journal, state::Incoming& descriptors,
                    const std::vector<std::string>& kept);
  void startUnstarted();

  Inheritance& inheritance_;
  std::shared_ptr<const config::Configuration> configuration_;  ///< as it was read at the start of this life
  core::EventLoop loop_;
  output::Outlets outlets_;
  std::shared_ptr<output::ActivityLog> log_;
  /// Destroyed after the programs, since they log how much of their output was lost.
  struct LogEnd {
    ~LogEnd();
  } logEnd_;
  std::unique_ptr<handover::Keeping> keeping_;  ///< nullptr: nobody keeps anything, or there is nothing to keep
  std::unique_ptr<core::Deferred> keepSoon_;    ///< until there is a program to keep
  process::Table table_;
  events::Service events_;
  api::Instance instance_;
  HttpFrontend frontend_;
  std::vector<http::ListenSocket> ahead_;  ///< that the next life needs, if a restart is under way
  std::unique_ptr<ManagerLink> manager_;
  std::unique_ptr<PidFile> pidFile_;
  std::unique_ptr<handover::Upgrade> upgrade_;
  std::vector<core::SignalWatch> signals_;
  bool resumed_ = false;
};
