// SPDX-License-Identifier: MIT
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "instance/output/outlet.hpp"
#include "instance/output/room_queue.hpp"
#include "instance/process/command.hpp"
#include "instance/process/end.hpp"
#include "instance/process/observer.hpp"
#include "instance/process/waits.hpp"
#include "instance/state/state.hpp"
#include "lib/core/clock.hpp"
#include "lib/core/completion.hpp"
#include "lib/core/process_family.hpp"
#include "lib/core/result.hpp"
#include "lib/lifecycle/machine.hpp"

namespace config {
struct ProcessConfig;
}
namespace output {
class RotatingFile;
}
namespace state {
class Incoming;
class Outgoing;
struct LogMark;
}  // namespace state

namespace process {

struct Attendants;
class CommandsAround;
class Foreign;
class Health;
class ProcessContext;
class OutputChannel;
class Remains;
class StdinPipe;
struct Launched;
struct RepeatedSpawn;

enum class StdinError {
  NotRunning,  ///< no process, or it is being stopped
  Closed,      ///< it has closed its standard input, or never had one
  Full,        ///< it does not read, and the buffer is full
};

/// One program: the machine that decides, and the process, pipes and logs it decides about. Lives in a Group; belongs
/// to the thread of the loop.
class Process {
 public:
  /// `saved`: it continues a program of a predecessor, see restore(); not kept.
  Process(ProcessContext& context, Group& group, std::shared_ptr<const config::ProcessConfig> config,
          const state::Program* saved = nullptr);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  [[nodiscard]] const config::ProcessConfig& config() const noexcept { return *config_; }
  [[nodiscard]] const std::shared_ptr<const config::ProcessConfig>& configPtr() const noexcept { return config_; }
  [[nodiscard]] const std::string& name() const noexcept;
  [[nodiscard]] Group& group() const noexcept { return group_; }
  /// Where its configuration is.
  enum class Origin : std::uint8_t {
    Group,     ///< in that of its group
    Outdated,  ///< nowhere else: that of its group has another one for it, or none any more
    Added,     ///< nowhere else: it was added at run time, and stays when the group changes
  };
  [[nodiscard]] Origin origin() const noexcept { return origin_; }
  /// For the group.
  void setOrigin(Origin origin) noexcept;
  /// A client has disabled it: it is only started by name.
  [[nodiscard]] bool disabled() const noexcept { return disabled_; }
  /// For the table, which keeps it.
  void setDisabled(bool disabled) noexcept { disabled_ = disabled; }
  /// Whether it is started when its group is added.
  [[nodiscard]] bool startsByItself() const noexcept;
  /// Whether it is started with supervisord.
  [[nodiscard]] bool startsAtBoot() const;
  [[nodiscard]] bool isAdded() const noexcept { return origin_ == Origin::Added; }
  /// For the group, in a turn: continues with another configuration, which differs from its own only in keys that
  /// config::reachOf() calls Live. That of the group has it.
  void reconfigure(std::shared_ptr<const config::ProcessConfig> config) noexcept;
  /// Unique in the life of the instance, and ascending in a group.
  [[nodiscard]] std::uint32_t number() const noexcept { return number_; }
  /// "name" if the group is called the same, else "group:name".
  [[nodiscard]] std::string fullName() const;

  [[nodiscard]] lifecycle::ProcessState state() const noexcept { return machine_.state(); }
  [[nodiscard]] pid_t pid() const noexcept { return pid_; }  ///< 0: no process
  /// Wall clock seconds of the last start and of the last end; 0: never.
  [[nodiscard]] std::int64_t startedAt() const noexcept { return startedAt_; }
  [[nodiscard]] std::int64_t stoppedAt() const noexcept { return stoppedAt_; }
  [[nodiscard]] int exitStatus() const noexcept { return machine_.exitCode(); }
  [[nodiscard]] const std::string& spawnError() const noexcept { return machine_.trouble(); }
  /// The same on the clock that cannot be set; undefined before the first start.
  [[nodiscard]] core::Instant startedWhen() const noexcept { return machine_.started(); }
  /// Its process has ended and been reaped, while others of it, or a command after it, are still awaited.
  [[nodiscard]] bool isGone() const noexcept;
  /// "pid 12, uptime 0:00:05", "Not started", ...: what status shows after the state.
  [[nodiscard]] std::string description() const { return description(core::Clock::now()); }
  [[nodiscard]] std::string description(core::Instant now) const;
  /// For how many seconds it has been running, as the description has it; never negative.
  [[nodiscard]] core::seconds uptime(core::Instant now) const noexcept;
  [[nodiscard]] int tries() const noexcept { return machine_.tries(); }
  /// How often it was started without a request since the last one.
  [[nodiscard]] int restarts() const noexcept { return machine_.restarts(); }
  /// When it is started without a request, in wall clock seconds; 0: never, as things are.
  [[nodiscard]] std::int64_t nextStart(core::Instant now) const noexcept;
  /// Whether a stop cancels the start that it waits for. Programs without keys of ours: in BACKOFF only.
  [[nodiscard]] bool awaitsStart() const noexcept;
  /// How its last process ended.
  [[nodiscard]] End lastEnd() const noexcept { return lastEnd_; }

