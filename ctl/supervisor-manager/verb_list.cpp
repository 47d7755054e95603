// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <optional>

#include "ctl/supervisor-manager/json.hpp"
#include "ctl/supervisor-manager/output.hpp"
#include "ctl/supervisor-manager/table.hpp"
#include "ctl/supervisor-manager/trouble.hpp"
#include "ctl/supervisor-manager/verbs.hpp"
#include "lib/core/clock.hpp"
#include "lib/core/terminal_text.hpp"
#include "lib/core/text.hpp"

namespace manager {

namespace {

/// The programs of an instance by state; nullptr if it does not run or has not reported them.
using Counts = std::map<std::string, ProgramCounts>;
const ProgramCounts* told(const Counts& counts, const InstanceRow& row) {
  const auto at = counts.find(row.name);
  return row.state == "running" && at != counts.end() ? &at->second : nullptr;
}

std::string toJson(const InstanceRow& row, const ProgramCounts* counts) {
  return json::object({{"name", core::jsonString(row.name)},
                       {"user", core::jsonString(row.user)},
                       {"state", core::jsonString(row.state)},
                       {"degraded", counts && !troubleText(*counts).empty() ? "true" : "false"},
                       {"programs_by_state", json::counts(counts ? *counts : ProgramCounts())},
                       {"sub_state", core::jsonString(row.subState)},
                       {"main_pid", fmt::to_string(row.mainPid)},
                       {"enabled", row.enabled ? "true" : "false"},
                       {"reason", core::jsonString(row.reason)}});
}

/// Whether the reason is about the present, even if the instance runs.
bool isPresent(const std::string& reason) {
  return reason.starts_with("not recorded: ") || reason.starts_with("runs without ") ||
         reason.starts_with("took over ") || reason.starts_with("could not take over ");
}

/// The reason to show. That of a running instance is about a failure in the past, so it is left out.
std::string reasonOf(const InstanceRow& row) {
  if (row.state == "running" && !isPresent(row.reason)) return "";
  if (!row.reason.empty()) return row.reason;
  return row.state == "inactive" || row.state == "unmanaged" ? "" : row.subState;
}

/// `log` is null for a program that is not in trouble or whose output cannot be read.
std::string toJson(const ProgramRow& row, const LastLines& lines) {
  const auto at = lines.find(row.name);
  return json::object({{"name", core::jsonString(row.name)},
                       {"state", core::jsonString(row.state)},
                       {"pid", fmt::to_string(row.pid)},
                       {"description", core::jsonString(row.description)},
                       {"log", at == lines.end() ? "null" : json::strings(at->second)}});
}

/// The data that status shows about one instance.
struct Shown {
  Properties properties;
  std::vector<ProgramRow> programs;
  LastLines lines;
  std::optional<std::string> details;  ///< nullopt: access denied, or the manager does not have them
};

std::string toJson(const Shown& shown) {
  std::vector<std::pair<std::string, std::string>> members;
  for (const auto& [name, value] : shown.properties) members.emplace_back(json::keyOf(name), json::toText(value));
  std::vector<std::string> rows;
  for (const auto& row : shown.programs) rows.push_back(toJson(row, shown.lines));
  members.emplace_back("degraded", troubleOf(shown.properties).empty() ? "false" : "true");
  members.emplace_back("programs", json::array(rows));
  members.emplace_back("details", shown.details ? core::jsonString(*shown.details) : "null");
  return json::object(members);
}

/// "since Sat 2026-11-21 02:00:00 UTC; 3min 2s ago"; "" for 0, which means never.
std::string since(std::uint64_t micros) {
  if (micros == 0) return "";
  const auto seconds = static_cast<std::int64_t>(micros / 1000000);
  const auto age = std::max<std::int64_t>(0, core::wallSeconds() - seconds);
  return fmt::format(" since {}; {} ago", localTimeText("%a %Y-%m-%d %H:%M:%S %Z", seconds),
                     durationText(static_cast<std::uint64_t>(age)));
}

void line(std::string& text, const char* label, const std::string& value) {
  if (!value.empty()) text += fmt::format("{:>10}{} {}\n", label, *label ? ':' : ' ', fitted(value, SIZE_MAX));
}

/// As line(), for a text of several lines: only the first one has the label.
void lines(std::string& text, const char* label, const std::string& value) {
  for (const auto& one : core::split(value, '\n')) {
    line(text, label, one);
    label = "";
  }
}

std::string describe(const Shown& shown) {
  const auto& [p, programs, lastLines, details] = shown;
  const auto get = [&p = shown.properties](const char* name) { return core::printable(textOf(p, name)); };
  const std::string trouble = troubleOf(p);
  const std::string state = core::printable(shownState(p));
  std::string text = coloured(state, fmt::format("● {} - supervisord of {}", get("Name"), get("User"))) + "\n";
  line(text, "Entry", fmt::format("{} ({})", get("EntryFile"), get("Enabled") == "yes" ? "enabled" : "disabled"));
  const std::string detail = trouble.empty() ? get("SubState") : trouble;
  text += coloured(state, fmt::format("{:>10}: {}{}{}", "State", state,
                                      detail.empty() || detail == state ? "" : " (" + detail + ")",
                                      since(numberOf(p, "StateChangeTimestamp")))) +
          "\n";
  line(text, state == "running" && !isPresent(get("StatusText")) ? "Last time" : "Reason", get("StatusText"));
  lines(text, "Details", details.value_or(""));
  if (numberOf(p, "MainPID")) line(text, "Main PID", get("MainPID"));
  if (numberOf(p, "NRestarts"))
    line(text, "Restarts", fmt::format("{} (last end: {})", get("NRestarts"), get("Result")));
  if (numberOf(p, "NTakeovers")) line(text, "Takeovers", get("NTakeovers"));
  if (const auto* counts = countsOf(p)) line(text, "Programs", countsText(*counts));
  if (p.contains("MemoryCurrent") && numberOf(p, "MemoryCurrent") != UINT64_MAX)
    line(text, "Memory", bytesText(numberOf(p, "MemoryCurrent")));
  if (p.contains("CPUUsageUSec") && numberOf(p, "CPUUsageUSec") != UINT64_MAX)
    line(text, "CPU", fmt::format("{:.3f}s", static_cast<double>(numberOf(p, "CPUUsageUSec")) / 1e6));
  line(text, "CGroup", get("ControlGroup"));
  line(text, "Config", get("ConfigurationFile"));
  line(text, "Includes", get("IncludeDirectory"));
  line(text, "Logs", get("LogsDirectory"));
  line(text, "Socket", get("Socket"));
  line(text, "Web", get("Endpoint"));
  line(text, "Control", get("ControlProgram"));
  if (!programs.empty()) text += "\n";
  for (const auto& one : programs) {
    std::string about = one.pid ? fmt::format("pid {}", one.pid) : std::string();
    if (!one.description.empty()) about += (about.empty() ? "" : ", ") + core::printable(one.description);
    text += coloured(one.state,
                     fmt::format("  {:<32} {:<9} {}", core::printable(one.name), core::printable(one.state), about)) +
            "\n";
  }
  return text + troubleParts(textOf(p, "Name"), programs, lastLines);
}

/// The number of refused entries for the last line of `list`: an administrator who misses an instance there needs to
/// know that its entry was refused.
std::string refusedNote(Session& session) {
  const auto properties = session.client()->managerProperties();
  const auto count = properties ? numberOf(*properties, "NRefusedEntries") : 0;
  if (count == 0) return "";
  return fmt::format("; {} entr{} refused (see: supervisor-manager plan)", count, count == 1 ? "y" : "ies");
}

ExitCode managerStatus(Session& session) {
  auto* client = session.client();
  if (!client) return session.code();
  const auto properties = client->managerProperties();
  if (!properties) return session.fail(properties.error());
  const auto& p = *properties;
  if (session.options.json) {
    std::vector<std::pair<std::string, std::string>> members;
    for (const auto& [name, value] : p) members.emplace_back(json::keyOf(name), json::toText(value));
    print(json::object(members) + "\n");
  } else if (!session.options.quiet) {
    const std::string state = textOf(p, "SystemState");
    std::string text =
        coloured(state, fmt::format("● supervisor-managerd {}", core::printable(textOf(p, "Version")))) + "\n";
    line(text, "State", state);
    const auto troubled = numberOf(p, "NTroubledInstances");
    line(text, "Instances",
         fmt::format("{} ({} running, {} failed)", textOf(p, "NInstances"), textOf(p, "NRunningInstances"),
                     textOf(p, "NFailedInstances")));
    if (troubled) line(text, "Degraded", fmt::format("{} (see: supervisor-manager list)", troubled));
    if (const auto count = numberOf(p, "NRefusedEntries"))
      line(text, "Refused", fmt::format("{} entr{} (see: supervisor-manager plan)", count, count == 1 ? "y" : "ies"));
    print(text);
  }
  return textOf(p, "SystemState") == "running" ? Success : NotRunning;
}

}  // namespace

ExitCode list(Session& session) {
  const auto rows = session.select(session.options.arguments, true);
  if (session.code() != Success && rows.empty()) return session.code();
  const auto& options = session.options;
  Counts counts;
  if (!rows.empty() && (options.json || !options.quiet))
    if (const auto all = session.client()->programCounts()) counts = *all;  // older managers do not have the method
  if (options.json) {
    std::vector<std::string> objects;
    for (const auto& row : rows) objects.push_back(toJson(row, told(counts, row)));
    print(json::array(objects) + "\n");
  } else if (options.quiet) {
    for (const auto& row : rows) print(core::printable(row.name) + "\n");
  } else {
    Table table({"NAME", "USER", "STATE", "PID", "BOOT", "PROGRAMS", "REASON"});
    for (const auto& row : rows) {
      const auto* known = told(counts, row);
      table.add({row.name, row.user, known && !troubleText(*known).empty() ? "degraded" : row.state,
                 row.mainPid ? fmt::to_string(row.mainPid) : "-", row.enabled ? "enabled" : "disabled",
                 known ? countsText(*known) : "-", reasonOf(row)});
    }
    std::string text = table.text(!options.noLegend, tableWidth(options));
    if (!options.noLegend)
      text += fmt::format("\n{} instance{}{}\n", rows.size(), rows.size() == 1 ? "" : "s", refusedNote(session));
    printPaged(options, text);
  }
  return session.code();
}

ExitCode status(Session& session) {
  if (session.options.arguments.empty()) return managerStatus(session);
  std::vector<std::string> objects;
  std::string text;
  const auto rows = session.select(session.options.arguments);
  for (const auto& row : rows) {
    const auto properties = session.client()->instanceProperties(row.path);
    const auto programs = session.client()->programs(row.name);
    if (!properties || !programs) {
      session.fail(properties ? programs.error() : properties.error(), row.name);
      continue;
    }
    if (textOf(*properties, "State") != "running" || !troubleOf(*properties).empty()) session.note(NotRunning);
    Shown shown{*properties, *programs, {}, std::nullopt};
    if (!session.options.quiet || session.options.json) shown.lines = lastLines(session, row.name, *programs);
    if (const auto details = session.client()->failureDetails(row.name)) shown.details = *details;
    objects.push_back(toJson(shown));
    text += (text.empty() ? "" : "\n") + describe(shown);
  }
  if (session.options.json)
    print(json::array(objects) + "\n");
  else if (!session.options.quiet)
    printPaged(session.options, text);
  return session.code();
}

ExitCode programs(Session& session) {
  const auto rows = session.select(session.options.arguments, true);
  if (rows.empty() && session.code() != Success) return session.code();
  std::vector<std::string> objects;
  Table table({"INSTANCE", "PROGRAM", "STATE", "PID", "DESCRIPTION"});
  for (const auto& row : rows) {
    const auto list = session.client()->programs(row.name);
    if (!list) {
      session.fail(list.error(), row.name);
      continue;
    }
    for (const auto& one : *list) {
      table.add({row.name, one.name, one.state, one.pid ? fmt::to_string(one.pid) : "-", one.description});
      objects.push_back(json::object({{"instance", core::jsonString(row.name)},
                                      {"name", core::jsonString(one.name)},
                                      {"state", core::jsonString(one.state)},
                                      {"pid", fmt::to_string(one.pid)},
                                      {"description", core::jsonString(one.description)}}));
    }
  }
  if (session.options.json)
    print(json::array(objects) + "\n");
  else
    printPaged(session.options, table.text(!session.options.noLegend, tableWidth(session.options)));
  return session.code();
}

}  // namespace manager
