// SPDX-License-Identifier: MIT
#include "instance/process/table.hpp"

#include <algorithm>
#include <exception>

#include "instance/config/change.hpp"
#include "instance/config/model.hpp"
#include "instance/process/context.hpp"
#include "instance/process/control_groups.hpp"
#include "instance/process/fcgi_listener.hpp"
#include "instance/process/group.hpp"
#include "instance/process/launch.hpp"
#include "instance/process/listeners.hpp"
#include "instance/process/process.hpp"
#include "instance/process/shutdown.hpp"
#include "lib/core/log.hpp"
#include "lib/core/reaper.hpp"
#include "lib/core/text.hpp"

namespace process {

Table::Table(core::EventLoop& loop, output::Outlets& outlets, SupervisorSettings settings)
    : context_(std::make_unique<ProcessContext>(loop, outlets, std::move(settings))),
      reaper_(std::make_unique<core::Reaper>(
          loop, core::Reaper::Hooks{
                    [] { logging::debug("received SIGCHLD indicating a child quit"); },
                    [this] { context_->makeRoom(); },  // or the child stays with the kernel until there is memory
                    [this](pid_t pid, int waitStatus) { onEnd(pid, waitStatus); }})) {
  context_->serve(groups_);
  context_->onFinalEnd([this](int status) { endWith(status); });
  if (context_->settings().exitWhenAllExited) context_->useFinalEnd();
}

Table::~Table() { context_->setKeeper(nullptr); }

output::Outlets& Table::outlets() const noexcept { return context_->outlets(); }

void Table::subscribe(Observer& observer) { context_->subscribe(observer); }
void Table::unsubscribe(Observer& observer) noexcept { context_->unsubscribe(observer); }

Group* Table::find(std::string_view group) const noexcept {
  const auto found = byName_.find(group);
  return found == byName_.end() ? nullptr : found->second;
}

Process* Table::find(std::string_view group, std::string_view program) const noexcept {
  const Group* const found = find(group);
  return found == nullptr ? nullptr : found->find(program);
}

core::Expected<Group*> Table::add(config::GroupPtr config) {
  if (find(config->name) != nullptr) return core::Err{core::Error{config->name + ": there is such a group already", 0}};
  auto group = std::make_unique<Group>(*context_, std::move(config));
  if (auto works = group->probeSockets(); !works) return core::Err{std::move(works).error()};
  return &insert(std::move(group));
}

/// The observers hear of it.
Group& Table::insert(std::unique_ptr<Group> group) {
  Group* const added = group.get();
  const ProcessContext::Turn turn(*context_);
  if (groups_.size() == groups_.capacity()) groups_.reserve(2 * groups_.size() + 1);
  byName_.emplace(added->name(), added);
  place(std::move(group));
  try {
    context_->tell([&](Observer& o) { o.onGroupAdded(*added); });
  } catch (...) {  // observers that know of the group hear of its removal
    remove(*added);
    throw;
  }
  return *added;
}

/// There is room for it.
void Table::place(std::unique_ptr<Group> group) {
  const auto at = std::upper_bound(groups_.begin(), groups_.end(), group->config().priority,
                                   [](int priority, const auto& other) { return priority < other->config().priority; });
  groups_.insert(at, std::move(group));
}

std::unique_ptr<Group> Table::take(const Group& group) {
  const auto at = std::find_if(groups_.begin(), groups_.end(), [&](const auto& g) { return g.get() == &group; });
  auto taken = std::move(*at);
  groups_.erase(at);
  return taken;
}

void Table::begin() {
  context_->tell([](Observer& o) { o.onSupervisorState(SupervisorState::Running); });
  for (const auto& group : groups_) prepare(*group, [](const Process& program) { return program.startsAtBoot(); });
  // By index: an observer may add or remove groups meanwhile.
  for (std::size_t i = 0; i < groups_.size(); ++i)
    start(*groups_[i], [](const Process& program) { return program.startsAtBoot(); });
}

void Table::prepare(Group& group, bool (*whether)(const Process& program)) {
  if (context_->supervisorState() != SupervisorState::Running) return;
  for (const auto& program : group.processes())
    if (whether(*program)) program->prepareAutostart();
}

void Table::start(Group& group, bool (*whether)(const Process& program)) {
  if (context_->supervisorState() != SupervisorState::Running) return;
  const ProcessContext::Turn turn(*context_);
  for (const auto& program : group.processes())
    if (whether(*program)) program->startAutomatically();
}

void Table::start(const std::vector<Process*>& programs) {
  if (context_->supervisorState() != SupervisorState::Running) return;
  const ProcessContext::Turn turn(*context_);
  for (auto* const program : programs) program->prepareAutostart();
  for (auto* const program : programs) program->startAutomatically();
}

void Table::autostart(Group& group, const std::set<std::string>& without) {
  std::vector<Process*> made;
  for (const auto& program : group.processes())
    if (program->startsByItself() && !without.contains(program->name())) made.push_back(program.get());
  start(made);
}

core::Status Table::setDisabled(const std::vector<Process*>& programs, bool disabled) {
  std::vector<std::string> names;
  for (const auto* program : programs) names.push_back(program->fullName());
  if (auto kept = context_->choices().set(Choices::Mark::Disabled, names, disabled); !kept)
    return core::Err{core::Error{"the state file: " + kept.error().text, kept.error().code}};
  for (auto* program : programs) {
    if (program->disabled() != disabled)
      logging::info("{} is {}", core::pythonRepr(program->name()), disabled ? "disabled" : "enabled");
    program->setDisabled(disabled);
    const bool awaits = program->waits().start || (program->pid() == 0 && program->isAwaitedByAttendant());
    if (disabled && awaits) (void)program->stop(Along::Nobody);  // it does not run: nothing to await
    if (!disabled && program->startsByItself() && lifecycle::isStopped(program->state()))
      (void)program->takesAutostart();
  }
  if (auto* const finalEnd = context_->finalEnd()) finalEnd->changed();
  return {};
}

bool isStartedBy(const config::ProgramChange& change, const Process& program) {
  if (change.kind != config::ProgramChange::Kind::Live) return true;
  if (program.state() == lifecycle::ProcessState::Fatal) return true;
  const bool asked = std::find(change.keys.begin(), change.keys.end(), "autostart") != change.keys.end();
  return asked && lifecycle::isStopped(program.state());
}

void Table::autostart(Group& group, const config::GroupChange& change, const std::set<std::string>& without) {
  const auto changes = change.byName();
  std::vector<Process*> made;
  for (const auto& program : group.processes()) {
    const auto one = changes.find(program->name());
    if (one != changes.end() && program->startsByItself() && isStartedBy(*one->second, *program) &&
        !without.contains(program->name()))
      made.push_back(program.get());
  }
  start(made);
}

std::unordered_map<const Process*, std::string> Table::obstacles() {
  auto* const order = context_->order();
  return order == nullptr ? std::unordered_map<const Process*, std::string>() : order->obstacles();
}

bool Table::remove(Group& group) {
  if (!group.stopped()) return false;
  const ProcessContext::Turn turn(*context_);
  byName_.erase(group.name());
  auto taken = take(group);
  for (const auto& program : taken->processes()) program->retire();
  context_->removed(std::move(taken));
  return true;
}

bool Table::apply(Group& group, config::GroupPtr now) {
  const auto change = group.changeTo(*now);
  const auto mustEnd = [&](const config::ProgramChange& one) {
    using Kind = config::ProgramChange::Kind;
    const Process* const program = group.find(one.name);
    const bool ends = one.kind == Kind::Removed || one.kind == Kind::Restarted;
    return ends && program != nullptr && (program->pid() != 0 || !lifecycle::isStopped(program->state()));
  };
  if (change.whole || std::any_of(change.programs.begin(), change.programs.end(), mustEnd)) return false;
  const ProcessContext::Turn turn(*context_);
  const auto old = group.configPtr();  // has the name that is the key
  const bool moves = old->priority != now->priority;
  group.apply(std::move(now), change);
  renew(group);
  if (moves) place(take(group));
  tellOfChange(group);
  return true;
}

std::vector<Process*> Table::rescale(Group& group, const config::GroupConfig& now, const Group::Programs& programs) {
  const ProcessContext::Turn turn(*context_);
  const auto old = group.configPtr();  // has the name that is the key
  auto added = group.rescale(now, programs);
  renew(group);
  tellOfChange(group);
  return added;
}

/// Its name is that of another configuration now, and the same.
void Table::renew(Group& group) noexcept {
  auto entry = byName_.extract(group.name());
  entry.key() = group.name();
  byName_.insert(std::move(entry));
}

void Table::tellOfChange(Group& group) {
  context_->tell([&](Observer& o) {
    try {
      o.onGroupChanged(group);
    } catch (const std::exception& error) {  // the group has changed
      logging::critical("an observer of the change of group {} failed: {}", group.name(), error.what());
    }
  });
}

SupervisorState Table::supervisorState() const noexcept { return context_->supervisorState(); }

void Table::leave(SupervisorState supervisorState) {
  if (context_->supervisorState() == supervisorState || context_->supervisorState() == SupervisorState::Shutdown)
    return;
  const ProcessContext::Turn turn(*context_);
  // Created first, since it may throw for lack of memory: nothing has changed then. It begins in the next turn.
  if (!shutdown_)
    shutdown_ = std::make_unique<Shutdown>(context_->loop(), *this, [this] {
      if (whenDown_) whenDown_();
    });
  context_->setSupervisorState(supervisorState);
  for (const auto& group : groups_)
    for (const auto& program : group->processes()) program->supervisorStateChanged();
  context_->tell([supervisorState](Observer& o) {
    try {
      o.onSupervisorState(supervisorState);
    } catch (const std::exception& error) {  // the shutdown has begun
      logging::critical("an observer of the shutdown failed: {}", error.what());
    }
  });
}

void Table::endWith(int status) {
  if (context_->supervisorState() != SupervisorState::Running) return;
  leave(SupervisorState::Shutdown);
  exitStatus_ = status;
}

void Table::reviewEnds() {
  if (auto* const finalEnd = context_->finalEnd()) finalEnd->review();
}

void Table::listenerMoved() noexcept {
  if (shutdown_) shutdown_->goOn();
}

void Table::reopenLogs() {
  for (const auto& group : groups_)
    for (const auto& program : group->processes()) program->reopenLogs();
}

const SupervisorSettings& Table::settings() const noexcept { return context_->settings(); }
void Table::apply(SupervisorSettings settings) noexcept { context_->apply(std::move(settings)); }

std::shared_ptr<OpenListeners> Table::takeListeners() {
  auto* const open = context_->openListeners();
  return open == nullptr ? nullptr : std::make_shared<OpenListeners>(open->takeAll());
}

void Table::inheritListeners(const std::shared_ptr<OpenListeners>& listeners) {
  if (listeners) context_->listeners().inherit(std::move(*listeners));
}

std::string Table::controllersNeeded() const {
  const auto* const made = context_->madeControlGroups();
  return made == nullptr ? std::string() : made->needed();
}

void Table::managerIsNew() noexcept {
  if (auto* const made = context_->madeControlGroups()) made->managerIsNew();
}

void Table::watchMemory(MemoryEvents events) noexcept { context_->watchMemory(std::move(events)); }

void Table::keepWith(std::unique_ptr<Keeper> keeper) {
  context_->setKeeper(std::move(keeper));
  for (const auto& group : groups_)
    for (const auto& program : group->processes()) program->beKept();
  reaper_->reapAfterwards([this] { context_->keeper()->commit(); });
}

void Table::makeSafe() noexcept {
  if (auto* const keeper = context_->keeper(); keeper != nullptr && !context_->changing()) keeper->commit();
}

std::uint32_t Table::nextNumber() const noexcept { return context_->numberToCome(); }

Keeper* Table::keeper() const noexcept { return context_->keeper(); }

void Table::noticeEnds() {
  reaper_->reapPending();
  if (auto* const exits = context_->exits()) exits->read();
  context_->lookAtGroups();
}

/// A child has ended: ours or, as PID 1 or subreaper, a stranger. There is room for what that causes.
void Table::onEnd(pid_t pid, int waitStatus) noexcept {
  const ProcessContext::Turn turn(*context_);
  if (Process* const program = context_->findByPid(pid))
    program->reaped(waitStatus);
  else if (!context_->sideEnded(pid, waitStatus))
    logging::attempt([&] { logging::info("reaped unknown pid {} ({})", pid, describeWaitStatus(waitStatus)); });
}

}  // namespace process
