// SPDX-License-Identifier: MIT
// A program with the processes around its own: its group, its session, or all that descends from it.
#include <signal.h>
#include <unistd.h>

#include <exception>

#include "instance/config/model.hpp"
#include "instance/process/attendants.hpp"
#include "instance/process/context.hpp"
#include "instance/process/group.hpp"
#include "instance/process/launch.hpp"
#include "instance/process/process.hpp"
#include "instance/process/program_cgroup.hpp"
#include "instance/process/remains.hpp"
#include "lib/core/family_mark.hpp"
#include "lib/core/log.hpp"
#include "lib/lifecycle/stop_step.hpp"

namespace process {

namespace input = lifecycle::input;

namespace {

/// What survives SIGKILL for so long hangs in the kernel.
constexpr core::seconds kLeftoversKillWait{10};

}  // namespace

/// Whether a stop waits for more than its own process.
bool Process::stopsOthers() const noexcept {
  const auto limits = rules();
  return limits.stopAsGroup || limits.killAsGroup;
}

bool Process::stopsFamily() const noexcept { return config_->extension->stopping.ownSession(); }

bool Process::stopsTree() const noexcept { return config_->extension->stopping.scope == config::KillScope::Tree; }

bool Process::stopsLeftovers() const noexcept {
  return config_->extension->stopping.leftovers == config::Leftovers::Stop;
}

/// The control group with everything that descends from its process; -1: there is none.
int Process::familyGroup() const noexcept {
  return attendants_ && attendants_->cgroup != nullptr ? attendants_->cgroup->descriptor() : -1;
}

void Process::limitAgain() noexcept {
  if (attendants_ && attendants_->cgroup != nullptr) attendants_->cgroup->apply();
}

std::optional<core::ProcessFamily> Process::family() const {
  if (!stopsFamily()) return std::nullopt;
  core::ProcessFamily family;
  family.leader = pid_;
  family.ended = awaitsGroup();
  if (stopsTree()) {
    family.tree = true;
    family.mark = core::family_mark::of(pid_, startedTicks_);  // the same for a successor
    family.account = config_->uid.value_or(::geteuid());
    family.group = familyGroup();
  }
  return family;
}

/// Allocates what the wait for the others needs.
void Process::expectOthers() {
  if (pid_ != 0 && !isGone() && !remains_) remains_ = context_.awaitGroup(*this);
}

void Process::expectOthersIfPossible() noexcept try { expectOthers(); } catch (const std::exception&) {
  logging::error("out of memory: nobody waits for the processes that {} has started", name());
}

/// To the process and all of its family. 0 or an errno.
int Process::signalAll(int signo) const noexcept try {
  return context_.census().signal(*family(), signo);
} catch (const std::exception&) {
  return ENOMEM;
}

/// It has ended by itself: one step of the stop of what it left behind.
void Process::stopLeftovers(int step) noexcept {
  const auto limits = rules();
  const auto next = lifecycle::stopStep(limits, step);
  const bool kill = next.signal == SIGKILL;
  logging::attempt([&] {
    if (kill) return logging::warn("killing what {} has left behind with SIGKILL", fullName());
    logging::info("stopping: what {} has left behind (step {} of {}: {})", fullName(), step + 1,
                  lifecycle::countStopSteps(limits), signalName(next.signal));
  });
  if (!remains_->signal(next.signal) && kill) return abandonGroup("belong to other accounts and could not be killed");
  remains_->setKillAt(core::Clock::now() + (kill ? kLeftoversKillWait : next.wait), step, kill);
  updateDeadline();
}

void Process::leftoversDue() noexcept {
  const auto when = remains_->killAt();
  if (when == core::Instant() || core::Clock::now() < when) return;
  context_.touch(*this);
  if (remains_->killed()) return abandonGroup("are still there after SIGKILL");
  stopLeftovers(remains_->step() + 1);
}

bool Process::stopsWhatIsLeft() const noexcept { return awaitsGroup() && remains_->killAt() != core::Instant(); }

/// A stop of the program begins: it continues with the step of those.
void Process::continueWithLeftovers() noexcept {
  const input::LeftBehind left{remains_->step(), remains_->killAt(), remains_->killed()};
  remains_->setKillAt({});
  step(input::LeaderExited{left});
}

}  // namespace process