  /// Whether the command could be started now. start() reports the same in spawnError().
  [[nodiscard]] core::Result<Command, CommandError> checkCommand() const;
  /// Starts it, if it is stopped or waits in BACKOFF. state() and spawnError() have the outcome on return; with
  /// startsecs above 0 RUNNING follows as a state change. If it depends on others that are missing, they are started,
  /// and it waits for them: see waits().
  void start();
  /// The same by itself, for autostart: what it depends on is not started, and its start_delay counts.
  void startAutomatically();
  /// The same for an attendant, which has decided for it now. Nothing happens to a program that is disabled, or whose
  /// other attendants forbid it, and while the supervisor goes down.
  /// `needs`: what it depends on is started with it, and its start_delay does not count.
  void startUnasked(bool needs = false);
  [[nodiscard]] bool mayStartUnasked() const noexcept;
  /// Its next start is the first try again.
  void forgetFailures() noexcept;
  /// For the table: an autostart is to come, see Attendant::beforeAutostart().
  void prepareAutostart();
  /// An attendant will start it, unless it is stopped.
  [[nodiscard]] bool isAwaitedByAttendant() const noexcept;
  /// Whether an attendant starts it at a time of its own, in place of a start now; that knows of it then.
  [[nodiscard]] bool takesAutostart();
  /// An attendant wants no start that nobody asks for.
  [[nodiscard]] bool startIsForbidden() const noexcept;
  /// For its attendants: that has changed.
  void rulesChanged() noexcept { updateDeadline(); }
  /// Begins to stop it; STOPPED follows as a state change, from BACKOFF before the return. The programs that depend on
  /// it are stopped first, as far as `along` says. One that waits for its start does not any more.
  core::Status stop(Along along = Along::All);
  /// `programs` in the order in which to stop them, with those that depend on them, run, and are stopped `along`.
  [[nodiscard]] static std::vector<Process*> inStopOrder(std::vector<Process*> programs, Along along);
  /// `programs` in the order in which to start them.
  [[nodiscard]] static std::vector<Process*> inStartOrder(std::vector<Process*> programs);
  /// What it waits for because of others.
  [[nodiscard]] Waits waits() const noexcept { return waits_; }
  /// "waiting for db", while it waits for its start; else empty.
  [[nodiscard]] std::string waitText() const;
  /// The names of what it waits for, while it waits for its start.
  [[nodiscard]] std::vector<std::string> waitsFor() const;
  /// While it waits for its start: what will not come by itself, "db, which is FATAL".
  [[nodiscard]] std::optional<std::string> obstacle() const;
  /// It has ended, and will be started again without a request.
  [[nodiscard]] bool comesBack() const noexcept;
  /// It has a process, or will have one without a request: now, at some time, or when what it waits for is there.
  [[nodiscard]] bool startsAgain() const noexcept;
  /// A schedule starts it, sooner or later.
  [[nodiscard]] bool hasTimes() const noexcept;
  /// What it waits for will not come by itself.
  [[nodiscard]] bool waitsInVain() const;
  core::Status signal(int signo);
  /// Asks it to read its own configuration again, by its reload_signal or reload_command. `done` gets the outcome: when
  /// the signal is sent or the command has ended. Errors are phrases that follow the name.
  void reload(core::Completion<core::Status> done);
  /// Takes one step, outside of any other: for what looks after it. Throws std::bad_alloc before anything has happened.
  void tell(const lifecycle::Input& input);
  /// Ends it because of `why`, and with `restart` starts it again; while it is STARTING, the start has failed. Outside
  /// of any step, like tell().
  void recycle(std::string why, bool restart);
  /// nullptr: nobody asks for its health.
  [[nodiscard]] const Health* health() const noexcept;
  /// Queues bytes for standard input; what the pipe does not take now is sent when it does, up to 64 KiB of backlog.
  core::Result<void, StdinError> writeStdin(std::string_view bytes);

