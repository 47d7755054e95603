// SPDX-License-Identifier: MIT
// What a program does for the commands around it.
#include <exception>
#include <utility>

#include "instance/config/model.hpp"
#include "instance/process/attend.hpp"
#include "instance/process/channel.hpp"
#include "instance/process/commands_around.hpp"
#include "instance/process/context.hpp"
#include "instance/process/process.hpp"

namespace process {

namespace input = lifecycle::input;

CommandsAround* Process::commands() const noexcept { return attendants_ ? attendants_->commands : nullptr; }

/// Whether its own process has ended, while something is still waited for.
bool Process::isGone() const noexcept {
  if (awaitsGroup()) return true;
  const auto* const around = commands();
  return around != nullptr && around->outlives();
}

/// For commands that run while there is no process. false: the start fails, and reports the reason.
bool Process::openLogs() noexcept try {
  for (const auto which : {Channel::Stdout, Channel::Stderr})
    if (auto* const output = channel(which); output != nullptr && !output->prepare()) return false;
  return true;
} catch (const std::exception&) {
  return false;
}

/// The commands before it have succeeded.
void Process::prepared() noexcept {
  if (state() == lifecycle::ProcessState::Starting && machine_.preparing()) spawnNow();
}

/// It was not started, and the commands after that have ended.
void Process::startFailed(const std::string& why) noexcept {
  endRun();
  try {
    step(input::SpawnFailed{why});
  } catch (const std::exception&) {
    step(input::SpawnFailed{});
  }
}

/// It was stopped before it was started.
void Process::preparationEnded() noexcept {
  endRun();
  stoppedAt_ = core::wallSeconds();
  step(input::Exited{});
}

/// Its process ended at `when`, and the commands after that have ended, too.
void Process::commandsEnded(int waitStatus, core::Instant when) noexcept { finishEnd(waitStatus, when); }

}  // namespace process
