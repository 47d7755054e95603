// SPDX-License-Identifier: MIT
#include "lib/lifecycle/health.hpp"

#include <algorithm>
#include <exception>

#include "lib/lifecycle/pacing.hpp"

namespace lifecycle {
namespace {

/// Until it is healthy for the first time a program is asked more often: others may wait for it.
constexpr core::milliseconds kEager{1000};

constexpr int kManyFailures = 1'000'000;  ///< they are not counted further

/// Up to a tenth of `wait`, so that many programs with one interval do not stay in step.
core::milliseconds jitter(core::milliseconds wait, std::uint32_t chance) noexcept {
  return core::milliseconds(wait.count() / 10 * (chance % 1024) / 1024);
}

}  // namespace

std::string_view toText(HealthState state) noexcept {
  switch (state) {
    case HealthState::None: return "";
    case HealthState::Starting: return "starting";
    case HealthState::Healthy: return "healthy";
    case HealthState::Unhealthy: break;
  }
  return "unhealthy";
}

void HealthTrack::blame(std::string_view why) noexcept {
  try {
    now_.lastError.assign(why);
  } catch (const std::exception&) {  // out of memory: without the reason
    now_.lastError.clear();
  }
}

HealthTrack::Outcome HealthTrack::enter(HealthState to) noexcept {
  const bool changed = now_.state != to;
  now_.state = to;
  return {changed, false};
}

HealthTrack::Outcome HealthTrack::begin(const HealthRules& rules, core::Instant now, std::uint32_t chance) noexcept {
  now_.failures = 0;
  now_.missed = false;
  now_.lastError.clear();
  asked_.reset();
  now_.quietUntil = now + rules.startPeriod;
  now_.reportDue = now_.quietUntil + rules.watchdog;
  now_.due = now + std::min(rules.interval, kEager) * (chance % 1024) / 1024;
  return rules.any() ? enter(HealthState::Starting) : Outcome();
}

HealthTrack::Outcome HealthTrack::end() noexcept {
  asked_.reset();
  return enter(HealthState::None);
}

void HealthTrack::renew(const HealthRules& rules, core::Instant now) noexcept {
  now_.due = std::min(now_.due, now + rules.interval);
  now_.reportDue = now + rules.watchdog;
  if (rules.watchdog.count() == 0) now_.missed = false;
}

void HealthTrack::restore(HealthSnapshot saved, const HealthRules& rules, core::Instant now) noexcept {
  now_ = std::move(saved);
  now_.failures = std::clamp(now_.failures, 0, kManyFailures);
  now_.reportDue = std::max(now_.reportDue, now + rules.watchdog);
  asked_.reset();
}

std::optional<core::Instant> HealthTrack::deadline(const HealthRules& rules) const noexcept {
  if (now_.state == HealthState::None) return std::nullopt;
  std::optional<core::Instant> when;
  if (rules.probed && !asked_) when = now_.due;
  if (rules.watchdog.count() > 0) when = std::min(when.value_or(now_.reportDue), now_.reportDue);
  return when;
}

bool HealthTrack::wantsQuestion(const HealthRules& rules, core::Instant now) const noexcept {
  return rules.probed && now_.state != HealthState::None && !asked_ && now >= now_.due;
}

void HealthTrack::asked(core::Instant now) noexcept { asked_ = now; }

void HealthTrack::forgotten(core::Instant now) noexcept {
  asked_.reset();
  now_.due = now + kEager;
}

HealthTrack::Outcome HealthTrack::answered(std::string_view why, const HealthRules& rules, core::Instant now,
                                           std::uint32_t chance) noexcept {
  if (now_.state == HealthState::None || !asked_) return {};
  const bool quiet = now_.state == HealthState::Starting && now < now_.quietUntil;
  const auto wait = quiet && !why.empty() ? std::min(rules.interval, kEager) : rules.interval;
  // Not immediately after a question that took longer than the interval: the program has other work, too.
  now_.due = std::max(*asked_ + wait + jitter(wait, chance), now + wait / 10);
  asked_.reset();
  if (why.empty()) {
    now_.failures = 0;
    return now_.missed ? Outcome() : enter(HealthState::Healthy);
  }
  blame(why);
  if (quiet) return {};
  now_.failures = std::min(now_.failures + 1, kManyFailures);
  if (now_.failures < rules.retries) return {};
  auto outcome = enter(HealthState::Unhealthy);
  outcome.act = now_.failures % std::max(1, rules.retries) == 0;
  return outcome;
}

HealthTrack::Outcome HealthTrack::heard(const HealthRules& rules, core::Instant now) noexcept {
  if (now_.state == HealthState::None || rules.watchdog.count() == 0) return {};
  now_.reportDue = now + rules.watchdog;
  now_.missed = false;
  // A program that is asked, too, becomes healthy by its answer.
  if (rules.probed && (now_.state == HealthState::Starting || now_.failures >= rules.retries)) return {};
  return enter(HealthState::Healthy);
}

HealthTrack::Outcome HealthTrack::failed(std::string_view why) noexcept {
  if (now_.state == HealthState::None) return {};
  blame(why);
  now_.missed = true;
  auto outcome = enter(HealthState::Unhealthy);
  outcome.act = true;
  return outcome;
}

HealthTrack::Outcome HealthTrack::passed(const HealthRules& rules, core::Instant now) noexcept {
  if (now_.state == HealthState::None || rules.watchdog.count() == 0 || now < now_.reportDue) return {};
  now_.reportDue = now + rules.watchdog;
  try {
    return failed("no WATCHDOG=1 for " + durationText(rules.watchdog));
  } catch (const std::exception&) {
    return failed("no WATCHDOG=1 in time");
  }
}

}  // namespace lifecycle
