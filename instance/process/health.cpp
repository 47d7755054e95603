// SPDX-License-Identifier: MIT
#include "instance/process/health.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "instance/config/model.hpp"
#include "instance/process/context.hpp"
#include "instance/process/launch.hpp"
#include "instance/process/process.hpp"
#include "instance/process/side_command.hpp"
#include "instance/state/state.hpp"
#include "lib/core/log.hpp"

namespace process {
namespace {

using lifecycle::HealthState;
using TargetKind = config::ProbeTarget::Kind;

std::string consequence(const config::Health& settings) {
  switch (settings.action) {
    case config::Health::Action::Restart: return "it is restarted (health_action)";
    case config::Health::Action::Stop: return "it is stopped (health_action)";
    case config::Health::Action::Signal: return "it gets " + signalName(settings.signal) + " (health_action)";
    case config::Health::Action::None: break;
  }
  return "it is left as it is (health_action)";
}

}  // namespace

Health::Health(ProcessContext& context, Process& program)
    : context_(context),
      program_(program),
      check_(settings().check),
      rules_(settings().rules),
      timer_(context.loop(), [this] { due(); }),
      probe_(makeProbe()) {
  if (program.state() == lifecycle::ProcessState::Running) begin();  // its key is new
}

Health::~Health() = default;

const config::Health& Health::settings() const noexcept { return program_.config().extension->health; }

/// nullptr: there is none, or it is a command.
std::unique_ptr<probe::Probe> Health::makeProbe() const {
  const auto& check = settings().check;
  if (check.kind == TargetKind::None || check.kind == TargetKind::Exec) return nullptr;
  return std::make_unique<probe::Probe>(context_.loop(), check);
}

/// Nothing is known yet of the program, which is RUNNING.
void Health::begin() noexcept {
  if (program_.isGone()) return;
  context_.touch(program_);
  if (track_.begin(settings().rules, core::Clock::now(), context_.chance()).changed) since_ = core::wallSeconds();
  arm();
}

/// Another question has other answers: it starts from nothing.
void Health::onReconfigured() {
  const bool running = program_.state() == lifecycle::ProcessState::Running;
  if (settings().check != check_) {
    auto check = settings().check;
    probe_ = makeProbe();
    command_.reset();
    check_ = std::move(check);
    rules_ = settings().rules;
    if (running) begin();
  } else if (settings().rules != rules_) {
    rules_ = settings().rules;
    track_.renew(rules_, core::Clock::now());
    if (running && !program_.isGone()) arm();
  }
}

void Health::arm() noexcept {
  if (const auto when = track_.deadline(settings().rules))
    timer_.arm(*when);
  else
    timer_.disarm();
}

core::Status Health::beforeSpawn(LaunchExtras& extras) {
  const core::microseconds watchdog = settings().rules.watchdog;
  if (watchdog.count() > 0) extras.environment.emplace_back("WATCHDOG_USEC", std::to_string(watchdog.count()));
  return {};
}

void Health::onState(lifecycle::ProcessState to) noexcept {
  context_.touch(program_);
  lifecycle::HealthTrack::Outcome outcome;
  if (to == lifecycle::ProcessState::Running) {
    outcome = track_.begin(settings().rules, core::Clock::now(), context_.chance());
  } else {
    if (probe_) probe_->cancel();
    command_.reset();
    outcome = track_.end();
  }
  if (outcome.changed) since_ = core::wallSeconds();
  arm();
}

void Health::due() {
  const ProcessContext::Turn turn(context_);
  const auto before = track_.state();
  const auto now = core::Clock::now();
  if (track_.wantsQuestion(settings().rules, now)) ask();
  follow(before, track_.passed(settings().rules, now));
}

void Health::ask() {
  const auto& check = settings().check;
  const auto limit = settings().rules.timeout;
  if (check.kind == TargetKind::Exec)
    command_ =
        std::make_unique<SideCommand>(context_, program_, SideCommand::Spec{check.place, {}, limit, false, false},
                                      [this](const SideOutcome& outcome) { commandEnded(outcome); });
  else
    probe_->start(limit, [this](const core::Status& outcome) {
      const ProcessContext::Turn turn(context_);
      answered(outcome ? std::string_view() : outcome.error().text);
    });
  track_.asked(core::Clock::now());
}

/// In a turn.
void Health::commandEnded(const SideOutcome& outcome) {
  const auto limit = command_->limit();
  command_.reset();
  if (outcome.error.empty() && outcome.status == kStatusUnknown) {  // a predecessor's, which ended unseen
    track_.forgotten(core::Clock::now());
    return arm();
  }
  answered(outcome.succeeded() ? std::string() : config::toText(settings().check) + ": " + outcome.text(limit));
}

/// In a turn.
void Health::answered(std::string_view why) {
  const auto before = track_.state();
  const auto& rules = settings().rules;
  // A good answer that changes nothing is not worth a record: its times are, after a crash, those of the last record.
  if (!why.empty() || track_.failures() > 0) context_.touch(program_);
  const auto outcome = track_.answered(why, rules, core::Clock::now(), context_.chance());
  if (!why.empty() && !outcome.changed)
    logging::attempt([&] {
      logging::debug("health: {}: {} ({} of {})", program_.fullName(), why, track_.failures(), rules.retries);
    });
  follow(before, outcome);
}

void Health::heard(bool failed) {
  const ProcessContext::Turn turn(context_);
  const auto before = track_.state();
  follow(before, failed ? track_.failed("the program reported WATCHDOG=trigger")
                        : track_.heard(settings().rules, core::Clock::now()));
}

/// In a turn. The last thing to be done: the program may be stopped.
void Health::follow(HealthState before, lifecycle::HealthTrack::Outcome outcome) {
  if (outcome.changed || outcome.act) context_.touch(program_);
  if (outcome.changed) {
    since_ = core::wallSeconds();
    report(before);
  }
  arm();
  if (outcome.act) act();
}

void Health::report(HealthState before) {
  logging::attempt([&] {
    if (track_.state() == HealthState::Healthy)
      logging::info("health: {} is healthy", program_.fullName());
    else
      logging::warn("health: {} is unhealthy: {}; {}", program_.fullName(), lastError(), consequence(settings()));
  });
  const HealthChange change{before, track_.state(), program_.pid(), track_.failures(), lastError()};
  // Without memory the event is lost; what follows is not.
  logging::attempt([&] { context_.tell([&](Observer& observer) { observer.onHealth(program_, change); }); });
}

void Health::act() {
  switch (settings().action) {
    case config::Health::Action::None: return;
    case config::Health::Action::Signal: return (void)program_.signal(settings().signal);
    case config::Health::Action::Restart: return program_.recycle("unhealthy: " + lastError(), true);
    case config::Health::Action::Stop: return program_.recycle("unhealthy: " + lastError(), false);
  }
}

void Health::save(state::Program& saved, state::Outgoing& outgoing) const {
  auto& health = saved.health.emplace();
  health.track = track_.save();
  health.since = since_;
  if (command_) health.question = command_->save(outgoing);
}

void Health::restore(const state::Program& saved, state::Incoming& incoming) {
  const auto now = core::Clock::now();
  if (saved.health) {
    track_.restore(saved.health->track, settings().rules, now);
    since_ = saved.health->since;
  } else if (program_.state() == lifecycle::ProcessState::Running) {
    track_.begin(settings().rules, now, context_.chance());
    since_ = core::wallSeconds();
  }
  if (!saved.health || !saved.health->question || settings().check.kind != TargetKind::Exec) return;
  command_ = std::make_unique<SideCommand>(context_, program_, *saved.health->question, incoming,
                                           [this](const SideOutcome& outcome) { commandEnded(outcome); });
  track_.asked(now);
}

void Health::resume() noexcept { arm(); }

}  // namespace process
