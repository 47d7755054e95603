// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

#include "instance/output/room_queue.hpp"
#include "instance/process/choices.hpp"
#include "instance/process/deadlines.hpp"
#include "instance/process/final_end.hpp"
#include "instance/process/foreign.hpp"
#include "instance/process/keeper.hpp"
#include "instance/process/last_states.hpp"
#include "instance/process/late_reading.hpp"
#include "instance/process/memory_events.hpp"
#include "instance/process/observer.hpp"
#include "instance/process/order.hpp"
#include "instance/process/private_directory.hpp"
#include "instance/process/reloads.hpp"
#include "instance/process/remains.hpp"
#include "instance/process/settings.hpp"
#include "lib/core/event_loop.hpp"

namespace core {
class WallClock;
}

namespace output {
class Outlets;
}

namespace process {

class Listeners;
class PathWatcher;
class ControlGroups;
class SideCommand;

/// What the programs of one table share: the loop, deadlines, pids, the read buffer, and the queue of changes that the
/// observers still have to hear of.
class ProcessContext {
 public:
  ProcessContext(core::EventLoop& loop, output::Outlets& outlets, SupervisorSettings settings);
  ~ProcessContext();
  ProcessContext(const ProcessContext&) = delete;
  ProcessContext& operator=(const ProcessContext&) = delete;

  [[nodiscard]] core::EventLoop& loop() const noexcept { return loop_; }
  [[nodiscard]] output::Outlets& outlets() const noexcept { return outlets_; }
  [[nodiscard]] const SupervisorSettings& settings() const noexcept { return settings_; }
  /// For what is started from now on.
  void apply(SupervisorSettings settings) noexcept;
  [[nodiscard]] SupervisorState supervisorState() const noexcept { return supervisorState_; }
  void setSupervisorState(SupervisorState supervisorState) noexcept { supervisorState_ = supervisorState; }
  /// Our own environment, as "KEY=value": what every child begins with.
  [[nodiscard]] const std::vector<std::string>& environment() const noexcept { return environment_; }
  /// To read into; what is read is used up before the next read. The pages that are never needed take no memory.
  [[nodiscard]] std::span<char> buffer() noexcept { return {buffer_.get(), kBufferSize}; }
  /// For a program that writes fast: what reads its pipe late, together with others. nullptr: there is no memory for
  /// it.
  [[nodiscard]] std::unique_ptr<LateReading::Pipe> readLate(int pipe) noexcept;

  /// Makes room for one more program, whose destructor calls leave().
  void join() {
    deadlines_.join();
    if (order_) order_->joined();
  }
  /// What clients have chosen for programs, read from the file when it is asked for first.
  [[nodiscard]] Choices& choices();
  /// A program with autostart=last is there.
  [[nodiscard]] LastStates& lastStates();
  void leave(Process& program) noexcept;
  using Groups = std::vector<std::unique_ptr<Group>>;
  /// The groups of the table, which owns them.
  void serve(const Groups& groups) noexcept { groups_ = &groups; }
  [[nodiscard]] const Groups& groups() const noexcept { return *groups_; }
  /// A program waits for others.
  void useOrder() {
    if (!order_) order_ = std::make_unique<Order>(*this);
  }
  /// nullptr: no program ever did.
  [[nodiscard]] Order* order() const noexcept { return order_.get(); }

  /// What supervisord has to end with by itself, when FinalEnd sees that it must.
  void onFinalEnd(std::function<void(int status)> end) { end_ = std::move(end); }
  /// Something may make supervisord end by itself.
  void useFinalEnd() {
    if (!finalEnd_) finalEnd_ = std::make_unique<FinalEnd>(*this, [this](int status) { end_(status); });
  }
  /// nullptr: nothing may.
  [[nodiscard]] FinalEnd* finalEnd() const noexcept { return finalEnd_.get(); }

  /// When to call Process::due(); nullopt: never.
  void setDeadline(Process& program, std::optional<core::Instant> when) noexcept { deadlines_.set(program, when); }

