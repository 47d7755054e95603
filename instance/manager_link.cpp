// SPDX-License-Identifier: MIT
#include "instance/manager_link.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "instance/process/group.hpp"
#include "instance/process/health.hpp"
#include "instance/process/process.hpp"
#include "instance/process/table.hpp"
#include "lib/core/log.hpp"

namespace {

constexpr core::milliseconds kFirstRetry{100};
constexpr core::milliseconds kLastRetry{10'000};

/// The whole table is one datagram. From the first size on descriptions are left out, except those of programs in
/// trouble; from the second on those, too.
constexpr std::size_t kRoomForDescriptions = 64 * 1024, kRoomForTrouble = 160 * 1024;

/// What supervisorctl shows after the state; of a program that runs, for which that is the time since its start, only
/// why it is unhealthy.
std::string descriptionOf(const process::Process& program, lifecycle::ProcessState state) {
  const auto* const health = program.health();
  if (state == program.state() && health != nullptr && health->state() == lifecycle::HealthState::Unhealthy)
    return "unhealthy: " + health->lastError();
  // The program may have changed again by now: then its next line has the description.
  if (lifecycle::isSignallable(state) || state != program.state()) return {};
  return program.description();
}

}  // namespace

ManagerLink::Listener ManagerLink::listenerFromEnvironment() {
  const bool manager = ::getenv("SUPERVISOR_MANAGER_INSTANCE") != nullptr;
  return listenerAt(core::Notifier::fromEnvironment().address(), manager);
}

ManagerLink::Listener ManagerLink::listenerAt(std::string address, bool manager) {
  Listener listener;
  listener.notifier = core::Notifier::at(std::move(address));
  listener.manager = manager;
  return listener;
}

ManagerLink::ManagerLink(core::EventLoop& loop, process::Table& table, const Listener& listener)
    : table_(table), notifier_(listener.notifier), toManager_(listener.manager) {
  if (!notifier_.active()) return;
  deferred_ = std::make_unique<core::Deferred>(loop, [this] { flush(); });
  retry_ = std::make_unique<core::Timer>(
      loop, [this] { flush(); }, core::milliseconds(50));
  table_.subscribe(*this);
  if (toManager_) newManager_.emplace(loop, core::notify::kNewManagerSignal, [this] { managerIsNew(); });
}

ManagerLink::~ManagerLink() {
  if (notifier_.active()) table_.unsubscribe(*this);
}

void ManagerLink::ready() {
  if (!notifier_.active()) return;
  lost_ = toManager_;
  announce(core::notify::kReady);
}

void ManagerLink::onStateChange(process::Process& program, const process::StateChange& change) {
  if (!toManager_) return;
  mark(program.fullName(),
       {lifecycle::toText(change.to), change.pid, program.fullName(), descriptionOf(program, change.to)});
}

void ManagerLink::onHealth(process::Process& program, const process::HealthChange& /*change*/) {
  if (!toManager_) return;
  const auto state = program.state();
  mark(program.fullName(),
       {lifecycle::toText(state), program.pid(), program.fullName(), descriptionOf(program, state)});
}

void ManagerLink::onProcessRemoved(process::Process& program) {
  if (toManager_) mark(program.fullName(), {std::string(core::notify::kRemoved), 0, program.fullName(), {}});
}

void ManagerLink::onGroupRemoved(process::Group& group) {
  for (const auto& program : group.processes()) onProcessRemoved(*program);
}

/// A program that starts again is removed first, and may not be started.
void ManagerLink::onGroupChanged(process::Group& /*group*/) {
  if (!toManager_) return;
  lost_ = true;
  if (!retry_->armed()) deferred_->schedule();
}

void ManagerLink::onSupervisorState(process::SupervisorState supervisorState) {
  if (supervisorState == process::SupervisorState::Shutdown) announce(core::notify::kStopping);
  if (supervisorState == process::SupervisorState::Restarting) announce(core::notify::kReloading);
}

void ManagerLink::onControllersNeeded() {
  if (toManager_) announce(controllers());
}

/// What our control group must have for our programs.
std::string ManagerLink::controllers() const {
  return std::string(core::notify::kControllersKey) + "=" + table_.controllersNeeded();
}

/// Sends it now, with the changes that wait. A full queue delays it.
void ManagerLink::announce(std::string_view word) {
  news_.append(word).append("\n");
  flush();
}

void ManagerLink::mark(const std::string& program, core::notify::Program line) {
  pending_.insert_or_assign(program, std::move(line));
  if (!retry_->armed()) deferred_->schedule();
}

void ManagerLink::flush() {
  if (pending_.empty() && !lost_ && news_.empty()) return;
  auto message = news_;
  if (lost_) {
    message += wholeTable();
  } else {
    for (const auto& [name, line] : pending_) message += core::notify::programLine(line) + "\n";
  }
  pending_.clear();
  lost_ = false;
  send(message);
}

void ManagerLink::send(const std::string& message) {
  switch (notifier_.send(message)) {
    case core::Notifier::Sent::Done:
      retryDelay_ = kFirstRetry;
      news_.clear();
      return;
    case core::Notifier::Sent::Later:
      lost_ = toManager_;
      retry_->armIn(retryDelay_);
      retryDelay_ = std::min(retryDelay_ * 2, kLastRetry);
      return;
    case core::Notifier::Sent::Nobody:  // a manager that comes back sends a signal
      lost_ = toManager_;
      news_.clear();
      return;
  }
}

void ManagerLink::managerIsNew() {
  lost_ = true;
  if (table_.supervisorState() == process::SupervisorState::Shutdown)
    news_ = std::string(core::notify::kStopping) + "\n";
  news_ = std::string(core::notify::kReady) + "\n" + news_;
  flush();
  table_.managerIsNew();
  if (whenNew_) whenNew_();
}

std::string ManagerLink::wholeTable() const {
  std::string message(core::notify::kWholeTable);
  message += "\n";
  if (!table_.controllersNeeded().empty()) message += controllers() + "\n";
  for (const auto& group : table_.groups())
    for (const auto& program : group->processes()) {
      const auto state = program->state();
      const bool tell = message.size() < (lifecycle::isTrouble(state) ? kRoomForTrouble : kRoomForDescriptions);
      message += core::notify::programLine({lifecycle::toText(state), program->pid(), program->fullName(),
                                            tell ? descriptionOf(*program, state) : std::string()}) +
                 "\n";
    }
  return message;
}
