// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "instance/process/observer.hpp"
#include "instance/process/settings.hpp"
#include "lib/core/result.hpp"

namespace config {
struct GroupChange;
struct ProgramChange;
struct GroupConfig;
struct ProcessConfig;
}  // namespace config
namespace core {
class EventLoop;
class Reaper;
}  // namespace core
namespace output {
class Outlets;
}
namespace state {
class Incoming;
class Outgoing;
struct State;
}  // namespace state

namespace process {

class Keeper;
class MemoryEvents;
class ProcessContext;
class Group;
struct OpenListeners;
class Process;
class Shutdown;

/// All programs of one supervisord: groups by name and in order, the reaper, the deadlines, the supervisor's state and
/// the shutdown.
class Table {
 public:
  /// `outlets` is where the programs' output goes, and has to outlive the table.
  Table(core::EventLoop& loop, output::Outlets& outlets, SupervisorSettings settings);
  ~Table();
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  /// Where the programs' output goes.
  [[nodiscard]] output::Outlets& outlets() const noexcept;

  /// Observers are called in the order of subscription and must outlive the table or unsubscribe.
  void subscribe(Observer& observer);
  void unsubscribe(Observer& observer) noexcept;

  /// Ascending priority; equal ones in the order they were added.
  [[nodiscard]] const std::vector<std::unique_ptr<Group>>& groups() const noexcept { return groups_; }
  [[nodiscard]] Group* find(std::string_view group) const noexcept;
  [[nodiscard]] Process* find(std::string_view group, std::string_view program) const noexcept;

  /// Adds a group without starting anything. Fails if the name is taken, or if a shared socket cannot be bound.
  core::Expected<Group*> add(std::shared_ptr<const config::GroupConfig> group);
  /// Reports SupervisorState::Running to the observers and starts, in order, the programs with autostart.
  void begin();
  /// From now on `keeper` keeps the programs for a successor after a crash.
  void keepWith(std::unique_ptr<Keeper> keeper);
  /// nullptr: nobody does.
  [[nodiscard]] Keeper* keeper() const noexcept;
  /// If there is a keeper, a successor after a crash finds the state of now, unless a change is under way.
  void makeSafe() noexcept;
  /// The number that the next program gets: above those of all programs so far.
  [[nodiscard]] std::uint32_t nextNumber() const noexcept;
  /// Does now what was put off for a moment: a successor would not know of it.
  void settle() noexcept;
  /// For an upgrade, from outside of any change: the groups, programs, shared sockets and what targets have not taken,
  /// with their descriptors. A crash journal saves single programs with Process::save() instead.
  void save(state::State& state, state::Outgoing& outgoing) const;
  /// Instead of add(): continues the groups and programs of a predecessor. Starts and announces nothing; the observers
  /// hear of each group when its programs are restored. Processes that are not our children are watched; "exits" in
  /// `incoming` reports how they ended. After a failure, the table must not be used.
  core::Status restore(const state::State& state, state::Incoming& incoming);
  /// Instead of begin(), after restore(): reads what ended processes have left, and reaps soon.
  void resumed();
  /// For clients: from now on these programs are only started by name, or again by themselves. Kept over reboots;
  /// fails, with no change, if that cannot be.
  core::Status setDisabled(const std::vector<Process*>& programs, bool disabled);
  /// Starts, in order, the programs with autostart of a group that was added later, but none of these names.
  void autostart(Group& group, const std::set<std::string>& without = {});
  /// The same after apply(), for those that `change` starts: see isStartedBy().
  void autostart(Group& group, const config::GroupChange& change, const std::set<std::string>& without = {});
  /// Gives a group another configuration with the same name. Programs that stay as they are continue, and those that
  /// differ only in keys of Reach::Live take these over; others are created again, without being started. False, with
  /// nothing changed, if one of those still runs, or if the group can only be replaced as a whole.
  bool apply(Group& group, std::shared_ptr<const config::GroupConfig> now);
  /// Gives a group a configuration with other numbers of processes, see Group::rescale(): adds `programs`, which are
  /// some of `now`, and returns them. None is started, and none is stopped or removed.
  std::vector<Process*> rescale(Group& group, const config::GroupConfig& now,
                                const std::vector<std::shared_ptr<const config::ProcessConfig>>& programs);
  /// Of the programs that wait for their start: those that would wait for ever, and for what, "db, which is FATAL".
  [[nodiscard]] std::unordered_map<const Process*, std::string> obstacles();
  /// Takes a group out; false if a program of it still runs.
  bool remove(Group& group);

