// SPDX-License-Identifier: MIT
#include "instance/process/context.hpp"

#include <unistd.h>

#include <algorithm>
#include <exception>
#include <new>
#include <utility>

#include "instance/process/control_groups.hpp"
#include "instance/process/group.hpp"
#include "instance/process/listeners.hpp"
#include "instance/process/path_watcher.hpp"
#include "instance/process/process.hpp"
#include "instance/process/side_command.hpp"
#include "lib/core/log.hpp"
#include "lib/core/wall_timer.hpp"

namespace process {
namespace {

/// More than the notices that one step can cause.
constexpr std::size_t kMostOfAStep = 16;
constexpr core::milliseconds kRetryPause{100};
constexpr core::seconds kStatusPatience{5};
/// The key of the entry that reservePid() makes: a pid that no process has.
constexpr pid_t kReserved = 0;

/// Gives the entry of kReserved its pid; 0: it has none.
template <class Map>
void assign(Map& map, pid_t pid) noexcept {
  auto place = map.extract(kReserved);
  if (place.empty() || pid == 0) return;
  place.key() = pid;
  map.insert(std::move(place));
}

std::vector<std::string> ownEnvironment() {
  std::vector<std::string> out;
  for (char** entry = environ; *entry != nullptr; ++entry) out.emplace_back(*entry);
  return out;
}

}  // namespace

ProcessContext::ProcessContext(core::EventLoop& loop, output::Outlets& outlets, SupervisorSettings settings)
    : loop_(loop),
      outlets_(outlets),
      settings_(std::move(settings)),
      deadlines_(loop),
      chance_(static_cast<std::uint32_t>(core::wallMicros() ^ ::getpid()) | 1),
      environment_(ownEnvironment()),
      buffer_(new char[kBufferSize]),
      again_(loop, [this] { tryAgain(); }) {}
ProcessContext::~ProcessContext() = default;

void ProcessContext::apply(SupervisorSettings settings) noexcept {
  settings_ = std::move(settings);
  if (settings_.exitWhenAllExited) logging::attempt([this] { useFinalEnd(); });
  if (finalEnd_) finalEnd_->changed();
}

Choices& ProcessContext::choices() {
  if (!choices_) choices_ = std::make_unique<Choices>(settings_.stateFile);
  return *choices_;
}

core::WallClock& ProcessContext::wallClock() {
  if (!wallClock_) wallClock_ = std::make_unique<core::WallClock>(loop_);
  return *wallClock_;
}

Listeners& ProcessContext::listeners() {
  if (!listeners_) listeners_ = std::make_unique<Listeners>(loop_);
  return *listeners_;
}

ControlGroups& ProcessContext::controlGroups() {
  if (!controlGroups_) controlGroups_ = std::make_unique<ControlGroups>(*this);
  return *controlGroups_;
}

LastStates& ProcessContext::lastStates() {
  if (!lastStates_) {
    lastStates_ = std::make_unique<LastStates>(*this);
    subscribe(*lastStates_);
  }
  return *lastStates_;
}

PathWatcher& ProcessContext::pathWatcher() {
  if (!pathWatcher_) pathWatcher_ = std::make_unique<PathWatcher>(loop_);
  return *pathWatcher_;
}

void ProcessContext::leave(Process& program) noexcept {
  if (lastStates_) lastStates_->forget(program);
  if (keeper_) keeper_->forget(program);
  if (order_) order_->forget(program);
  reloads_.drop(program);
  deadlines_.set(program, std::nullopt);
  deadlines_.leave();
  groupEnded(program);
}

std::unique_ptr<LateReading::Pipe> ProcessContext::readLate(int pipe) noexcept try {
  if (!lateReading_) lateReading_ = std::make_unique<LateReading>(loop_);
  return std::make_unique<LateReading::Pipe>(*lateReading_, pipe);
} catch (const std::exception&) {
  return nullptr;
}

void ProcessContext::reservePid(Process& program) { byPid_.emplace(kReserved, &program); }
void ProcessContext::assignPid(pid_t pid) noexcept { assign(byPid_, pid); }

void ProcessContext::reserveSide(SideCommand& command) { sides_.emplace(kReserved, &command); }
void ProcessContext::assignSide(pid_t pid) noexcept { assign(sides_, pid); }

void ProcessContext::dismissSide(pid_t pid, bool child) noexcept {
  const auto found = sides_.find(pid);
  if (found == sides_.end()) return;
  if (child)
    found->second = nullptr;
  else
    sides_.erase(found);
}

bool ProcessContext::sideEnded(pid_t pid, int waitStatus) noexcept {
  const auto found = sides_.find(pid);
  if (found == sides_.end()) return false;
  if (auto* const command = found->second)
    command->reaped(waitStatus);
  else
    sides_.erase(found);
  return true;
}

Process* ProcessContext::findByPid(pid_t pid) const noexcept {
  const auto found = byPid_.find(pid);
  return found == byPid_.end() ? nullptr : found->second;
}

void ProcessContext::listenForExits(core::UniqueFd socket) {
  exits_ = std::make_unique<Exits>(loop_, std::move(socket),
                                   Exits::Hooks{[this] { makeRoom(); },
                                                [this](pid_t pid, int waitStatus) {
                                                  const Turn turn(*this);
                                                  Process* const program = findByPid(pid);
                                                  if (program == nullptr) sideEnded(pid, waitStatus);
                                                  if (program == nullptr || !program->isForeign()) return;
                                                  program->reaped(waitStatus);
                                                },
                                                [this] {
                                                  if (keeper_) keeper_->commit();
                                                }});
}

core::Duration ProcessContext::statusPatience() const noexcept {
  return exits_ && exits_->descriptor() >= 0 ? kStatusPatience : core::Duration::zero();
}

std::unique_ptr<Remains> ProcessContext::awaitGroup(Process& program) {
  auto remains = std::make_unique<Remains>(loop_, census_, program.family(), [&program] { program.due(); });
  awaitingGroup_.insert(&program);
  return remains;
}

void ProcessContext::groupEnded(Process& program) noexcept {
  if (awaitingGroup_.erase(&program) > 0 && awaitingGroup_.empty()) census_.forget();
}

void ProcessContext::lookAtGroups() {
  if (awaitingGroup_.empty()) return;
  const Turn turn(*this);  // programs that an observer removes meanwhile are destroyed at the end of this call
  const auto waiting = awaitingGroup_;
  for (Process* const program : waiting) {
    const Turn room(*this);
    program->lookAtGroup();
  }
}

void ProcessContext::unsubscribe(Observer& observer) noexcept {
  // Only cleared for now: the loops that are calling observers go by index.
  std::replace(observers_.begin(), observers_.end(), &observer, static_cast<Observer*>(nullptr));
  if (depth_ == 0 && told_ == notices_.size()) std::erase(observers_, nullptr);
}

void ProcessContext::changed(Process& program, const StateChange& change) noexcept {
  notices_.emplace_back(Change{&program, change});
}
void ProcessContext::removed(std::unique_ptr<Group> group) noexcept { notices_.emplace_back(std::move(group)); }
void ProcessContext::removed(std::unique_ptr<Process> program) noexcept { notices_.emplace_back(std::move(program)); }

void ProcessContext::makeRoom(std::size_t more) {
  const std::size_t room = kMostOfAStep + more;
  if (notices_.capacity() - notices_.size() >= room) return;
  notices_.erase(notices_.begin(), notices_.begin() + static_cast<std::ptrdiff_t>(std::exchange(told_, 0)));
  if (notices_.capacity() - notices_.size() < room)
    notices_.reserve(std::max(2 * notices_.capacity(), notices_.size() + room));
}

template <class Call>
void ProcessContext::tellRest(const Call& call) {
  for (; observer_ < observers_.size(); ++observer_)
    if (observers_[observer_] != nullptr) call(*observers_[observer_]);
}

/// Copies the notice: observers may queue more, which moves the queue.
void ProcessContext::tellFirst() {
  const Notice& notice = notices_[told_];
  if (const auto* change = std::get_if<Change>(&notice))
    tellRest([step = *change](Observer& o) { o.onStateChange(*step.program, step.what); });
  else if (const auto* group = std::get_if<std::unique_ptr<Group>>(&notice))
    tellRest([gone = group->get()](Observer& o) { o.onGroupRemoved(*gone); });
  else if (const auto* program = std::get_if<std::unique_ptr<Process>>(&notice))
    tellRest([gone = program->get()](Observer& o) { o.onProcessRemoved(*gone); });
}

void ProcessContext::awaitMemory(output::RoomQueue::Waiter& waiter) noexcept {
  waiting_.join(waiter);
  if (!again_.armed()) again_.armIn(kRetryPause);
}

void ProcessContext::tryAgain() noexcept {
  drain();
  output::RoomQueue now;  // a waiter that finds no memory again joins the other queue, for the next attempt
  while (auto* const waiter = waiting_.pop()) now.join(*waiter);
  while (auto* const waiter = now.pop()) waiter->onRoom();
}

void ProcessContext::drain() noexcept {
  if (told_ == notices_.size()) return;
  ++depth_;  // steps that observers take add to this queue
  while (told_ < notices_.size()) {
    try {
      tellFirst();
    } catch (const std::bad_alloc&) {
      logging::critical("out of memory while reporting a change of a program; trying again");
      again_.armIn(kRetryPause);
      break;
    } catch (const std::exception& error) {
      logging::critical("an observer of the programs failed: {}", error.what());
      ++observer_;
      continue;
    }
    const Notice gone = std::move(notices_[told_++]);
    observer_ = 0;
  }
  --depth_;
  if (told_ < notices_.size()) return;
  notices_.clear();
  told_ = 0;
  std::erase(observers_, nullptr);
}

}  // namespace process
