// SPDX-License-Identifier: MIT
#include "instance/events/service.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "instance/config/model.hpp"
#include "instance/events/details.hpp"
#include "instance/output/activity_log.hpp"
#include "instance/output/lane.hpp"
#include "instance/process/group.hpp"
#include "instance/process/process.hpp"
#include "instance/process/table.hpp"
#include "lib/core/clock.hpp"
#include "lib/core/log.hpp"
#include "lib/core/percent_encoding.hpp"

namespace events {
namespace {

/// How long programs wait for a listener that has no room for their output and does nothing.
constexpr core::seconds kListenerPatience{5};
constexpr TypeSet kTickTypes = bit(Type::Tick5) | bit(Type::Tick60) | bit(Type::Tick3600);

Source sourceOf(const process::Process& program) { return {program.name(), program.group().name()}; }

Channel toChannel(process::Channel channel) {
  return channel == process::Channel::Stdout ? Channel::Stdout : Channel::Stderr;
}

Type typeOf(lifecycle::ProcessState state) {
  using lifecycle::ProcessState;
  switch (state) {
    case ProcessState::Stopped: return Type::ProcessStateStopped;
    case ProcessState::Starting: return Type::ProcessStateStarting;
    case ProcessState::Running: return Type::ProcessStateRunning;
    case ProcessState::Backoff: return Type::ProcessStateBackoff;
    case ProcessState::Stopping: return Type::ProcessStateStopping;
    case ProcessState::Exited: return Type::ProcessStateExited;
    case ProcessState::Fatal: return Type::ProcessStateFatal;
    case ProcessState::Unknown: break;
  }
  return Type::ProcessStateUnknown;
}

}  // namespace

Service::Service(core::EventLoop& loop, process::Table& table, std::string identifier, std::uint64_t firstSerial)
    : loop_(loop),
      table_(table),
      shared_{std::move(identifier), firstSerial,
              [this](const Source& source, std::string_view bytes) { writeStdin(source, bytes); },
              [this](std::string_view lines, config::Backpressure policy) { print(lines, policy); }},
      dispatch_(loop, [this] { dispatch(); }),
      resume_(loop, [this] { resumePools(); }),
      patience_(loop, [this] { patienceEnds(); }) {
  table_.subscribe(*this);
}

Service::~Service() { table_.unsubscribe(*this); }

void Service::remoteCommunication(std::string_view type, std::string_view data) {
  if (wanted(Type::RemoteCommunication)) publish(makeRemoteEvent(type, data));
}

const Listener* Service::find(const process::Process& program) const noexcept {
  const auto found = listeners_.find(&program);
  return found == listeners_.end() ? nullptr : found->second.get();
}

bool Service::mayStart() const { return table_.supervisorState() == process::SupervisorState::Running; }

void Service::publish(const EventPtr& event) {
  for (const auto& [group, pool] : pools_)
    if (pool->subscribed(event->type)) {
      try {
        pool->accept(event);
      } catch (const std::exception&) {  // the other pools still get it, once
        logging::error("pool {} discards an event: out of memory", pool->name());
      }
    }
  scheduleDispatch();
}

void Service::dispatch() {
  std::optional<core::Instant> next;
  for (const auto& [group, pool] : pools_) {
    pool->dispatch();
    if (const auto until = pool->pausedUntil(); until && (!next || *until < *next)) next = until;
  }
  if (next) resume_.arm(*next);
  letRead();
  if (stopping_) table_.listenerMoved();
}

void Service::resumePools() {
  const auto now = core::Clock::now();
  for (const auto& [group, pool] : pools_)
    if (const auto until = pool->pausedUntil(); until && *until <= now) pool->resume();
  dispatch();
}

void Service::onStateChange(process::Process& program, const process::StateChange& change) {
  if (const Type type = typeOf(change.to); wanted(type)) {
    const auto event = makeStateEvent({type, lifecycle::toText(change.from), change.tries, change.pid, change.expected},
                                      sourceOf(program));
    if ((detailed_ & bit(type)) != 0) event->details = detailsOf(program, change);
    publish(event);
  }
  const bool limited = change.to == lifecycle::ProcessState::Fatal && change.from != lifecycle::ProcessState::Backoff;
  if (limited && wanted(Type::ProcessRestartLimit))
    publish(makeOwnEvent(Type::ProcessRestartLimit, restartLimitWords(program), sourceOf(program)));
  if (const auto found = listeners_.find(&program); found != listeners_.end()) found->second->onStateChange(change);
}

void Service::onLog(process::Process& program, process::Channel channel, pid_t pid, std::string_view bytes) {
  if (wanted(channel == process::Channel::Stdout ? Type::ProcessLogStdout : Type::ProcessLogStderr))
    publish(makeLogEvent(toChannel(channel), pid, bytes, sourceOf(program)));
}

void Service::onCommunication(process::Process& program, process::Channel channel, pid_t pid, std::string_view bytes) {
  if (wanted(channel == process::Channel::Stdout ? Type::ProcessCommunicationStdout : Type::ProcessCommunicationStderr))
    publish(makeCommunicationEvent(toChannel(channel), pid, bytes, sourceOf(program)));
}

void Service::onHealth(process::Process& program, const process::HealthChange& change) {
  if (!wanted(Type::ProcessHealth)) return;
  const auto reason = change.reason.empty() ? "" : " reason:" + core::percentEncode(change.reason);
  publish(makeOwnEvent(Type::ProcessHealth,
                       fmt::format("from_health:{} health:{} pid:{} failures:{}{}", lifecycle::toText(change.from),
                                   lifecycle::toText(change.to), change.pid, change.failures, reason),
                       sourceOf(program)));
}

void Service::onGroupAdded(process::Group& group) {
  if (group.config().listener) {
    Pool& pool = *pools_.emplace_back(&group, std::make_unique<Pool>(group.config(), shared_)).second;
    Dispatcher& dispatcher = *this;
    for (const auto& program : group.processes())
      listeners_.emplace(program.get(), std::make_unique<Listener>(loop_, *program, pool, dispatcher));
    poolsChanged();
  }
  if (wanted(Type::ProcessGroupAdded)) publish(makeGroupEvent(Type::ProcessGroupAdded, group.name()));
}

void Service::onGroupRemoved(process::Group& group) {
  if (group.config().listener) {
    for (const auto& program : group.processes()) listeners_.erase(program.get());
    std::erase_if(pools_, [&](const auto& entry) { return entry.first == &group; });
    poolsChanged();
  }
  if (wanted(Type::ProcessGroupRemoved)) publish(makeGroupEvent(Type::ProcessGroupRemoved, group.name()));
}

/// Listeners that are new to the group join its pool before they are started.
void Service::onGroupChanged(process::Group& group) {
  const auto found =
      std::find_if(pools_.begin(), pools_.end(), [&](const auto& entry) { return entry.first == &group; });
  if (found == pools_.end()) return;
  Pool& pool = *found->second;
  pool.reconfigure(group.config());
  Dispatcher& dispatcher = *this;
  for (const auto& program : group.processes())
    if (!program->isAdded() && !listeners_.contains(program.get()))
      listeners_.emplace(program.get(), std::make_unique<Listener>(loop_, *program, pool, dispatcher));
  poolsChanged();
}

void Service::onProcessRemoved(process::Process& program) { listeners_.erase(&program); }

void Service::onSupervisorState(process::SupervisorState supervisorState) {
  if (supervisorState == process::SupervisorState::Running) {
    stopping_ = false;
    if (wanted(Type::SupervisorStateChangeRunning)) publish(makeSupervisorEvent(Type::SupervisorStateChangeRunning));
  } else if (!std::exchange(stopping_, true)) {
    if (wanted(Type::SupervisorStateChangeStopping)) publish(makeSupervisorEvent(Type::SupervisorStateChangeStopping));
    for (const auto& [group, pool] : pools_) pool->resume();  // the last chance of what was rejected
    dispatch();                                               // now, while the shutdown waits for busy listeners
  }
}

void Service::poolsChanged() {
  wanted_ = detailed_ = 0;
  for (const auto& [group, pool] : pools_) {
    wanted_ |= pool->subscription();
    if (pool->wantsDetails()) detailed_ |= pool->subscription();
  }
  if (restoring_) return;
  if ((wanted_ & kTickTypes) == 0) {
    tickTimer_.reset();
    ticks_ = {};
    return;
  }
  if (!tickTimer_) tickTimer_ = std::make_unique<WallTimer>(loop_, [this] { tick(); });
  tick();
}

void Service::tick() {
  ++shared_.revision;
  const std::int64_t now = core::wallSeconds();
  if (const auto next = Ticks::next(now, wanted_)) tickTimer_->arm(*next);  // first: publish() may throw
  for (const auto& [type, when] : ticks_.on(now, wanted_)) publish(makeTickEvent(type, when));
}

void Service::writeStdin(const Source& source, std::string_view bytes) {
  // If the program has ended or does not read, the bytes are lost, as in Supervisor.
  if (process::Process* program = table_.find(source.group, source.process)) (void)program->writeStdin(bytes);
}

std::unique_ptr<output::Lane>& Service::lane(config::Backpressure policy) noexcept {
  return policy == config::Backpressure::Drop ? printingSome_ : printing_;
}

const output::Lane* Service::printer(config::Backpressure policy) const noexcept {
  return policy == config::Backpressure::Drop ? printingSome_.get() : printing_.get();
}

void Service::print(std::string_view lines, config::Backpressure policy) {
  auto& out = lane(policy);
  if (!out) out = output::standardOutput(table_.outlets(), policy);
  if (out) out->write(lines);
}

/// Whether programs have to wait with output that would push older output out of a pool which prints it.
bool Service::held(Type type) noexcept {
  const bool stuck = stuckAt_ == shared_.delivered && !(printing_ && printing_->fullOutlet());
  return !stuck && std::any_of(pools_.begin(), pools_.end(), [&](const auto& entry) {
    const Pool& pool = *entry.second;
    return pool.prints() && pool.policy() == config::Backpressure::Block && pool.subscribed(type) && pool.fullForNow();
  });
}

output::RoomQueue* Service::logRoom(process::Channel channel) noexcept {
  if (!held(channel == process::Channel::Stdout ? Type::ProcessLogStdout : Type::ProcessLogStderr)) return nullptr;
  if (!patience_.armed()) {
    deliveredBefore_ = shared_.delivered;
    patience_.armIn(kListenerPatience);
  }
  return &logRoom_;
}

/// Lets the waiting channels read, one after the other, while there is room.
void Service::letRead() noexcept {
  while (!logRoom_.empty() && !held(Type::ProcessLogStdout) && !held(Type::ProcessLogStderr)) logRoom_.pop()->onRoom();
  if (logRoom_.empty()) patience_.disarm();
}

/// No program waits for a listener that hangs: from here on its pool drops its oldest events, as other pools do. While
/// standard output is full, the listener is not to blame and programs keep waiting.
void Service::patienceEnds() noexcept {
  if (shared_.delivered == deliveredBefore_) stuckAt_ = deliveredBefore_;
  letRead();
  if (logRoom_.empty()) return;
  deliveredBefore_ = shared_.delivered;
  patience_.armIn(kListenerPatience);
}

}  // namespace events
