// SPDX-License-Identifier: MIT
// How a program ends: by itself, or asked to, alone or with its process group.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

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
#include "instance/process/memory_events.hpp"
#include "instance/process/process.hpp"
#include "instance/process/program_cgroup.hpp"
#include "instance/process/remains.hpp"
#include "lib/core/log.hpp"
#include "lib/core/process_groups.hpp"
#include "lib/core/text.hpp"
#include "lib/dialect/shell_hint.hpp"

namespace process {

using lifecycle::Action;
using lifecycle::ProcessState;
namespace input = lifecycle::input;

namespace {

/// What clients see: -1 for an end by a signal, and for one that nobody has seen.
int codeOf(int waitStatus) noexcept { return WIFEXITED(waitStatus) ? WEXITSTATUS(waitStatus) : -1; }

}  // namespace

/// The end of the process as input of the machine, with what is known of its reason.
input::Exited Process::exitOf(int waitStatus, const std::string& memoryKill) noexcept {
  const int code = codeOf(waitStatus);
  input::Exited exit{code};
  try {
    if (waitStatus == kStatusUnknown) exit.why = kUnknownEnd;
    if (!memoryKill.empty() && config_->extension.given()) exit.why = fmt::format("{}: {}", kMemoryEnd, memoryKill);
  } catch (const std::exception&) {  // out of memory: then as if by a signal
  }
  if (const auto why = std::exchange(doomed_, nullptr)) exit.why = std::move(*why);
  if (rules().expects(code) || waitStatus == kStatusUnknown) return exit;
  try {
    exit.hint = config::shellHint(config_->command).value_or("");
  } catch (const std::exception&) {  // out of memory: the end is reported without the hint
  }
  return exit;
}

void Process::reaped(int waitStatus) noexcept {
  // If startsecs passed in the same turn as the process ended, RUNNING is reported first, as Supervisor does.
  if (state() == ProcessState::Starting) step(input::Deadline{});
  context_.forgetPid(pid_);
  context_.touch(*this);
  const auto foreign = std::exchange(foreign_, nullptr);
  if (foreign) context_.foreignEnded();
  // With a keeper our child is still a zombie, a member of its group: whether there are others shows at the first look.
  const bool unreaped = !foreign && context_.keeper() != nullptr;
  const auto alone = [&] { return !unreaped && !core::outlivesItsLeader(pid_); };
  const bool byItself = state() != ProcessState::Stopping;
  if (byItself && stopsLeftovers()) expectOthersIfPossible();
  const bool waits = remains_ && (byItself ? stopsLeftovers() : machine_.awaitsGroup(rules()));
  if (!waits || (!stopsFamily() && alone())) return ended(waitStatus);
  logging::attempt([&] {
    logging::debug("{} (pid {}) has ended ({}){}", name(), pid_, describeWaitStatus(waitStatus),
                   unreaped ? "" : ", others of its process group have not");
  });
  const pid_t session = config_->extension->stopping.ownSession() ? pid_ : ::getsid(0);
  remains_->begin(pid_, foreign ? foreign->session() : session, waitStatus);
  remains_->setLeaderUnreaped(unreaped);
  step(input::LeaderExited{});
  if (byItself) stopLeftovers(0);
  if (remains_) remains_->setLeaderUnreaped(false);  // which it will be before the next signal
}

bool Process::awaitsGroup() const noexcept { return remains_ && remains_->begun(); }

void Process::lookAtGroup() noexcept {
  if (!awaitsGroup()) return;
  if (remains_->isEmpty()) return ended(remains_->waitStatus());
  leftoversDue();
  if (awaitsGroup()) updateDeadline();
}

void Process::abandonGroup(const char* why) noexcept {
  logging::error("{}: processes of its group {}; it counts as stopped, 'pgrep -a -g {}' shows them", name(), why, pid_);
  ended(remains_->waitStatus());
}

/// The process and, if it is waited for, its group have ended.
void Process::ended(int waitStatus) noexcept {
  context_.touch(*this);
  context_.reloads().end(*this);
  const auto now = core::Clock::now();
  const auto when = awaitsGroup() && state() != ProcessState::Stopping ? remains_->endedAt() : now;
  if (std::exchange(remains_, nullptr)) context_.groupEnded(*this);
  stoppedAt_ = core::wallSeconds();
  if (auto* const around = commands(); around != nullptr && around->finish(waitStatus, when)) return updateDeadline();
  finishEnd(waitStatus, when);
}

/// The same, and nothing that runs after it is left. It ended at `when`.
void Process::finishEnd(int waitStatus, core::Instant when) noexcept {
  context_.touch(*this);
  endRun();
  if (auto* const listener = group_.socketFor(*config_)) listener->release();
  lastEnd_ = End(waitStatus);

  const auto limits = rules();
  std::string memoryKill;
  logging::attempt([&] { memoryKill = takeMemoryKill(waitStatus); });
  const auto actions = machine_.on(exitOf(waitStatus, memoryKill), limits, when);
  logging::attempt([&] { logEnd(waitStatus, limits.expects(codeOf(waitStatus))); });
  logging::attempt([&] {
    if (memoryKill.empty()) return;
    logging::error(
        "{} (pid {}) was killed by the kernel because memory ran out: {}; raise the limit, or make the program "
        "use less",
        fullName(), pid_, memoryKill);
  });
  const auto forget = [this] {
    pid_ = 0;
    updateDeadline();
    if (protocol_ != nullptr) protocol_->onExited();
  };
  bool restarted = false;
  for (const Action& action : actions) {
    if (action.kind == Action::Kind::Spawn) forget();  // the next run begins in this step
    restarted |= action.kind == Action::Kind::Spawn;
    apply(action);
  }
  if (!restarted) forget();
}

/// Explains an end by a SIGKILL that we did not send; empty: memory was not the reason. A shell whose command was ended
/// by SIGKILL exits with 137.
std::string Process::takeMemoryKill(int waitStatus) {
  const bool bySigkill = WIFSIGNALED(waitStatus) && WTERMSIG(waitStatus) == SIGKILL;
  const bool ofItsCommand = WIFEXITED(waitStatus) && WEXITSTATUS(waitStatus) == 128 + SIGKILL;
  if (killed_ || !(bySigkill || ofItsCommand)) return {};
  auto own = attendants_ && attendants_->cgroup != nullptr ? attendants_->cgroup->takeMemoryKill() : std::string();
  return own.empty() ? context_.takeMemoryKill() : own;
}

void Process::logEnd(int waitStatus, bool expected) const {
  const auto cause = describeWaitStatus(waitStatus);
  const auto level = expected ? logging::Level::Info : logging::Level::Warn;
  if (state() == ProcessState::Stopped)
    logging::log(level, "stopped: {} ({})", name(), cause);
  else if (state() == ProcessState::Exited)
    logging::log(level, "exited: {} ({}; {})", name(), cause, expected ? "expected" : "not expected");
  else
    logging::warn("exited: {} ({}; not expected)", name(), cause);
}

void Process::retire() noexcept {
  out_->retire();
  if (err_) err_->retire();
}

void Process::due() {
  const ProcessContext::Turn turn(context_);
  lookAtGroup();
  if (waits_.start) context_.order()->due(*this);
  if (!machineDeadline()) return;
  input::Deadline passed;
  if (state() == ProcessState::Starting && rules().awaitReady) passed.remark = remarked({});
  step(passed);
}

void Process::supervisorStateChanged() { updateDeadline(); }

core::Status Process::stop(Along along) {
  const bool awaited = isAwaitedByAttendant();
  attend([](Attendant& one) { one.onStopRequest(); });
  if (auto* const finalEnd = context_.finalEnd()) finalEnd->changed();
  if (awaited && pid_ == 0 && !machine_.preparing() && !awaitsStart()) return {};
  if (waits_.start) {
    context_.order()->withdraw(*this);
    if (pid_ == 0 && !awaitsStart()) return {};
  }
  if (state() == ProcessState::Backoff) logging::debug("Attempted to kill {}, which is in BACKOFF state.", name());
  if (!awaitsStart() && pid_ == 0 && !machine_.preparing()) {
    auto text =
        fmt::format("attempted to kill {} with sig {} but it wasn't running", name(), signalName(config_->stopSignal));
    logging::debug("{}", text);
    return core::Err{core::Error{std::move(text), 0}};
  }
  if (auto* const order = context_.order(); order != nullptr && order->postponesStop(*this, along)) return {};
  beginStop();
  if (state() == ProcessState::Unknown) return core::Err{core::Error{machine_.trouble(), 0}};
  return {};
}

void Process::shutDown() {
  if (state() == ProcessState::Backoff)
    tell(input::GiveUp{});
  else if (auto* const order = context_.order();
           (pid_ != 0 || machine_.preparing()) && (order == nullptr || !order->postponesStop(*this, Along::All)))
    beginStop();
}

/// Allocates all that a stop needs: the end of the process must be handled without memory.
void Process::prepareStop() {
  if (stopsOthers()) expectOthers();
  context_.touch(*this);
}

void Process::beginStop() {
  prepareStop();
  tell(input::Stop{});
}

void Process::recycle(std::string why, bool restart) {
  prepareStop();
  tell(input::Recycle{std::move(why), restart});
}

void Process::sendStopSignal(const Action& action) noexcept {
  if (stopsWhatIsLeft()) return continueWithLeftovers();
  logging::attempt([&] {
    if (action.escalated) logging::warn("killing {} ({}) with SIGKILL", core::pythonRepr(name()), pid_);
    if (const auto count = config_->extension->stopping.steps.size(); count > 0 && !action.escalated)
      logging::info("stopping: {} (step {} of {}: {}{})", name(), action.step + 1, count, signalName(action.signal),
                    awaitsGroup() ? " to what it has left behind" : "");
    logging::debug("killing {} (pid {}) {}with signal {}", name(), pid_, action.group ? "process group " : "",
                   signalName(action.signal));
  });
  if (awaitsGroup()) {
    if (!remains_->signal(action.signal) && action.escalated)
      abandonGroup("belong to other accounts and could not be killed");
    return;
  }
  if (isGone()) return;
  if (auto* const keeper = context_.keeper()) keeper->willSignal(*this);
  try {
    const auto sent = send(action.signal, action.group, "killing");
    if (!sent) step(input::SignalFailed{sent.error().text});
  } catch (const std::exception& error) {  // the signal was refused, and there is no memory for the reason
    step(input::SignalFailed{error.what()});
  }
}

/// 0 or an errno.
int Process::deliver(int signo, bool toGroup) const noexcept {
  if (isGone()) return ESRCH;
  if (toGroup && stopsFamily()) return signalAll(signo);
  if (foreign_) return foreign_->signal(signo, toGroup);
  return ::kill(toGroup ? -pid_ : pid_, signo) == 0 ? 0 : errno;
}

/// Succeeds if the process does not exist any more: its exit status is about to arrive.
core::Status Process::send(int signo, bool toGroup, const char* verb) {
  killed_ |= signo == SIGKILL;
  context_.touch(*this);
  const int code = deliver(signo, toGroup);
  if (code == 0) return {};
  if (code == ESRCH) {
    logging::debug("unable to signal {} (pid {}), it probably just exited on its own: [Errno {}] {}", name(), pid_,
                   code, ::strerrordesc_np(code));
    return {};
  }
  auto text =
      fmt::format("unknown problem {} {} ({}):[Errno {}] {}", verb, name(), pid_, code, ::strerrordesc_np(code));
  logging::critical("{}", text);
  return core::Err{core::Error{std::move(text), code}};
}

void Process::reload(core::Completion<core::Status> done) {
  const auto& how = config_->extension->reloading;
  if (!how.given()) return done(core::Err{core::Error{"it has neither a reload_signal nor a reload_command", 0}});
  if (state() != ProcessState::Running) return done(core::Err{core::Error{"it is not running", 0}});
  if (how.signal == 0) return context_.reloads().begin(context_, *this, std::move(done));
  logging::info("reloaded: {} by signal {}", fullName(), signalName(how.signal));
  done(signal(how.signal));
}

core::Status Process::signal(int signo) {
  if (pid_ == 0) {
    auto text = fmt::format("attempted to send {} sig {} but it wasn't running", name(), signalName(signo));
    logging::debug("{}", text);
    return core::Err{core::Error{std::move(text), 0}};
  }
  logging::debug("sending {} (pid {}) sig {}", name(), pid_, signalName(signo));
  if (isGone()) return {};  // as if it had just exited: pid_ is only the number of its group
  const ProcessContext::Turn turn(context_);
  auto sent = send(signo, false, "sending sig to");
  if (!sent) step(input::SignalFailed{sent.error().text});
  return sent;
}

}  // namespace process
