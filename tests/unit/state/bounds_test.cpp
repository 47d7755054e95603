// SPDX-License-Identifier: MIT
// Numbers with which nobody can calculate are refused, wherever they are in a state.
#include <doctest/doctest.h>

#include <functional>
#include <limits>

#include "instance/state/text.hpp"

using namespace state;
using core::milliseconds;

namespace {

constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();

/// A state with program g:p.
State stateOf(const config::ProcessConfig& config) {
  State state;
  state.daemon.nextNumber = 1;
  config::GroupConfig group;
  group.name = "g";
  group.processes = {std::make_shared<const config::ProcessConfig>(config)};
  state.groups = {std::make_shared<const config::GroupConfig>(group)};
  state.configured = state.groups;
  auto& program = state.programs.emplace_back();
  program.group = "g";
  program.name = "p";
  return state;
}

config::ProcessConfig namedP() {
  config::ProcessConfig config;
  config.name = "p";
  return config;
}

std::string problemOf(const State& state) {
  const auto read = decode(encode(state));
  return read ? "" : read.error().text;
}

using ChangeExtension = std::function<void(config::Extension&)>;

config::ProcessConfig withExtension(const ChangeExtension& change) {
  auto config = namedP();
  config::Extension extension;
  extension.scheduling.timetable.every = core::seconds(5);
  change(extension);
  config.extension = config::Shared(std::move(extension));
  return config;
}

core::Instant at(std::int64_t nanoseconds) { return core::Instant(std::chrono::nanoseconds(nanoseconds)); }

}  // namespace

TEST_CASE("values that no parser takes are refused in each place that has a configuration") {
  const std::pair<const char*, ChangeExtension> wrong[] = {
      {"restart_delay, restart_limit or fatal_retry", [](auto& e) { e.pacing.delay = milliseconds(-1); }},
      {"restart_delay, restart_limit or fatal_retry", [](auto& e) { e.pacing.factor = 0; }},
      {"restart_delay, restart_limit or fatal_retry", [](auto& e) { e.pacing.limit = 1; }},
      {"restart_delay, restart_limit or fatal_retry", [](auto& e) { e.pacing.limit = 1'000'000; }},
      {"restart_delay, restart_limit or fatal_retry", [](auto& e) { e.pacing.fatalRetry = milliseconds(0); }},
      {"restart_delay, restart_limit or fatal_retry", [](auto& e) { e.pacing.maxDelay = milliseconds(kMost); }},
      {"stopsignal",
       [](auto& e) {
         e.stopping.steps = {{0, milliseconds(5)}};
       }},
      {"stopsignal",
       [](auto& e) {
         e.stopping.steps = {{15, milliseconds(-5)}};
       }},
      {"stopsignal", [](auto& e) { e.stopping.steps.resize(17); }},
      {"exec_start_pre or others of exec_", [](auto& e) { e.around.stop.limit = milliseconds(kLeast); }},
      {"exec_start_pre or others of exec_", [](auto& e) { e.around.startPre.list.resize(101); }},
      {"reload_signal or reload_timeout", [](auto& e) { e.reloading.signal = 1000; }},
      {"reload_signal or reload_timeout", [](auto& e) { e.reloading.limit = milliseconds(0); }},
      {"start_delay", [](auto& e) { e.dependences.startDelay = milliseconds(kMost); }},
      {"health_check, watchdog or memory_restart", [](auto& e) { e.health.rules.interval = milliseconds(0); }},
      {"health_check, watchdog or memory_restart", [](auto& e) { e.health.rules.watchdog = milliseconds(1); }},
      {"health_check, watchdog or memory_restart", [](auto& e) { e.health.rules.retries = 0; }},
      {"health_check, watchdog or memory_restart", [](auto& e) { e.health.memoryInterval = milliseconds(0); }},
      {"health_check, watchdog or memory_restart", [](auto& e) { e.health.memoryLimit = -1; }},
      {"health_check, watchdog or memory_restart",
       [](auto& e) { e.health.check = {config::ProbeTarget::Kind::Tcp, 65536, 200, 0, "127.0.0.1", ""}; }},
      {"limit_, nice, ionice or cpu_affinity", [](auto& e) { e.limits.processors = {-1}; }},
      {"limit_, nice, ionice or cpu_affinity", [](auto& e) { e.limits.processors = {1 << 30}; }},
      {"limit_, nice, ionice or cpu_affinity", [](auto& e) { e.limits.nice = 20; }},
      {"limit_, nice, ionice or cpu_affinity",
       [](auto& e) {
         e.limits.resources = {{-1, 0, 0}};
       }},
      {"schedule or schedule_jitter", [](auto& e) { e.scheduling.timetable.jitter = milliseconds(-1); }},
      {"schedule or schedule_jitter", [](auto& e) { e.scheduling.timetable.jitter = milliseconds(5000); }},
      {"schedule or schedule_jitter", [](auto& e) { e.scheduling.timetable.every = milliseconds(1); }},
      {"schedule or schedule_jitter", [](auto& e) { e.scheduling.timetable.every = milliseconds(kLeast); }},
      {"schedule or schedule_jitter", [](auto& e) { e.scheduling.timetable.calendar.minutes = ~std::uint64_t{0}; }},
      {"max_runtime, max_age or run_window", [](auto& e) { e.lifetime.maxAge = milliseconds(1); }},
      {"max_runtime, max_age or run_window", [](auto& e) { e.lifetime.maxRuntime = milliseconds(-1); }},
      {"max_runtime, max_age or run_window", [](auto& e) { e.lifetime.maxAgeJitter = milliseconds(kMost); }},
      {"max_runtime, max_age or run_window",
       [](auto& e) {
         e.lifetime.window = {{1, -1'000'000, 1440}};
       }},
      {"max_runtime, max_age or run_window",
       [](auto& e) {
         e.lifetime.window = {{0x80, 0, 60}};
       }},
      {"sockets or idle_stop", [](auto& e) { e.activation.idleStop = milliseconds(1); }},
      {"sockets or idle_stop", [](auto& e) { e.activation.sockets.resize(1); }},
      {"watch_delay or watch_action", [](auto& e) { e.watching.delay = milliseconds(0); }},
      {"watch_delay or watch_action", [](auto& e) { e.watching.signal = -1; }},
      {"memory_max, memory_high, cpu_max or tasks_max", [](auto& e) { e.controlGroup.tasksMax = 0; }},
      {"memory_max, memory_high, cpu_max or tasks_max", [](auto& e) { e.controlGroup.cpuQuota = 0; }},
  };
  CHECK(problemOf(stateOf(withExtension([](auto&) {}))) == "");
  for (const auto& [what, change] : wrong) {
    const auto config = withExtension(change);
    const auto message = std::string("the state contradicts itself: program 'g:p' has an impossible value of ") + what;
    CHECK(problemOf(stateOf(config)) == message);
    State added = stateOf(namedP());
    added.programs[0].config = config;
    CHECK(problemOf(added) == message);
    State configured = stateOf(namedP());
    configured.configured = stateOf(config).groups;
    CHECK(problemOf(configured) == message);
  }
  CHECK(problemOf(stateOf(withExtension([](auto& e) { e.readiness.interval = milliseconds(0); }))) ==
        "the state contradicts itself: program 'g:p' can never be ready");
}

