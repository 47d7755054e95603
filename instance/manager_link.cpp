// SPDX-License-Identifier: MIT
#include "instance/manager_link.hpp"

#include <sys/inotify.h>
#include <unistd.h>

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
  if (listener.notifier.address().starts_with('/')) listener.socket = listener.notifier.address();
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
  if (toManager_ && !listener.socket.empty()) watchForNewManager(loop, listener.socket);
}

ManagerLink::~ManagerLink() {
  if (notifier_.active()) table_.unsubscribe(*this);
}

void ManagerLink::watchForNewManager(core::EventLoop& loop, const std::string& path) {
  const auto slash = path.rfind('/');
  socketName_ = path.substr(slash + 1);
  inotify_.reset(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  const std::string parent = slash == 0 ? "/" : path.substr(0, slash);
  if (!inotify_ || ::inotify_add_watch(inotify_.get(), parent.c_str(), IN_CREATE | IN_MOVED_TO | IN_ONLYDIR) < 0) {
    logging::debug("cannot watch {} for a new manager: {}", parent, ::strerrorname_np(errno));
    return;
  }
  directory_.emplace(loop, inotify_.get(), core::IoWatch::Read, [this](std::uint32_t) { onDirectoryEvent(); });
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
    case core::Notifier::Sent::Nobody:  // a manager that comes back creates the socket again, which wakes us
      lost_ = toManager_;
      news_.clear();
      return;
  }
}

void ManagerLink::onDirectoryEvent() {
  alignas(inotify_event) char buffer[4096];
  bool renewed = false;
  for (ssize_t n; (n = ::read(inotify_.get(), buffer, sizeof buffer)) > 0;) {
    for (char* p = buffer; p < buffer + n;) {
      const auto* event = reinterpret_cast<const inotify_event*>(p);
      renewed = renewed || (event->len > 0 && socketName_ == event->name);
      p += sizeof(inotify_event) + event->len;
    }
  }
  if (!renewed) return;
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
