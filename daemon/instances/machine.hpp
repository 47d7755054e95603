// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lib/core/clock.hpp"

namespace instances {

/// The time limits of an instance's life.
struct Rules {
  core::Duration readyTimeout = core::seconds(10);
  core::Duration stopTimeout = core::seconds(75);
  core::Duration quickExit = core::seconds(10);
  core::Duration restartDelay = core::seconds(1);
  core::Duration restartDelayMax = core::seconds(60);
  int startLimit = 5;
  core::Duration killTime = core::seconds(10);     ///< after SIGKILL; what has not ended then hangs in the kernel
  core::Duration crashPause = core::seconds(600);  ///< a crash that long after the last one has no delay
  int takeoverLimit = 3;                           ///< failed takeovers in a row until all of it restarts
  int killsPerFailure = 3;                         ///< as many takeovers that are killed count as one that failed
};

/// How a process ended.
struct Exit {
  enum class Kind { Code, Signal, Unknown };
  Kind kind = Kind::Unknown;  ///< Unknown: it was not our child
  int value = 0;
};
/// "exited with status 2", "was killed by signal 9 (KILL)", "ended".
[[nodiscard]] std::string toText(const Exit& exit);
/// The same as the cause of a crash, which the next copy logs: "exit status 2", "signal 9", "cause unknown".
[[nodiscard]] std::string causeText(const Exit& exit);
/// By SIGKILL: by the account itself, an administrator or the kernel, not by a fault of its own.
[[nodiscard]] bool isKilled(const Exit& exit);

/// The exit status of a copy that cannot take over what an earlier one left: the programs have to restart.
inline constexpr int kCannotTakeOver = 7;

/// How the last run of an instance ended, or why it could not begin.
enum class RunResult : std::uint8_t { Success, ExitCode, Signal, Unknown, Timeout, Resources, Layout };
/// "success", "exit-code", "signal", "unknown", "timeout", "resources", "layout".
[[nodiscard]] const char* toText(RunResult result) noexcept;
/// The other way; Unknown for any other text.
[[nodiscard]] RunResult runResultFrom(std::string_view text) noexcept;

/// The life of one instance, without I/O: an input goes in, at most one action comes out, deadline() is when
/// expire() must be called.
///
///   Inactive --start--> Preparing --prepared--> Spawning --spawned--> Starting --ready or time--> Running
///   Starting, Running --stop--> Stopping --exited--> Clearing --cleared--> Inactive
///   Starting, Running --exited--> Clearing --cleared--> Waiting --time--> Preparing ... or Failed, or Inactive
///
/// Preparing ends what an earlier copy left running and applies the layout; Clearing ends what this copy left. A
/// process that ends by itself with status 0 was shut down by its owner: the instance is then Inactive. Any other end
/// is tried again after a delay that doubles while the ends come quickly; startLimit quick ends in a row make it
/// Failed.
///
/// After a crash whose programs live on with their descriptors kept (`kept` of exited()), nothing is cleared nor
/// prepared: the next copy takes them over.
///
///   Starting, Running --crash--> Spawning, or Waiting --time--> Spawning --spawned--> Starting --ready--> Running
///
/// The first crash for a while has no delay. When takeovers fail again and again, or a copy reports that it cannot take
/// over, the programs are cleared and the instance is prepared again, as after other ends; until a copy has run for a
/// while there are no more takeovers.
///
/// Requests that cannot be served yet (start while Stopping, stop while Preparing or Spawning) are kept and
/// served later. A process that hangs in the kernel runs no instruction any more once it is killed: after a while it
/// counts as ended.
class Machine {
 public:
  enum class Phase : std::uint8_t {
    Inactive,
    Preparing,
    Spawning,
    Starting,
    Running,
    Stopping,
    Clearing,
    Waiting,
    Failed
  };
  enum class Action : std::uint8_t {
    None,
    Prepare,    ///< then prepared() or prepareFailed()
    Spawn,      ///< then spawned() or spawnFailed()
    TakeOver,   ///< spawn it with the kept descriptors; then spawned() or spawnFailed()
    Terminate,  ///< ask the process to end
    KillTree,   ///< kill it and all its processes
    Abandon,    ///< forget the process, which has been killed and hangs in the kernel; then as Clear
    Clear,      ///< end what it left running; then cleared()
  };

  explicit Machine(const Rules& rules) : rules_(rules) {}
  void setRules(const Rules& rules) { rules_ = rules; }

