// SPDX-License-Identifier: MIT
#pragma once

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "instance/state/kinds.hpp"
#include "lib/dialect/possible.hpp"

/// States with random values in every field that is described, and their comparison.
namespace generated {

using state::Of;
using state::Structured;
using state::wordsOf;

/// Fills values of every kind. The same seed makes the same values.
class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  std::size_t below(std::size_t limit) { return random_() % limit; }
  bool chance() { return below(2) == 0; }

  template <Structured T>
  void fill(T& value) {
    const auto visit = [this, &value](const char* /*name*/, auto member) { fill(value.*member); };
    describe(visit, Of<T>());
  }
  void fill(bool& value) { value = chance(); }
  template <state::Number T>
  void fill(T& value) {
    const std::array<T, 5> choices{0, 1, std::numeric_limits<T>::min(), std::numeric_limits<T>::max(),
                                   static_cast<T>(random_())};
    value = choices[below(choices.size())];
  }
  template <state::Worded T>
  void fill(T& value) {
    const auto words = wordsOf(T{});
    value = words[below(words.size())].value;
  }
  void fill(std::string& value) {
    static constexpr char characters[] = "\\\n\r\0\x1b\x7f=:! .\xc3\xa4\xff\"'xn0aZ";
    value.clear();
    for (std::size_t i = below(3) == 0 ? 0 : below(40); i > 0; --i) value += characters[below(sizeof characters - 1)];
  }
  /// Up to fifty years.
  void fill(core::Instant& value) { value = core::Instant(std::chrono::nanoseconds(below(1'576'800'000'000'000'000))); }
  void fill(core::milliseconds& value) { value = core::milliseconds(below(3'153'600'000'000 + 1)); }
  template <class T>
  void fill(config::Shared<T>& value) {
    T own{};
    if (chance()) fill(own);
    value = config::Shared<T>(std::move(own));
  }
  template <class A, class B>
  void fill(std::pair<A, B>& value) {
    fill(value.first);
    fill(value.second);
  }
  template <class T>
  void fill(std::optional<T>& value) {
    value.reset();
    if (chance()) fill(value.emplace());
  }
  template <class T>
  void fill(std::vector<T>& value) {
    value.resize(below(4));
    for (auto& member : value) fill(member);
  }
  template <class T, std::size_t N>
  void fill(std::array<T, N>& value) {
    for (auto& member : value) fill(member);
  }
  template <class T>
  void fill(std::shared_ptr<const T>& value) {
    auto made = std::make_shared<T>();
    fill(*made);
    value = std::move(made);
  }
  void fill(config::Environment& value) {
    config::Environment::List list;
    fill(list);
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end(), [](auto& a, auto& b) { return a.first == b.first; }), list.end());
    value = config::Environment(std::move(list));
  }

  /// A state whose parts fit together.
  state::State state();

 private:
  config::GroupPtr group(std::size_t number);
  void settle(config::Extension& extension);
  static void settle(config::ProbeTarget& target) { target.port = 1 + (target.port & 0x7fff); }
  void settle(state::Program& program);
  void settle(std::optional<state::SideCommand>& command);
  void programs(state::State& state, const config::GroupConfig& group);
  void events(state::State& state);
  void connections(state::State& state);

  std::mt19937_64 random_;
};

