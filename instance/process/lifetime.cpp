// SPDX-License-Identifier: MIT
#include "instance/process/lifetime.hpp"

#include <optional>

#include "instance/config/model.hpp"
#include "instance/process/context.hpp"
#include "instance/process/process.hpp"
#include "lib/core/log.hpp"
#include "lib/lifecycle/lifespan.hpp"

namespace process {
namespace {

using lifecycle::ProcessState;

/// The first limit of its present process; nullopt: there is none.
std::optional<lifecycle::Limit> limitOf(const Process& program) noexcept {
  const bool running = program.state() == ProcessState::Running;
  if (program.pid() == 0 || program.isGone() || (!running && program.state() != ProcessState::Starting))
    return std::nullopt;
  const auto& settings = program.config().extension->lifetime;
  return lifecycle::firstLimit({settings.maxRuntime, settings.maxAge, settings.maxAgeJitter}, program.startedWhen(),
                               program.number(), running);
}

}  // namespace

Lifetime::Lifetime(ProcessContext& context, Process& program)
    : context_(context),
      program_(program),
      timer_(
          context.loop(), [this] { due(); }, core::milliseconds(50)) {
  arm();  // it may run already
}

void Lifetime::arm() noexcept {
  if (const auto limit = limitOf(program_))
    timer_.arm(limit->when);
  else
    timer_.disarm();
}

void Lifetime::due() {
  const auto limit = limitOf(program_);
  if (!limit) return;
  if (core::Clock::now() < limit->when) return timer_.arm(limit->when);
  const ProcessContext::Turn turn(context_);
  if (limit->kind == lifecycle::Limit::Kind::Runtime)
    end();
  else
    renew();
}

/// As after an end that is not expected, but a program that starts at times of its own waits for the next one. A stop
/// that waits for other programs is not affected.
void Lifetime::end() {
  const auto limit = lifecycle::durationText(program_.config().extension->lifetime.maxRuntime);
  const bool again = program_.config().autoRestart != config::AutoRestart::Never &&
                     program_.waits().stop == Along::Nobody && !program_.hasTimes() &&
                     program_.nextStart(core::Clock::now()) == 0;
  const auto why = fmt::format("ran longer than max_runtime ({})", limit);
  logging::attempt([&] {
    logging::warn("max_runtime: {} {}; it is {}", program_.fullName(), why, again ? "restarted" : "stopped");
  });
  program_.recycle(why, again);
}

void Lifetime::renew() {
  const auto& settings = program_.config().extension->lifetime;
  if (program_.waits().stop != Along::Nobody) return;                     // it is about to be stopped anyway
  if (program_.startIsForbidden()) return timer_.armIn(settings.maxAge);  // it would not come back
  logging::attempt([&] {
    logging::info("max_age: {} is older than {}; it is restarted", program_.fullName(),
                  lifecycle::durationText(settings.maxAge));
  });
  program_.recycle("", true);
}

}  // namespace process
