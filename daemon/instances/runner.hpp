// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/entries/entry.hpp"
#include "daemon/instances/config_check.hpp"
#include "daemon/instances/context.hpp"
#include "daemon/instances/exit_link.hpp"
#include "daemon/instances/kept_file.hpp"
#include "daemon/instances/manager.hpp"
#include "daemon/instances/notify_socket.hpp"
#include "daemon/instances/persistent_state.hpp"
#include "daemon/instances/process_finder.hpp"
#include "daemon/instances/program_table.hpp"
#include "daemon/instances/record.hpp"
#include "daemon/instances/usage_meter.hpp"
#include "daemon/layout/deployment.hpp"
#include "lib/core/spawn_watch.hpp"
#include "lib/core/task.hpp"

namespace instances {

/// One instance: gives the machine its inputs and does what it answers. Its operations are tasks that end when the work
/// is done; when the runner is destroyed, who awaits one gets core::Dropped. It must not be destroyed by one of them.
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
  [[nodiscard]] const ProgramTable& programs() const noexcept { return programs_; }
  [[nodiscard]] Usage usage();
  [[nodiscard]] pid_t mainPid() const noexcept { return pid_; }
  /// Adds where messages with descriptors can wait, for the helper of an exec (see holdOverExec).
  void addWaiting(std::vector<int>& fds) const {
    if (notify_) notify_->addTo(fds);
  }

  /// What the last manager of this boot wrote down.
  /// What an earlier manager left; null: nothing.
  [[nodiscard]] const Record* record() const noexcept { return record_.get(); }
  /// Takes over the process of the record, or one that is recognisably this instance, from the context's `seen`.
  bool adopt();

  /// Whether the files of the entry are in place: a start then does not compare them again.
  enum class Files { Unknown, InPlace };
  core::Task<OperationResult> start(Files files = Files::Unknown) { return tasks_.own(startNow(files)); }
  core::Task<OperationResult> stop() {
    ++stops_;
    return tasks_.own(stopNow(false));
  }
  /// How often stop() was called. What was decided before and starts it later compares this: a stop in between, even of
  /// an instance that does not run yet, wins.
  [[nodiscard]] std::uint64_t stops() const noexcept { return stops_; }
  core::Task<OperationResult> restart() { return tasks_.own(restartNow()); }
  /// The same as people ask for it: what would fail for the configuration, or for an obstacle to its files, is refused
  /// with the reason (ConfigInvalid), and what runs keeps running. One that is starting or running is not checked.
  core::Task<OperationResult> startIfGood() { return tasks_.own(startChecked()); }
  core::Task<OperationResult> restartIfGood() { return tasks_.own(restartChecked()); }
  /// Lets it read its configuration again, if that is good.
  core::Task<OperationResult> reload() { return tasks_.own(reloadChecked()); }
  /// Its supervisord replaces its own program with the installed one, and keeps its programs.
  core::Task<OperationResult> upgrade() { return tasks_.own(upgradeNow()); }
  /// Whether a start would succeed, as far as its files show. Nothing is changed.
  core::Task<CheckResult> check() { return tasks_.own(checkFiles()); }
  core::Task<OperationResult> kill(KillWhom whom, int signo) { return tasks_.own(signalAll(whom, signo)); }
  core::Task<OperationResult> controlProgram(std::string program, ProgramVerb verb) {
    return tasks_.own(control(std::move(program), verb));
  }
  core::Task<Answer<std::string>> programLog(std::string program) { return tasks_.own(tail(std::move(program))); }

  /// The entry changed: counts from the next start on.
  void setEntry(entries::Entry entry);
  /// Compares or carries out the files of the entry. Never starts or stops anything.
  core::Task<layout::Report> deploy(layout::Mode mode) { return tasks_.own(deployFiles(mode)); }
  /// Lets the instance take in changed program files.
  core::Task<OperationResult> updatePrograms() { return tasks_.own(update()); }
  /// Removes what was generated (with `purge`, all there is), and forgets the instance.
  core::Task<layout::Report> removeFiles(bool purge) { return tasks_.own(removeGenerated(purge)); }
  /// What removeFiles() without a purge would do now.
  core::Task<layout::Report> planRemoval() { return tasks_.own(run(removalPlan(false), layout::Mode::DryRun)); }
  /// Stops because the manager ends; a manager of the same boot starts it again.
  core::Task<OperationResult> stopForNow() { return tasks_.own(stopWithManager()); }
  /// Stops to be changed. With `again` it will start afterwards: when this manager does not get so far, the next one
  /// does it.
  core::Task<OperationResult> stopForChange(bool again) { return tasks_.own(stopNow(again)); }
  /// The manager ends, the instance keeps running: writes the record, and touches nothing.
  void letGo();
  void rulesChanged() { machine_.setRules(context_.rules); }

 private:
  enum class Wish { Start, Stop };
  struct Waiter {
    Wish wish;
    core::Completion<OperationResult> done;
  };
  /// The outcome of a check that something waits for; nothing: a stop came first.
  using Checked = std::optional<CheckResult>;

  [[nodiscard]] logging::Tagged log() const noexcept { return about(entry_.name); }