  /// Takes the memory that assignPid() needs. To be called before the fork, since a process that cannot be entered
  /// would be lost.
  void reservePid(Process& program);
  /// The program that was reserved for runs as `pid`; 0: it does not, and its memory is given back.
  void assignPid(pid_t pid) noexcept;
  void forgetPid(pid_t pid) noexcept { byPid_.erase(pid); }
  /// The same for a command beside a program. What assignSide() was given ends with SideCommand::reaped().
  void reserveSide(SideCommand& command);
  void assignSide(pid_t pid) noexcept;
  void forgetSide(pid_t pid) noexcept { sides_.erase(pid); }
  /// Nobody wants to hear of its end any more; `child`: it is still to be reaped.
  void dismissSide(pid_t pid, bool child) noexcept;
  /// Whether `pid` was such a command. In a turn.
  bool sideEnded(pid_t pid, int waitStatus) noexcept;
  /// A random number, for the jitter of delays.
  [[nodiscard]] std::uint32_t chance() noexcept {
    chance_ ^= chance_ << 13;
    chance_ ^= chance_ >> 17;
    return chance_ ^= chance_ << 5;
  }
  /// For timers by the wall clock. Made when it is asked for first.
  [[nodiscard]] core::WallClock& wallClock();
  /// Of the next program.
  [[nodiscard]] std::uint32_t nextNumber() noexcept { return nextNumber_++; }
  /// For a successor: see nextNumber().
  [[nodiscard]] std::uint32_t numberToCome() const noexcept { return nextNumber_; }
  void continueNumbers(std::uint32_t next) noexcept { nextNumber_ = std::max(nextNumber_, next); }

  /// Listens for how Foreign processes end, of which there is one at least.
  void listenForExits(core::UniqueFd socket);
  /// Counts the Foreign processes. After the last one nobody listens any more.
  void foreignBegan() noexcept { ++foreign_; }
  void foreignEnded() noexcept {
    if (--foreign_ == 0 && exits_) exits_->close();
  }
  [[nodiscard]] int foreignProcesses() const noexcept { return foreign_; }
  /// nullptr: nobody tells.
  [[nodiscard]] Exits* exits() noexcept { return exits_.get(); }
  /// How long after the end of a Foreign process its status may come.
  [[nodiscard]] core::Duration statusPatience() const noexcept;
  /// nullptr: the process is not that of a program.
  [[nodiscard]] Process* findByPid(pid_t pid) const noexcept;

  /// `program` is being stopped with its process group, which may outlive its own process, until groupEnded().
  [[nodiscard]] std::unique_ptr<Remains> awaitGroup(Process& program);
  /// What /proc shows, for all that ask in a short time.
  [[nodiscard]] Census& census() noexcept { return census_; }
  void groupEnded(Process& program) noexcept;
  /// Takes in which of the groups that are waited for have ended.
  void lookAtGroups();

  /// In a turn, or while observers hear of its changes.
  [[nodiscard]] bool changing() const noexcept { return depth_ > 0; }
  /// What keeps the programs for a successor after a crash; nullptr: nobody does.
  [[nodiscard]] Keeper* keeper() const noexcept { return keeper_.get(); }
  void setKeeper(std::unique_ptr<Keeper> keeper) noexcept { keeper_ = std::move(keeper); }
  /// What Process::save() has is about to change, or has changed.
  void touch(const Process& program) noexcept {
    if (keeper_) keeper_->touch(program);
  }

  /// For what programs find by a path.
  [[nodiscard]] PrivateDirectory& directory() noexcept { return directory_; }

  /// As MemoryEvents::takeKill().
  [[nodiscard]] std::string takeMemoryKill() { return memoryEvents_.takeKill(); }
  /// For a tree of control groups that is mounted elsewhere.
  void watchMemory(MemoryEvents events) noexcept { memoryEvents_ = std::move(events); }

  /// Made when they are asked for first.
  [[nodiscard]] ControlGroups& controlGroups();
  /// nullptr: no program ever needed one.
  [[nodiscard]] ControlGroups* madeControlGroups() const noexcept { return controlGroups_.get(); }

  [[nodiscard]] Reloads& reloads() noexcept { return reloads_; }
  /// The sockets of [socket:x] sections, made when they are asked for first.
  [[nodiscard]] Listeners& listeners();
  /// nullptr: nobody has asked.
  [[nodiscard]] Listeners* openListeners() const noexcept { return listeners_.get(); }
  /// For programs that watch files; made when it is asked for first.
  [[nodiscard]] PathWatcher& pathWatcher();

