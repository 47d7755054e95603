// SPDX-License-Identifier: MIT
#include "instance/process/run_window.hpp"

#include <exception>

#include "instance/config/model.hpp"
#include "instance/process/context.hpp"
#include "instance/process/process.hpp"
#include "instance/process/program_zone.hpp"
#include "instance/state/state.hpp"
#include "lib/core/log.hpp"

namespace process {

using lifecycle::ProcessState;

RunWindow::RunWindow(ProcessContext& context, Process& program)
    : context_(context),
      program_(program),
      zone_(zoneOf(program.config().extension->scheduling)),
      timer_(context.wallClock(), [this] { look(); }),
      soon_(context.loop(), [this] { look(); }) {
  take(stateAt(core::wallSeconds()));
  // It runs already, and gets a window now. Without one it was open.
  if (lifecycle::isActive(program.state()) || program.waits().start) {
    open_ = true;
    onReconfigured();
  }
}

lifecycle::WindowState RunWindow::stateAt(std::int64_t now) const {
  const auto& window = program_.config().extension->lifetime.window;
  return zone_.within([&](const core::UtcOffset& offset) { return lifecycle::windowAt(window, now, offset); });
}

void RunWindow::take(const lifecycle::WindowState& state) noexcept {
  open_ = state.open;
  change_ = state.change;
  opening_ = state.opening;
  if (change_ != 0)
    timer_.arm(change_ * 1'000'000);
  else
    timer_.disarm();
}

bool RunWindow::takesAutostart() { return !open_; }

/// The clock has come to an edge, or it was set, or the window is another one.
void RunWindow::look() {
  const auto now = core::wallSeconds();
  const bool passed = change_ != 0 && now >= change_;
  const bool before = open_;
  const auto state = stateAt(now);
  const ProcessContext::Turn turn(context_);
  if (before != state.open || change_ != state.change) context_.touch(program_);
  take(state);
  program_.rulesChanged();
  if (state.open && (passed || !before))
    opened();
  else if (!state.open && (passed || before))
    closed();
  else if (startsWhenStopped_ && program_.pid() == 0)
    opened();
}

void RunWindow::opened() {
  if (context_.supervisorState() != SupervisorState::Running || !program_.startsByItself()) return;
  startsWhenStopped_ = program_.state() == ProcessState::Stopping || program_.waits().stop != Along::Nobody;
  if (program_.state() == ProcessState::Backoff || lifecycle::isStopped(program_.state())) {
    if (program_.pid() != 0) return;
    logging::attempt([&] { logging::info("run_window: it is time for {}", program_.fullName()); });
    program_.startAutomatically();
  }
}

void RunWindow::closed() {
  startsWhenStopped_ = false;
  if (context_.supervisorState() != SupervisorState::Running) return;
  if (!lifecycle::isActive(program_.state()) && !program_.waits().start && !program_.isAwaitedByAttendant()) return;
  logging::attempt([&] { logging::info("run_window: the time of {} is over; it is stopped", program_.fullName()); });
  (void)program_.stop();
}

void RunWindow::onState(ProcessState to) noexcept {
  if (startsWhenStopped_ && lifecycle::isStopped(to)) soon_.schedule();
}

std::int64_t RunWindow::nextStart() const noexcept {
  const bool idle = program_.pid() == 0 && !lifecycle::isSignallable(program_.state());
  return idle && program_.startsByItself() ? opening_ : 0;
}

void RunWindow::describeIdle(std::string& text) const {
  if (!open_) text += "; outside of run_window";
}

void RunWindow::onReconfigured() {
  zone_ = zoneOf(program_.config().extension->scheduling);
  change_ = 0;
  soon_.schedule();
}

void RunWindow::save(state::Program& saved, state::Outgoing& /*outgoing*/) const {
  saved.window = state::Window{open_, change_};
}

void RunWindow::restore(const state::Program& saved, state::Incoming& /*incoming*/) {
  if (!saved.window) return;
  open_ = saved.window->open;
  change_ = saved.window->change;
}

}  // namespace process
