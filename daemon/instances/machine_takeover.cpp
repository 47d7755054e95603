// SPDX-License-Identifier: MIT
#include <fmt/core.h>

#include "daemon/instances/machine.hpp"

/// What the machine does after a crash whose programs live on.
namespace instances {

Machine::Action Machine::takeOver(core::Instant now) {
  wanted_ = true;
  crash_ = causeText({});
  lastCrash_ = now;
  return beginTakeover(now);
}

Machine::Action Machine::beginTakeover(core::Instant now) {
  ++restarts_;
  orphans_ = takingOver_ = true;
  enter(Phase::Spawning, now);
  return Action::TakeOver;
}

/// Without a delay after the first crash for a while: what the programs write waits in their pipes, and nobody watches
/// them.
Machine::Action Machine::takeOverSoon(core::Instant now) {
  const bool first = !lastCrash_ || now - *lastCrash_ >= rules_.crashPause;
  lastCrash_ = now;
  if (first) return beginTakeover(now);
  enter(Phase::Waiting, now);
  orphans_ = true;
  deadline_ = now + backOff();
  return Action::None;
}

/// `failedTakeover`: the copy that died, or could not be spawned, was to take over.
Machine::Action Machine::afterCrash(const Exit& exit, bool failedTakeover, core::Instant now) {
  if (noTakeover_) return clearFor(true, now);
  if (failedTakeover) failedTakeovers_ += isKilled(exit) ? 1 : rules_.killsPerFailure;
  const bool refused = failedTakeover && exit.kind == Exit::Kind::Code && exit.value == kCannotTakeOver;
  // What is taken over may be the very cause of the crashes: the last resort before Failed is a start without it.
  const bool often =
      failedTakeovers_ >= rules_.takeoverLimit * rules_.killsPerFailure || quickEnds_ >= rules_.startLimit;
  return refused || often ? startFresh(now) : takeOverSoon(now);
}

/// The way of an instance of which nothing is kept: its programs are ended, and it starts when that is done. Earlier
/// ends do not count for the starts that follow; these lead to Failed if they fail, too.
Machine::Action Machine::startFresh(core::Instant now) {
  reason_ = fmt::format("could not take over its programs, which were ended; the last time it {}", reason_);
  failedTakeovers_ = 0;
  noTakeover_ = true;
  again_ = true;
  ++restarts_;
  return clearFor(true, now);
}

void Machine::tookOver(std::size_t programs) {
  if (phase_ != Phase::Running) return;
  reason_ = fmt::format("took over {} program{} after a crash ({})", programs, programs == 1 ? "" : "s", crash_);
}

}  // namespace instances
