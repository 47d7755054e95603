// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "lib/core/clock.hpp"
#include "lib/lifecycle/rules.hpp"
#include "lib/lifecycle/state.hpp"

namespace lifecycle {

/// What happens to a program.
namespace input {
struct Start {};   ///< somebody wants it to run
struct Stop {};    ///< somebody wants it to end
struct GiveUp {};  ///< the supervisor goes down: what waits for a retry is FATAL
struct Spawned {};
struct SpawnFailed {
  std::string why;
};
struct Exited {
  int code = 0;        ///< the exit code, or -1 when a signal ended it
  std::string why{};   ///< why it never became its program; empty: it did
  std::string hint{};  ///< what an early end may have to do with
};
/// The process has ended while it is stopped as a group (awaitsGroup()), and others of its group live on. Exited
/// follows when they have ended, or when Abandon says that they are waited for no longer.
struct LeaderExited {};
struct Deadline {};  ///< deadline() has passed
/// The program could not be signalled, for another reason than that it is gone.
struct SignalFailed {
  std::string why;
};
}  // namespace input
using Input = std::variant<input::Start, input::Stop, input::GiveUp, input::Spawned, input::SpawnFailed, input::Exited,
                           input::LeaderExited, input::Deadline, input::SignalFailed>;

/// What the owner of the machine has to do, in this order.
struct Action {
  enum class Kind : std::uint8_t {
    Changed,
    Spawn,
    Signal,
    Abandon,  ///< what is left of the process group survives SIGKILL: feed Exited without waiting for it
  };
  Kind kind = Kind::Changed;
  ProcessState from = ProcessState::Stopped;  ///< Changed
  ProcessState to = ProcessState::Stopped;    ///< Changed
  bool expected = false;                      ///< Changed to Exited: the exit code is one of the expected ones
  /// Changed to Running: it stayed up long enough (not only noticed at its exit); to Fatal: after too many failures.
  bool announced = true;
  bool group = false;      ///< Signal: to the process group
  bool escalated = false;  ///< Signal: SIGKILL, since the stop signal did not help in time
  int tries = 0;           ///< Changed: how many starts failed in a row
  int signal = 0;          ///< Signal
};

/// The few actions of one step, without allocation.
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

/// The life of one program, without I/O: the owner feeds what happened and does what comes back.
///
///   state     Start      Spawned          SpawnFailed  Exited                      Stop      Deadline
///   STOPPED   STARTING   -                -            -                           -         -
///   STARTING  -          -                BACKOFF      BACKOFF | RUNNING+EXITED    STOPPING  RUNNING
///   RUNNING   -          -                -            EXITED                      STOPPING  -
///   BACKOFF   STARTING   -                -            -                           STOPPED   STARTING
///   STOPPING  -          -                -            STOPPED                     -         SIGKILL again, or Abandon
///   EXITED    STARTING   -                -            -                           -         STARTING (autorestart)
///   FATAL     STARTING   -                -            -                           -         -
///   UNKNOWN   -          -                -            STOPPED                     -         -
///
/// BACKOFF becomes FATAL on GiveUp, and at once when more than `startRetries` starts failed in a row; the n-th failure
/// is followed by a wait of n seconds. A stop of a BACKOFF program keeps the count, as Supervisor does. Any state
/// becomes UNKNOWN when the process cannot be signalled. Every change of state goes through one function.
///
/// With stopAsGroup or killAsGroup a stop ends with the process group, not with its leader: behind a wrapper that dies
/// first the server may still hold its port, and the next start would fail. STOPPING goes on after LeaderExited: when
/// stopWait is over the group gets SIGKILL, and ten seconds later it is not waited for any more. A leader that ends
/// without having been asked to is EXITED at once, as in Supervisor: it may have left the others on purpose (a command
/// that becomes a daemon), and nobody has asked for their end.
class Machine {
 public:
  Machine();

  /// Takes no memory: a reason that is longer than there is memory for is cut.
  [[nodiscard]] Actions on(const Input& input, const Rules& rules, core::Instant now) noexcept;
  /// When Deadline is due; nothing if nothing is.
  [[nodiscard]] std::optional<core::Instant> deadline(const Rules& rules) const noexcept;

  [[nodiscard]] ProcessState state() const noexcept { return state_; }
  [[nodiscard]] int tries() const noexcept { return tries_; }
  /// The last exit code, -1 after a signal, 0 before the first exit and from each new start on.
  [[nodiscard]] int exitCode() const noexcept { return exitCode_; }
  /// Why the last start or run went wrong; empty if it did not.
  [[nodiscard]] const std::string& trouble() const noexcept { return trouble_; }
  /// When it was last started; means nothing before the first start.
  [[nodiscard]] core::Instant started() const noexcept { return started_; }
  /// Whether the end of the process is not the end of the program while others of its process group live.
  [[nodiscard]] bool awaitsGroup(const Rules& rules) const noexcept {
    return state_ == ProcessState::Stopping && (rules.stopAsGroup || rules.killAsGroup);
  }
  /// The first stop signal is out and the program has not ended yet.
  [[nodiscard]] bool stopping() const noexcept { return state_ == ProcessState::Stopping; }

 private:
  void enter(ProcessState to, Actions& actions, bool expected = false, bool announced = true);
  void start(Actions& actions, core::Instant now);
  void backOff(Actions& actions, const Rules& rules, core::Instant now);
  void kill(Actions& actions, const Rules& rules, core::Instant now, bool escalated);
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

  ProcessState state_ = ProcessState::Stopped;
  int tries_ = 0;
  int exitCode_ = 0;
  bool leaderGone_ = false;   ///< STOPPING: only others of its process group are left
  bool groupKilled_ = false;  ///< STOPPING: they were sent SIGKILL
  core::Instant started_{};
  core::Instant due_{};
  std::string trouble_;
};

}  // namespace lifecycle