  void subscribe(Observer& observer) { observers_.push_back(&observer); }
  void unsubscribe(Observer& observer) noexcept;
  /// Calls each observer now, from inside this call.
  template <class Call>
  void tell(const Call& call) {
    for (std::size_t i = 0; i < observers_.size(); ++i)
      if (observers_[i] != nullptr) call(*observers_[i]);
  }

  /// Calls `waiter` after a pause: there was no memory for its turn.
  void awaitMemory(output::RoomQueue::Waiter& waiter) noexcept;

  /// Queues a change for the observers. There is room for what one step causes.
  void changed(Process& program, const StateChange& change) noexcept;
  /// Queues the removal of what was taken out of the table. The object is destroyed when all observers have heard of
  /// it.
  void removed(std::unique_ptr<Group> group) noexcept;
  void removed(std::unique_ptr<Process> program) noexcept;
  /// Makes room for what one step may queue, and `more`; std::bad_alloc if there is none.
  void makeRoom(std::size_t more = 0);

  /// A step that may change programs. The observers hear of what it queued when the outermost step ends, so that nobody
  /// is called from inside a change. An observer that throws std::bad_alloc is called again after a pause, before any
  /// later change is reported.
  class Turn {
   public:
    /// Throws std::bad_alloc if there is no room for what the step may queue: before anything has happened.
    explicit Turn(ProcessContext& context) : context_(context) {
      context_.makeRoom();
      ++context_.depth_;
    }
    ~Turn() {
      if (--context_.depth_ == 0) context_.drain();
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    ProcessContext& context_;
  };

 private:
  struct Change {
    Process* program;
    StateChange what;
  };
  using Notice = std::variant<Change, std::unique_ptr<Group>, std::unique_ptr<Process>>;
  void drain() noexcept;
  void tryAgain() noexcept;
  void tellFirst();
  template <class Call>
  void tellRest(const Call& call);

  static constexpr std::size_t kBufferSize = LateReading::kLargePipe;
  core::EventLoop& loop_;
  output::Outlets& outlets_;
  SupervisorSettings settings_;
  SupervisorState supervisorState_ = SupervisorState::Running;
  Deadlines deadlines_;
  std::unique_ptr<Choices> choices_;
  std::unique_ptr<core::WallClock> wallClock_;  ///< from the first program on that needs it
  std::unique_ptr<LastStates> lastStates_;      ///< from the first program with autostart=last on
  std::unordered_map<pid_t, Process*> byPid_;
  std::unordered_map<pid_t, SideCommand*> sides_;  ///< nullptr: dismissed
  std::uint32_t nextNumber_ = 1;
  std::uint32_t chance_;          ///< never 0
  std::unique_ptr<Exits> exits_;  ///< closed after the last Foreign process
  int foreign_ = 0;               ///< processes
  /// Programs that are being stopped as a group: their own process ends, and then they wait for others of its group.
  std::unordered_set<Process*> awaitingGroup_;
  Census census_{loop_};
  MemoryEvents memoryEvents_;
  PrivateDirectory directory_;
  Reloads reloads_;
  std::unique_ptr<Listeners> listeners_;
  std::unique_ptr<PathWatcher> pathWatcher_;  ///< from the first program on that watches files
  std::unique_ptr<ControlGroups> controlGroups_;
  const std::vector<std::string> environment_;
  std::unique_ptr<char[]> buffer_;
  std::unique_ptr<LateReading> lateReading_;  ///< from the first program on that writes fast
  std::vector<Observer*> observers_;
  std::vector<Notice> notices_;
  std::size_t told_ = 0;       ///< notices that all observers have heard of
  std::size_t observer_ = 0;   ///< the next one to hear of the first of the others
  output::RoomQueue waiting_;  ///< for memory
  core::Timer again_;
  std::unique_ptr<Keeper> keeper_;
  int depth_ = 0;
  const Groups* groups_ = nullptr;
  std::function<void(int status)> end_;
  std::unique_ptr<Order> order_;        ///< the last two: they unsubscribe
  std::unique_ptr<FinalEnd> finalEnd_;  ///< from the first program on that is essential, or with exit_when
};

}  // namespace process