TEST_CASE("times and counts of programs that nobody can calculate with are refused") {
  using lifecycle::ProcessState;
  const std::pair<const char*, std::function<void(Program&)>> wrong[] = {
      {"machine.tries", [](auto& p) { p.machine.tries = -1; }},
      {"machine.restarts", [](auto& p) { p.machine.restarts = -1; }},
      {"machine.streak", [](auto& p) { p.machine.streak = std::numeric_limits<int>::min(); }},
      {"machine.stopStep", [](auto& p) { p.machine.stopStep = std::numeric_limits<int>::max(); }},
      {"machine.due", [](auto& p) { p.machine.due = at(kMost); }},
      {"machine.due", [](auto& p) { p.machine.due = at(kLeast); }},
      {"machine.due", [](auto& p) { p.machine.due = at(6'000'000'000'000'000'000); }},
      {"machine.due",
       [](auto& p) {
         p.machine.state = ProcessState::Fatal;
         p.machine.due = at(2'000'000'000'000'000'000);
       }},
      {"machine.started", [](auto& p) { p.machine.started = at(-1); }},
      {"machine.recent",
       [](auto& p) {
         p.machine.recent = {at(5), at(kMost)};
       }},
      {"machine.recent", [](auto& p) { p.machine.recent.resize(1001); }},
      {"startedAt", [](auto& p) { p.startedAt = kMost; }},
      {"stoppedAt", [](auto& p) { p.stoppedAt = -1; }},
      {"remains.killAt", [](auto& p) { p.remains.emplace().killAt = at(kMost); }},
      {"remains.endedAt", [](auto& p) { p.remains.emplace().endedAt = at(-7); }},
      {"remains.step", [](auto& p) { p.remains.emplace().step = 1 << 30; }},
      {"waits.due", [](auto& p) { p.waits.emplace().due = at(kMost); }},
      {"around.endedAt", [](auto& p) { p.around.emplace().endedAt = at(kLeast); }},
      {"around.phase", [](auto& p) { p.around.emplace().phase = 5; }},
      {"around.command.limit", [](auto& p) { p.around.emplace().command.emplace().limit = milliseconds(kMost); }},
      {"around.command.stage", [](auto& p) { p.around.emplace().command.emplace().stage = 3; }},
      {"reload.due", [](auto& p) { p.reload.emplace().due = at(kLeast); }},
      {"readiness.question.limit", [](auto& p) { p.readiness.emplace().question.emplace().limit = milliseconds(-1); }},
      {"health.track.due", [](auto& p) { p.health.emplace().track.due = at(kMost); }},
      {"health.track.quietUntil", [](auto& p) { p.health.emplace().track.quietUntil = at(kMost); }},
      {"health.track.reportDue", [](auto& p) { p.health.emplace().track.reportDue = at(kLeast); }},
      {"health.track.failures", [](auto& p) { p.health.emplace().track.failures = -1; }},
      {"health.since", [](auto& p) { p.health.emplace().since = kLeast; }},
      {"schedule.due", [](auto& p) { p.schedule.emplace().due = kMost; }},
      {"schedule.handled", [](auto& p) { p.schedule.emplace().handled = -1; }},
      {"schedule.delay", [](auto& p) { p.schedule.emplace().delay = milliseconds(-1); }},
      {"schedule.steadyDue", [](auto& p) { p.schedule.emplace().steadyDue = at(6'000'000'000'000'000'000); }},
      {"window.change", [](auto& p) { p.window.emplace().change = kMost; }},
  };
  for (const auto& [where, change] : wrong) {
    State state = stateOf(namedP());
    change(state.programs[0]);
    CHECK(problemOf(state) == "the state's program 'g:p' has an impossible value of '" + std::string(where) + "'");
  }
}

