// SPDX-License-Identifier: MIT
#include "daemon/entries/attributes.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <vector>

#include "daemon/entries/values.hpp"
#include "lib/core/text.hpp"

namespace entries {
namespace {

using Reason = std::optional<std::string>;

/// Stores what a parser of values.hpp made, or passes its reason on.
template <class T, class Target>
Reason store(Parsed<T> parsed, Target& target) {
  if (!parsed) return parsed.error();
  target = static_cast<Target>(std::move(*parsed));
  return std::nullopt;
}

template <class T, class U>
Reason store(Parsed<T> parsed, std::optional<U>& target) {
  if (!parsed) return parsed.error();
  target = static_cast<U>(std::move(*parsed));
  return std::nullopt;
}

template <std::string Entry::*Member>
Reason setPath(Draft& draft, const std::string& value) {
  auto path = parsePath(value);
  if (!path) return path.error();
  draft.entry.*Member = draft.root + *path;
  return std::nullopt;
}

template <bool Entry::*Member>
Reason setFlag(Draft& draft, const std::string& value) {
  return store(parseBoolean(value), draft.entry.*Member);
}

/// A limit of a control group: "infinity" is the same as no limit.
template <std::optional<std::uint64_t> ControlGroupLimits::*Member>
Reason setAmount(Draft& draft, const std::string& value) {
  const auto amount = parseAmount(value);
  if (!amount) return amount.error();
  if (*amount == 0) return "a limit of 0 leaves nothing to run with";
  if (*amount != UINT64_MAX) draft.entry.limits.*Member = *amount;
  return std::nullopt;
}

template <std::optional<std::uint64_t> ControlGroupLimits::*Member>
Reason setWeight(Draft& draft, const std::string& value) {
  return store(parseNumber(value, 1, 10000), draft.entry.limits.*Member);
}

template <int Resource>
Reason setLimit(Draft& draft, const std::string& value) {
  const auto amount = parseAmount(value);
  if (!amount) return amount.error();
  draft.entry.execution.limits.emplace_back(Resource, *amount == UINT64_MAX ? RLIM_INFINITY : *amount);
  return std::nullopt;
}

template <std::string HttpServer::*Member, Parsed<std::string> (*Parse)(const std::string&)>
Reason setServer(Draft& draft, const std::string& value) {
  draft.serverMentioned = true;
  return store(Parse(value), draft.server.*Member);
}

Reason setState(Draft& draft, const std::string& value) {
  const auto state = wantedStateFrom(value);
  if (!state) return fmt::format("'{}' is not one of started, stopped, current", value);
  draft.entry.state = *state;
  return std::nullopt;
}

Reason setTemplate(Draft& draft, const std::string& value) {
  std::string path = value;
  draft.entry.confVerbatim = value.starts_with("file://");
  if (draft.entry.confVerbatim || value.starts_with("tmpl://"))
    path.erase(0, 7);
  else if (value.find("://") != std::string::npos)
    return fmt::format("'{}' has a scheme other than file:// and tmpl://", value);
  if (!path.starts_with('/')) path = "/etc/supervisor-manager/templates/" + path;
  auto parsed = parsePath(path);
  if (!parsed) return parsed.error();
  draft.entry.confTemplate = draft.root + *parsed;
  return std::nullopt;
}

Reason setEnvironment(Draft& draft, const std::string& value) {
  auto variables = parseEnvironment(value);
  if (!variables) return variables.error();
  for (const auto& [key, unused] : *variables)
    if (key == "NOTIFY_SOCKET" || key == "SUPERVISOR_MANAGER_INSTANCE")
      return fmt::format("{} is the manager's own and cannot be set", key);
  draft.entry.execution.environment = std::move(*variables);
  return std::nullopt;
}

Reason setLogLevel(Draft& draft, const std::string& value) {
  constexpr std::array levels{"critical", "error", "warn", "info", "debug", "trace", "blather"};
  auto level = core::lower(value);
  if (std::find(levels.begin(), levels.end(), level) == levels.end())
    return fmt::format("'{}' is not one of critical, error, warn, info, debug, trace, blather", value);
  draft.entry.logLevel = std::move(level);
  return std::nullopt;
}

Reason setGroups(Draft& draft, const std::string& value) {
  for (const auto& word : core::splitBlanks(core::replaceAll(core::replaceAll(value, ",", " "), ":", " "))) {
    if (!core::findGroup(word)) return fmt::format("there is no group '{}'", word);
    draft.entry.execution.supplementaryGroups.push_back(word);
  }
  return std::nullopt;
}

Reason setDirectory(Draft& draft, const std::string& value) {
  if (value == "/") return std::nullopt;
  auto path = parsePath(value);
  if (!path) return path.error();
  draft.entry.execution.directory = draft.root + *path;
  return std::nullopt;
}

/// Evaluated before the rest, which is for this host only.
Reason ignore(Draft&, const std::string&) { return std::nullopt; }

constexpr std::array kAttributes = {
    Attribute{"adopt_files", setFlag<&Entry::adoptFiles>},
    Attribute{"conf_file_dst", setPath<&Entry::confFile>},
    Attribute{"conf_file_src", setTemplate},
    Attribute{"cpu_max", [](Draft& d, const std::string& v) { return store(parseCpuMax(v), d.entry.limits.cpuMax); }},
    Attribute{"cpu_weight", setWeight<&ControlGroupLimits::cpuWeight>},
    Attribute{"directory", setDirectory},
    Attribute{"enabled", setFlag<&Entry::enabled>},
    Attribute{"environment", setEnvironment},
    Attribute{"group", [](Draft& d, const std::string& v) -> Reason { return d.group = v, std::nullopt; }},
    Attribute{"http_server", [](Draft& d, const std::string& v) { return store(parseBoolean(v), d.http); }},
    Attribute{"http_server.allowed_hosts", setServer<&HttpServer::allowedHosts, parseHostNames>},
    Attribute{"http_server.endpoint", setServer<&HttpServer::endpoint, parseEndpoint>},
    Attribute{"http_server.password", setServer<&HttpServer::password, parsePassword>},
    Attribute{"http_server.username", setServer<&HttpServer::username, parseUserName>},
    Attribute{"include_dir", setPath<&Entry::includeDir>},
    Attribute{"io_weight", setWeight<&ControlGroupLimits::ioWeight>},
    Attribute{"limit_as", setLimit<RLIMIT_AS>},
    Attribute{"limit_core", setLimit<RLIMIT_CORE>},
    Attribute{"limit_cpu", setLimit<RLIMIT_CPU>},
    Attribute{"limit_data", setLimit<RLIMIT_DATA>},
    Attribute{"limit_fsize", setLimit<RLIMIT_FSIZE>},
    Attribute{"limit_locks", setLimit<RLIMIT_LOCKS>},
    Attribute{"limit_memlock", setLimit<RLIMIT_MEMLOCK>},
    Attribute{"limit_msgqueue", setLimit<RLIMIT_MSGQUEUE>},
    Attribute{"limit_nice", setLimit<RLIMIT_NICE>},
    Attribute{"limit_nofile", setLimit<RLIMIT_NOFILE>},
    Attribute{"limit_nproc", setLimit<RLIMIT_NPROC>},
    Attribute{"limit_rtprio", setLimit<RLIMIT_RTPRIO>},
    Attribute{"limit_sigpending", setLimit<RLIMIT_SIGPENDING>},
    Attribute{"limit_stack", setLimit<RLIMIT_STACK>},
    Attribute{"loglevel", setLogLevel},
    Attribute{"logs_dir", setPath<&Entry::logsDir>},
    Attribute{"managed", setFlag<&Entry::managed>},
    Attribute{"memory_high", setAmount<&ControlGroupLimits::memoryHigh>},
    Attribute{"memory_max", setAmount<&ControlGroupLimits::memoryMax>},
    Attribute{"nice",
              [](Draft& d, const std::string& v) { return store(parseNumber(v, -20, 19), d.entry.execution.nice); }},
    Attribute{"no_new_privileges",
              [](Draft& d, const std::string& v) { return store(parseBoolean(v), d.entry.execution.noNewPrivileges); }},
    Attribute{"no_remove", setFlag<&Entry::noRemove>},
    Attribute{"oom_score_adj",
              [](Draft& d, const std::string& v) {
                return store(parseNumber(v, -1000, 1000), d.entry.execution.oomScoreAdjust);
              }},
    Attribute{"pid_dir", setPath<&Entry::pidDir>},
    Attribute{"priority",
              [](Draft& d, const std::string& v) { return store(parseNumber(v, -99999, 99999), d.entry.priority); }},
    Attribute{"scope", ignore},
    Attribute{"socks_dir", setPath<&Entry::socksDir>},
    Attribute{"state", setState},
    Attribute{"supervisorctl", setPath<&Entry::supervisorctl>},
    Attribute{"supplementary_groups", setGroups},
    Attribute{"tasks_max", setAmount<&ControlGroupLimits::tasksMax>},
    Attribute{"umask", [](Draft& d, const std::string& v) { return store(parseMode(v), d.entry.execution.umask); }},
    Attribute{"user", [](Draft& d, const std::string& v) -> Reason { return d.user = v, std::nullopt; }},
    Attribute{"when", ignore},
};

}  // namespace

std::span<const Attribute> attributes() { return kAttributes; }

const Attribute* findAttribute(std::string_view key) {
  const auto found = std::find_if(kAttributes.begin(), kAttributes.end(), [&](const auto& a) { return a.key == key; });
  return found == kAttributes.end() ? nullptr : &*found;
}

std::optional<std::string_view> nearestAttribute(std::string_view key) {
  std::vector<std::string_view> keys;
  for (const auto& attribute : kAttributes) keys.push_back(attribute.key);
  return core::nearest(key, keys);
}

std::string defaultPath(std::string_view key, const std::string& name, const std::string& root) {
  if (key == "conf_file_dst") return fmt::format("{}/etc/supervisord_{}.conf", root, name);
  if (key == "include_dir") return fmt::format("{}/etc/supervisord_{}.d", root, name);
  if (key == "logs_dir") return fmt::format("{}/var/log/supervisor_{}", root, name);
  if (key == "supervisorctl") return fmt::format("{}/usr/bin/supervisorctl_{}", root, name);
  return fmt::format("{}/run/supervisor_{}", root, name);  // pid_dir and socks_dir
}

}  // namespace entries
