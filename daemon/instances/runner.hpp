// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/entries/entry.hpp"
#include "daemon/instances/config_check.hpp"
#include "daemon/instances/context.hpp"
#include "daemon/instances/failures.hpp"
#include "daemon/instances/kept_file.hpp"
#include "daemon/instances/manager.hpp"
#include "daemon/instances/notify_socket.hpp"
#include "daemon/instances/owner_command.hpp"
#include "daemon/instances/persistent_state.hpp"
#include "daemon/instances/process_finder.hpp"
#include "daemon/instances/process_table.hpp"
#include "daemon/instances/record.hpp"
#include "daemon/instances/signal_run.hpp"
#include "daemon/instances/sweeper.hpp"
#include "daemon/layout/deployment.hpp"
#include "lib/core/spawn_watch.hpp"

namespace instances {

/// One instance: gives the machine its inputs and does what it answers.
class Runner {
 public:
  /// Hears of its runner; told at most once a turn of the loop by whoever implements it.
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void changed(Runner& runner) = 0;
    virtual void programChanged(Runner& runner, const ProgramStatus& program) = 0;
    /// Whether no other instance has this runner's owner: then every orphan of that account is this instance's.
    [[nodiscard]] virtual bool soleOf(uid_t uid) const = 0;
    /// The main processes of all instances.
    [[nodiscard]] virtual std::set<pid_t> mains() const = 0;
  };

  Runner(InstanceContext& context, Listener& listener, entries::Entry entry);
  ~Runner();
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  [[nodiscard]] const entries::Entry& entry() const noexcept { return entry_; }
  [[nodiscard]] PersistentState& memory() noexcept { return persistent_; }
  /// Writes the memory; after a failure, which is logged, again and again until that works.
  core::Status saveMemory() { return stateFile_.write(); }
  [[nodiscard]] const PersistentState& memory() const noexcept { return persistent_; }
  [[nodiscard]] const Machine& machine() const noexcept { return machine_; }
  [[nodiscard]] InstanceStatus status() const;
  [[nodiscard]] std::vector<ProgramStatus> programs() const;
  [[nodiscard]] Usage usage();
  [[nodiscard]] pid_t mainPid() const noexcept { return pid_; }

  /// What the last manager of this boot wrote down.
  [[nodiscard]] const std::optional<Record>& record() const noexcept { return record_; }
  /// Takes over the process of the record, or one that is recognisably this instance, from the context's `seen`.
  bool adopt();

  void start(Done done);
  void stop(Done done) { stopMeaning(false, std::move(done)); }
  void restart(Done done);
  /// The same as people ask for it: what would fail for the configuration, or for a file in the way, is refused with
  /// the reason (ConfigInvalid), and what runs goes on. One that is on its way already is not checked.
  void startIfGood(Done done);
  void restartIfGood(Done done);
  /// Lets it read its configuration again, if that is good.
  void reload(Done done);
  /// Whether a start would succeed, as far as its files say. Nothing is changed.
  void check(CheckDone done);
  void kill(KillWhom whom, int signo, Done done);
  void controlProgram(const std::string& program, ProgramVerb verb, Done done);
  void programLog(const std::string& program, TextDone done);

  /// The entry changed: counts from the next start on.
  void setEntry(entries::Entry entry);
  /// Compares or brings about the files of the entry. Never starts or stops anything.
  void deploy(layout::Mode mode, layout::Deployment::Done done);
  /// Lets the instance take in changed program files.
  void updatePrograms(Done done);
  /// Removes what was generated (with `purge`, all there is), and forgets the instance.
  void removeFiles(bool purge, layout::Deployment::Done done);
  /// What removeFiles() without a purge would do now.
  void planRemoval(layout::Deployment::Done done);
  /// Stops because the manager ends; a manager of the same boot starts it again.
  void stopForNow(Done done);
  /// Stops to be changed. With `again` it shall start afterwards: when this manager does not get so far, the next one
  /// does it.
  void stopForChange(bool again, Done done) { stopMeaning(again, std::move(done)); }
  /// The manager ends, the instance goes on: writes the record, and touches nothing.
  void letGo();
  void rulesChanged() { machine_.setRules(context_.rules); }

 private:
  enum class Wish { Start, Stop };
  struct Waiter {
    Wish wish;
    Done done;
  };

