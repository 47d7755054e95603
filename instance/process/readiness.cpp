// SPDX-License-Identifier: MIT
#include "instance/process/readiness.hpp"

#include <exception>

#include "instance/process/context.hpp"
#include "instance/process/process.hpp"
#include "lib/core/log.hpp"

namespace process {

using lifecycle::ProcessState;

Readiness::Readiness(ProcessContext& context, Process& program)
    : context_(context),
      program_(program),
      tell_(context.loop(), [this] { program_.tell(lifecycle::input::Ready{}); }) {}

bool Readiness::expecting() const noexcept {
  return !met_ && program_.pid() != 0 && program_.state() == ProcessState::Starting;
}

void Readiness::joinStart() {
  if (expecting()) beginLate();
}

void Readiness::meet() noexcept {
  if (met_) return;
  context_.touch(program_);
  met_ = true;
  tell_.schedule();
}

void Readiness::onState(ProcessState to) noexcept {
  if (to == ProcessState::Starting) return;
  tell_.cancel();
  stop();
}

/// It may have become ready and ended since the last turn of the loop.
void Readiness::onReaped() noexcept try {
  if (expecting()) look();
  if (met_ && program_.state() == ProcessState::Starting) program_.tell(lifecycle::input::Ready{});
} catch (const std::exception& error) {
  logging::error("{}: whether it became ready before its end is unknown: {}", program_.name(), error.what());
}

void Readiness::onEnded() noexcept {
  context_.touch(program_);
  tell_.cancel();
  stop();
  met_ = false;
}

void Readiness::save(state::Program& saved, state::Outgoing& outgoing) const {
  if (program_.pid() == 0 || program_.state() != ProcessState::Starting) return;
  saved.readiness.emplace().met = met_;
  saveSigns(*saved.readiness, outgoing);
}

void Readiness::restore(const state::Program& saved, state::Incoming& incoming) {
  if (!saved.readiness || program_.state() != ProcessState::Starting) return;
  met_ = saved.readiness->met;
  restoreSigns(*saved.readiness, incoming);
}

void Readiness::resume() noexcept try {
  if (met_) return tell_.schedule();
  if (expecting()) look();
} catch (const std::exception& error) {
  logging::error("{}: {}", program_.name(), error.what());
}

}  // namespace process