  /// The log file of a channel as it is on disk; empty if there is none.
  [[nodiscard]] const std::string& logPath(Channel channel) const noexcept;
  /// For live views; nullptr if the channel has no log file.
  [[nodiscard]] output::RotatingFile* log(Channel channel) noexcept;
  /// Brings the log of a channel up to what the program has written until now. A client that asks for the log must find
  /// in it what it knows to have been written.
  void catchUp(Channel channel) noexcept;
  /// Empties both logs.
  core::Status clearLogs();
  void reopenLogs();

  /// For its side commands: output that goes to the log of standard output, or of a listener to that of standard error.
  void addOutput(std::string_view bytes) noexcept;
  /// Whether that log has no room; then `waiter` waits for it.
  bool awaitRoom(output::RoomQueue::Waiter& waiter) const noexcept;

  /// Routes standard output to `protocol` too (nullptr: no more). Not owned.
  void setProtocol(Protocol* protocol) noexcept { protocol_ = protocol; }
  [[nodiscard]] Protocol* protocol() const noexcept { return protocol_; }

  /// For the control groups, in a turn: sets the limits of its process again.
  void limitAgain() noexcept;

  /// For a successor: all that is known of the program. Its pipes go to `outgoing`.
  [[nodiscard]] state::Program save(state::Outgoing& outgoing) const;
  /// For an upgrade: adds the open log files to `outgoing`, and their names to `saved`.
  void saveLogs(state::Program& saved, state::Outgoing& outgoing) const;
  /// Adds the lanes whose bytes save() has.
  void addLanes(output::Lanes& lanes) const;
  /// For the table: continues the program of a predecessor that was saved so. Announces and starts nothing. A process
  /// that another process reaps is watched as a Foreign one. Fails if `saved` cannot be true.
  core::Status restore(const state::Program& saved, state::Incoming& incoming);
  /// For the table: there is a keeper now. It gets the pipes.
  void beKept();
  /// For the keeper, after restore(): does again what a predecessor had done when it was killed, and had not committed.
  void repeatRead(Channel channel, std::string_view bytes, const state::LogMark& log) noexcept;
  /// It had started the process that Keeper::takeRepeated() has.
  void repeatSpawn();
  /// It was about to send the first stop signal, or had.
  void repeatStop();
  /// It had sent the first `bytes` of what waits for standard input.
  void repeatInput(std::size_t bytes) noexcept;
  /// For the keeper: the input that waits is safe, and can go.
  void sendInput() noexcept;
  /// For the table, when all programs are restored.
  void resume() noexcept;
  /// For the table: its process was started by a predecessor that has crashed, and is reaped by another process.
  [[nodiscard]] bool isForeign() const noexcept { return foreign_ != nullptr; }

  /// For its channels: output of the process that runs, or has just ended.
  void onOutput(Channel channel, std::string_view bytes) noexcept;
  /// For the context: what belongs to its process; nullopt: the process group.
  [[nodiscard]] std::optional<core::ProcessFamily> family() const;
  /// For its channels: ends the process by SIGKILL.
  void killNow() noexcept { (void)deliver(SIGKILL, false); }
  /// For the table: the process has ended with this wait status, or kStatusUnknown.
  void reaped(int waitStatus) noexcept;
  /// For the table, in a turn: if it waits for others of its process group, checks whether they have ended.
  void lookAtGroup() noexcept;
  /// For the table: the deadline has passed.
  void due();
  /// For the table: the supervisor goes down, nothing is started any more.
  void supervisorStateChanged();
  /// For the table: it is removed; what its processes left in their pipes goes to the logs now.
  void retire() noexcept;
  /// For the table: stops it during the shutdown; what waits for a retry is given up.
  void shutDown();