  // runner.cpp: the machine
  void act(Machine::Action action);
  void afterStep();
  void countStopping(bool stopping) noexcept;
  void settleWaiters(bool ended = false);
  [[nodiscard]] std::optional<OperationResult> outcomeOf(const Waiter& waiter, bool ended) const;
  core::Task<OperationResult> wait(Wish wish, Machine::Action action);
  core::Task<OperationResult> startNow(Files files);
  core::Task<OperationResult> stopNow(bool resume);
  core::Task<OperationResult> restartNow();
  core::Task<OperationResult> stopWithManager();
  [[nodiscard]] std::optional<ManagerError> unmanaged() const;
  [[nodiscard]] std::optional<ManagerError> objectionToStart();
  void writeRecord() { (void)recordFile_.write(); }
  [[nodiscard]] bool isRecordedAlready() const;
  void onUnwritten(const std::string& path, const std::string& obstacle);

  // runner_checks.cpp: what people ask for is checked first
  core::Task<OperationResult> startChecked();
  core::Task<OperationResult> restartChecked();
  core::Task<OperationResult> reloadChecked();
  core::Task<std::optional<ManagerError>> objectionOf(core::Task<CheckResult> check);
  core::Task<> report(core::Task<CheckResult> check, std::uint64_t id);
  void giveUpChecks();

  // runner_files.cpp: its files
  [[nodiscard]] core::Expected<layout::Plan> makePlan() const;
  core::Task<layout::Report> run(layout::Plan plan, layout::Mode mode);
  core::Task<layout::Report> deployFiles(layout::Mode mode);
  core::Task<CheckResult> checkFiles();
  core::Task<CheckResult> checkAsItIs();
  core::Task<layout::Report> removeGenerated(bool purge);
  [[nodiscard]] layout::Plan removalPlan(bool purge) const;

  // runner_process.cpp: its processes
  core::Task<> prepare(Files files);
  core::Task<std::string> makeReady(Files files);
  core::Task<> clear();
  void spawn(bool takeover);
  void onSpawned(const core::SpawnReport& report);
  void watchMain(pid_t pid, core::UniqueFd pidfd, bool child);
  void onExit(std::optional<int> waitStatus);
  void forgetMain();
  void signalMain(int signo);
  void killTree();
  core::Task<OperationResult> signalAll(KillWhom whom, int signo);
  [[nodiscard]] ProcessMatcher matcher() const;
  [[nodiscard]] ProcessFinder finder();
  [[nodiscard]] uid_t uid() const;
  [[nodiscard]] GroupOwner groupOwner() const;
  [[nodiscard]] std::optional<core::Identity> identity() const;
  core::Task<> sweepUp(core::Duration grace, core::Duration age);

  // runner_takeover.cpp: from one copy to the next, while its programs run
  [[nodiscard]] bool canBeTakenOver();
  [[nodiscard]] DescriptorStore::Borrowed keptForTakeover();
  void afterCrash();
  void openExits();
  void resumeExits();
  void closeExits();
  void dropKept();
  void onTable(const Notice& notice);

  // runner_adoption.cpp: from one manager to the next
  [[nodiscard]] bool isRecorded() const;
  [[nodiscard]] bool recognise();
  [[nodiscard]] Record makeRecord() const;

  // runner_programs.cpp: what it reports, and its programs
  bool openNotify();
  void onMessage(Message message);
  void keepDescriptor(const Notice& notice, Message message);
  /// What is kept for this instance, also for the next copy of its supervisord.
  [[nodiscard]] DescriptorStore& store() { return context_.stores.of(entry_.name); }
  core::Task<OperationResult> control(std::string program, ProgramVerb verb);
  core::Task<OperationResult> update();
  core::Task<OperationResult> upgradeNow();
  core::Task<Answer<std::string>> tail(std::string program);

  InstanceContext& context_;
  Listener& listener_;
  entries::Entry entry_;
  PersistentState persistent_;
  KeptFile recordFile_;
  std::optional<Record::ForNextStart> recorded_;  ///< what the latest write says, successful or not
  KeptFile stateFile_;
  Machine machine_;
  core::Timer timer_;
  std::unique_ptr<const Record> record_;  ///< of an earlier manager
  std::vector<Waiter> waiters_;
  std::map<std::uint64_t, core::Completion<Checked>> checks_;
  std::uint64_t lastCheck_ = 0;

  uid_t runsAs_;  // whose its processes are: the owner's, or, until the next start, of an earlier entry
  pid_t pid_ = 0;
  core::UniqueFd pidfd_;
  std::uint64_t startTime_ = 0;               // of the main process; 0: unknown
  Executable executable_;                     // that it runs
  std::unique_ptr<core::SpawnWatch> launch_;  // until it has reached its program
  std::unique_ptr<core::IoWatch> exitWatch_;
  core::UniqueFd errors_;
  Files files_ = Files::Unknown;  // for the start that is being asked for
  bool announcedEnd_ = false;
  bool resume_ = false;  // stopped for now only, or to be changed
  std::uint64_t stops_ = 0;
  bool hung_ = false;               // the last stop left a process that hangs in the kernel
  bool isEnding_ = false;           // counted in the `stopping` of the context
  std::uint32_t lostRestarts_ = 0;  // counted by an earlier manager; for the first start
  std::string limitsError_;
  std::string statusText_;
  std::int64_t sinceWall_ = 0;
  Machine::Phase seenPhase_ = Machine::Phase::Inactive;
  ProgramTable programs_;
  std::optional<std::set<pid_t>>
      crashed_;  // processes of programs whose copy crashed, until the table of the next one is there
  std::unique_ptr<ExitLink> exits_;  // while there are processes that a copy took over
  UsageMeter usage_;
  std::unique_ptr<NotifySocket> notify_;
  bool toldRefused_ = false;  // of a descriptor of this copy
  bool toldFull_ = false;
  bool toldControllers_ = false;
  core::TaskScope tasks_;  // last: what is under way ends before what it uses
};

}  // namespace instances