  [[nodiscard]] SupervisorState supervisorState() const noexcept;
  /// Leaves for Shutdown or Restarting: from the next turn of the loop on stops one group at a time, last group first,
  /// and calls what onDown() was given when nothing is left. A later call only turns Restarting into Shutdown.
  void leave(SupervisorState supervisorState);
  void onDown(std::function<void()> whenDown) { whenDown_ = std::move(whenDown); }
  /// After takeover of a predecessor that crashed: leaves if it was about to, because of an essential program.
  void reviewEnds();
  /// That of supervisord: why it leaves by itself; else 0.
  [[nodiscard]] int exitStatus() const noexcept { return exitStatus_; }
  /// A listener that the shutdown waits for may have finished.
  void listenerMoved() noexcept;

  /// For other children than programs. Lives as long as the table.
  [[nodiscard]] core::Reaper& reaper() noexcept { return *reaper_; }

  /// Handles the ends of processes that the loop has not come to yet, so that a client that asks for states gets those
  /// of now. To be called from outside of any change.
  void noticeEnds();

  /// For SIGUSR2: reopens the log files of all running programs.
  void reopenLogs();
  [[nodiscard]] const SupervisorSettings& settings() const noexcept;
  /// Replaces the settings, for programs that are started and logs that are created from now on.
  void apply(SupervisorSettings settings) noexcept;
  /// For a restart in the same process, when everything has ended: the sockets of [socket:x] sections stay open.
  /// nullptr: there are none.
  [[nodiscard]] std::shared_ptr<OpenListeners> takeListeners();
  /// Before begin(): those of the life before, which may be nullptr. What no program uses is closed.
  void inheritListeners(const std::shared_ptr<OpenListeners>& listeners);
  /// "memory pids": what the control groups of programs need; empty: there are none, or they need nothing.
  [[nodiscard]] std::string controllersNeeded() const;
  /// See ControlGroups.
  void managerIsNew() noexcept;
  /// See ProcessContext.
  void watchMemory(MemoryEvents events) noexcept;

 private:
  void prepare(Group& group, bool (*whether)(const Process& program));
  void start(Group& group, bool (*whether)(const Process& program));
  void start(const std::vector<Process*>& programs);
  void onEnd(pid_t pid, int waitStatus) noexcept;
  void endWith(int status);
  Group& insert(std::unique_ptr<Group> group);
  void place(std::unique_ptr<Group> group);
  void renew(Group& group) noexcept;
  void tellOfChange(Group& group);
  std::unique_ptr<Group> take(const Group& group);
  core::Status restoreGroups(const state::State& state, state::Incoming& incoming);
  core::Status restoreSockets(const state::State& state, state::Incoming& incoming);

  std::unique_ptr<ProcessContext> context_;
  std::vector<std::unique_ptr<Group>> groups_;
  std::unordered_map<std::string_view, Group*> byName_;
  std::unique_ptr<Shutdown> shutdown_;
  std::function<void()> whenDown_;
  int exitStatus_ = 0;
  std::unique_ptr<core::Reaper> reaper_;
};

/// Whether this change, which will be or has been made, starts a program that starts by itself. One that stays the same
/// object is started if the change may be why it works now, or asks for it: who has stopped it wants it to be stopped.
[[nodiscard]] bool isStartedBy(const config::ProgramChange& change, const Process& program);

}  // namespace process
