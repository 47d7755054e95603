// SPDX-License-Identifier: MIT
#include "instance/process/last_states.hpp"

#include <string>
#include <utility>
#include <vector>

#include "instance/config/model.hpp"
#include "instance/process/choices.hpp"
#include "instance/process/context.hpp"
#include "instance/process/process.hpp"
#include "lib/core/log.hpp"

namespace process {
namespace {

/// From a change until it is on the disk.
constexpr core::seconds kNotePause{1};

/// Whether it would not run again after a reboot. One that failed was meant to run, and gets another chance.
bool isDown(lifecycle::ProcessState state) {
  return state == lifecycle::ProcessState::Stopped || state == lifecycle::ProcessState::Exited;
}

}  // namespace

LastStates::LastStates(ProcessContext& context)
    : context_(context),
      timer_(
          context.loop(), [this] { note(); }, core::milliseconds(100)) {}

void LastStates::takenOver(Process& program) {
  if (program.startedAt() == 0) return;
  changed_.insert(&program);
  if (!timer_.armed()) timer_.armIn(kNotePause);
}

void LastStates::onStateChange(Process& program, const StateChange& /*change*/) {
  if (!program.config().extension->startAsLast || context_.supervisorState() != SupervisorState::Running) return;
  changed_.insert(&program);
  if (!timer_.armed()) timer_.armIn(kNotePause);
}

void LastStates::onSupervisorState(SupervisorState supervisorState) {
  if (supervisorState != SupervisorState::Running) note();
}

void LastStates::note() {
  timer_.disarm();
  std::vector<std::string> up, down;
  // One that is being stopped will change again, and one that must not run now is to run again.
  for (const auto* program : std::exchange(changed_, {}))
    if (program->state() != lifecycle::ProcessState::Stopping && !program->startIsForbidden())
      (isDown(program->state()) ? down : up).push_back(program->fullName());
  for (const auto& [names, on] : {std::pair(&up, false), std::pair(&down, true)})
    if (auto done = context_.choices().set(Choices::Mark::Down, *names, on); !done)
      logging::warn("the state file: {}; after a reboot, autostart=last may start other programs", done.error().text);
}

}  // namespace process
