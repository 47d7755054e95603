// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "instance/process/attendants.hpp"
#include "instance/process/side_command.hpp"
#include "lib/core/clock.hpp"
#include "lib/core/event_loop.hpp"
#include "lib/dialect/around.hpp"

namespace config {
struct ProcessConfig;
}

namespace process {

/// The commands around a program, one at a time:
///
///   exec_start_pre   before the fork; the program is STARTING and has no process
///   exec_start_post  from RUNNING on, beside the program
///   exec_stop        instead of the stop signal
///   exec_stop_post   when the process has ended, or could not be started; only then the state changes
///
/// Each runs in bounded time, so a stop and a shutdown do, too. They continue through an upgrade and a crash.
class CommandsAround final : public Attendant {
 public:
  CommandsAround(ProcessContext& context, Process& program);

  /// In a step, instead of the fork: starts exec_start_pre. false: there is nothing to wait for. Process::prepared(),
  /// or Process::startFailed(), follows.
  [[nodiscard]] bool prepare() noexcept;
  /// The start is not wanted any more; `now`: nor is politeness. Process::preparationEnded() follows.
  void cancel(bool now) noexcept;
  /// In a step: starts exec_stop. input::StopCommandEnded follows.
  void stop() noexcept;
  /// In a step: the process ended at `when`. Waits for exec_stop, and starts exec_stop_post. false: there is nothing to
  /// wait for. Process::commandsEnded() follows.
  [[nodiscard]] bool finish(int waitStatus, core::Instant when) noexcept;
  /// The same for a process that could not be started; Process::startFailed() follows.
  [[nodiscard]] bool finishFailed(std::string why) noexcept;
  /// A predecessor has started the process after the preparation.
  void forget() noexcept;

  /// The process has ended, and commands still run.
  [[nodiscard]] bool outlives() const noexcept { return ended_.has_value(); }
  /// No deadline of the machine counts for now: the program has no process.
  [[nodiscard]] bool suspends() const noexcept {
    return phase_ == Phase::Prepare || phase_ == Phase::Finish || outlives();
  }

  void onState(lifecycle::ProcessState to) noexcept override;
  void save(state::Program& saved, state::Outgoing& outgoing) const override;
  void restore(const state::Program& saved, state::Incoming& incoming) override;
  void resume() noexcept override;

 private:
  enum class Phase { None, Prepare, Post, Stop, Finish };
  struct End {
    int waitStatus = 0;
    core::Instant when{};
  };
  [[nodiscard]] const config::AroundCommands& commands() const noexcept;
  [[nodiscard]] const char* key() const noexcept;
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> variables() const;
  /// Whether the rest of the preparation is not wanted any more.
  [[nodiscard]] bool skips() const noexcept { return cancelled_ && phase_ == Phase::Prepare; }
  void begin(Phase phase) noexcept;
  void leave() noexcept;
  void next() noexcept;
  void go() noexcept;
  void done(const SideOutcome& outcome) noexcept;
  void phaseEnded(const std::string& why) noexcept;
  void postFailed(const std::string& why) noexcept;
  void finished() noexcept;
  void recycle();

  ProcessContext& context_;
  Process& program_;
  Phase phase_ = Phase::None;
  std::shared_ptr<const config::ProcessConfig> phaseConfig_;  ///< what the phase began with; nullptr: a predecessor's
  std::size_t next_ = 0;                                      ///< the command that runs, or is to run
  std::unique_ptr<SideCommand> command_;
  core::Deferred go_;
  core::Timer recycle_;
  bool outOfMemory_ = false;         ///< the command could not be started
  bool cancelled_ = false;           ///< the preparation
  std::optional<int> failedStatus_;  ///< of the exec_start_pre that has failed, if it was started
  std::string failure_;              ///< why the start, or exec_start_post, has failed; empty: it has not
  std::optional<End> ended_;         ///< the end of the process, while commands outlive it
};

}  // namespace process
