// SPDX-License-Identifier: MIT
#include "instance/config/change.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <set>
#include <utility>

namespace config {
namespace {

using P = ProcessConfig;
using L = LogSettings;

/// A key that Supervisor has, and the part of a ProcessConfig that comes from it.
struct Field {
  std::string_view key;
  Reach reach;
  bool (*same)(const P& a, const P& b);
};

template <auto Member>
bool same(const P& a, const P& b) {
  return a.*Member == b.*Member;
}
template <auto Log, auto Member>
bool sameOfLog(const P& a, const P& b) {
  return (a.*Log).*Member == (b.*Log).*Member;
}
template <auto Log>
bool sameTarget(const P& a, const P& b) {
  return sameOfLog<Log, &L::target>(a, b) && sameOfLog<Log, &L::path>(a, b);
}

bool sameAutostart(const P& a, const P& b) {
  return a.autoStart == b.autoStart && a.extension->startAsLast == b.extension->startAsLast &&
         a.extension->activation.onDemand == b.extension->activation.onDemand;
}
bool sameStopSignals(const P& a, const P& b) {
  return a.stopSignal == b.stopSignal && a.extension->stopping.steps == b.extension->stopping.steps;
}

constexpr auto kFields = std::to_array<Field>({
    {"command", Reach::Restart, same<&P::command>},
    {"priority", Reach::Live, same<&P::priority>},
    {"autostart", Reach::Live, sameAutostart},
    {"startsecs", Reach::Live, same<&P::startSeconds>},
    {"startretries", Reach::Live, same<&P::startRetries>},
    {"autorestart", Reach::Live, same<&P::autoRestart>},
    {"exitcodes", Reach::Live, same<&P::exitCodes>},
    {"stopsignal", Reach::Live, sameStopSignals},
    {"stopwaitsecs", Reach::Live, same<&P::stopWaitSeconds>},
    {"stopasgroup", Reach::Live, same<&P::stopAsGroup>},
    {"killasgroup", Reach::Live, same<&P::killAsGroup>},
    {"user", Reach::Restart, same<&P::uid>},
    {"umask", Reach::Restart, same<&P::umask>},
    {"oom_score_adj", Reach::Restart, same<&P::oomScoreAdjust>},
    {"directory", Reach::Restart, same<&P::directory>},
    {"environment", Reach::Restart, same<&P::environment>},
    {"serverurl", Reach::Restart, same<&P::serverUrl>},
    {"redirect_stderr", Reach::Restart, same<&P::redirectStderr>},
    {"stdout_logfile", Reach::Restart, sameTarget<&P::out>},
    {"stdout_logfile_maxbytes", Reach::Live, sameOfLog<&P::out, &L::maxBytes>},
    {"stdout_logfile_backups", Reach::Live, sameOfLog<&P::out, &L::backups>},
    {"stdout_capture_maxbytes", Reach::Restart, sameOfLog<&P::out, &L::captureMaxBytes>},
    {"stdout_events_enabled", Reach::Live, sameOfLog<&P::out, &L::events>},
    {"stdout_syslog", Reach::Restart, sameOfLog<&P::out, &L::syslog>},
    {"stderr_logfile", Reach::Restart, sameTarget<&P::err>},
    {"stderr_logfile_maxbytes", Reach::Live, sameOfLog<&P::err, &L::maxBytes>},
    {"stderr_logfile_backups", Reach::Live, sameOfLog<&P::err, &L::backups>},
    {"stderr_capture_maxbytes", Reach::Restart, sameOfLog<&P::err, &L::captureMaxBytes>},
    {"stderr_events_enabled", Reach::Live, sameOfLog<&P::err, &L::events>},
    {"stderr_syslog", Reach::Restart, sameOfLog<&P::err, &L::syslog>},
    {"log_backpressure", Reach::Restart, same<&P::backpressure>},
    {"socket", Reach::Restart, same<&P::socket>},
});

/// The keys of an Extension that a running program takes over: those that are read whenever they count, and those of
/// what looks after the program, which begins and ends with its key (see process::renewAttendants()). What a process
/// gets when it is started is not here.
constexpr auto kLiveExtensionKeys = std::to_array<std::string_view>({
    "restart_delay",
    "restart_delay_max",
    "restart_delay_factor",
    "restart_limit",
    "fatal_retry",
    "ready_timeout",
    "ready_interval",
    "notify_status",
    "health_interval",
    "health_timeout",
    "health_retries",
    "health_start_period",
    "health_action",
    "memory_restart",
    "memory_interval",
    "depends_on",
    "restart_with_dependencies",
    "type",
    "start_delay",
    "stagger",
    "reload_signal",
    "reload_command",
    "reload_timeout",
    "exec_start_pre",
    "exec_start_pre_timeout",
    "exec_start_post",
    "exec_start_post_timeout",
    "exec_stop",
    "exec_stop_timeout",
    "exec_stop_post",
    "exec_stop_post_timeout",
    "leftovers",
    "schedule",
    "schedule_overlap",
    "schedule_jitter",
    "time_zone",
    "essential",
    "max_runtime",
    "max_age",
    "max_age_jitter",
    "run_window",
    "idle_stop",
    "watch",
    "watch_action",
    "watch_delay",
    "watch_ignore",
});

/// The process knows from its environment how often it has to report: it can be given more time, not less.
bool watchdogReaches(const Extension& old, const Extension& now) {
  const auto before = old.health.rules.watchdog, after = now.health.rules.watchdog;
  return after.count() == 0 || (before.count() > 0 && after >= before);
}
/// The process has a socket, or has none. It can be ignored.
bool accessReaches(const Extension& old, const Extension& now) {
  return now.readiness.access == NotifyAccess::None || old.readiness.access != NotifyAccess::None;
}
/// What the sign of readiness needs from the start of the process. A RUNNING one is not asked again.
bool readyReaches(const Extension& old, const Extension& now) {
  return now.readiness.kind != Readiness::Kind::Descriptor && accessReaches(old, now);
}
/// Its session, and the mark of its family, are those of its start.
bool scopeReaches(const Extension& old, const Extension& now) {
  const auto before = old.stopping.scope, after = now.stopping.scope;
  return old.stopping.ownSession() == now.stopping.ownSession() &&
         (after != KillScope::Tree || before == KillScope::Tree);
}

/// The same for keys with which it depends on the values.
struct SometimesLive {
  std::string_view key;
  bool (*reaches)(const Extension& old, const Extension& now);
};
constexpr auto kSometimesLive = std::to_array<SometimesLive>({
    {"notify_access", accessReaches},
    {"ready", readyReaches},
    {"health_check", watchdogReaches},
    {"watchdog", watchdogReaches},
    {"kill_scope", scopeReaches},
});

/// The same for a process that has a control group because of one of these.
constexpr auto kGroupLimits = std::to_array<std::string_view>({"memory_max", "memory_high", "cpu_max", "tasks_max"});

constexpr std::string_view kSocketNames = "sockets";

template <std::size_t N>
bool contains(const std::array<std::string_view, N>& keys, std::string_view key) noexcept {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

using Given = std::vector<std::pair<std::string, std::string>>;

const std::string* textOf(const Given& given, std::string_view key) {
  const auto at = std::find_if(given.begin(), given.end(), [&](const auto& pair) { return pair.first == key; });
  return at == given.end() ? nullptr : &at->second;
}

void addExtensionKeys(const Given& old, const Given& now, std::vector<std::string>& keys) {
  for (const auto& [key, text] : now)
    if (const auto* const before = textOf(old, key); before == nullptr || *before != text) keys.push_back(key);
  for (const auto& [key, text] : old)
    if (textOf(now, key) == nullptr) keys.push_back(key);
}

/// Whether a change of this key reaches the running program.
bool isLive(const std::string& key, const P& old, const P& now) {
  if (reachOf(key) != Reach::Live) return false;
  if (contains(kGroupLimits, key)) return old.extension->controlGroup.any();
  for (const auto& one : kSometimesLive)
    if (one.key == key) return one.reaches(*old.extension, *now.extension);
  return true;
}

/// A difference that no key explains needs a restart, as long as the table above lacks its field.
ProgramChange effectOf(const P& old, const P& now) {
  ProgramChange change{ProgramChange::Kind::Live, now.name, changedKeys(old, now), {}};
  std::copy_if(change.keys.begin(), change.keys.end(), std::back_inserter(change.causes),
               [&](const std::string& key) { return !isLive(key, old, now); });
  if (change.keys.empty() || !change.causes.empty()) change.kind = ProgramChange::Kind::Restarted;
  return change;
}

void addGroupKeys(const GroupConfig& old, const GroupConfig& now, GroupChange& change) {
  if (old.priority != now.priority) change.keys.emplace_back("priority");
  if (old.sockets != now.sockets) change.keys.emplace_back("socket");
  // The number that the files say: their processes may be the same, because scale has given another one.
  if (old.scales != now.scales) change.keys.emplace_back("numprocs");
  if (!old.listener || !now.listener) return;
  if (old.listener->events != now.listener->events) change.keys.emplace_back("events");
  if (old.listener->bufferSize != now.listener->bufferSize) change.keys.emplace_back("buffer_size");
  if (old.listener->details != now.listener->details) change.keys.emplace_back("event_details");
  if (old.listener->handler != now.listener->handler) change.keys.emplace_back("result_handler");
}

/// A socket belongs to all programs of its group, and the results that an event listener writes have one meaning.
bool needsAnother(const GroupConfig& old, const GroupConfig& now) {
  return old.kind != now.kind || old.sockets != now.sockets || old.listener.has_value() != now.listener.has_value() ||
         (old.listener && old.listener->handler != now.listener->handler);
}

using ByName = std::map<std::string_view, const ProcessConfig*>;

ByName programsByName(const GroupConfig& group) {
  ByName programs;
  for (const auto& program : group.processes) programs.emplace(program->name, program.get());
  return programs;
}

bool sameOrder(const GroupConfig& old, const GroupConfig& now) {
  return std::equal(old.processes.begin(), old.processes.end(), now.processes.begin(), now.processes.end(),
                    [](const auto& a, const auto& b) { return a->name == b->name; });
}

}  // namespace

Reach reachOf(std::string_view key) noexcept {
  for (const Field& field : kFields)
    if (field.key == key) return field.reach;
  const bool live =
      contains(kLiveExtensionKeys, key) || contains(kGroupLimits, key) ||
      std::any_of(kSometimesLive.begin(), kSometimesLive.end(), [&](const auto& one) { return one.key == key; });
  return live ? Reach::Live : Reach::Restart;
}

std::unordered_map<std::string_view, const ProgramChange*> GroupChange::byName() const {
  std::unordered_map<std::string_view, const ProgramChange*> changes;
  for (const auto& one : programs) changes.emplace(one.name, &one);
  return changes;
}

std::vector<std::string> changedKeys(const ProcessConfig& old, const ProcessConfig& now) {
  std::vector<std::string> keys;
  for (const Field& field : kFields)
    if (!field.same(old, now)) keys.emplace_back(field.key);
  if (old.extension == now.extension) return keys;
  addExtensionKeys(old.extension->given, now.extension->given, keys);
  // The names may be the same, and their sections others.
  const bool named = std::find(keys.begin(), keys.end(), kSocketNames) != keys.end();
  if (!named && old.extension->activation.sockets != now.extension->activation.sockets) keys.emplace_back(kSocketNames);
  return keys;
}

GroupChange changeOf(const GroupConfig& old, const GroupConfig& now) {
  GroupChange change;
  change.whole = needsAnother(old, now);
  addGroupKeys(old, now, change);
  const auto before = programsByName(old), after = programsByName(now);
  for (const auto& program : now.processes) {
    if (after.at(program->name) != program.get()) continue;  // of several with one name the first counts
    const auto at = before.find(program->name);
    if (at == before.end()) {
      change.programs.push_back({ProgramChange::Kind::Added, program->name, {}, {}});
    } else if (at->second != program.get() && !(*at->second == *program)) {
      change.programs.push_back(effectOf(*at->second, *program));
    }
  }
  for (const auto& program : old.processes)
    if (!after.contains(program->name) && before.at(program->name) == program.get())
      change.programs.push_back({ProgramChange::Kind::Removed, program->name, {}, {}});
  if (!change.whole && change.keys.empty() && change.programs.empty() && !sameOrder(old, now))
    change.keys.emplace_back("programs");
  return change;
}

std::shared_ptr<GroupConfig> partOf(const GroupConfig& old, const GroupConfig& now,
                                    std::span<const std::string> names) {
  auto part = std::make_shared<GroupConfig>(old);
  std::map<std::string_view, std::shared_ptr<const ProcessConfig>> chosen;
  for (const auto& program : now.processes) chosen.emplace(program->name, program);
  const std::set<std::string_view> wanted(names.begin(), names.end());
  for (auto& program : part->processes)
    if (const auto at = chosen.find(program->name); at != chosen.end() && wanted.contains(program->name))
      program = at->second;
  return part;
}

}  // namespace config
