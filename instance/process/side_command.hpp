// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "instance/output/room_queue.hpp"
#include "instance/process/foreign.hpp"
#include "instance/state/state.hpp"
#include "lib/core/clock.hpp"
#include "lib/core/event_loop.hpp"
#include "lib/core/unique_fd.hpp"

namespace state {
class Incoming;
class Outgoing;
}  // namespace state

namespace process {

class Process;
class ProcessContext;

/// How a command beside a program ended.
struct SideOutcome {
  int status = 0;         ///< as waitpid has it, or kStatusUnknown
  bool timedOut = false;  ///< it was ended because it took longer than its limit
  std::string error{};    ///< why it was not started; empty: it was
  [[nodiscard]] bool succeeded() const noexcept { return status == 0 && !timedOut && error.empty(); }
  /// "exit status 3", "timed out after 5 seconds", "can't find command 'x'".
  [[nodiscard]] std::string text(core::milliseconds limit) const;
};

/// One run of a command beside a program: a check, a preparation. It runs as the program does: user, directory, umask,
/// limits and environment, in a process group of its own, with an empty standard input.
///
/// Waits without polling. Its process is known to the context by its pid, and is our child, or after a crash of our
/// predecessor a Foreign one.
class SideCommand final : private output::RoomQueue::Waiter {
 public:
  struct Spec {
    std::string line;  ///< the command with its arguments, quoted as in `command`; no shell
    std::vector<std::pair<std::string, std::string>> environment{};  ///< in addition to the program's
    core::milliseconds limit{0};                                     ///< 0: none
    bool log = true;  ///< what it writes goes to the program's log, which must be open; else nowhere
    /// A crash of supervisord: else it dies with supervisord. At most one such command of a program at a time.
    bool survives = false;
  };
  using Done = std::function<void(const SideOutcome&)>;

  /// Starts it. `done` is called once, later, in a turn of the context, when it has ended or could not be started; it
  /// may destroy this object. Throws only std::bad_alloc, before anything has happened.
  SideCommand(ProcessContext& context, Process& program, const Spec& spec, Done done);
  /// Continues the command that a predecessor saved.
  SideCommand(ProcessContext& context, Process& program, const state::SideCommand& saved, state::Incoming& incoming,
              Done done);
  /// What still runs is killed, with its process group.
  ~SideCommand() override;

  /// Asks it to end: SIGTERM to its process group, and SIGKILL two seconds later. `done` follows in bounded time.
  void end() noexcept;
  /// The same, without the two seconds.
  void kill() noexcept;
  [[nodiscard]] core::milliseconds limit() const noexcept { return limit_; }
  /// For a successor. The pipe goes to `outgoing`.
  [[nodiscard]] state::SideCommand save(state::Outgoing& outgoing) const;

  /// For the context: its process has ended, in a turn.
  void reaped(int waitStatus) noexcept;

 private:
  enum class Stage { Runs, Asked, Killed };
  [[nodiscard]] std::string start(const Spec& spec);
  void watchForeign();
  void watchPipe();
  void due() noexcept;
  void signalGroup(int signo) const noexcept;
  void onRoom() noexcept override;
  void readOnce() noexcept;
  void readRest() noexcept;
  void report() noexcept;

  ProcessContext& context_;
  Process& program_;
  Done done_;
  SideOutcome outcome_;
  core::milliseconds limit_;
  core::Timer timer_;  ///< for the next stage
  core::Deferred failed_;
  core::UniqueFd pipe_;
  std::optional<core::IoWatch> watch_;
  std::unique_ptr<Foreign> foreign_;  ///< nullptr: it is our child
  core::Instant due_{};               ///< of the timer; 0: it is not armed
  std::uint64_t startedAfter_ = 0;    ///< clock ticks since boot
  std::uint64_t startedBefore_ = 0;   ///< the same
  pid_t pid_ = 0;
  Stage stage_ = Stage::Runs;
  bool survives_ = false;
};

}  // namespace process
