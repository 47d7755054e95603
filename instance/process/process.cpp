// SPDX-License-Identifier: MIT
#include "instance/process/process.hpp"

#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <utility>

#include "instance/config/model.hpp"
#include "instance/process/attend.hpp"
#include "instance/process/channel.hpp"
#include "instance/process/commands_around.hpp"
#include "instance/process/context.hpp"
#include "instance/process/description.hpp"
#include "instance/process/fcgi_listener.hpp"
#include "instance/process/foreign.hpp"
#include "instance/process/group.hpp"
#include "instance/process/launch.hpp"
#include "instance/process/remains.hpp"
#include "instance/process/stdin_pipe.hpp"
#include "lib/core/log.hpp"
#include "lib/core/text.hpp"
#include "lib/dialect/shell_hint.hpp"

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

/// A program's use of its group's socket, which is given back if the program does not start.
class SharedSocket {
 public:
  explicit SharedSocket(FcgiListener* listener) noexcept : listener_(listener) {}
  SharedSocket(const SharedSocket&) = delete;
  SharedSocket& operator=(const SharedSocket&) = delete;
  ~SharedSocket() {
    if (held_) listener_->release();
  }
  /// The descriptor; -1 if the program shares none.
  [[nodiscard]] core::Expected<int> acquire() {
    if (listener_ == nullptr) return -1;
    auto socket = listener_->acquire();
    held_ = socket.has_value();
    return socket;
  }
  void keep() noexcept { held_ = false; }

 private:
  FcgiListener* listener_;
  bool held_ = false;
};

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

void Process::reconfigure(std::shared_ptr<const config::ProcessConfig> config) noexcept {
  context_.touch(*this);
  config_ = std::move(config);
  added_ = false;
  logging::attempt([&] {
    if (config_->extension->startAsLast) (void)context_.lastStates();
  });
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
    rules.stopCommandLimit = static_cast<int>(stop.list.size()) * (stop.limit + kCommandEnd);
  }
  rules.held = waits_.held || waits_.stop != Along::Nobody;
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

std::string Process::waitText() const {
  return waits_.start && pid_ == 0 ? context_.order()->waitText(*this) : std::string();
}

std::vector<std::string> Process::waitsFor() const {
  return waits_.start ? context_.order()->missing(*this) : std::vector<std::string>();
}

std::optional<std::string> Process::obstacle() const {
  return waits_.start ? context_.order()->obstacle(*this) : std::nullopt;
}

bool Process::comesBack() const noexcept {
  auto free = rules();
  free.held = false;
  return pid_ == 0 && waits_.stop == Along::Nobody && machine_.deadline(free).has_value();
}

/// With what its attendants have to say.
std::string Process::remarked(std::string text) const {
  attend([&](const Attendant& one) { one.describe(text); });
  return text;
}

std::string Process::description(core::Instant now) const {
  if (auto waiting = waitText(); !waiting.empty()) return waiting;
  auto text = describe(now);
  if (disabled_) text += text.empty() ? "disabled" : ", disabled";
  return text;
}

std::string Process::describe(core::Instant now) const {
  switch (state()) {
    case ProcessState::Starting:
      return pid_ == 0 || !rules().awaitReady ? "" : remarked(fmt::format("pid {}, not ready", pid_));
    case ProcessState::Running:
      if (isGone())
        return awaitsGroup() ? "has ended, what it left behind is stopped" : "has ended, exec_stop_post runs";
      return remarked(fmt::format(
          "pid {}, uptime {}{}", pid_, uptimeText(uptime(now)),
          protocol_ == nullptr || protocol_->trouble().empty() ? "" : ", " + std::string(protocol_->trouble())));
    case ProcessState::Backoff:
    case ProcessState::Fatal:
      return (spawnError().empty() ? fmt::format("unknown error (try \"tail {}\")", name()) : spawnError()) +
             nextStartText(now);
    case ProcessState::Stopped:
    case ProcessState::Exited: {
      if (startedAt_ == 0) return "Not started";
      // With keys of ours a program may have been stopped for a reason.
      const bool explained = spawnError() == kUnknownEnd || spawnError().starts_with(kMemoryEnd) ||
                             (config_->extension.given() && !spawnError().empty() && state() == ProcessState::Stopped);
      return stopTimeText(stoppedAt_) + (explained ? ", " + spawnError() : "") + nextStartText(now);
    }
    default: return "";
  }
}

