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
  changed();
}

FinalEnd::~FinalEnd() { context_.unsubscribe(*this); }

/// Its programs may be those of a predecessor.
void FinalEnd::onGroupAdded(Group& group) {
  const auto before = ended_.size();
  for (const auto& program : group.processes())
    if (program->pid() == 0 && program->startedAt() != 0) ended_.push_back(program.get());
  if (ended_.size() == before) return;
  std::stable_sort(ended_.begin(), ended_.end(),
                   [](const Process* a, const Process* b) { return a->stoppedAt() < b->stoppedAt(); });
}

void FinalEnd::onGroupRemoved(Group& group) {
  for (const auto& program : group.processes()) onProcessRemoved(*program);
}

void FinalEnd::onProcessRemoved(Process& program) {
  std::erase(ended_, &program);
  changed();
}

void FinalEnd::onStateChange(Process& program, const StateChange& change) {
  if (!lifecycle::isStopped(change.to)) return;
  changed();
  std::erase(ended_, &program);
  ended_.push_back(&program);
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
  const auto failed = std::find_if(ended_.begin(), ended_.end(), [](const Process* program) {
    return !program->group().config().listener && hasFailed(*program);
  });
  const int status = failed == ended_.end() ? 0 : failureOf(**failed);
  const auto reason =
      status == 0 ? std::string() : fmt::format(", and {} {}", (*failed)->fullName(), endText(**failed));
  logging::log(status == 0 ? logging::Level::Info : logging::Level::Error,
               "all programs have ended{}: supervisord shuts down (exit_when), and ends with exit status {}", reason,
               status);
  end_(status);
}

}  // namespace process
