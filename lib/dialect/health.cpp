// SPDX-License-Identifier: MIT
#include "lib/dialect/health.hpp"

#include <tuple>
#include <utility>

#include "lib/core/text.hpp"
#include "lib/dialect/possible.hpp"
#include "lib/dialect/section_reader.hpp"
#include "lib/dialect/values.hpp"

namespace config {
namespace {

/// The time for a report of a program that says `health_check = watchdog` and not how often it reports.
constexpr core::milliseconds kDefaultWatchdog{30'000};
/// What is asked more often than that is only busy with answering.
constexpr core::milliseconds kShortest{100};

struct Check {
  ProbeTarget target;
  bool watchdog = false;
};

core::Expected<Check> parseCheck(std::string_view text) {
  const auto word = core::lower(core::trim(text));
  if (word.empty() || word == "none") return Check{};
  if (word == "watchdog") return Check{{}, true};
  if (!isProbeTarget(text))
    return refused(
        core::pythonRepr(text) +
        " is not a check: tcp:[HOST:]PORT, unix:PATH, http://HOST[:PORT]/PATH [STATUS], exec:COMMAND, watchdog "
        "or none");
  auto target = parseProbeTarget(text);
  if (!target) return core::Err{std::move(target).error()};
  return Check{std::move(*target), false};
}

core::Expected<core::milliseconds> parsePeriod(std::string_view text) {
  auto duration = parseDuration(text);
  if (duration && *duration < kShortest) return refused(core::pythonRepr(text) + " is shorter than 0.1 seconds");
  return duration;
}

core::Expected<core::milliseconds> parseWatchdog(std::string_view text) {
  auto duration = parseDuration(text);
  if (duration && duration->count() == 0) return duration;
  return parsePeriod(text);
}

core::Expected<int> parseRetries(std::string_view text) {
  auto count = parseInteger(text);
  if (count && *count < 1) return refused(core::pythonRepr(text) + " is not a number of failures from 1 on");
  return count;
}

using Reaction = std::pair<Health::Action, int>;

core::Expected<Reaction> parseAction(std::string_view text) {
  const auto words = core::splitBlanks(core::lower(text));
  if (words.size() == 1 && words[0] == "none") return Reaction{Health::Action::None, 0};
  if (words.size() == 1 && words[0] == "restart") return Reaction{Health::Action::Restart, 0};
  if (words.size() == 1 && words[0] == "stop") return Reaction{Health::Action::Stop, 0};
  if (words.size() != 2 || words[0] != "signal")
    return refused(core::pythonRepr(text) + " is not restart, stop, signal NAME or none");
  const auto signal = parseSignal(words[1]);
  if (!signal) return core::Err{signal.error()};
  return Reaction{Health::Action::Signal, *signal};
}

core::Expected<std::int64_t> parseMemoryLimit(std::string_view text) {
  auto bytes = parseByteSize(text);
  if (!bytes || *bytes < 0) return refused(core::pythonRepr(text) + " is not a size in bytes, such as 500MB");
  return bytes;
}

}  // namespace

bool isPossible(const Health& health) noexcept {
  const auto& rules = health.rules;
  for (const auto& period : {rules.interval, rules.timeout, health.memoryInterval})
    if (period < kShortest || !isPossible(period)) return false;
  if (!isPossible(rules.startPeriod) || !isPossible(rules.watchdog)) return false;
  if (rules.watchdog.count() > 0 && rules.watchdog < kShortest) return false;
  return rules.retries >= 1 && health.memoryLimit >= 0 && isPossibleSignal(health.signal) && isPossible(health.check);
}

void readHealth(SectionReader& in, const core::Names& names, Health& health) {
  Check check;
  in.take("health_check", names, parseCheck, check);
  health.check = std::move(check.target);
  health.rules.probed = health.check.kind != ProbeTarget::Kind::None;
  if (check.watchdog) health.rules.watchdog = kDefaultWatchdog;
  in.take("health_interval", names, parsePeriod, health.rules.interval);
  in.take("health_timeout", names, parsePeriod, health.rules.timeout);
  in.take("health_retries", names, parseRetries, health.rules.retries);
  in.take("health_start_period", names, parseDuration, health.rules.startPeriod);
  Reaction reaction{health.action, 0};
  in.take("health_action", names, parseAction, reaction);
  std::tie(health.action, health.signal) = reaction;
  in.take("watchdog", names, parseWatchdog, health.rules.watchdog);
  if (in.ok() && check.watchdog && health.rules.watchdog.count() == 0)
    in.conflict("watchdog", {"health_check"}, "health_check = watchdog needs a time, such as 30");
  in.take("memory_restart", names, parseMemoryLimit, health.memoryLimit);
  in.take("memory_interval", names, parsePeriod, health.memoryInterval);
}

}  // namespace config
