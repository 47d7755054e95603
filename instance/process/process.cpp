// SPDX-License-Identifier: MIT
#include "instance/process/process.hpp"

#include <signal.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstring>
#include <exception>
#include <utility>

#include "lib/dialect/shell_hint.hpp"
#include "instance/process/channel.hpp"
#include "instance/process/context.hpp"
#include "instance/process/description.hpp"
#include "instance/process/fcgi_listener.hpp"
#include "instance/process/group.hpp"
#include "instance/process/launch.hpp"
#include "instance/process/remains.hpp"
#include "instance/process/stdin_pipe.hpp"
#include "lib/core/log.hpp"
#include "lib/core/process_groups.hpp"
#include "lib/core/text.hpp"

namespace process {
namespace {

using lifecycle::Action;
using lifecycle::State;
namespace input = lifecycle::input;

lifecycle::Restart toRestart(config::AutoRestart restart) noexcept {
  switch (restart) {
    case config::AutoRestart::Never: return lifecycle::Restart::Never;
    case config::AutoRestart::Unexpected: return lifecycle::Restart::Unexpected;
    case config::AutoRestart::Always: break;
  }
  return lifecycle::Restart::Always;
}

/// The hold of a program on its group's socket, which goes again if the program does not start.
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

Process::Process(Context& context, Group& group, std::shared_ptr<const config::ProcessConfig> config)
    : context_(context),
      group_(group),
      config_(std::move(config)),
      out_(std::make_unique<OutputChannel>(context, *this, Channel::Stdout)) {
  if (!config_->redirectStderr) err_ = std::make_unique<OutputChannel>(context, *this, Channel::Stderr);
  context_.deadlines.join();
}

Process::~Process() {
  context_.deadlines.set(*this, std::nullopt);
  context_.deadlines.leave();
  if (remains_) context_.awaitingGroup.erase(this);
  if (pid_ != 0 && !awaitsGroup()) context_.byPid.erase(pid_);
}

std::string Process::fullName() const {
  return group_.name() == name() ? name() : group_.name() + ":" + name();
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
  rules.mayStart = context_.mood == Mood::Running;
  rules.exitCodes = config_->exitCodes;
  return rules;
}

std::string Process::description() const {
  switch (state()) {
    case State::Running:
      return fmt::format("pid {}, uptime {}{}", pid_, uptimeText(core::Clock::now() - machine_.started()),
                         protocol_ == nullptr || protocol_->trouble().empty() ? ""
                                                                              : ", " + std::string(protocol_->trouble()));
    case State::Backoff:
    case State::Fatal:
      return spawnError().empty() ? fmt::format("unknown error (try \"tail {}\")", name()) : spawnError();
    case State::Stopped:
    case State::Exited: return startedAt_ == 0 ? "Not started" : stopTimeText(stoppedAt_);
    default: return "";
  }
}

/// Lets the machine take a step and does what it asks for. Without memory nothing happens: std::bad_alloc.
void Process::feed(const lifecycle::Input& input) {
  const Context::Turn turn(context_);
  step(input);
}

/// A step that has begun is finished: the state and what is the case stay together.
void Process::step(const lifecycle::Input& input) noexcept {
  for (const Action& action : machine_.on(input, rules(), core::Clock::now())) apply(action);
  updateDeadline();
}

void Process::updateDeadline() noexcept {
  auto when = machine_.deadline(rules());
  const auto look = awaitsGroup() ? remains_->nextLook() : std::nullopt;
  if (look && (!when || *look < *when)) when = look;
  context_.deadlines.set(*this, when);
}

void Process::apply(const Action& action) noexcept {
  switch (action.kind) {
    case Action::Kind::Changed: return announce(action);
    case Action::Kind::Spawn: return spawn();
    case Action::Kind::Signal: return sendStopSignal(action);
    case Action::Kind::Abandon: return abandonGroup("are still there after SIGKILL");
  }
}

void Process::announce(const Action& change) noexcept {
  context_.changed(*this, {change.from, change.to, pid_, change.tries, change.expected});
  if (change.to == State::Running && change.announced)
    logging::info("success: {} entered RUNNING state, process has stayed up for > than {} seconds (startsecs)", name(),
                  config_->startSeconds);
  if (change.to == State::Fatal && change.announced)
    logging::info("gave up: {} entered FATAL state, too many start retries too quickly", name());
}

void Process::start() {
  if (pid_ != 0) return logging::warn("process {} already running", core::pythonRepr(name()));
  feed(input::Start{});
}

void Process::spawn() noexcept {
  constexpr pid_t reserved = 0;  // its place among the pids, taken before there is a process
  startedAt_ = core::wallSeconds();
  killed_ = false;
  core::Result<pid_t, std::string> pid = core::Err{std::string("out of memory")};
  try {
    context_.byPid.emplace(reserved, this);
    pid = tryToSpawn();
  } catch (const std::exception&) {  // of memory: there is no process
    endRun();
  }
  auto place = context_.byPid.extract(reserved);
  if (!pid) {
    logging::info("spawnerr: {}", pid.error());
    return step(input::SpawnFailed{std::move(pid).error()});
  }
  pid_ = *pid;
  place.key() = pid_;
  context_.byPid.insert(std::move(place));
  logging::attempt([&] { logging::info("spawned: {} with pid {}", core::pythonRepr(name()), pid_); });
  if (doomed_) logging::info("spawnerr: {}", *doomed_);
  if (protocol_ != nullptr) protocol_->onSpawned();
  step(input::Spawned{});
}

/// There is no process, or none any more.
void Process::endRun() noexcept {
  out_->finish(pid_);
  if (err_) err_->finish(pid_);
  stdin_.reset();
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
  // All that takes memory comes before there is a process that could be lost.
  auto input = std::make_unique<StdinPipe>();
  auto failure = std::make_unique<std::string>();
  SharedSocket shared(group_.socketFor(*config_));
  const auto socket = shared.acquire();
  auto launched = socket ? launch(*config_, std::move(*command),
                                  {context_.environment, context_.settings, group_.name()}, *socket,
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

/// The end of the process, with what is known of its reason.
input::Exited Process::exitOf(int code) noexcept {
  input::Exited exit{code};
  if (const auto why = std::exchange(doomed_, nullptr)) exit.why = std::move(*why);
  if (rules().expects(code)) return exit;
  try {
    exit.hint = config::shellHint(config_->command).value_or("");
  } catch (const std::exception&) {  // of memory: the end is told without it
  }
  return exit;
}

void Process::reaped(int waitStatus) noexcept {
  // A start that succeeded in the same turn as the process ended is told first, as Supervisor does.
  if (state() == State::Starting) step(input::Deadline{});
  context_.byPid.erase(pid_);
  if (!remains_ || !machine_.awaitsGroup(rules()) || !core::outlivesItsLeader(pid_)) return ended(waitStatus);
  logging::attempt([&] {
    logging::debug("{} (pid {}) has ended ({}), others of its process group have not", name(), pid_,
                   describeWaitStatus(waitStatus));
  });
  remains_->begin(pid_, waitStatus);
  step(input::LeaderExited{});
}

bool Process::awaitsGroup() const noexcept { return remains_ && remains_->begun(); }

void Process::lookAtGroup() noexcept {
  if (!awaitsGroup()) return;
  if (remains_->isEmpty()) return ended(remains_->waitStatus());
  updateDeadline();
}

void Process::abandonGroup(const char* why) noexcept {
  logging::error("{}: processes of its group {}; it counts as stopped, 'pgrep -a -g {}' shows them", name(), why, pid_);
  ended(remains_->waitStatus());
}

/// Nothing of it is left, or waited for.
void Process::ended(int waitStatus) noexcept {
  if (std::exchange(remains_, nullptr) && context_.awaitingGroup.erase(this) && context_.awaitingGroup.empty())
    context_.census.forget();
  endRun();
  if (auto* const listener = group_.socketFor(*config_)) listener->release();
  stoppedAt_ = core::wallSeconds();

  const int code = WIFEXITED(waitStatus) ? WEXITSTATUS(waitStatus) : -1;
  const auto limits = rules();
  const auto actions = machine_.on(exitOf(code), limits, core::Clock::now());
  logging::attempt([&] { logEnd(waitStatus, limits.expects(code)); });
  logging::attempt([&] { tellMemoryKill(waitStatus); });
  for (const Action& action : actions) apply(action);
  pid_ = 0;
  updateDeadline();
  if (protocol_ != nullptr) protocol_->onExited();
}

/// An end by SIGKILL that nobody has sent needs an explanation. A shell says 137 of such an end of its command.
void Process::tellMemoryKill(int waitStatus) {
  const bool bySigkill = WIFSIGNALED(waitStatus) && WTERMSIG(waitStatus) == SIGKILL;
  const bool ofItsCommand = WIFEXITED(waitStatus) && WEXITSTATUS(waitStatus) == 128 + SIGKILL;
  if (killed_ || !(bySigkill || ofItsCommand)) return;
  if (const auto why = context_.memoryEvents.takeKill(); !why.empty())
    logging::error("{} (pid {}) was killed by the kernel for want of memory: {}; raise the limit, or make the program "
                   "use less", fullName(), pid_, why);
}

void Process::logEnd(int waitStatus, bool expected) const {
  const auto cause = describeWaitStatus(waitStatus);
  const auto level = expected ? logging::Level::Info : logging::Level::Warn;
  if (state() == State::Stopped)
    logging::log(level, "stopped: {} ({})", name(), cause);
  else if (state() == State::Exited)
    logging::log(level, "exited: {} ({}; {})", name(), cause, expected ? "expected" : "not expected");
  else
    logging::warn("exited: {} ({}; not expected)", name(), cause);
}

void Process::retire() noexcept {
  out_->retire();
  if (err_) err_->retire();
}

void Process::due() {
  const Context::Turn turn(context_);
  lookAtGroup();
  step(input::Deadline{});
}

void Process::moodChanged() { updateDeadline(); }

core::Status Process::stop() {
  if (state() == State::Backoff) logging::debug("Attempted to kill {}, which is in BACKOFF state.", name());
  if (state() != State::Backoff && pid_ == 0) {
    auto text = fmt::format("attempted to kill {} with sig {} but it wasn't running", name(),
                            signalName(config_->stopSignal));
    logging::debug("{}", text);
    return core::Err{core::Error{std::move(text), 0}};
  }
  beginStop();
  if (state() == State::Unknown) return core::Err{core::Error{machine_.trouble(), 0}};
  return {};
}

void Process::shutDown() {
  if (state() == State::Backoff)
    feed(input::GiveUp{});
  else if (pid_ != 0)
    beginStop();
}

/// All that a stop takes of memory comes first: the end of the process is taken in without.
void Process::beginStop() {
  if (pid_ != 0 && !remains_ && (config_->stopAsGroup || config_->killAsGroup)) {
    auto remains = std::make_unique<Remains>(context_.loop, context_.census, [this] { due(); });
    context_.awaitingGroup.insert(this);
    remains_ = std::move(remains);
  }
  feed(input::Stop{});
}

void Process::sendStopSignal(const Action& action) noexcept {
  logging::attempt([&] {
    if (action.escalated) logging::warn("killing {} ({}) with SIGKILL", core::pythonRepr(name()), pid_);
    logging::debug("killing {} (pid {}) {}with signal {}", name(), pid_, action.group ? "process group " : "",
                   signalName(action.signal));
  });
  if (awaitsGroup()) {
    if (!remains_->kill()) abandonGroup("belong to other accounts and could not be killed");
    return;
  }
  try {
    const auto sent = send(action.signal, action.group, "killing");
    if (!sent) step(input::SignalFailed{sent.error().text});
  } catch (const std::exception& error) {  // the signal was refused, and there is no memory to say why
    step(input::SignalFailed{error.what()});
  }
}

/// A process that is gone already is no failure: its exit is about to be noticed.
core::Status Process::send(int signo, bool toGroup, const char* verb) {
  killed_ |= signo == SIGKILL;
  if (::kill(toGroup ? -pid_ : pid_, signo) == 0) return {};
  const int code = errno;
  if (code == ESRCH) {
    logging::debug("unable to signal {} (pid {}), it probably just exited on its own: [Errno {}] {}", name(), pid_, code,
                   ::strerrordesc_np(code));
    return {};
  }
  auto text = fmt::format("unknown problem {} {} ({}):[Errno {}] {}", verb, name(), pid_, code,
                          ::strerrordesc_np(code));
  logging::critical("{}", text);
  return core::Err{core::Error{std::move(text), code}};
}

core::Status Process::signal(int signo) {
  if (pid_ == 0) {
    auto text = fmt::format("attempted to send {} sig {} but it wasn't running", name(), signalName(signo));
    logging::debug("{}", text);
    return core::Err{core::Error{std::move(text), 0}};
  }
  logging::debug("sending {} (pid {}) sig {}", name(), pid_, signalName(signo));
  if (awaitsGroup()) return {};  // as if it had just exited: the number is only that of its group
  const Context::Turn turn(context_);
  auto sent = send(signo, false, "sending sig to");
  if (!sent) step(input::SignalFailed{sent.error().text});
  return sent;
}

core::Result<void, StdinError> Process::writeStdin(std::string_view bytes) {
  if (pid_ == 0 || machine_.stopping()) return core::Err{StdinError::NotRunning};
  if (!stdin_) return core::Err{StdinError::Closed};
  const auto outcome = stdin_->write(context_.loop, bytes, [this] {
    const Context::Turn turn(context_);
    if (protocol_ != nullptr) protocol_->onStdinClosed();
  });
  if (outcome == StdinPipe::Outcome::Closed) return core::Err{StdinError::Closed};
  if (outcome == StdinPipe::Outcome::Full) return core::Err{StdinError::Full};
  return {};
}

OutputChannel* Process::channel(Channel which) const noexcept {
  return which == Channel::Stdout ? out_.get() : err_.get();
}

output::RotatingFile* Process::log(Channel which) noexcept {
  OutputChannel* const output = channel(which);
  return output == nullptr ? nullptr : output->log();
}

const std::string& Process::logPath(Channel which) const noexcept {
  static const std::string none;
  OutputChannel* const output = channel(which);
  return output == nullptr || output->log() == nullptr ? none : output->log()->path();
}

core::Status Process::clearLogs() {
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