 private:
  friend class CommandsAround;
  friend class Deadlines;
  template <class Call>
  void attend(const Call& call) const;
  [[nodiscard]] bool paced() const noexcept;
  [[nodiscard]] std::string idleText(core::Instant now) const;
  [[nodiscard]] std::string describe(core::Instant now) const;
  friend class Order;
  void step(const lifecycle::Input& input) noexcept;
  void apply(const lifecycle::Action& action) noexcept;
  void announce(const lifecycle::Action& change) noexcept;
  void logGivingUp(lifecycle::ProcessState from) const noexcept;
  void spawn() noexcept;
  void spawnNow() noexcept;
  [[nodiscard]] CommandsAround* commands() const noexcept;
  [[nodiscard]] bool openLogs() noexcept;
  void prepared() noexcept;
  void startFailed(const std::string& why) noexcept;
  void preparationEnded() noexcept;
  void commandsEnded(int waitStatus, core::Instant when) noexcept;
  void endRun() noexcept;
  void logEnd(int waitStatus, bool expected) const;
  [[nodiscard]] core::Result<pid_t, std::string> tryToSpawn();
  [[nodiscard]] pid_t* keepPipes(const Launched& launched) noexcept;
  void adopt(const RepeatedSpawn& spawned) noexcept;
  [[nodiscard]] std::unique_ptr<StdinPipe> makeInput();
  void inputClosed() noexcept;
  void ended(int waitStatus) noexcept;
  void finishEnd(int waitStatus, core::Instant when) noexcept;
  [[nodiscard]] bool stopsOthers() const noexcept;
  [[nodiscard]] bool stopsLeftovers() const noexcept;
  [[nodiscard]] bool stopsTree() const noexcept;
  [[nodiscard]] int familyGroup() const noexcept;
  void expectOthers();
  void expectOthersIfPossible() noexcept;
  [[nodiscard]] bool stopsFamily() const noexcept;
  [[nodiscard]] int signalAll(int signo) const noexcept;
  void stopLeftovers(int step) noexcept;
  void leftoversDue() noexcept;
  [[nodiscard]] bool stopsWhatIsLeft() const noexcept;
  void continueWithLeftovers() noexcept;
  [[nodiscard]] std::optional<core::Instant> machineDeadline() const noexcept;
  [[nodiscard]] std::string takeMemoryKill(int waitStatus);
  void prepareStop();
  void beginStop();
  [[nodiscard]] bool awaitsGroup() const noexcept;
  void abandonGroup(const char* why) noexcept;
  void updateDeadline() noexcept;
  void sendStopSignal(const lifecycle::Action& action) noexcept;
  core::Status send(int signo, bool toGroup, const char* verb);
  [[nodiscard]] int deliver(int signo, bool toGroup) const noexcept;
  [[nodiscard]] std::function<void()> whenStdinBreaks();
  core::Status restoreProcess(const state::Program& saved);
  void restoreWaits(const state::Waits& saved);
  core::Status watchForeign();
  [[nodiscard]] lifecycle::Rules rules() const noexcept;
  [[nodiscard]] lifecycle::input::Exited exitOf(int waitStatus, const std::string& memoryKill) noexcept;
  [[nodiscard]] OutputChannel* channel(Channel which) const noexcept;
  [[nodiscard]] std::string remarked(std::string text) const;
  [[nodiscard]] OutputChannel* sideChannel() const noexcept;

  ProcessContext& context_;
  Group& group_;
  std::size_t heapIndex_ = static_cast<std::size_t>(-1);  ///< place in the heap of Deadlines
  std::shared_ptr<const config::ProcessConfig> config_;
  lifecycle::Machine machine_;
  pid_t pid_ = 0;  ///< while isGone() only a number; else of our child
  Waits waits_;    ///< see Order
  Origin origin_ = Origin::Group;
  bool disabled_ = false;
  bool killed_ = false;  ///< this process was sent SIGKILL by us
  End lastEnd_;
  std::uint32_t number_;
  std::uint32_t startedWithin_ = 0;  ///< clock ticks that the start took
  std::uint64_t startedTicks_ = 0;   ///< clock ticks since boot before the start
  std::int64_t startedAt_ = 0;
  std::int64_t stoppedAt_ = 0;
  std::unique_ptr<Remains> remains_;        ///< it is being stopped as a group; begun: its own process has been reaped
  std::unique_ptr<Attendants> attendants_;  ///< nullptr: its configuration asks for none
  std::unique_ptr<StdinPipe> stdin_;
  std::unique_ptr<OutputChannel> out_;
  std::unique_ptr<OutputChannel> err_;  ///< nullptr if standard error is redirected
  std::unique_ptr<Foreign> foreign_;    ///< nullptr: its process is our child
  Protocol* protocol_ = nullptr;
  std::unique_ptr<std::string> doomed_;  ///< why the child never became its program, until its end; mostly nullptr
};

}  // namespace process