  [[nodiscard]] logging::Tagged log() const noexcept { return about(entry_.name); }
  void act(Machine::Action action);
  void afterStep();
  /// Answers who has got what they waited for. Between two processes, with `ended`, a stop has come true even though
  /// the next start has begun.
  void settleWaiters(bool ended = false);
  void stopMeaning(bool resume, Done done);
  [[nodiscard]] OperationResult outcomeOfStop() const;
  [[nodiscard]] std::optional<ManagerError> objectionToStart();
  void prepare();
  void clearSocket();
  void onPrepared(const layout::Report& report);
  void spawn();
  void onSpawned(const core::SpawnReport& report);
  void watchMain(pid_t pid, core::UniqueFd pidfd);
  void onExit(std::optional<int> waitStatus);
  void forgetMain();
  void signalMain(int signo);
  void terminate();
  void killTree();
  [[nodiscard]] ProcessMatcher matcher() const;
  [[nodiscard]] std::shared_ptr<ProcessFinder> finder();
  [[nodiscard]] uid_t uid() const;
  [[nodiscard]] bool isRecorded() const;
  [[nodiscard]] bool recognise();
  void sweep(core::Duration grace, core::Duration age, std::function<void()> then);
  void onMessage(pid_t sender, uid_t uid, const std::string& message);
  void setProgram(const core::notify::Program& program);
  void count(const std::string& state, int change);
  void countPrograms();
  void forgetPrograms();
  bool openNotify();
  void writeRecord() { (void)recordFile_.write(); }
  [[nodiscard]] Record makeRecord() const;
  void onUnwritten(const std::string& path, const std::string& obstacle);
  using CtlDone = std::function<void(bool ok, const std::string& output)>;
  /// How supervisorctl is run: for longer than any sensible startsecs or stopwaitsecs, and for one line of its output.
  struct CtlOptions {
    core::Duration limit = core::seconds(120);
    std::size_t raw = 0;  ///< gives the last so many bytes of the output as they are, instead of one line
  };
  void runCtl(const std::vector<std::string>& arguments, CtlDone done, const CtlOptions& options);
  void runCtl(const std::vector<std::string>& arguments, CtlDone done) { runCtl(arguments, std::move(done), {}); }
  void readProgramLog(const std::string& program, bool standardError, core::Instant end, TextDone done);
  [[nodiscard]] core::Expected<layout::Plan> makePlan() const;
  [[nodiscard]] layout::Plan removalPlan(bool purge) const;
  [[nodiscard]] std::optional<ManagerError> unmanaged() const;
  void runCheck(const layout::Plan* plan, CheckDone done);
  void whenGood(bool asItIs, Done done, std::function<void(Done)> act);
  void giveUpChecks();

  InstanceContext& context_;
  Listener& listener_;
  entries::Entry entry_;
  PersistentState persistent_;
  KeptFile recordFile_;
  KeptFile stateFile_;
  Machine machine_;
  core::Timer timer_;
  std::optional<Record> record_;
  std::vector<Waiter> waiters_;

  uid_t runsAs_;  // whose its processes are: the owner's, or, until the next start, of an earlier entry
  pid_t pid_ = 0;
  core::UniqueFd pidfd_;
  std::uint64_t startTime_ = 0;               // of the main process; 0: unknown
  Executable executable_;                     // that it runs
  std::unique_ptr<core::SpawnWatch> launch_;  // until it has reached its program
  std::unique_ptr<core::IoWatch> exitWatch_;
  core::UniqueFd errors_;
  bool announcedEnd_ = false;
  bool resume_ = false;             // stopped for now only, or to be changed
  bool hung_ = false;               // the last stop left a process that hangs in the kernel
  std::uint32_t lostRestarts_ = 0;  // counted by an earlier manager; for the first start
  std::string limitsError_;
  std::string statusText_;
  std::int64_t sinceWall_ = 0;
  Machine::Phase seenPhase_ = Machine::Phase::Inactive;
  std::map<std::string, ProgramStatus> programs_;
  std::map<std::string, std::uint32_t> programCounts_;  // by state: kept, since it is read after each change
  bool programsTold_ = false;                           // the whole table has come once

  std::unique_ptr<NotifySocket> notify_;
  std::unique_ptr<Sweeper> sweeper_;
  std::unique_ptr<layout::OwnerTask> clearing_;     // of a socket that was left behind
  std::unique_ptr<layout::Deployment> deployment_;  // of a start
  std::list<layout::Deployment> asked_;             // of deploy()
  std::list<std::unique_ptr<OwnerCommand>> commands_;
  std::list<std::shared_ptr<Done>> checked_;  // wait for a check; null: answered
  std::list<SignalRun> signalRuns_;
  std::list<std::shared_ptr<ProcessFinder>> killFinders_;  // of kill(All)
  std::uint64_t cpuBefore_ = 0;  // microseconds that the control group had used before this run
  Usage usage_;
  core::Instant usageAt_{};  // when that was read; zero: it is of another process
};

}  // namespace instances