TEST_CASE("what Supervisor takes leads to no impossible time") {
  State state = stateOf(namedP());
  auto& machine = state.programs[0].machine;
  machine.due = at(0) - core::seconds(1 << 30) - core::seconds(1 << 30);  // startsecs = -2147483648
  CHECK(problemOf(state) == "");
  machine.due = at(0) + std::chrono::hours(24 * 365 * 100) + core::seconds(2147483647);
  CHECK(problemOf(state) == "");
}

TEST_CASE("a command beside a program is one process, which nothing else is") {
  const auto refused = [](const std::string& why, pid_t pid) {
    State state = stateOf(namedP());
    auto& program = state.programs[0];
    program.machine.state = lifecycle::ProcessState::Running;
    program.pid = 9;
    program.reload.emplace().pid = pid;
    CHECK(problemOf(state) == "the state contradicts itself: " + why);
    program.reload.reset();
    program.around.emplace().command.emplace().pid = pid;
    CHECK(problemOf(state) == "the state contradicts itself: " + why);
    program.around.reset();
    program.health.emplace().question.emplace().pid = pid;
    CHECK(problemOf(state) == "the state contradicts itself: " + why);
    program.health.reset();
    program.readiness.emplace().question.emplace().pid = pid;
    CHECK(problemOf(state) == "the state contradicts itself: " + why);
  };
  refused("a command beside program 'g:p' cannot have process 1", 1);
  refused("a command beside program 'g:p' cannot have process -9", -9);
  refused("process 9 belongs to two programs", 9);
}

TEST_CASE("counts and times of everything else") {
  State state = stateOf(namedP());
  state.unsent.emplace_back().path = "/x";
  state.unsent[0].when = kMost;
  CHECK(problemOf(state) == "what waits for '/x' has an impossible value of 'when'");
  state.unsent.clear();
  state.events.ticks[1] = kLeast;
  CHECK(problemOf(state) == "the state has an impossible value of 'ticks'");
  state.events.ticks = {};
  auto group = *state.groups[0];
  group.scales = {{"p", -1, 1}};
  state.groups = state.configured = {std::make_shared<const config::GroupConfig>(group)};
  CHECK(problemOf(state) == "the state contradicts itself: group 'g' has -1 processes of 'p'");
  group.scales.clear();
  group.sockets.emplace_back().url = "tcp://:0";
  state.groups = state.configured = {std::make_shared<const config::GroupConfig>(group)};
  CHECK(problemOf(state) == "the state contradicts itself: group 'g' has the impossible socket 'tcp://:0'");
}
