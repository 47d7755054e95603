// SPDX-License-Identifier: MIT
#include "instance/process/final_end.hpp"

#include <sys/wait.h>

#include <algorithm>
#include <utility>

#include "instance/config/model.hpp"
#include "instance/process/context.hpp"
#include "instance/process/group.hpp"
#include "instance/process/launch.hpp"
#include "instance/process/process.hpp"
#include "lib/core/log.hpp"

namespace process {
namespace {

using lifecycle::ProcessState;

/// Of a program whose end nobody understands, or that did not end although something was wrong.
constexpr int kFailure = 1;

/// As a shell has it: the exit code, or 128 and the number of the signal.
int exitStatusOf(const Process& program) noexcept {
  const auto status = program.lastEnd().waitStatus();
  if (!status) return program.exitStatus() < 0 ? kFailure : program.exitStatus();
  if (*status == kStatusUnknown) return kFailure;
  return WIFSIGNALED(*status) ? 128 + WTERMSIG(*status) : WEXITSTATUS(*status);
}

/// The same of one that has failed.
int failureOf(const Process& program) noexcept {
  const int status = exitStatusOf(program);
  return status == 0 ? kFailure : status;
}

/// supervisord itself has stopped it: what is wrong with it is known, and nobody wants it to be stopped.
bool wasGivenUp(const Process& program) noexcept {
  return program.state() == ProcessState::Stopped && !program.spawnError().empty();
}

/// For a successor, which has not seen the request: a stop in BACKOFF leaves the reason of the last failure, and how
/// often the start was tried. A program that supervisord has stopped has run, which ends that count.
bool wasStoppedInBackoff(const Process& program) noexcept { return wasGivenUp(program) && program.tries() > 0; }

bool hasFailed(const Process& program) noexcept {
  switch (program.state()) {
    case ProcessState::Fatal: return true;
    case ProcessState::Exited: {
      const auto& codes = program.config().exitCodes;
      return std::find(codes.begin(), codes.end(), program.exitStatus()) == codes.end();
    }
    default: return wasGivenUp(program);
  }
}

std::string endText(const Process& program) {
  const auto status = program.lastEnd().waitStatus();
  if (program.state() == ProcessState::Exited && status) return "has ended (" + describeWaitStatus(*status) + ")";
  return fmt::format("is {} ({})", lifecycle::toText(program.state()), program.spawnError());
}

}  // namespace

FinalEnd::FinalEnd(ProcessContext& context, std::function<void(int status)> end)
    : context_(context), end_(std::move(end)), look_(context.loop(), [this] { look(); }) {
  for (const auto& group : context_.groups()) onGroupAdded(*group);
  context_.subscribe(*this);
}

FinalEnd::~FinalEnd() { context_.unsubscribe(*this); }

/// Its programs may be those of a predecessor.
void FinalEnd::onGroupAdded(Group& group) {
  const auto before = ended_.size();
  for (const auto& program : group.processes())
    if (program->pid() == 0 && program->startedAt() != 0)
      ended_.push_back({program.get(), hasFailed(*program) && !wasStoppedInBackoff(*program)});
  if (ended_.size() == before) return;
  std::stable_sort(ended_.begin(), ended_.end(),
                   [](const Ended& a, const Ended& b) { return a.program->stoppedAt() < b.program->stoppedAt(); });
}

void FinalEnd::onGroupRemoved(Group& group) {
  for (const auto& program : group.processes()) onProcessRemoved(*program);
}

void FinalEnd::onProcessRemoved(Process& program) { forget(program); }

void FinalEnd::forget(const Process& program) noexcept {
  std::erase_if(ended_, [&](const Ended& one) { return one.program == &program; });
}

/// A request never ends supervisord: whoever stops the last program may be about to start it again.
void FinalEnd::onStateChange(Process& program, const StateChange& change) {
  if (!lifecycle::isStopped(change.to)) return;
  // A stop in BACKOFF leaves the reason of the last failure.
  const bool asked =
      change.to == ProcessState::Stopped && (change.from == ProcessState::Backoff || !wasGivenUp(program));
  forget(program);
  ended_.push_back({&program, !asked && hasFailed(program)});
  if (asked) return;
  changed();
  if (program.state() == change.to && isOver(program)) endWith(program);
}

/// Whether it is essential and has ended permanently.
bool FinalEnd::isOver(const Process& program) const {
  if (context_.supervisorState() != SupervisorState::Running) return false;
  if (!program.config().extension->lifetime.essential || program.startsAgain()) return false;
  return program.state() == ProcessState::Exited || program.state() == ProcessState::Fatal || wasGivenUp(program);
}

void FinalEnd::endWith(const Process& program) {
  const int status = program.state() == ProcessState::Exited ? exitStatusOf(program) : failureOf(program);
  logging::log(status == 0 ? logging::Level::Info : logging::Level::Error,
               "{}, which is essential, {}: supervisord shuts down, and ends with exit status {}", program.fullName(),
               endText(program), status);
  end_(status);
}

void FinalEnd::review() {
  for (const auto& group : context_.groups())
    for (const auto& program : group->processes())
      if (program->startedAt() != 0 && isOver(*program)) return endWith(*program);
}

/// Event listeners do not count: they serve the other programs.
void FinalEnd::look() {
  if (!context_.settings().exitWhenAllExited || context_.supervisorState() != SupervisorState::Running) return;
  bool started = false;
  for (const auto& group : context_.groups()) {
    if (group->config().listener) continue;
    for (const auto& program : group->processes()) {
      if (program->startsAgain() && !program->waitsInVain()) return;
      started = started || program->startedAt() != 0;
    }
  }
  if (!started) return;
  const auto failed = std::find_if(ended_.begin(), ended_.end(), [](const Ended& one) {
    return one.failed && !one.program->group().config().listener && one.program->pid() == 0;
  });
  const auto* const program = failed == ended_.end() ? nullptr : failed->program;
  const int status = program == nullptr ? 0 : failureOf(*program);
  const auto reason =
      program == nullptr ? std::string() : fmt::format(", and {} {}", program->fullName(), endText(*program));
  logging::log(status == 0 ? logging::Level::Info : logging::Level::Error,
               "all programs have ended{}: supervisord shuts down (exit_when), and ends with exit status {}", reason,
               status);
  end_(status);
}

}  // namespace process
