// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lib/core/clock.hpp"
#include "lib/lifecycle/rules.hpp"
#include "lib/lifecycle/state.hpp"

namespace lifecycle {

/// The events in the life of a program.
namespace input {
struct Start {};   ///< a request to run it
struct Stop {};    ///< a request to stop it
struct GiveUp {};  ///< the supervisor shuts down: a program that waits for a retry becomes FATAL
struct Spawned {};
struct SpawnFailed {
  std::string why;
};
struct Exited {
  int code = 0;        ///< the exit code, or -1 when a signal ended it
  std::string why{};   ///< why exec failed; empty: it succeeded
  std::string hint{};  ///< a possible cause of an early exit
};
/// A stop of what a process left behind that had ended by itself.
struct LeftBehind {
  int step = 0;  ///< the last one, see stopStep()
  core::Instant due{};
  bool killed = false;  ///< by SIGKILL
};
/// The process has ended while its group is being stopped (awaitsGroup()), and others of the group still run. Exited
/// follows when they have ended, or after Abandon, which stops the wait for them.
struct LeaderExited {
  std::optional<LeftBehind> left{};  ///< they were being stopped before: the stop continues from there
};
/// deadline() has passed.
struct Deadline {
  std::string remark{};  ///< what is known of a program that is not ready in time: ": WHY", ", WORDS"; may be empty
};
/// Instead of Spawned: commands run before the program. Spawned or SpawnFailed follows, or after Cancel Exited.
struct Preparing {};
struct Ready {};  ///< Rules::awaitReady: it has said so, or a probe has found it ready
/// It needs more time for its start or stop: no deadline before `until`.
struct Extend {
  core::Instant until;
};
/// Its process is to be ended. While it starts, the start has failed; later, STOPPED follows, and a new start.
struct Recycle {
  std::string why{};    ///< what is wrong with it; empty: nothing, the restart was planned and is not limited
  bool restart = true;  ///< false: it stays STOPPED
};
/// The command that was to stop it has ended, or was ended. A failed one is followed by the stop signal; after another
/// one the program has `stopWait` to end, before the first of the `stopSteps`, or SIGKILL, follows. If the process has
/// ended, and others of its group have not, these get the stop signal.
struct StopCommandEnded {
  bool succeeded = true;
};
/// The program could not be signalled, and it has not ended.
struct SignalFailed {
  std::string why;
};
}  // namespace input
using Input = std::variant<input::Start, input::Stop, input::GiveUp, input::Spawned, input::SpawnFailed, input::Exited,
                           input::LeaderExited, input::Deadline, input::SignalFailed, input::Preparing, input::Ready,
                           input::Extend, input::Recycle, input::StopCommandEnded>;

/// An action that the owner of the machine has to execute. Actions are executed in their order.
struct Action {
  enum class Kind : std::uint8_t {
    Changed,
    Spawn,
    Signal,
    Cancel,       ///< end the commands that run before the program, and feed Exited
    StopCommand,  ///< run the command that stops the program, and feed StopCommandEnded
    Abandon,      ///< a part of the process group survives SIGKILL: feed Exited without waiting for it
  };
  Kind kind = Kind::Changed;
  ProcessState from = ProcessState::Stopped;  ///< Changed
  ProcessState to = ProcessState::Stopped;    ///< Changed
  bool expected = false;                      ///< Changed to Exited: the exit code is one of the expected ones
  /// Changed to Running: its deadline passed (false: noticed when it exited). To Fatal: after too many failures (false:
  /// by GiveUp).
  bool announced = true;
  bool group = false;      ///< Signal: to the process group
  bool escalated = false;  ///< Signal: SIGKILL, because the program did not end in time after the stop signal
  int tries = 0;           ///< Changed: how many starts failed in a row
  int signal = 0;          ///< Signal
  int step = 0;            ///< Signal: of the stop, see stopStep()
};

/// The actions of one step, at most four, without allocation.
class Actions {
 public:
  void push(const Action& action) noexcept {
    assert(size_ < items_.size());
    items_[size_++] = action;
  }
  [[nodiscard]] const Action* begin() const noexcept { return items_.data(); }
  [[nodiscard]] const Action* end() const noexcept { return items_.data() + size_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] const Action& operator[](std::size_t i) const noexcept { return items_[i]; }

