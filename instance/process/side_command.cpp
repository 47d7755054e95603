// SPDX-License-Identifier: MIT
#include "instance/process/side_command.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>

#include "instance/config/model.hpp"
#include "instance/process/attendants.hpp"
#include "instance/process/command.hpp"
#include "instance/process/context.hpp"
#include "instance/process/group.hpp"
#include "instance/process/launch.hpp"
#include "instance/process/process.hpp"
#include "instance/state/descriptors.hpp"
#include "lib/core/log.hpp"
#include "lib/core/process_groups.hpp"
#include "lib/core/spawn.hpp"
#include "lib/lifecycle/pacing.hpp"

namespace process {
namespace {

constexpr core::seconds kPoliteness{2};  ///< between SIGTERM and SIGKILL
constexpr core::seconds kKillWait{10};   ///< a process that survives SIGKILL so long hangs in the kernel
constexpr const char* kPipe = "side";
constexpr const char* kUpgradePipe = "beside";

}  // namespace

std::string SideOutcome::text(core::milliseconds limit) const {
  if (!error.empty()) return error;
  if (timedOut) return "timed out after " + lifecycle::durationText(limit);
  return describeWaitStatus(status);
}

SideCommand::SideCommand(ProcessContext& context, Process& program, const Spec& spec, Done done)
    : context_(context),
      program_(program),
      done_(std::move(done)),
      limit_(spec.limit),
      timer_(context.loop(), [this] { due(); }),
      failed_(context.loop(),
              [this] {
                const ProcessContext::Turn turn(context_);
                report();
              }),
      survives_(spec.survives) {
  context_.reserveSide(*this);
  try {
    outcome_.error = start(spec);
  } catch (const std::exception&) {
    context_.assignSide(0);
    throw;
  }
  context_.assignSide(pid_);
  if (pid_ == 0)
    failed_.schedule();
  else if (limit_.count() > 0)
    timer_.arm(due_ = core::Clock::now() + limit_);
}

/// Returns why there is no process; empty: there is one.
std::string SideCommand::start(const Spec& spec) {
  const auto& config = program_.config();
  auto command = resolveCommand(spec.line, config);
  if (!command) return std::move(command).error().text;
  const LaunchExtras extras{spec.environment, {}, {}};
  auto child = childSpec(config, std::move(*command),
                         {context_.environment(), context_.settings(), program_.group().name(), {}, &extras});
  if (!child) return std::move(child).error();
  const core::UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  int ends[2];
  if (!null || (spec.log && ::pipe2(ends, O_CLOEXEC) != 0))
    return std::string("cannot open its output: ") + ::strerrordesc_np(errno);
  core::UniqueFd writer;
  if (spec.log) {
    pipe_.reset(ends[0]);
    writer.reset(ends[1]);
    ::fcntl(pipe_.get(), F_SETFL, O_NONBLOCK);
    watchPipe();
  }
  const int output = writer ? writer.get() : null.get();
  child->descriptors = {{null.get(), STDIN_FILENO}, {output, STDOUT_FILENO}, {output, STDERR_FILENO}};
  child->parentDeathSignal = !spec.survives;
  startedAfter_ = ticksSinceBoot();
  const auto spawned = core::beginSpawn(*child);
  startedBefore_ = ticksSinceBoot();
  if (!spawned) return std::string("cannot fork: ") + ::strerrordesc_np(spawned.error().code);
  pid_ = spawned->pid;
  if (auto* const keeper = context_.keeper(); keeper != nullptr && survives_ && pipe_)
    keeper->keep(program_, kPipe, pipe_.get());
  // The child has written the reason to its standard error, and ends with status 127.
  if (spawned->failure)
    logging::attempt(
        [&] { logging::info("{}: {}", program_.fullName(), core::supervisorsWords(*child, *spawned->failure)); });
  return {};
}

SideCommand::SideCommand(ProcessContext& context, Process& program, const state::SideCommand& saved,
                         state::Incoming& incoming, Done done)
    : context_(context),
      program_(program),
      done_(std::move(done)),
      limit_(saved.limit),
      timer_(context.loop(), [this] { due(); }),
      failed_(context.loop(),
              [this] {
                const ProcessContext::Turn turn(context_);
                report();
              }),
      pipe_(incoming.take(saved.pipe)),
      due_(saved.due),
      startedAfter_(saved.startedAfter),
      startedBefore_(saved.startedBefore),
      pid_(saved.pid),
      stage_(saved.stage <= 0   ? Stage::Runs
             : saved.stage == 1 ? Stage::Asked
                                : Stage::Killed),
      survives_(saved.survives) {
  outcome_.timedOut = saved.timedOut;
  outcome_.error = saved.error;
  if (pipe_) ::fcntl(pipe_.get(), F_SETFL, O_NONBLOCK);
  if (pipe_) watchPipe();
  if (pid_ == 0) {
    failed_.schedule();
    return;
  }
  context_.reserveSide(*this);
  context_.assignSide(pid_);
  try {
    if (!isOurChild(pid_)) watchForeign();
  } catch (const std::exception&) {
    context_.dismissSide(pid_, false);
    throw;
  }
  if (due_ != core::Instant()) timer_.arm(due_);
}

/// Its process was started by a supervisord that has crashed.
void SideCommand::watchForeign() {
  auto process = openProcess({pid_, startedAfter_, startedBefore_, program_.config().uid.value_or(::geteuid())});
  foreign_ = std::make_unique<Foreign>(context_.loop(), pid_, process ? std::move(*process) : core::UniqueFd(),
                                       context_.statusPatience(), [this] {
                                         const ProcessContext::Turn turn(context_);
                                         reaped(kStatusUnknown);
                                       });
  context_.foreignBegan();
}

SideCommand::~SideCommand() {
  if (pid_ == 0) return;
  signalGroup(SIGKILL);
  context_.dismissSide(pid_, foreign_ == nullptr);
  if (foreign_) context_.foreignEnded();
}

void SideCommand::watchPipe() {
  if (!watch_) watch_.emplace(context_.loop(), [this](std::uint32_t) { readOnce(); });
  watch_->start(pipe_.get(), core::IoWatch::Read);
}

state::SideCommand SideCommand::save(state::Outgoing& outgoing) const {
  state::SideCommand saved;
  saved.pid = pid_;
  saved.startedAfter = startedAfter_;
  saved.startedBefore = startedBefore_;
  saved.limit = limit_;
  saved.due = due_;
  saved.stage = static_cast<int>(stage_);
  saved.timedOut = outcome_.timedOut;
  saved.error = outcome_.error;
  saved.survives = survives_;
  // At most one command of each kind writes to a pipe. That of one that does not survive a crash goes over an upgrade.
  if (pipe_)
    saved.pipe = outgoing.add(state::pipeName(program_.number(), survives_ ? kPipe : kUpgradePipe), pipe_.get());
  return saved;
}

void SideCommand::signalGroup(int signo) const noexcept {
  if (foreign_)
    (void)foreign_->signal(signo, true);
  else
    ::kill(-pid_, signo);
}

void SideCommand::end() noexcept {
  if (pid_ == 0 || stage_ != Stage::Runs) return;
  context_.touch(program_);
  stage_ = Stage::Asked;
  signalGroup(SIGTERM);
  timer_.arm(due_ = core::Clock::now() + kPoliteness);
}

void SideCommand::kill() noexcept {
  if (pid_ == 0) return;
  context_.touch(program_);
  stage_ = Stage::Killed;
  signalGroup(SIGKILL);
  timer_.arm(due_ = core::Clock::now() + kKillWait);
}

void SideCommand::due() noexcept {
  switch (stage_) {
    case Stage::Runs: outcome_.timedOut = true; return end();
    case Stage::Asked: return kill();
    case Stage::Killed: break;
  }
  std::optional<ProcessContext::Turn> turn;
  try {
    turn.emplace(context_);
  } catch (const std::exception&) {
    return timer_.arm(due_ = core::Clock::now() + kPoliteness);
  }
  logging::attempt([&] {
    logging::error("{}: process {} of a command survives SIGKILL; it is left alone", program_.fullName(), pid_);
  });
  context_.dismissSide(pid_, foreign_ == nullptr);
  reaped(kStatusUnknown);
}

void SideCommand::reaped(int waitStatus) noexcept {
  context_.touch(program_);
  // With a keeper our child is still a zombie: its group keeps the number, and whether there are others does not show.
  const bool unreaped = !foreign_ && context_.keeper() != nullptr;
  if (stage_ != Stage::Runs && (unreaped || core::outlivesItsLeader(pid_))) ::kill(-pid_, SIGKILL);
  context_.forgetSide(pid_);
  if (std::exchange(foreign_, nullptr)) context_.foreignEnded();
  pid_ = 0;
  timer_.disarm();
  outcome_.status = waitStatus;
  readRest();
  report();
}

/// This object may be gone afterwards.
void SideCommand::report() noexcept {
  watch_.reset();
  if (pipe_ && survives_)
    if (auto* const keeper = context_.keeper()) keeper->drop(program_, kPipe);
  pipe_.reset();
  const auto done = std::move(done_);
  const auto outcome = std::move(outcome_);
  try {
    done(outcome);
  } catch (const std::exception& error) {
    logging::critical("the end of a command of {} was not handled: {}", program_.name(), error.what());
  }
}

void SideCommand::onRoom() noexcept {
  readOnce();
  if (pipe_ && !waiting() && !watch_->active()) watch_->start(pipe_.get(), core::IoWatch::Read);
}

/// While the log is full the command waits, as the program does.
void SideCommand::readOnce() noexcept {
  if (program_.awaitRoom(*this)) return watch_->stop();
  const auto buffer = context_.buffer();
  const ssize_t n = ::read(pipe_.get(), buffer.data(), buffer.size());
  if (n > 0) return program_.addOutput({buffer.data(), static_cast<std::size_t>(n)});
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  watch_->stop();
}

/// What it has written until its end. Others that it left behind may write on: nobody reads that.
void SideCommand::readRest() noexcept {
  leave();
  int left = 0;
  if (!pipe_ || ::ioctl(pipe_.get(), FIONREAD, &left) != 0) return;
  while (left > 0) {
    const auto buffer = context_.buffer().first(std::min(context_.buffer().size(), static_cast<std::size_t>(left)));
    const ssize_t n = ::read(pipe_.get(), buffer.data(), buffer.size());
    if (n <= 0) return;
    left -= static_cast<int>(n);
    program_.addOutput({buffer.data(), static_cast<std::size_t>(n)});
  }
}

}  // namespace process
