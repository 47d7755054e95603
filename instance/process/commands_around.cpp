// SPDX-License-Identifier: MIT
#include "instance/process/commands_around.hpp"

#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <exception>

#include "instance/config/model.hpp"
#include "instance/process/context.hpp"
#include "instance/process/group.hpp"
#include "instance/process/launch.hpp"
#include "instance/process/process.hpp"
#include "instance/process/program_environment.hpp"
#include "instance/state/state.hpp"
#include "lib/core/log.hpp"
#include "lib/core/text.hpp"

namespace process {
namespace {

using lifecycle::ProcessState;
namespace input = lifecycle::input;

/// The shortest time from a start to a restart because of exec_start_post.
constexpr core::seconds kRestartPace{1};

bool endsCleanly(int signo) noexcept {
  return signo == SIGHUP || signo == SIGINT || signo == SIGTERM || signo == SIGPIPE;
}

/// What the commands after an end know of how a process ended: our names, and those of systemd.
void describeStatus(Variables& out, int status) {
  if (status == kStatusUnknown) return;
  if (WIFEXITED(status)) {
    const auto code = std::to_string(WEXITSTATUS(status));
    out.emplace_back("SUPERVISOR_EXIT_CODE", code);
    out.emplace_back("EXIT_CODE", "exited");
    out.emplace_back("EXIT_STATUS", code);
  } else {
    const auto name = signalName(WTERMSIG(status));
    out.emplace_back("SUPERVISOR_EXIT_SIGNAL", name);
    out.emplace_back("EXIT_CODE", WCOREDUMP(status) ? "dumped" : "killed");
    out.emplace_back("EXIT_STATUS", name.starts_with("SIG") ? name.substr(3) : name);
  }
}

/// The same for the end of the program.
void describeEnd(Variables& out, int status, const std::vector<int>& expected) {
  if (status == kStatusUnknown) {
    out.emplace_back("SUPERVISOR_RESULT", "unknown");
  } else if (WIFEXITED(status)) {
    const bool good = std::find(expected.begin(), expected.end(), WEXITSTATUS(status)) != expected.end();
    out.emplace_back("SUPERVISOR_RESULT", good ? "success" : "exit-code");
    out.emplace_back("SERVICE_RESULT", good ? "success" : "exit-code");
  } else {
    const char* const result = WCOREDUMP(status) ? "core-dump" : endsCleanly(WTERMSIG(status)) ? "success" : "signal";
    out.emplace_back("SUPERVISOR_RESULT", WCOREDUMP(status) ? "core-dump" : "signal");
    out.emplace_back("SERVICE_RESULT", result);
  }
  describeStatus(out, status);
}

}  // namespace

CommandsAround::CommandsAround(ProcessContext& context, Process& program)
    : context_(context),
      program_(program),
      go_(context.loop(),
          [this] {
            const ProcessContext::Turn turn(context_);
            if (std::exchange(outOfMemory_, false)) return done({0, false, "out of memory"});
            go();
          }),
      recycle_(context.loop(), [this] { recycle(); }) {}

const config::AroundCommands& CommandsAround::commands() const noexcept {
  const auto& around = (phaseConfig_ ? *phaseConfig_ : program_.config()).extension->around;
  switch (phase_) {
    case Phase::Prepare: return around.startPre;
    case Phase::Post: return around.startPost;
    case Phase::Stop: return around.stop;
    default: return around.stopPost;
  }
}

const char* CommandsAround::key() const noexcept {
  switch (phase_) {
    case Phase::Prepare: return "exec_start_pre";
    case Phase::Post: return "exec_start_post";
    case Phase::Stop: return "exec_stop";
    default: return "exec_stop_post";
  }
}

bool CommandsAround::prepare() noexcept {
  if (program_.config().extension->around.startPre.list.empty() || !program_.openLogs()) return false;
  begin(Phase::Prepare);
  return true;
}

void CommandsAround::cancel(bool now) noexcept {
  context_.touch(program_);
  if (phase_ != Phase::Prepare) return;
  cancelled_ = true;
  if (command_ == nullptr) return;
  if (now)
    command_->kill();
  else
    command_->end();
}

void CommandsAround::stop() noexcept {
  if (!program_.isGone()) begin(Phase::Stop);
}

bool CommandsAround::finish(int waitStatus, core::Instant when) noexcept {
  context_.touch(program_);
  recycle_.disarm();
  failure_.clear();
  if (phase_ == Phase::Post) leave();
  if (phase_ == Phase::None && program_.config().extension->around.stopPost.list.empty()) return false;
  ended_ = End{waitStatus, when};
  if (phase_ == Phase::None) begin(Phase::Finish);
  return true;
}

bool CommandsAround::finishFailed(std::string why) noexcept {
  if (program_.config().extension->around.stopPost.list.empty() || !program_.openLogs()) return false;
  failure_ = std::move(why);
  begin(Phase::Finish);
  return true;
}

void CommandsAround::forget() noexcept {
  if (phase_ == Phase::Prepare) leave();
}

/// Begins the commands of a phase. Nothing is reported from inside this call.
void CommandsAround::begin(Phase phase) noexcept {
  context_.touch(program_);
  command_.reset();
  phase_ = phase;
  phaseConfig_ = program_.configPtr();
  next_ = 0;
  next();
}

void CommandsAround::leave() noexcept {
  context_.touch(program_);
  go_.cancel();
  command_.reset();
  phase_ = Phase::None;
  phaseConfig_.reset();
  outOfMemory_ = false;
}

/// Starts the command whose turn it is; go() does what follows the last one.
void CommandsAround::next() noexcept try {
  const auto& all = commands();
  if (next_ >= all.list.size() || skips()) return go_.schedule();
  const auto& command = all.list[next_];
  logging::attempt([&] { logging::debug("{}: {}: {}", program_.fullName(), key(), command.line); });
  command_ = std::make_unique<SideCommand>(context_, program_,
                                           SideCommand::Spec{command.line, variables(), all.limit, true, true},
                                           [this](const SideOutcome& outcome) { done(outcome); });
} catch (const std::exception&) {
  outOfMemory_ = true;
  go_.schedule();
}

/// The next command, or the end of the phase. Not from inside a step.
void CommandsAround::go() noexcept {
  if (phase_ == Phase::None || command_ != nullptr) return;
  if (next_ < commands().list.size() && !skips()) return next();
  phaseEnded({});
}

std::vector<std::pair<std::string, std::string>> CommandsAround::variables() const {
  std::vector<std::pair<std::string, std::string>> out;
  if (phase_ == Phase::Post || (phase_ == Phase::Stop && !outlives())) {
    out.emplace_back("SUPERVISOR_PROGRAM_PID", std::to_string(program_.pid()));
    out.emplace_back("MAINPID", std::to_string(program_.pid()));
  }
  if (phase_ != Phase::Finish) return out;
  if (ended_) {
    describeEnd(out, ended_->waitStatus, program_.config().exitCodes);
  } else {
    out.emplace_back("SUPERVISOR_RESULT", cancelled_ ? "cancelled" : "start-failed");
    const bool ended = failedStatus_ && !cancelled_;
    const bool bySignal = ended && *failedStatus_ != kStatusUnknown && !WIFEXITED(*failedStatus_);
    out.emplace_back("SERVICE_RESULT", cancelled_ ? "success" : bySignal ? "signal" : "exit-code");
    if (ended) describeStatus(out, *failedStatus_);
  }
  return out;
}

void CommandsAround::done(const SideOutcome& outcome) noexcept {
  context_.touch(program_);
  command_.reset();
  if (phase_ == Phase::None) return;
  if (next_ >= commands().list.size()) return go();  // a successor has another configuration
  const auto& command = commands().list[next_];
  ++next_;
  if (outcome.succeeded() || skips()) return go();
  std::string why;
  try {
    why = fmt::format("{} {} failed: {}", key(), core::pythonRepr(command.line), outcome.text(commands().limit));
    if (command.optional)
      logging::info("{}: {}; it is optional", program_.fullName(), why);
    else
      logging::warn("{}: {}", program_.fullName(), why);
  } catch (const std::exception&) {
    why = key();  // short enough to need no memory
  }
  // What cleans up does so as far as it can.
  if (command.optional || phase_ == Phase::Finish) return go();
  if (phase_ == Phase::Prepare && outcome.error.empty()) failedStatus_ = outcome.status;
  phaseEnded(why);
}

/// `why`: what has failed; empty: nothing.
void CommandsAround::phaseEnded(const std::string& why) noexcept {
  const auto phase = phase_;
  leave();
  switch (phase) {
    case Phase::Prepare:
      failure_ = cancelled_ ? std::string() : why;
      if (!cancelled_ && why.empty()) return program_.prepared();
      return program_.config().extension->around.stopPost.list.empty() ? finished() : begin(Phase::Finish);
    case Phase::Post:
      if (!why.empty()) postFailed(why);
      return;
    case Phase::Stop:
      if (!ended_) return program_.step(input::StopCommandEnded{why.empty()});
      return program_.config().extension->around.stopPost.list.empty() ? finished() : begin(Phase::Finish);
    default: return finished();
  }
}

/// Everything after the process, or the attempt to start it, is over.
void CommandsAround::finished() noexcept {
  const auto ended = std::exchange(ended_, std::nullopt);
  const auto why = std::exchange(failure_, std::string());
  if (ended) return program_.commandsEnded(ended->waitStatus, ended->when);
  if (std::exchange(cancelled_, false)) return program_.preparationEnded();
  program_.startFailed(why);
}

/// The program is restarted, but not in a hurry.
void CommandsAround::postFailed(const std::string& why) noexcept {
  failure_ = why;
  recycle_.arm(std::max(core::Clock::now(), program_.startedWhen() + kRestartPace));
}

void CommandsAround::recycle() {
  input::Recycle recycle;
  recycle.why = failure_;
  recycle.restart = program_.config().autoRestart != config::AutoRestart::Never;
  program_.tell(recycle);
  failure_.clear();
}

void CommandsAround::onState(ProcessState to) noexcept {
  if (to == ProcessState::Starting) {
    cancelled_ = false;
    failedStatus_.reset();
    failure_.clear();
    return;
  }
  if (phase_ == Phase::Post) leave();
  recycle_.disarm();
  if (to != ProcessState::Running || outlives() || program_.config().extension->around.startPost.list.empty()) return;
  context_.touch(program_);
  phase_ = Phase::Post;
  phaseConfig_ = program_.configPtr();
  next_ = 0;
  go_.schedule();  // when the step is over: a process may have ended already
}

void CommandsAround::save(state::Program& saved, state::Outgoing& outgoing) const {
  if (phase_ == Phase::None && failure_.empty() && !ended_) return;
  auto& around = saved.around.emplace();
  around.phase = static_cast<int>(phase_);
  around.next = static_cast<std::uint32_t>(next_);
  around.cancelled = cancelled_;
  around.failure = failure_;
  around.ended = outlives();
  if (ended_) around.waitStatus = ended_->waitStatus;
  if (ended_) around.endedAt = ended_->when;
  around.failedStatus = failedStatus_;
  if (command_) around.command = command_->save(outgoing);
}

void CommandsAround::restore(const state::Program& saved, state::Incoming& incoming) {
  if (!saved.around) return;
  const auto& around = *saved.around;
  constexpr std::array kPhases{Phase::None, Phase::Prepare, Phase::Post, Phase::Stop, Phase::Finish};
  phase_ = kPhases[static_cast<std::size_t>(std::clamp<int>(around.phase, 0, kPhases.size() - 1))];
  next_ = around.next;
  cancelled_ = around.cancelled;
  failure_ = around.failure;
  failedStatus_ = around.failedStatus;
  if (around.ended) ended_ = End{around.waitStatus, around.endedAt};
  if (around.command && phase_ != Phase::None)
    command_ = std::make_unique<SideCommand>(context_, program_, *around.command, incoming,
                                             [this](const SideOutcome& outcome) { done(outcome); });
}

/// What a predecessor was about to do.
void CommandsAround::resume() noexcept {
  if (ended_ && phase_ == Phase::None) phase_ = Phase::Finish;
  if (phase_ != Phase::None && command_ == nullptr) go_.schedule();
  if (phase_ == Phase::None && !failure_.empty()) recycle_.arm(core::Clock::now());
}

}  // namespace process