 private:
  std::array<Action, 4> items_{};
  std::size_t size_ = 0;
};

/// What follows the end of a program that is being stopped; a new start follows by a deadline.
enum class AfterStop {
  Stay,
  Restart,  ///< since something was wrong
  Renew,    ///< as planned: this is not a restart that is limited
  BackOff,  ///< its start has failed
};

/// All that a machine knows, to continue in another program.
struct Snapshot {
  ProcessState state = ProcessState::Stopped;
  int tries = 0;
  int exitCode = 0;
  bool leaderGone = false;
  bool groupKilled = false;
  core::Instant started{};
  core::Instant due{};
  std::string trouble;
  AfterStop afterStop = AfterStop::Stay;
  int stopStep = 0;
  bool preparing = false;
  int restarts = 0;
  int streak = 0;
  std::vector<core::Instant> recent;
  bool operator==(const Snapshot&) const = default;
};

/// The life of one program, without I/O: the owner passes in events and executes the actions that are returned.
///
///   state     Start      Spawned          SpawnFailed  Exited                      Stop      Deadline
///   STOPPED   STARTING   -                -            -                           -         STARTING (Recycle)
///   STARTING  -          -                BACKOFF      BACKOFF | RUNNING+EXITED    STOPPING  RUNNING
///   RUNNING   -          -                -            EXITED                      STOPPING  -
///   BACKOFF   STARTING   -                -            -                           STOPPED   STARTING
///   STOPPING  -          -                -            STOPPED                     -         SIGKILL again, or Abandon
///   EXITED    STARTING   -                -            -                           STOPPED   STARTING (autorestart)
///   FATAL     STARTING   -                -            -                           STOPPED   STARTING (fatal_retry)
///   UNKNOWN   -          -                -            STOPPED                     -         -
///
/// BACKOFF becomes FATAL on GiveUp, and immediately when more than `startRetries` starts failed in a row (-1: never);
/// the n-th failure is followed by a wait of n seconds, or by that of the Pacing. EXITED and STOPPED become FATAL
/// instead of STARTING when the Pacing's limit of restarts is reached, and FATAL becomes STARTING after its
/// `fatalRetry`. A stop of a BACKOFF program keeps the count, as Supervisor does. A stop of an EXITED or FATAL program
/// cancels the start that is due; without a Pacing it changes nothing, as in Supervisor. With one, a request to stop
/// also ends what was wrong. A process that cannot be signalled is UNKNOWN. Every change of state goes through one
/// function.
///
/// With `awaitReady` STARTING becomes RUNNING on Ready; if the deadline comes first, STOPPING and then BACKOFF follow.
/// Recycle leads over STOPPING and STOPPED to STARTING; what was wrong with the program is followed by the delay of its
/// Pacing. A request to stop that comes meanwhile prevails.
///
/// With stopAsGroup or killAsGroup a stop ends with the process group, not with its leader: if a wrapper ends before
/// the server that it started, the server may still have its port open, and the next start would fail. STOPPING
/// continues after LeaderExited: the group gets the rest of the stopSteps, if these are for the group, then SIGKILL;
/// ten seconds later the wait ends. A leader that ends without a stop is EXITED immediately, as in Supervisor: it may
/// have left the others on purpose (a command that becomes a daemon), and there was no request to stop them.
class Machine {
 public:
  Machine();

  /// Never fails: if memory runs out, a long reason is cut.
  [[nodiscard]] Actions on(const Input& input, const Rules& rules, core::Instant now) noexcept;
  /// When to pass in Deadline; nullopt: never, in this state.
  [[nodiscard]] std::optional<core::Instant> deadline(const Rules& rules) const noexcept;
  /// When it is started without a request: a deadline of a program without a process. nullopt: never, in this state.
  [[nodiscard]] std::optional<core::Instant> nextStart(const Rules& rules) const noexcept;
  /// Whether it waits for such a start, now, after the stop that is under way, or when what it depends on is there: a
  /// request to stop cancels that.
  [[nodiscard]] bool awaitsStart(Rules rules) const noexcept {
    if (state_ == ProcessState::Stopping) return afterStop_ != AfterStop::Stay;
    rules.held = false;
    return nextStart(rules).has_value();
  }

