// SPDX-License-Identifier: MIT
#include "lib/dialect/idle_keys.hpp"

#include <optional>
#include <string>
#include <string_view>

#include "lib/dialect/context.hpp"
#include "lib/dialect/extension.hpp"
#include "lib/dialect/section_reader.hpp"
#include "lib/dialect/values.hpp"
#include "lib/lifecycle/pacing.hpp"
#include "lib/lifecycle/run_window.hpp"

namespace config {
namespace {

/// A key, and those of which one must be given for it to have an effect.
struct Belonging {
  std::string_view key;
  std::string_view to;
  std::string_view orTo{};
};

/// Combinations that are refused are not here.
constexpr Belonging kBelongings[] = {
    {"ready_timeout", "ready"},
    {"ready_interval", "ready"},
    {"health_interval", "health_check"},
    {"health_timeout", "health_check"},
    {"health_retries", "health_check"},
    {"health_start_period", "health_check", "watchdog"},
    {"health_action", "health_check", "watchdog"},
    {"memory_interval", "memory_restart"},
    {"reload_timeout", "reload_command"},
    {"exec_start_pre_timeout", "exec_start_pre"},
    {"exec_start_post_timeout", "exec_start_post"},
    {"exec_stop_timeout", "exec_stop"},
    {"exec_stop_post_timeout", "exec_stop_post"},
    {"schedule_overlap", "schedule"},
    {"schedule_jitter", "schedule"},
    {"time_zone", "schedule", "run_window"},
    {"watch_action", "watch"},
    {"watch_delay", "watch"},
    {"watch_ignore", "watch"},
    {"max_age_jitter", "max_age"},
};

std::string quoted(std::string_view key) { return "'" + std::string(key) + "'"; }

/// The value, if the program gives it itself and it is a plain duration.
std::optional<core::milliseconds> ownDuration(const SectionReader& in, std::string_view key) {
  const auto text = in.writes(key) ? in.raw(key) : std::nullopt;
  const auto value = text ? parseDuration(*text) : core::Expected<core::milliseconds>(core::Err{core::Error{}});
  return value ? std::optional(*value) : std::nullopt;
}

}  // namespace

void noteIdleKeys(ReadContext& context, const SectionReader& in) {
  if (context.alone) return;
  for (const auto& one : kBelongings) {
    if (!in.writes(one.key) || in.has(one.to) || (!one.orTo.empty() && in.has(one.orTo))) continue;
    std::string needed = quoted(one.to);
    if (!one.orTo.empty()) needed += " or " + quoted(one.orTo);
    context.warn("Key " + quoted(one.key) + " has no effect without " + needed + in.placeOf(one.key));
  }
  const auto delay = ownDuration(in, "restart_delay");
  const auto longest = ownDuration(in, "restart_delay_max");
  if (delay && longest && *longest < *delay)
    context.warn("Key 'restart_delay' is more than 'restart_delay_max', which counts: restarts follow after " +
                 lifecycle::durationText(*longest) + in.placeOf("restart_delay"));
}

void noteIdleValues(ReadContext& context, const SectionReader& in, const Extension& extension) {
  if (context.alone || !in.ok() || !extension.scheduling.given()) return;
  if (lifecycle::everWithin(extension.scheduling.timetable, extension.lifetime.window)) return;
  context.warn("Key 'schedule' never starts the program: none of its times is within 'run_window'" +
               in.placeOf("schedule"));
}

}  // namespace config