/// Values that their parsers take.
inline void Generator::settle(config::Extension& extension) {
  using core::milliseconds, core::seconds;
  auto& pacing = extension.pacing;
  pacing.factor = 1000 + static_cast<int>(below(999'001));
  pacing.limit = static_cast<int>(below(1001));
  pacing.limitWindow = std::max(pacing.limitWindow, milliseconds(1));
  if (pacing.fatalRetry) *pacing.fatalRetry = std::max<milliseconds>(*pacing.fatalRetry, seconds(1));
  for (auto& step : extension.stopping.steps) step.signal = 1 + static_cast<int>(below(31));
  auto& around = extension.around;
  for (auto* const commands : {&around.startPre, &around.startPost, &around.stop, &around.stopPost})
    commands->limit = std::max(commands->limit, milliseconds(1));
  extension.reloading.signal = static_cast<int>(below(31));
  extension.reloading.limit = std::max(extension.reloading.limit, milliseconds(1));
  settle(extension.readiness.probe);
  extension.readiness.interval = std::max(extension.readiness.interval, milliseconds(10));
  if (!config::isPossible(extension.readiness)) extension.readiness = {};
  auto& health = extension.health;
  settle(health.check);
  for (auto* const period : {&health.rules.interval, &health.rules.timeout, &health.memoryInterval})
    *period = std::max(*period, milliseconds(100));
  if (health.rules.watchdog < milliseconds(100)) health.rules.watchdog = {};
  health.rules.retries = 1 + static_cast<int>(below(1000));
  health.memoryLimit = static_cast<std::int64_t>(below(1 << 30));
  health.signal = static_cast<int>(below(31));
  for (auto& limit : extension.limits.resources)
    limit = {static_cast<int>(RLIMIT_NOFILE), limit.soft, std::max(limit.soft, limit.hard)};
  if (extension.limits.nice) extension.limits.nice = static_cast<int>(below(40)) - 20;
  if (extension.limits.ioPriority) extension.limits.ioPriority = static_cast<int>(below(4 << 13));
  for (auto& number : extension.limits.processors) number = static_cast<int>(below(8192));
  auto& timetable = extension.scheduling.timetable;
  timetable.every = std::max<milliseconds>(timetable.every, seconds(1));
  timetable.jitter = std::min(timetable.jitter, timetable.every - milliseconds(1));
  auto& calendar = timetable.calendar;
  calendar.minutes &= (std::uint64_t{1} << 60) - 1;
  calendar.hours &= 0xffffff;
  calendar.days &= ~1U;
  calendar.months &= 0x1ffe;
  calendar.weekdays &= 0x7f;
  auto& lifetime = extension.lifetime;
  lifetime.maxAge = std::max(lifetime.maxAge, milliseconds(100));
  for (auto& part : lifetime.window) {
    part.days &= 0x7f;
    part.begin = static_cast<int>(below(1440));
    part.end = 1 + static_cast<int>(below(1440));
    if (part.begin == part.end) part.begin = 0;
  }
  extension.activation.idleStop = std::max(extension.activation.idleStop, milliseconds(100));
  for (auto& socket : extension.activation.sockets) {
    socket.port = 1 + (socket.port & 0x7fff);
    if (socket.backlog) socket.backlog = 1 + static_cast<int>(below(65535));
    if (socket.mode) *socket.mode &= 0777;
  }
  extension.watching.delay = milliseconds(100 + below(86'000'000));
  extension.watching.signal = static_cast<int>(below(31));
  auto& group = extension.controlGroup;
  for (auto* const bytes : {&group.memoryMax, &group.memoryHigh})
    if (*bytes) *bytes = (1 << 20) + below(std::size_t{1} << 60);
  if (group.cpuQuota) group.cpuQuota = 1000 + below(1'000'000);
  if (group.tasksMax) group.tasksMax = 1 + below(1 << 30);
  REQUIRE(config::whatIsImpossible(extension) == nullptr);
}

inline void Generator::settle(std::optional<state::SideCommand>& command) {
  if (!command) return;
  command->pid = 0;
  command->stage = static_cast<int>(below(3));
}

/// Times and counts that can be.
inline void Generator::settle(state::Program& program) {
  const auto positive = [](auto& number) { number &= 0x7fff; };
  auto& machine = program.machine;
  for (auto* const count : {&machine.tries, &machine.restarts, &machine.streak, &machine.stopStep}) positive(*count);
  machine.stopStep = static_cast<int>(below(16)) - 2;
  positive(program.startedAt);
  positive(program.stoppedAt);
  settle(program.reload);
  if (program.remains) program.remains->step = static_cast<int>(below(16));
  if (program.around) program.around->phase = static_cast<int>(below(5));
  if (program.around) settle(program.around->command);
  if (program.health) positive(program.health->since);
  if (program.health) positive(program.health->track.failures);
  if (program.health) settle(program.health->question);
  if (program.readiness) settle(program.readiness->question);
  if (program.schedule) positive(program.schedule->due);
  if (program.schedule) positive(program.schedule->handled);
  if (program.window) positive(program.window->change);
}

inline config::GroupPtr Generator::group(std::size_t number) {
  config::GroupConfig group;
  fill(group);
  group.name = "group:" + std::to_string(number) + "\n=";
  group.listener.reset();
  if (group.kind == config::GroupConfig::Kind::EventListener) fill(group.listener.emplace());
  for (auto& socket : group.sockets) {
    socket.port = 1 + (socket.port & 0x7fff);
    if (socket.backlog) socket.backlog = 1 + static_cast<int>(below(65535));
  }
  for (auto& scaled : group.scales) scaled.count = static_cast<int>(below(100'001));
  for (std::size_t i = 0; i < group.processes.size(); ++i) {
    auto process = *group.processes[i];
    process.name += std::to_string(i);
    process.socket = static_cast<int>(below(group.sockets.size() + 1)) - 1;
    process.stopSignal = 1 + static_cast<int>(below(31));
    auto extension = *process.extension;
    settle(extension);
    process.extension = config::Shared(std::move(extension));
    group.processes[i] = std::make_shared<const config::ProcessConfig>(std::move(process));
  }
  return std::make_shared<const config::GroupConfig>(std::move(group));
}

inline void Generator::programs(state::State& state, const config::GroupConfig& group) {
  for (const auto& process : group.processes) {
    state::Program program;
    fill(program);
    settle(program);
    program.group = group.name;
    program.name = process->name;
    program.number = state.daemon.nextNumber++;
    program.pid = static_cast<pid_t>(program.number + 100);
    if (program.config) program.config = *process;
    for (auto* channel : {&program.out, program.err ? &*program.err : nullptr}) {
      if (!channel) continue;
      channel->escape = static_cast<int>(below(3));
      for (auto& left : channel->left) left.pid = 2;
    }
    if (group.listener) {
      fill(state.events.listeners.emplace_back());
      auto& listener = state.events.listeners.back();
      listener.group = program.group;
      listener.name = program.name;
      listener.backOff = static_cast<std::int64_t>(below(100));
      listener.protocol = 10 * (1 + static_cast<int>(below(4)));
      if (listener.current) listener.current->serial = below(3);
    }
    state.programs.push_back(std::move(program));
  }
  for (std::uint32_t place = 0; place < group.sockets.size(); ++place) {
    auto& socket = state.sharedSockets.emplace_back();
    fill(socket);
    socket.group = group.name;
    socket.place = place;
    socket.users = static_cast<int>(below(5));
  }
}

inline void Generator::events(state::State& state) {
  fill(state.events);  // what is not a list
  for (auto& slice : state.events.ticks)
    if (slice) *slice &= 0x7fffffff;
  for (std::uint64_t serial = 0; serial < 3; ++serial) {
    fill(state.events.events.emplace_back());
    state.events.events.back().serial = serial;
  }
  for (const auto& group : state.groups) {
    if (!group->listener) continue;
    auto& pool = state.events.pools.emplace_back();
    fill(pool);
    pool.group = group->name;
    pool.pause = static_cast<std::int64_t>(below(1 << 30));
    for (auto& waiting : pool.queue) waiting.serial = below(3);
  }
}

inline void Generator::connections(state::State& state) {
  const auto servers = static_cast<std::uint32_t>(state.configuration.servers.size());
  fill(state.servers);
  fill(state.connections);
  if (servers == 0) state.servers.clear(), state.connections.clear();
  std::size_t number = 0;
  for (auto& server : state.servers) {
    server.place = static_cast<std::uint32_t>(below(servers));
    server.socket = "http." + std::to_string(number++);
  }
  for (auto& connection : state.connections) {
    connection.gate = static_cast<std::uint32_t>(below(servers));
    connection.socket = "c" + std::to_string(number++);
    if (connection.stream) connection.stream->offset &= std::numeric_limits<std::int64_t>::max();
  }
  for (std::size_t i = 0; i < number; ++i)
    state.descriptors.push_back({"d" + std::to_string(i), static_cast<int>(3 + i)});
}

inline state::State Generator::state() {
  state::State state;
  fill(state.daemon);
  state.daemon.nextNumber = 1;
  fill(state.commandLine);
  fill(state.configuration);
  fill(state.reread);
  for (std::size_t i = 0; i < 3; ++i) state.groups.push_back(group(i));
  for (const auto& group : state.groups) programs(state, *group);
  state.configured = {state.groups[1], group(0), group(7)};
  events(state);
  fill(state.unsent);
  for (auto& unsent : state.unsent) unsent.when &= 0x7fffffff;
  connections(state);
  return state;
}

template <class T>
bool same(const std::shared_ptr<const T>& a, const std::shared_ptr<const T>& b, std::string& where);
template <class T>
bool same(const std::optional<T>& a, const std::optional<T>& b, std::string& where);
template <class T>
bool same(const std::vector<T>& a, const std::vector<T>& b, std::string& where);

/// Whether two values have equal fields; `where` gets the name of one that differs.
template <class T>
bool same(const T& a, const T& b, std::string& where) {
  if constexpr (Structured<T>) {
    bool equal = true;
    const auto visit = [&](const char* name, auto member) {
      if (!equal || same(a.*member, b.*member, where)) return;
      equal = false;
      where = where.empty() ? name : name + ("." + where);
    };
    describe(visit, Of<T>());
    return equal;
  } else {
    return a == b;
  }
}
template <class T>
bool same(const std::shared_ptr<const T>& a, const std::shared_ptr<const T>& b, std::string& where) {
  return same(*a, *b, where);
}
template <class T>
bool same(const std::optional<T>& a, const std::optional<T>& b, std::string& where) {
  return a.has_value() == b.has_value() && (!a || same(*a, *b, where));
}
template <class T>
bool same(const std::vector<T>& a, const std::vector<T>& b, std::string& where) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (!same(a[i], b[i], where)) return false;
  return true;
}

/// The member of State, or the field in it, that differs; empty: none.
inline std::string difference(const state::State& a, const state::State& b) {
  std::string where;
  const auto differs = [&](const char* name, const auto& left, const auto& right) {
    if (!where.empty() || same(left, right, where)) return;
    where = name + ("." + where);
  };
  differs("daemon", a.daemon, b.daemon);
  differs("commandLine", a.commandLine, b.commandLine);
  differs("configuration", a.configuration, b.configuration);
  differs("reread", a.reread, b.reread);
  differs("configured", a.configured, b.configured);
  differs("groups", a.groups, b.groups);
  differs("programs", a.programs, b.programs);
  differs("sharedSockets", a.sharedSockets, b.sharedSockets);
  differs("events", a.events, b.events);
  differs("events.events", a.events.events, b.events.events);
  differs("events.pools", a.events.pools, b.events.pools);
  differs("events.listeners", a.events.listeners, b.events.listeners);
  differs("unsent", a.unsent, b.unsent);
  differs("servers", a.servers, b.servers);
  differs("connections", a.connections, b.connections);
  differs("descriptors", a.descriptors, b.descriptors);
  static_assert(state::memberCount<state::State>() == 13, "a member of State is not compared");
  return where;
}

}  // namespace generated