  Action start(core::Instant now);
  Action stop(core::Instant now);
  /// Stops and starts again, in any state.
  Action restart(core::Instant now);
  /// It runs already: found again.
  void adopt(core::Instant now);
  /// It has died while no manager looked, its programs live on, and their descriptors are kept. For Inactive.
  Action takeOver(core::Instant now);
  /// The current process is not started again when it ends.
  void release() noexcept { wanted_ = again_ = false; }
  Action prepared(core::Instant now);
  Action prepareFailed(std::string details, core::Instant now);
  Action spawned(core::Instant now);
  Action spawnFailed(std::string reason, core::Instant now);
  void ready(core::Instant now);
  /// `explanation` is what the process printed about its end, or empty. `kept`: what it left can be taken over.
  Action exited(const Exit& exit, const std::string& explanation, core::Instant now, bool kept = false);
  Action cleared(core::Instant now);
  Action expire(core::Instant now);

  [[nodiscard]] Phase phase() const noexcept { return phase_; }
  [[nodiscard]] std::optional<core::Instant> deadline() const noexcept { return deadline_; }
  /// Whether it is to run, now or after a delay.
  [[nodiscard]] bool wanted() const noexcept { return wanted_; }
  [[nodiscard]] core::Instant since() const noexcept { return since_; }
  [[nodiscard]] std::uint32_t restarts() const noexcept { return restarts_; }
  /// The process has begun since the restarts were counted: one that begins after it is one more.
  [[nodiscard]] bool isNextStartARestart() const noexcept {
    return phase_ != Phase::Inactive && phase_ != Phase::Preparing && phase_ != Phase::Spawning;
  }
  void setRestarts(std::uint32_t restarts) noexcept { restarts_ = restarts; }
  /// Times that a copy took over the programs of one that had crashed.
  [[nodiscard]] std::uint32_t takeovers() const noexcept { return takeovers_; }
  [[nodiscard]] std::optional<core::Instant> lastCrash() const noexcept { return lastCrash_; }
  /// Both, from an earlier manager.
  void setTakeovers(std::uint32_t takeovers, std::optional<core::Instant> lastCrash) noexcept {
    takeovers_ = takeovers;
    lastCrash_ = lastCrash;
  }
  /// How the copy ended whose programs are taken over.
  [[nodiscard]] const std::string& crash() const noexcept { return crash_; }
  /// The copy that took over has said what it has: the number of programs that kept their process. For Running.
  void tookOver(std::size_t programs);
  /// What is known of the last end, from an earlier manager.
  void setLastEnd(RunResult result, std::string reason) { fail(result, std::move(reason)); }
  /// How the last run ended, or could not begin, and the failure in a sentence, which anybody may read. Both stay while
  /// it runs again.
  [[nodiscard]] RunResult result() const noexcept { return result_; }
  [[nodiscard]] const std::string& reason() const noexcept { return reason_; }
  /// Details of the failure from the instance's output or files: may quote what only the owner and root may read.
  [[nodiscard]] const std::string& details() const noexcept { return details_; }
  /// Both, for the log and for callers who were allowed to act.
  [[nodiscard]] std::string explanation() const;

 private:
  void enter(Phase phase, core::Instant now);
  void fail(RunResult result, std::string reason, std::string details = {});
  Action prepareAgain(core::Instant now);
  Action retryOrGiveUp(core::Instant now);
  [[nodiscard]] core::Duration backOff() const;
  Action clearFor(bool byItself, core::Instant now);
  Action beginTakeover(core::Instant now);
  Action takeOverSoon(core::Instant now);
  Action afterCrash(const Exit& exit, bool failedTakeover, core::Instant now);
  Action startFresh(core::Instant now);

  Rules rules_;
  Phase phase_ = Phase::Inactive;
  core::Instant since_{};
  core::Instant spawnedAt_{};
  std::optional<core::Instant> deadline_;
  bool wanted_ = false;
  bool again_ = false;     // start once more after the stop, or prepare once more
  bool byItself_ = false;  // the end that is being cleared was not asked for
  bool killed_ = false;    // the stop needed force
  int quickEnds_ = 0;
  std::uint32_t restarts_ = 0;
  bool orphans_ = false;     // in Waiting: programs of a copy that crashed run, and are to be taken over
  bool takingOver_ = false;  // the copy that is being spawned, or is not ready yet, takes over
  bool noTakeover_ = false;  // takeovers failed, and no copy has run for a while since
  int failedTakeovers_ = 0;  // in a row, each as Rules::killsPerFailure
  std::uint32_t takeovers_ = 0;
  std::optional<core::Instant> lastCrash_;
  std::string crash_;
  RunResult result_ = RunResult::Success;
  std::string reason_;
  std::string details_;
};

}  // namespace instances
