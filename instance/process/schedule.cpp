// SPDX-License-Identifier: MIT
#include "instance/process/schedule.hpp"

#include <algorithm>
#include <utility>

#include "instance/config/model.hpp"
#include "instance/process/context.hpp"
#include "instance/process/description.hpp"
#include "instance/process/process.hpp"
#include "instance/process/program_zone.hpp"
#include "instance/state/state.hpp"
#include "lib/core/clock.hpp"
#include "lib/core/log.hpp"
#include "lib/lifecycle/run_window.hpp"

namespace process {
namespace {

using lifecycle::ProcessState;

constexpr std::int64_t kMicrosOfSecond = 1'000'000;

lifecycle::Moment presentMoment() noexcept { return {core::wallMicros(), core::Clock::now()}; }

}  // namespace

Schedule::Schedule(ProcessContext& context, Process& program)
    : context_(context),
      program_(program),
      settings_(program.config().extension->scheduling),
      zone_(zoneOf(settings_)),
      wall_(context.wallClock(), [this] { look(); }),
      steady_(context.loop(), [this] { look(); }),
      after_(context.loop(), [this] { startQueued(); }) {
  lookAtWindow();
  begin();
}

void Schedule::lookAtWindow() {
  const auto& extension = *program_.config().extension;
  never_ = !lifecycle::everWithin(extension.scheduling.timetable, extension.lifetime.window);
}

void Schedule::begin() {
  context_.touch(program_);
  const auto chance = context_.chance();
  zone_.within(
      [&](const core::UtcOffset& offset) { schedule_.begin(settings_.timetable, offset, presentMoment(), chance); });
  arm();
}

void Schedule::arm() noexcept {
  const auto wall = schedule_.wallDue();
  wall ? wall_.arm(*wall) : wall_.disarm();
  const auto steady = schedule_.steadyDue();
  steady ? steady_.arm(*steady) : steady_.disarm();
}

Schedule::Standing Schedule::standing() const noexcept {
  switch (program_.state()) {
    case ProcessState::Starting:
    case ProcessState::Running:
    case ProcessState::Unknown: return Standing::Running;
    case ProcessState::Stopping: return Standing::Stopping;
    default: break;
  }
  if (program_.pid() != 0) return Standing::Stopping;
  return program_.waits().start ? Standing::Waiting : Standing::Idle;
}

/// The time may have come, or the clock was set.
void Schedule::look() {
  const ProcessContext::Turn turn(context_);
  context_.touch(program_);
  const auto chance = context_.chance();
  const bool passed = zone_.within([&](const core::UtcOffset& offset) {
    return schedule_.passed(settings_.timetable, offset, presentMoment(), chance);
  });
  if (passed) due_ = true;
  if (due_) act();  // without memory this call is repeated
  due_ = false;
  arm();
}

void Schedule::act() {
  // Read now: a change of it leaves the next time as it is.
  const auto overlap = program_.config().extension->scheduling.timetable.overlap;
  if (!program_.mayStartUnasked()) return reportForbidden();
  const auto now = standing();
  const auto what = schedule_.due(overlap, now);
  switch (what) {
    case Act::Start: return start();
    case Act::Skip: return report(what, now);
    case Act::Stop: {
      stopsIt_ = true;
      const auto stopped = program_.stop(Along::Nobody);
      stopsIt_ = false;
      if (!stopped) return logging::warn("schedule: {}", stopped.error().text);
      break;
    }
    case Act::Queue: break;
  }
  report(what, now);
  schedule_.setQueued(true);
  after_.schedule();
}

void Schedule::reportForbidden() noexcept {
  const bool again = !program_.startIsForbidden() || std::exchange(reported_, true);
  logging::attempt([&] {
    logging::log(again ? logging::Level::Debug : logging::Level::Info,
                 "schedule: {} is due, and must not be started now{}: the run is left out", program_.fullName(),
                 program_.startIsForbidden() ? " (run_window)" : "");
  });
}

void Schedule::report(Act act, Standing standing) noexcept {
  const bool again = std::exchange(reported_, true);
  logging::attempt([&] {
    const auto* const run = standing == Standing::Waiting ? "its last run has not begun" : "its last run has not ended";
    const auto level = again ? logging::Level::Debug : act == Act::Skip ? logging::Level::Warn : logging::Level::Info;
    const auto* const follows = act == Act::Skip   ? "the new one is left out"
                                : act == Act::Stop ? "it is stopped, and the new one follows"
                                                   : "the new one follows when it has";
    logging::log(level, "schedule: {} is due, and {}: {} (schedule_overlap)", program_.fullName(), run, follows);
  });
}

/// A new run, whatever became of the last one.
void Schedule::start() {
  logging::attempt([&] { logging::debug("schedule: {} is due", program_.fullName()); });
  program_.forgetFailures();
  program_.startUnasked();
}

void Schedule::startQueued() {
  if (!schedule_.canBegin(standing())) return;
  const ProcessContext::Turn turn(context_);
  if (program_.mayStartUnasked()) start();
  context_.touch(program_);
  schedule_.setQueued(false);
}

void Schedule::onState(ProcessState to) noexcept {
  if (to == ProcessState::Starting) reported_ = false;
  if (schedule_.queued()) after_.schedule();
}

void Schedule::onStopRequest() noexcept {
  if (stopsIt_ || !schedule_.queued()) return;
  context_.touch(program_);
  schedule_.setQueued(false);
}

void Schedule::onReconfigured() {
  lookAtWindow();
  const auto& now = program_.config().extension->scheduling;
  const bool same = now.timetable.sameTimes(settings_.timetable) && now.zone == settings_.zone;
  if (same) return;
  auto zone = zoneOf(now);
  settings_ = now;
  zone_ = std::move(zone);
  begin();
}

void Schedule::describe(std::string& text) const {
  if (schedule_.queued()) text += ", the next run waits for its end";
}

void Schedule::describeIdle(std::string& text) const {
  if (never_) text += "; no time of its schedule is within run_window";
}

/// With autostart=true it is started with supervisord, too.
bool Schedule::takesAutostart() { return !program_.config().autoStart; }

std::int64_t Schedule::nextStart() const noexcept {
  if (never_ || program_.disabled() || program_.startIsForbidden()) return 0;
  if (const auto wall = schedule_.wallDue()) return (*wall + kMicrosOfSecond - 1) / kMicrosOfSecond;
  const auto steady = schedule_.steadyDue();
  return steady ? wallSecondsAt(*steady, core::Clock::now()) : 0;
}

void Schedule::save(state::Program& saved, state::Outgoing& /*outgoing*/) const { saved.schedule = schedule_.save(); }

void Schedule::restore(const state::Program& saved, state::Incoming& /*incoming*/) {
  if (!saved.schedule) return;
  schedule_.restore(*saved.schedule);
  const bool byCalendar = settings_.timetable.every.count() == 0;
  const bool fits = byCalendar ? !schedule_.steadyDue() : schedule_.steadyDue() && !schedule_.wallDue();
  fits ? arm() : begin();
}

void Schedule::resume() noexcept {
  if (schedule_.queued()) after_.schedule();
}

}  // namespace process