bool Process::paced() const noexcept {
  return config_->extension.given() && !(config_->extension->pacing == lifecycle::Pacing());
}

bool Process::awaitsStart() const noexcept {
  return state() == ProcessState::Backoff || waits_.start ||
         (config_->extension.given() && machine_.awaitsStart(rules()));
}

/// "; next start at 14:03:05", of a program with a pacing of its own. A time, and not how long until then: the page
/// shows a text until the state changes.
std::string Process::nextStartText(core::Instant now) const {
  const auto when = paced() ? nextStart() : std::nullopt;
  return when ? "; next start at " + clockText(wallSecondsAt(*when, now)) : "";
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

void Process::updateDeadline() noexcept {
  auto when = machine_.deadline(rules());
  if (const auto* const around = commands(); around != nullptr && around->suspends()) when.reset();
  if (awaitsGroup() && state() != ProcessState::Stopping)
    when.reset();  // what it left behind has a deadline of its own
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
      if (auto* const around = commands()) around->stop();
      return;
    case Action::Kind::Abandon: return abandonGroup("are still there after SIGKILL");
  }
}

void Process::announce(const Action& change) noexcept {
  // A stop that nobody asked for: beginStop() has not prepared it.
  if (change.to == ProcessState::Stopping && stopsOthers()) expectOthersIfPossible();
  const bool ended = pid_ != 0 && !lifecycle::isSignallable(change.to) && change.to != ProcessState::Unknown;
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
  if (auto* const order = context_.order(); order != nullptr && order->postponesStart(*this, true)) return;
  tell(input::Start{});
}

void Process::startAutomatically() {
  if (auto* const order = context_.order(); order != nullptr && order->postponesStart(*this, false)) return;
  tell(input::Start{});
}

void Process::spawn() noexcept {
  if (auto* const keeper = context_.keeper())
    if (const auto done = keeper->takeRepeated()) return adopt(*done);
  if (auto* const around = commands(); around != nullptr && around->prepare()) {
    startedAt_ = core::wallSeconds();
    return step(input::Preparing{});
  }
  spawnNow();
}

void Process::spawnNow() noexcept {
  startedAt_ = core::wallSeconds();
  startedTicks_ = ticksSinceBoot();
  killed_ = false;
  core::Result<pid_t, std::string> pid = core::Err{std::string("out of memory")};
  try {
    context_.reservePid(*this);
    pid = tryToSpawn();
  } catch (const std::exception&) {  // of memory: there is no process
    endRun();
  }
  context_.assignPid(pid ? *pid : 0);
  if (!pid) {
    logging::info("spawnerr: {}", pid.error());
    if (auto* const around = commands(); around != nullptr && around->finishFailed(pid.error())) return;
    return step(input::SpawnFailed{std::move(pid).error()});
  }
  pid_ = *pid;
  startedWithin_ = static_cast<std::uint32_t>(ticksSinceBoot() - startedTicks_);
  logging::attempt([&] { logging::info("spawned: {} with pid {}", core::pythonRepr(name()), pid_); });
  if (doomed_) logging::info("spawnerr: {}", *doomed_);
  if (protocol_ != nullptr) protocol_->onSpawned();
  step(input::Spawned{});
  attend([](Attendant& one) { one.onSpawned(); });
}

