// SPDX-License-Identifier: MIT
#include "instance/state/bounds.hpp"

#include <chrono>
#include <initializer_list>
#include <ratio>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "instance/state/kinds.hpp"
#include "instance/state/records.hpp"
#include "lib/dialect/possible.hpp"

namespace state {
namespace {

using Years = std::chrono::duration<std::int64_t, std::ratio<365 * 86400>>;

/// No machine is up for longer: of what has been.
constexpr core::Instant kLatestPast{Years(50)};
/// A stopwaitsecs or startsecs below 0, which Supervisor takes, leads to a time before the machine was started.
constexpr core::Instant kEarliest{Years(-100)};
/// One duration of a key, and stopwaitsecs, from now on. One more can be added.
constexpr core::Instant kLatestSum{Years(180)};
/// Two durations from now on.
constexpr core::Instant kLatest{Years(250)};
/// The end of the year 9999, in seconds since the epoch.
constexpr std::int64_t kLastSecond = 253'402'300'799;
/// Far more than a stop has.
constexpr int kMostSteps = 1000;
constexpr int kFirstStep = -2;  ///< see Machine
/// As restart_limit has it.
constexpr std::size_t kMostRestarts = 1000;
constexpr int kMostUsers = 1'000'000;
constexpr int kLastStage = 2, kLastPhase = 4;

bool isPast(core::Instant when) noexcept { return when >= core::Instant() && when <= kLatestPast; }
bool isWallTime(std::int64_t seconds) noexcept { return seconds >= 0 && seconds <= kLastSecond; }

// Whether a value is within its bounds; if not, `where` gets the name of the field.

bool isGood(core::Instant value, std::string& /*where*/) { return value >= kEarliest && value <= kLatest; }
bool isGood(core::milliseconds value, std::string& /*where*/) { return config::isPossible(value); }
template <class T>
bool isGood(const std::optional<T>& value, std::string& where);
template <class T>
bool isGood(const std::vector<T>& value, std::string& where);
template <class T>
bool isGood(const T& value, std::string& where);

template <class T>
bool areFieldsGood(const T& value, std::string& where) {
  bool good = true;
  const auto visit = [&](const char* name, auto member) {
    if (!good || isGood(value.*member, where)) return;
    good = false;
    where = where.empty() ? name : name + ("." + where);
  };
  describe(visit, Of<T>());
  return good;
}

template <class T>
bool isGood(const std::optional<T>& value, std::string& where) {
  return !value || isGood(*value, where);
}
template <class T>
bool isGood(const std::vector<T>& value, std::string& where) {
  for (const auto& one : value)
    if (!isGood(one, where)) return false;
  return true;
}
template <class T>
bool isGood(const T& value, std::string& where) {
  // A configuration has limits of its own, see check().
  if constexpr (Structured<T> && !std::is_same_v<T, config::ProcessConfig>)
    return areFieldsGood(value, where);
  else
    return true;
}

/// The name of the first one that is false; "" if there is none.
const char* firstFalse(std::initializer_list<std::pair<const char*, bool>> tests) noexcept {
  for (const auto& [name, good] : tests)
    if (!good) return name;
  return "";
}

const char* wrongField(const lifecycle::Snapshot& machine) {
  bool restarts = machine.recent.size() <= kMostRestarts;
  for (const auto when : machine.recent) restarts = restarts && isPast(when);
  const bool fatal = machine.state == lifecycle::ProcessState::Fatal;
  return firstFalse({{"machine.tries", machine.tries >= 0},
                     {"machine.restarts", machine.restarts >= 0},
                     {"machine.streak", machine.streak >= 0},
                     {"machine.stopStep", machine.stopStep >= kFirstStep && machine.stopStep <= kMostSteps},
                     {"machine.started", isPast(machine.started)},
                     {"machine.due", machine.due <= (fatal ? kLatestPast : kLatestSum)},
                     {"machine.recent", restarts}});
}

bool isCommand(const std::optional<SideCommand>& command) noexcept {
  return !command || (command->stage >= 0 && command->stage <= kLastStage);
}

const char* wrongField(const Program& program) {
  if (const char* const wrong = wrongField(program.machine); *wrong != '\0') return wrong;
  const auto& [remains, around, schedule, health] =
      std::tie(program.remains, program.around, program.schedule, program.health);
  return firstFalse({{"startedAt", isWallTime(program.startedAt)},
                     {"stoppedAt", isWallTime(program.stoppedAt)},
                     {"remains.endedAt", !remains || isPast(remains->endedAt)},
                     {"remains.step", !remains || (remains->step >= kFirstStep && remains->step <= kMostSteps)},
                     {"around.endedAt", !around || isPast(around->endedAt)},
                     {"around.phase", !around || (around->phase >= 0 && around->phase <= kLastPhase)},
                     {"around.command.stage", !around || isCommand(around->command)},
                     {"schedule.due", !schedule || isWallTime(schedule->due)},
                     {"schedule.handled", !schedule || isWallTime(schedule->handled)},
                     {"schedule.steadyDue", !schedule || schedule->steadyDue <= kLatestSum},
                     {"health.since", !health || isWallTime(health->since)},
                     {"health.track.failures", !health || health->track.failures >= 0},
                     {"health.question.stage", !health || isCommand(health->question)},
                     {"readiness.question.stage", !program.readiness || isCommand(program.readiness->question)},
                     {"reload.stage", isCommand(program.reload)},
                     {"window.change", !program.window || isWallTime(program.window->change)}});
}

const char* wrongField(const Pool& pool) {
  const auto longest = std::chrono::nanoseconds(config::kLongestDuration).count();
  return firstFalse({{"pause", pool.pause >= 0 && pool.pause <= longest}});
}

const char* wrongField(const Listener& listener) {
  const auto longest = std::chrono::duration_cast<core::seconds>(config::kLongestDuration).count();
  return firstFalse({{"backOff", listener.backOff >= 0 && listener.backOff <= longest}});
}

const char* wrongField(const SharedSocket& socket) { return firstFalse({{"users", socket.users <= kMostUsers}}); }

const char* wrongField(const Unsent& unsent) { return firstFalse({{"when", isWallTime(unsent.when)}}); }

/// `nameOf` a member for messages.
template <class T, class Name>
core::Status checkEach(const std::vector<T>& list, const Name& nameOf) {
  for (const auto& one : list) {
    std::string where;
    if (isGood(one, where)) where = wrongField(one);
    if (!where.empty()) return core::Err{core::Error{nameOf(one) + " has an impossible value of '" + where + "'"}};
  }
  return {};
}

}  // namespace

core::Status checkBounds(const State& state) {
  const auto named = [](const char* what) {
    return [what](const auto& one) { return std::string("the state's ") + what + quoted(one.group + ":" + one.name); };
  };
  auto good = checkEach(state.programs, named("program "));
  if (good) good = checkEach(state.events.listeners, named("event listener "));
  if (good)
    good = checkEach(state.events.pools, [](const auto& pool) { return "the state's pool " + quoted(pool.group); });
  if (good)
    good = checkEach(state.sharedSockets, [](const auto& one) { return "the state's socket of " + quoted(one.group); });
  if (good) good = checkEach(state.unsent, [](const auto& one) { return "what waits for " + quoted(one.path); });
  if (!good) return good;
  for (const auto& slice : state.events.ticks)
    if (slice && !isWallTime(*slice)) return core::Err{core::Error{"the state has an impossible value of 'ticks'"}};
  return {};
}

}  // namespace state
