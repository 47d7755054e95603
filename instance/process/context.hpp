// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

#include "instance/output/room_queue.hpp"
#include "instance/process/deadlines.hpp"
#include "instance/process/memory_events.hpp"
#include "instance/process/observer.hpp"
#include "instance/process/remains.hpp"
#include "instance/process/settings.hpp"
#include "lib/core/event_loop.hpp"

namespace output {
class Outlets;
}

namespace process {

/// What the programs of one table share: the loop, deadlines, pids, the read buffer, and the queue of what is to be
/// told to the observers.
class ProcessContext {
 public:
  ProcessContext(core::EventLoop& loop, output::Outlets& outlets, SupervisorSettings settings);
  ~ProcessContext();

  core::EventLoop& loop;
  output::Outlets& outlets;
  SupervisorSettings settings;
  SupervisorState supervisorState = SupervisorState::Running;
  Deadlines deadlines;
  std::unordered_map<pid_t, Process*> byPid;
  /// Programs that are being stopped as a group: their own process ends, and then they wait for others of its group.
  std::unordered_set<Process*> awaitingGroup;
  Census census;
  MemoryEvents memoryEvents;
  /// Our own environment, as "KEY=value": what every child begins with.
  const std::vector<std::string> environment;

  /// 128 KiB to read into; what is read is used up before the next read.
  [[nodiscard]] std::span<char> buffer() noexcept { return {buffer_.get(), kBufferSize}; }

  void subscribe(Observer& observer) { observers_.push_back(&observer); }
  void unsubscribe(Observer& observer) noexcept;
  /// Calls each observer at once.
  template <class Call>
  void tell(const Call& call) {
    for (std::size_t i = 0; i < observers_.size(); ++i)
      if (observers_[i] != nullptr) call(*observers_[i]);
  }

  /// Calls `waiter` after a pause: there was no memory for its turn.
  void awaitMemory(output::RoomQueue::Waiter& waiter) noexcept;

  /// Queues a change for the observers. There is room for what one step causes.
  void changed(Process& program, const StateChange& change) noexcept;
  /// Queue the farewell of what was taken out of the table; it is destroyed after everybody has been told.
  void removed(std::unique_ptr<Group> group) noexcept;
  void removed(std::unique_ptr<Process> program) noexcept;

  /// Makes room for what one step may queue; std::bad_alloc if there is none.
  void makeRoom();

  /// A step that may change programs. What it queued is told when the outermost step ends, so that nobody is called
  /// from inside a change. An observer that has no memory for what it is told is told again after a pause, before
  /// anything that happened later.
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

  static constexpr std::size_t kBufferSize = 128 * 1024;
  std::unique_ptr<char[]> buffer_;
  std::vector<Observer*> observers_;
  std::vector<Notice> notices_;
  std::size_t told_ = 0;       ///< of the notices
  std::size_t observer_ = 0;   ///< the next one to be told the first of the others
  output::RoomQueue waiting_;  ///< for memory
  core::Timer again_;
  int depth_ = 0;
};

}  // namespace process