/// Ends what belongs to one process: it has ended, or could not be started.
void Process::endRun() noexcept {
  out_->finish(pid_);
  if (err_) err_->finish(pid_);
  inputClosed();
  stdin_.reset();
  if (pid_ != 0) attend([](Attendant& one) { one.onReaped(); });
  attend([](Attendant& one) { one.onEnded(); });
}

core::Result<pid_t, std::string> Process::tryToSpawn() {
  auto command = resolveCommand(*config_);
  if (!command) {
    const auto hint = config::shellHint(config_->command);
    return core::Err{command.error().text + (hint ? "; " + *hint : "")};
  }
  for (const auto which : {Channel::Stdout, Channel::Stderr}) {
    if (OutputChannel* const output = channel(which)) {
      if (const auto opened = output->prepare(); !opened) {
        const int code = opened.error().code;
        endRun();
        if (code == EMFILE) return core::Err{"too many open files to spawn " + core::pythonRepr(name())};
        return core::Err{fmt::format("unknown error making dispatchers for {}: {}: {} log {}", core::pythonRepr(name()),
                                     ::strerrorname_np(code), which == Channel::Stdout ? "stdout" : "stderr",
                                     opened.error().text)};
      }
    }
  }
  // All memory is allocated before the fork: a process that could not be taken note of would run unsupervised.
  auto input = makeInput();
  auto failure = std::make_unique<std::string>();
  LaunchExtras extras;
  if (auto mark = familyMark(); !mark.empty()) extras.environment.emplace_back(kFamilyKey, std::move(mark));
  std::string refusal;
  attend([&](Attendant& one) {
    if (auto prepared = one.beforeSpawn(extras); !prepared && refusal.empty()) refusal = prepared.error().text;
  });
  if (!refusal.empty()) {
    endRun();
    return core::Err{std::move(refusal)};
  }
  auto* const listener = group_.socketFor(*config_);
  if (listener != nullptr) group_.recover(*listener);
  SharedSocket shared(listener);
  const auto socket = shared.acquire();
  const auto keep = [this](const Launched& pipes) { return keepPipes(pipes); };
  auto launched = socket ? launch(*config_, std::move(*command),
                                  {context_.environment(), context_.settings(), group_.name(), keep, &extras}, *socket,
                                  {out_->unreadPipe(), err_ ? err_->unreadPipe() : -1})
                         : core::Err{socket.error().text};
  if (!launched) {
    endRun();
    return core::Err{std::move(launched).error()};
  }
  shared.keep();
  out_->attach(std::move(launched->out));
  if (err_) err_->attach(std::move(launched->err));
  if (launched->in) {
    input->open(std::move(launched->in));
    stdin_ = std::move(input);
  }
  if (!launched->failure.empty()) {
    *failure = std::move(launched->failure);
    doomed_ = std::move(failure);
  }
  return launched->pid;
}

std::function<void()> Process::whenStdinBreaks() {
  return [this] {
    const ProcessContext::Turn turn(context_);
    inputClosed();
    if (protocol_ != nullptr) protocol_->onStdinClosed();
  };
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

output::RotatingFile* Process::log(Channel which) noexcept {
  OutputChannel* const output = channel(which);
  return output == nullptr ? nullptr : output->log();
}

const std::string& Process::logPath(Channel which) const noexcept {
  static const std::string kNone;
  OutputChannel* const output = channel(which);
  return output == nullptr || output->log() == nullptr ? kNone : output->log()->path();
}

void Process::catchUp(Channel which) noexcept {
  if (OutputChannel* const output = channel(which)) output->catchUp();
}

core::Status Process::clearLogs() {
  for (const auto which : {Channel::Stdout, Channel::Stderr}) catchUp(which);
  for (const auto which : {Channel::Stdout, Channel::Stderr})
    if (auto* const file = log(which))
      if (auto cleared = file->clear(); !cleared) return cleared;
  return {};
}

void Process::reopenLogs() {
  for (const auto which : {Channel::Stdout, Channel::Stderr})
    if (auto* const file = log(which)) file->reopen();
}

}  // namespace process
