// SPDX-License-Identifier: MIT
#include "instance/process/process.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "instance/config/model.hpp"
#include "instance/process/attend.hpp"
#include "instance/process/channel.hpp"
#include "instance/process/commands_around.hpp"
#include "instance/process/context.hpp"
#include "instance/process/group.hpp"
#include "instance/process/stdin_pipe.hpp"
#include "lib/core/log.hpp"
#include "lib/core/text.hpp"

namespace process {
namespace {

using lifecycle::Action;
using lifecycle::ProcessState;
namespace input = lifecycle::input;

/// The time between the limit of a command and its end, at most: see SideCommand.
constexpr core::seconds kCommandEnd{2};

lifecycle::Restart toRestart(config::AutoRestart restart) noexcept {
  switch (restart) {
    case config::AutoRestart::Never: return lifecycle::Restart::Never;
    case config::AutoRestart::Unexpected: return lifecycle::Restart::Unexpected;
    case config::AutoRestart::Always: break;
  }
  return lifecycle::Restart::Always;
}

/// Longer ones do not fit into the clock.
constexpr core::milliseconds kLongestStop = std::chrono::hours(24 * 365 * 100);

}  // namespace

Process::Process(ProcessContext& context, Group& group, std::shared_ptr<const config::ProcessConfig> config,
                 const state::Program* saved)
    : context_(context),
      group_(group),
      config_(std::move(config)),
      number_(saved != nullptr ? saved->number : context.nextNumber()),
      out_(std::make_unique<OutputChannel>(context, *this, Channel::Stdout, saved != nullptr ? &saved->out : nullptr)) {
  if (!config_->redirectStderr)
    err_ = std::make_unique<OutputChannel>(context, *this, Channel::Stderr,
                                           saved != nullptr && saved->err ? &*saved->err : nullptr);
  attendants_ = makeAttendants(context, *this);
  disabled_ = context_.choices().has(Choices::Mark::Disabled, fullName());
  if (config_->extension->startAsLast) (void)context_.lastStates();
  context_.join();
  const auto& dependences = config_->extension->dependences;
  waits_.held = !dependences.on.empty();
  if (waits_.held || dependences.startDelay.count() > 0) context_.useOrder();
  if (config_->extension->lifetime.essential) context_.useFinalEnd();
}

Process::~Process() {
  if (pid_ != 0 && !isGone()) context_.forgetPid(pid_);
  context_.leave(*this);
}

const std::string& Process::name() const noexcept { return config_->name; }

bool Process::startsByItself() const noexcept { return config_->autoStart && !disabled_; }

bool Process::startsAtBoot() const {
  return startsByItself() &&
         !(config_->extension->startAsLast && context_.choices().has(Choices::Mark::Down, fullName()));
}

core::Result<Command, CommandError> Process::checkCommand() const { return resolveCommand(*config_); }

std::string Process::fullName() const { return group_.name() == name() ? name() : group_.name() + ":" + name(); }

void Process::setOrigin(Origin origin) noexcept {
  if (origin == origin_) return;
  context_.touch(*this);
  origin_ = origin;
}

void Process::reconfigure(std::shared_ptr<const config::ProcessConfig> config) noexcept {
  context_.touch(*this);
  const auto limit = rules().startLimit();
  const auto before = std::exchange(config_, std::move(config));
  origin_ = Origin::Group;
  machine_.startLimitChanged(rules().startLimit() - limit);
  logging::attempt([&] {
    const auto& dependences = config_->extension->dependences;
    if (!dependences.on.empty() || dependences.startDelay.count() > 0) context_.useOrder();
    if (auto* const order = context_.order(); order != nullptr && dependences != before->extension->dependences)
      order->joined();
    if (config_->extension->startAsLast) (void)context_.lastStates();
    if (config_->extension->lifetime.essential) context_.useFinalEnd();
  });
  try {
    renewAttendants(context_, *this, *before, attendants_);
  } catch (const std::exception& error) {
    logging::critical("{}: what looks after it does not know its new configuration: {}", fullName(), error.what());
  }
  out_->settingsChanged();
  if (err_) err_->settingsChanged();
  updateDeadline();
}

lifecycle::Rules Process::rules() const noexcept {
  lifecycle::Rules rules;
  rules.startSeconds = core::seconds(config_->startSeconds);
  rules.stopWait = core::seconds(config_->stopWaitSeconds);
  rules.startRetries = config_->startRetries;
  rules.stopSignal = config_->stopSignal;
  rules.restart = toRestart(config_->autoRestart);
  rules.stopAsGroup = config_->stopAsGroup;
  rules.killAsGroup = config_->killAsGroup;
  if (config_->extension.given()) {
    const auto& extension = *config_->extension;
    rules.pacing = &extension.pacing;
    rules.awaitReady = extension.readiness.kind != config::Readiness::Kind::None;
    rules.readyTimeout = extension.readiness.timeout;
    rules.stopSteps = extension.stopping.steps;
    rules.oneshot = extension.dependences.oneshot;
    rules.chance = context_.chance();
    if (const auto scope = extension.stopping.scope; scope != config::KillScope::Default)
      rules.stopAsGroup = rules.killAsGroup = scope != config::KillScope::Process;
    const auto& stop = extension.around.stop;
    rules.stopCommand = !stop.list.empty();
    rules.stopCommandLimit =
        std::min<core::milliseconds>(kLongestStop, static_cast<int>(stop.list.size()) * (stop.limit + kCommandEnd));
  }
  rules.held = waits_.held || waits_.stop != Along::Nobody || startIsForbidden();
  rules.mayStart = context_.supervisorState() == SupervisorState::Running;
  rules.exitCodes = config_->exitCodes;
  return rules;
}

const Health* Process::health() const noexcept { return attendants_ ? attendants_->health : nullptr; }

core::seconds Process::uptime(core::Instant now) const noexcept {
  return std::max(core::seconds(0), std::chrono::duration_cast<core::seconds>(now - machine_.started()));
}

std::vector<Process*> Process::inStopOrder(std::vector<Process*> programs, Along along) {
  auto* const order = programs.empty() ? nullptr : programs.front()->context_.order();
  return order == nullptr ? std::move(programs) : order->inStopOrder(programs, along);
}

std::vector<Process*> Process::inStartOrder(std::vector<Process*> programs) {
  auto* const order = programs.empty() ? nullptr : programs.front()->context_.order();
  return order == nullptr ? std::move(programs) : order->inStartOrder(programs);
}

bool Process::comesBack() const noexcept {
  auto free = rules();
  free.held = false;
  return pid_ == 0 && waits_.stop == Along::Nobody && machine_.deadline(free).has_value();
}

bool Process::startsAgain() const noexcept {
  return pid_ != 0 || !lifecycle::isStopped(state()) || waits_.start || comesBack() || isAwaitedByAttendant() ||
         hasTimes() || nextStart(core::Clock::now()) > 0;
}

bool Process::hasTimes() const noexcept { return attendants_ && attendants_->schedule != nullptr && !disabled_; }

bool Process::waitsInVain() const {
  return pid_ == 0 && !machine_.preparing() && (waits_.start || waits_.held) && !isAwaitedByAttendant() &&
         context_.order()->obstacle(*this);
}

bool Process::awaitsStart() const noexcept {
  return state() == ProcessState::Backoff || waits_.start ||
         (config_->extension.given() && (machine_.awaitsStart(rules()) || isAwaitedByAttendant()));
}

bool Process::isAwaitedByAttendant() const noexcept {
  bool awaited = false;
  attend([&](const Attendant& one) { awaited = awaited || one.awaitsStart(); });
  return awaited;
}

/// Lets the machine take a step and does what it asks for.
void Process::tell(const lifecycle::Input& input) {
  const ProcessContext::Turn turn(context_);
  step(input);
}

/// noexcept, since a step must not stop halfway: the state would differ from what was done.
void Process::step(const lifecycle::Input& input) noexcept {
  context_.touch(*this);
  for (const Action& action : machine_.on(input, rules(), core::Clock::now())) apply(action);
  updateDeadline();
}

/// That of the machine, if it counts. Without a process it does not, and what that left behind has one of its own.
std::optional<core::Instant> Process::machineDeadline() const noexcept {
  if (const auto* const around = commands(); around != nullptr && around->suspends()) return std::nullopt;
  if (awaitsGroup() && state() != ProcessState::Stopping) return std::nullopt;
  return machine_.deadline(rules());
}

void Process::updateDeadline() noexcept {
  auto when = machineDeadline();
  if (awaitsGroup() && remains_->killAt() != core::Instant())
    when = std::min(when.value_or(remains_->killAt()), remains_->killAt());
  const auto look = awaitsGroup() ? remains_->nextLook() : std::nullopt;
  if (look && (!when || *look < *when)) when = look;
  if (waits_.start)
    if (const auto due = context_.order()->startDue(*this); due && (!when || *due < *when)) when = due;
  context_.setDeadline(*this, when);
}

void Process::apply(const Action& action) noexcept {
  switch (action.kind) {
    case Action::Kind::Changed: return announce(action);
    case Action::Kind::Spawn: return spawn();
    case Action::Kind::Signal: return sendStopSignal(action);
    case Action::Kind::Cancel:
      if (auto* const around = commands()) around->cancel(action.escalated);
      return;
    case Action::Kind::StopCommand:
      if (stopsWhatIsLeft()) return continueWithLeftovers();
      if (auto* const around = commands()) around->stop();
      return;
    case Action::Kind::Abandon: return abandonGroup("are still there after SIGKILL");
  }
}

void Process::announce(const Action& change) noexcept {
  // A stop that nobody asked for: beginStop() has not prepared it.
  if (change.to == ProcessState::Stopping && stopsOthers()) expectOthersIfPossible();
  const bool ended = pid_ != 0 && !lifecycle::isSignallable(change.to) && change.to != ProcessState::Unknown;
  if (change.to == ProcessState::Stopping && change.from == ProcessState::Starting && !spawnError().empty())
    logging::attempt([&] { logging::warn("{}: {}; it is stopped", name(), spawnError()); });
  attend([&](Attendant& one) { one.onState(change.to); });
  context_.changed(*this, {change.from, change.to, pid_, change.tries, change.expected, ended ? lastEnd_ : End()});
  if (change.to == ProcessState::Running && change.announced && rules().awaitReady)
    logging::info("success: {} entered RUNNING state, it is ready", name());
  else if (change.to == ProcessState::Running && change.announced)
    logging::info("success: {} entered RUNNING state, process has stayed up for > than {} seconds (startsecs)", name(),
                  config_->startSeconds);
  if (change.to == ProcessState::Fatal && change.announced) logGivingUp(change.from);
}

void Process::logGivingUp(ProcessState from) const noexcept {
  logging::attempt([&] {
    const bool tooManyRetries = from == ProcessState::Backoff;
    const auto retry = config_->extension->pacing.fatalRetry;
    logging::info(
        "gave up: {} entered FATAL state, {}{}", name(),
        tooManyRetries ? "too many start retries too quickly" : spawnError(),
        retry ? fmt::format("; the next attempt follows after {} (fatal_retry)", lifecycle::durationText(*retry)) : "");
  });
}

void Process::start() {
  if (pid_ != 0) return logging::warn("process {} already running", core::pythonRepr(name()));
  attend([](Attendant& one) { one.onStartRequest(); });
  if (auto* const order = context_.order(); order != nullptr && order->postponesStart(*this, true)) return;
  tell(input::Start{});
}

void Process::startAutomatically() {
  if (!takesAutostart()) startUnasked();
}

bool Process::takesAutostart() {
  bool taken = false;
  attend([&](Attendant& one) { taken = one.takesAutostart() || taken; });
  return taken;
}

bool Process::mayStartUnasked() const noexcept {
  return !disabled_ && context_.supervisorState() == SupervisorState::Running && !startIsForbidden();
}

void Process::forgetFailures() noexcept {
  context_.touch(*this);
  machine_.forgetFailures();
}

void Process::prepareAutostart() {
  attend([](Attendant& one) { one.beforeAutostart(); });
}

void Process::startUnasked(bool needs) {
  if (!mayStartUnasked()) return;
  if (auto* const order = context_.order(); order != nullptr && order->postponesStart(*this, needs)) return;
  tell(input::Start{});
}

bool Process::startIsForbidden() const noexcept {
  bool forbidden = false;
  attend([&](const Attendant& one) { forbidden = forbidden || one.forbidsStart(); });
  return forbidden;
}

core::Result<void, StdinError> Process::writeStdin(std::string_view bytes) {
  if (pid_ == 0 || machine_.stopping()) return core::Err{StdinError::NotRunning};
  if (!stdin_) return core::Err{StdinError::Closed};
  const auto outcome = stdin_->write(context_.loop(), bytes, whenStdinBreaks());
  if (auto* const keeper = context_.keeper(); keeper != nullptr && outcome == StdinPipe::WriteResult::Queued)
    keeper->inputWaits(*this);
  if (outcome == StdinPipe::WriteResult::Closed) inputClosed();
  if (outcome == StdinPipe::WriteResult::Closed) return core::Err{StdinError::Closed};
  if (outcome == StdinPipe::WriteResult::Full) return core::Err{StdinError::Full};
  return {};
}

void Process::onOutput(Channel which, std::string_view bytes) noexcept {
  attend([&](Attendant& one) { one.onOutput(which, bytes); });
}

OutputChannel* Process::channel(Channel which) const noexcept {
  return which == Channel::Stdout ? out_.get() : err_.get();
}

/// Where the output of its side commands goes; nullptr: nowhere.
OutputChannel* Process::sideChannel() const noexcept { return out_->speaksProtocol() ? err_.get() : out_.get(); }

void Process::addOutput(std::string_view bytes) noexcept {
  if (auto* const output = sideChannel()) output->add(bytes);
}

bool Process::awaitRoom(output::RoomQueue::Waiter& waiter) const noexcept {
  const auto* const output = sideChannel();
  return output != nullptr && output->await(waiter);
}

}  // namespace process
