// SPDX-License-Identifier: MIT
#include "lib/dialect/schema.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <vector>

#include "lib/core/text.hpp"
#include "lib/dialect/extension_keys.hpp"

namespace config {
namespace {

constexpr Key kSupervisordKeys[] = {
    {"minfds", "1024"},
    {"minprocs", "200"},
    {"directory"},
    {"user"},
    {"umask", "022"},
    {"logfile", "supervisord.log"},
    {"logfile_maxbytes", "50MB"},
    {"logfile_backups", "10"},
    {"loglevel", "info"},
    {"pidfile", "supervisord.pid"},
    {"state_file"},
    {"identifier", "supervisor"},
    {"nodaemon", "false"},
    {"silent", "false"},
    {"childlogdir"},
    {"nocleanup", "false"},
    {"strip_ansi", "false"},
    {"log_backpressure", "block"},
    {"exit_when", "never"},
    {"environment", ""},
    {"http_port", nullptr, "file in [unix_http_server] or port in [inet_http_server]"},
    {"sockchmod", "0700", "chmod in [unix_http_server]"},
    {"sockchown", nullptr, "chown in [unix_http_server]"},
    {"http_username", nullptr, "username in [unix_http_server] or [inet_http_server]"},
    {"http_password", nullptr, "password in [unix_http_server] or [inet_http_server]"},
};
constexpr Key kSupervisorctlKeys[] = {
    {"serverurl", "http://localhost:9001"}, {"username"}, {"password"}, {"prompt", "supervisor"}, {"history_file"},
};
constexpr Key kUnixServerKeys[] = {
    {"file"}, {"chmod", "0700"}, {"chown"}, {"chgrp"}, {"username"}, {"password"},
};
constexpr Key kInetServerKeys[] = {{"port"}, {"username"}, {"password"}, {"allowed_hosts"}};
constexpr Key kScaleKeys[] = {{"numprocs"}};
constexpr Key kSocketKeys[] = {{"socket"}, {"socket_backlog"}, {"socket_owner"}, {"socket_mode"}};
constexpr Key kIncludeKeys[] = {{"files"}};

constexpr auto kCommonKeys = std::to_array<Key>({
    {"command"},
    {"process_name", "%(program_name)s"},
    {"numprocs", "1"},
    {"numprocs_start", "0"},
    {"priority", "999"},
    {"autostart", "true"},
    {"autorestart", "unexpected"},
    {"startsecs", "1"},
    {"startretries", "3"},
    {"exitcodes", "0"},
    {"stopsignal", "TERM"},
    {"stopwaitsecs", "10"},
    {"stopasgroup", "false"},
    {"killasgroup"},
    {"user"},
    {"umask"},
    {"oom_score_adj"},
    {"directory"},
    {"environment", ""},
    {"serverurl"},
    {"redirect_stderr", "false"},
    {"stdout_logfile", "AUTO"},
    {"stdout_logfile_maxbytes", "50MB"},
    {"stdout_logfile_backups", "10"},
    {"stdout_capture_maxbytes", "0"},
    {"stdout_events_enabled", "false"},
    {"stdout_syslog", "false"},
    {"stderr_logfile", "AUTO"},
    {"stderr_logfile_maxbytes", "50MB"},
    {"stderr_logfile_backups", "10"},
    {"stderr_capture_maxbytes", "0"},
    {"stderr_events_enabled", "false"},
    {"stderr_syslog", "false"},
    {"log_backpressure"},
    {"logfile", "AUTO", "stdout_logfile"},
    {"logfile_maxbytes", "50MB", "stdout_logfile_maxbytes"},
    {"logfile_backups", "10", "stdout_logfile_backups"},
    {"log_stdout", "true", "stdout_logfile"},
    {"log_stderr", "false", "redirect_stderr or stderr_logfile"},
});

constexpr Keys::Table kExtended = kExtensionKeys;
constexpr Key kFcgiKeys[] = {{"socket"}, {"socket_backlog"}, {"socket_owner"}, {"socket_mode"}};
constexpr Key kListenerKeys[] = {{"events", ""},
                                 {"buffer_size", "10"},
                                 {"event_details", "false"},
                                 {"result_handler", "supervisor.dispatchers:default_handler"}};
/// The pool's; its processes have the one of a program.
constexpr Key kListenerPriority[] = {{"priority", "-1"}};
constexpr Key kGroupKeys[] = {{"programs", ""}};

constexpr std::size_t kPriority = [] {
  std::size_t place = 0;
  while (kCommonKeys[place].name != "priority") ++place;
  return place;
}();
constexpr Keys::Table kCommon = kCommonKeys;
constexpr Keys::Table kForPrograms[] = {kCommon, kExtended};
constexpr Keys::Table kForFcgi[] = {kCommon, kExtended, kFcgiKeys};
constexpr Keys::Table kForListeners[] = {kCommon.first(kPriority), kListenerPriority, kCommon.subspan(kPriority + 1),
                                         kExtended, kListenerKeys};
/// A group's own keys, and those that its members take from it.
constexpr Keys::Table kForGroups[] = {kGroupKeys, kCommon, kExtended};
constexpr Keys::Table kForSupervisord[] = {kSupervisordKeys};
constexpr Keys::Table kForSupervisorctl[] = {kSupervisorctlKeys};
constexpr Keys::Table kForUnixServer[] = {kUnixServerKeys};
constexpr Keys::Table kForInetServer[] = {kInetServerKeys};
constexpr Keys::Table kForScale[] = {kScaleKeys};
constexpr Keys::Table kForSockets[] = {kSocketKeys};
constexpr Keys::Table kForInclude[] = {kIncludeKeys};

/// What listeners do not take from [program-defaults]. They serve the programs, from before their start to after their
/// end, and speak a protocol: they are not jobs, do not wait for programs, and must not mix their two outputs. Each of
/// these keys has its effect if a listener gives it itself.
constexpr std::string_view kNotForListeners[] = {
    "priority", "redirect_stderr", "log_stderr",
    // when it runs
    "schedule", "schedule_overlap", "schedule_jitter", "time_zone", "run_window", "max_runtime", "type", "sockets",
    "idle_stop", "depends_on", "restart_with_dependencies",
    // what shows that it works
    "ready", "ready_timeout", "ready_interval", "notify_access", "notify_status", "health_check", "health_interval",
    "health_timeout", "health_retries", "health_start_period", "health_action", "watchdog"};

struct SectionName {
  std::string_view name;
  enum class Match { Whole, Start, Prefix } match;  ///< Start: any suffix; Prefix: "name:anything"
  SectionKind kind;
};
constexpr SectionName kSectionNames[] = {
    {"supervisord", SectionName::Match::Whole, SectionKind::Supervisord},
    {"supervisorctl", SectionName::Match::Whole, SectionKind::Supervisorctl},
    {"include", SectionName::Match::Whole, SectionKind::Include},
    {"unix_http_server", SectionName::Match::Start, SectionKind::UnixServer},
    {"inet_http_server", SectionName::Match::Start, SectionKind::InetServer},
    {kProgramDefaults, SectionName::Match::Whole, SectionKind::ProgramDefaults},
    {"program", SectionName::Match::Prefix, SectionKind::Program},
    {"fcgi-program", SectionName::Match::Prefix, SectionKind::FcgiProgram},
    {"eventlistener", SectionName::Match::Prefix, SectionKind::EventListener},
    {"group", SectionName::Match::Prefix, SectionKind::Group},
    {"scale", SectionName::Match::Prefix, SectionKind::Scale},
    {"socket", SectionName::Match::Prefix, SectionKind::Socket},
    {"rpcinterface", SectionName::Match::Prefix, SectionKind::RpcInterface},
    {"ctlplugin", SectionName::Match::Prefix, SectionKind::CtlPlugin},
};

bool matches(const SectionName& known, std::string_view section) {
  switch (known.match) {
    case SectionName::Match::Whole: return section == known.name;
    case SectionName::Match::Start: return section.starts_with(known.name);
    case SectionName::Match::Prefix:
      return section.starts_with(known.name) && section.substr(known.name.size()).starts_with(':');
  }
  return false;
}

}  // namespace

SectionKind kindOf(std::string_view section) {
  for (const auto& known : kSectionNames)
    if (matches(known, section)) return known.kind;
  return SectionKind::Foreign;
}

bool inherits(SectionKind program, SectionKind from, std::string_view key) {
  // The priority of a group is its own: its members start in the order of its list.
  if (from == SectionKind::Group) return key != "priority";
  return program != SectionKind::EventListener ||
         std::find(std::begin(kNotForListeners), std::end(kNotForListeners), key) == std::end(kNotForListeners);
}

bool emptyUndoes(std::string_view key) {
  // Those of Supervisor that can be empty, and the command, whose message must stay.
  constexpr std::string_view kValues[] = {"command",   "directory",      "environment",    "serverurl",
                                          "exitcodes", "stdout_logfile", "stderr_logfile", "logfile"};
  return std::find(std::begin(kValues), std::end(kValues), key) == std::end(kValues);
}

Keys keysOf(SectionKind kind) {
  switch (kind) {
    case SectionKind::Supervisord: return Keys(kForSupervisord);
    case SectionKind::Supervisorctl: return Keys(kForSupervisorctl);
    case SectionKind::UnixServer: return Keys(kForUnixServer);
    case SectionKind::InetServer: return Keys(kForInetServer);
    case SectionKind::Program:
    case SectionKind::ProgramDefaults: return Keys(kForPrograms);
    case SectionKind::FcgiProgram: return Keys(kForFcgi);
    case SectionKind::EventListener: return Keys(kForListeners);
    case SectionKind::Group: return Keys(kForGroups);
    case SectionKind::Scale: return Keys(kForScale);
    case SectionKind::Socket: return Keys(kForSockets);
    case SectionKind::Include: return Keys(kForInclude);
    case SectionKind::RpcInterface:
    case SectionKind::CtlPlugin:
    case SectionKind::Foreign: break;
  }
  return {};
}

const Key& keyOf(SectionKind kind, std::string_view name) {
  const auto keys = keysOf(kind);
  const auto at = std::find_if(keys.begin(), keys.end(), [&](const Key& key) { return key.name == name; });
  assert(at != keys.end());
  return *at;
}

std::optional<std::string> nearestSection(std::string_view section) {
  const auto colon = section.find(':');
  const auto head = section.substr(0, colon);
  std::vector<std::string_view> candidates;
  for (const auto& known : kSectionNames)
    if ((known.match == SectionName::Match::Prefix) == (colon != std::string_view::npos))
      candidates.push_back(known.name);
  const auto lowerHead = core::lower(core::trim(head));
  const auto near = core::nearest(lowerHead, candidates);
  if (!near) return std::nullopt;
  return std::string(*near) + std::string(section.substr(head.size()));
}

std::optional<std::string_view> nearestKey(SectionKind kind, std::string_view key) {
  std::vector<std::string_view> candidates;
  for (const auto& known : keysOf(kind))
    if (!known.successor) candidates.push_back(known.name);
  return core::nearest(key, candidates);
}

}  // namespace config