  [[nodiscard]] ProcessState state() const noexcept { return state_; }
  [[nodiscard]] int tries() const noexcept { return tries_; }
  /// How often it was started without a request since the last one.
  [[nodiscard]] int restarts() const noexcept { return restarts_; }
  /// STARTING: commands run before the program, which has no process yet.
  [[nodiscard]] bool preparing() const noexcept { return preparing_; }
  /// The last exit code, -1 after a signal, 0 before the first exit and from each new start on.
  [[nodiscard]] int exitCode() const noexcept { return exitCode_; }
  /// Why the last start or run went wrong; empty if it did not.
  [[nodiscard]] const std::string& trouble() const noexcept { return trouble_; }
  /// When it was last started; undefined before the first start.
  [[nodiscard]] core::Instant started() const noexcept { return started_; }
  /// Whether the program is still running when its process has ended but others of its process group have not.
  [[nodiscard]] bool awaitsGroup(const Rules& rules) const noexcept {
    return state_ == ProcessState::Stopping && (rules.stopAsGroup || rules.killAsGroup);
  }
  /// The first stop signal has been sent and the program has not ended yet.
  [[nodiscard]] bool stopping() const noexcept { return state_ == ProcessState::Stopping; }

  /// The next failed start is the first one again.
  void forgetFailures() noexcept { tries_ = 0; }

  /// Rules::startLimit() has grown by so much.
  void startLimitChanged(core::milliseconds by) noexcept;

  [[nodiscard]] Snapshot save() const;
  /// Continues where the machine was that was saved. Nothing is announced.
  void restore(const Snapshot& saved);

 private:
  void enter(ProcessState to, Actions& actions, bool expected = false, bool announced = true);
  void start(Actions& actions, core::Instant now);
  void restart(Actions& actions, const Rules& rules, core::Instant now);
  [[nodiscard]] bool mayRestart(const Rules& rules, core::Instant now) noexcept;
  void blameLimit(const Pacing& pacing) noexcept;
  [[nodiscard]] core::Instant afterRun(const Rules& rules, core::Instant now) noexcept;
  void fatal(Actions& actions, core::Instant now);
  void fail(std::string_view why, Actions& actions, const Rules& rules, core::Instant now);
  void stop(Actions& actions, const Rules& rules, core::Instant now);
  void stopped(Actions& actions, const Rules& rules, core::Instant now);
  void backOff(Actions& actions, const Rules& rules, core::Instant now);
  void nextStopStep(const Rules& rules) noexcept;
  void sendStopSignal(Actions& actions, const Rules& rules, core::Instant now);
  void blame(std::string_view why, std::string_view hint = {}) noexcept;
  void handle(const input::Start&, Actions&, const Rules&, core::Instant now);
  void handle(const input::Stop&, Actions&, const Rules&, core::Instant now);
  void handle(const input::GiveUp&, Actions&, const Rules&, core::Instant now);
  void handle(const input::Spawned&, Actions&, const Rules&, core::Instant now);
  void handle(const input::SpawnFailed&, Actions&, const Rules&, core::Instant now);
  void handle(const input::Exited&, Actions&, const Rules&, core::Instant now);
  void handle(const input::LeaderExited&, Actions&, const Rules&, core::Instant now);
  void stopTakesTooLong(Actions& actions, const Rules& rules, core::Instant now);
  void handle(const input::Deadline&, Actions&, const Rules&, core::Instant now);
  void handle(const input::SignalFailed&, Actions&, const Rules&, core::Instant now);
  void handle(const input::Preparing&, Actions&, const Rules&, core::Instant now);
  void handle(const input::Ready&, Actions&, const Rules&, core::Instant now);
  void handle(const input::Extend&, Actions&, const Rules&, core::Instant now);
  void handle(const input::Recycle&, Actions&, const Rules&, core::Instant now);
  void handle(const input::StopCommandEnded&, Actions&, const Rules&, core::Instant now);

  ProcessState state_ = ProcessState::Stopped;
  int tries_ = 0;
  int exitCode_ = 0;
  bool leaderGone_ = false;   ///< STOPPING: the process has ended, others of its group have not
  bool groupKilled_ = false;  ///< STOPPING: those have been sent SIGKILL
  bool preparing_ = false;    ///< STARTING, or STOPPING after Cancel: there is no process yet
  AfterStop afterStop_ = AfterStop::Stay;
  int stopStep_ = 0;                   ///< STOPPING: the last step; below 0 it is that of the command, see the source
  int restarts_ = 0;                   ///< without a request, since the last one
  int streak_ = 0;                     ///< restarts in a row after short runs
  std::vector<core::Instant> recent_;  ///< the last restarts, with Pacing::limit
  core::Instant started_{};
  core::Instant due_{};  ///< FATAL: since when it is; {}: without a retry
  std::string trouble_;
};

}  // namespace lifecycle
