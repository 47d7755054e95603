// SPDX-License-Identifier: MIT
#include "daemon/entries/declared.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "daemon/entries/values.hpp"
#include "lib/core/ini.hpp"
#include "lib/core/text.hpp"

namespace entries {
namespace {

constexpr std::array<std::string_view, 47> kProgramKeys{"autorestart",
                                                        "autostart",
                                                        "command",
                                                        "directory",
                                                        "enabled",
                                                        "environment",
                                                        "exitcodes",
                                                        "killasgroup",
                                                        "log_backpressure",
                                                        "log_stderr",
                                                        "log_stdout",
                                                        "logfile",
                                                        "logfile_backups",
                                                        "logfile_maxbytes",
                                                        "no_remove",
                                                        "numprocs",
                                                        "numprocs_start",
                                                        "oom_score_adj",
                                                        "priority",
                                                        "process_name",
                                                        "redirect_stderr",
                                                        "scope",
                                                        "serverurl",
                                                        "startretries",
                                                        "startsecs",
                                                        "state",
                                                        "stderr_capture_maxbytes",
                                                        "stderr_events_enabled",
                                                        "stderr_logfile",
                                                        "stderr_logfile_backups",
                                                        "stderr_logfile_maxbytes",
                                                        "stderr_syslog",
                                                        "stdout_capture_maxbytes",
                                                        "stdout_events_enabled",
                                                        "stdout_logfile",
                                                        "stdout_logfile_backups",
                                                        "stdout_logfile_maxbytes",
                                                        "stdout_syslog",
                                                        "stopasgroup",
                                                        "stopsignal",
                                                        "stopwaitsecs",
                                                        "supervisor",
                                                        "umask",
                                                        "user",
                                                        "when",
                                                        "name",
                                                        "notify"};
constexpr std::array<std::string_view, 7> kGroupKeys{"no_remove",  "priority", "programs", "scope",
                                                     "supervisor", "when",     "name"};

std::optional<std::string_view> suggestion(Declared::Kind kind, std::string_view key, bool& known) {
  const auto judge = [&](const auto& keys) -> std::optional<std::string_view> {
    known = std::find(keys.begin(), keys.end(), key) != keys.end();
    return known ? std::nullopt : core::nearest(key, keys);
  };
  return kind == Declared::Kind::Program ? judge(kProgramKeys) : judge(kGroupKeys);
}

/// A key that says something to the manager and is not Supervisor's. Returns a reason if its value is wrong.
std::optional<std::string> readOwn(Declared& declared, const std::string& key, const std::string& value, bool& own) {
  own = true;
  if (key == "supervisor") {
    declared.supervisor = value;
  } else if (key == "enabled") {
    const auto enabled = parseBoolean(value);
    if (!enabled) return enabled.error();
    declared.keys.emplace_back("autostart", *enabled ? "true" : "false");
  } else if (key == "state") {
    if (!wantedStateFrom(value)) return fmt::format("'{}' is not one of started, stopped, current", value);
    // A program that shall be stopped after deployment does not start with its instance.
    if (value == "stopped") declared.keys.emplace_back("autostart", "false");
  } else if (key == "no_remove") {
    const auto flag = parseBoolean(value);
    if (!flag) return flag.error();
  } else {
    own = key == "scope" || key == "when" || key == "name" || key == "notify";
  }
  return std::nullopt;
}

/// A later key replaces an earlier one of the same name (enabled and autostart say the same).
void dropDuplicates(std::vector<std::pair<std::string, std::string>>& keys) {
  std::vector<std::pair<std::string, std::string>> out;
  for (auto& pair : keys) {
    const auto same = std::find_if(out.begin(), out.end(), [&](const auto& p) { return p.first == pair.first; });
    if (same == out.end())
      out.push_back(std::move(pair));
    else
      same->second = std::move(pair.second);
  }
  keys = std::move(out);
}

}  // namespace

std::optional<Declared> readDeclared(const core::IniDocument& document, const core::IniSection& section,
                                     Declared::Kind kind, const DeclaredSinks& sinks) {
  const auto& place = section.place();
  Declared out{
      kind, section.name().substr(section.name().find(':') + 1), {}, {}, {*place.file, static_cast<int>(place.line)}};
  bool good = true;
  const auto complain = [&](const std::string& key, int line, std::string reason) {
    sinks.complain({out.origin.file, line, section.name(), key, std::move(reason)});
    good = false;
  };
  if (!isProgramName(out.name))
    complain("", out.origin.line,
             fmt::format("'{}' cannot be a name: letters, digits, '_', '-' and '.' only", out.name));
  for (const auto* entry : document.entriesOf(section)) {
    const int line = static_cast<int>(entry->place.line);
    bool known = true;
    if (const auto near = suggestion(kind, entry->key, known); !known)
      sinks.warn({out.origin.file, line, section.name(), entry->key,
                  near ? fmt::format("unknown key; did you mean '{}'?", *near) : "unknown key"});
    bool own = false;
    if (auto reason = readOwn(out, entry->key, entry->value, own)) complain(entry->key, line, std::move(*reason));
    if (!own) out.keys.emplace_back(entry->key, entry->value);
  }
  if (out.supervisor.empty()) complain("supervisor", out.origin.line, "is required: the instance it belongs to");
  const char* const needed = kind == Declared::Kind::Program ? "command" : "programs";
  if (std::none_of(out.keys.begin(), out.keys.end(), [&](const auto& p) { return p.first == needed; }))
    complain(needed, out.origin.line, "is required");
  dropDuplicates(out.keys);
  if (!good) return std::nullopt;
  return out;
}

}  // namespace entries
