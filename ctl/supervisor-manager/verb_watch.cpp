// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "ctl/supervisor-manager/json.hpp"
#include "ctl/supervisor-manager/keyboard.hpp"
#include "ctl/supervisor-manager/output.hpp"
#include "ctl/supervisor-manager/table.hpp"
#include "ctl/supervisor-manager/trouble.hpp"
#include "ctl/supervisor-manager/verbs.hpp"
#include "lib/core/clock.hpp"
#include "lib/core/terminal_text.hpp"

namespace manager {

namespace {

constexpr int kTopIntervalMs = 2000;

std::string toJson(const Event& event) {
  std::vector<std::pair<std::string, std::string>> members{{"time", fmt::to_string(core::wallMicros())},
                                                           {"instance", core::jsonString(event.instance)}};
  switch (event.kind) {
    case Event::Kind::Added: members.emplace_back("event", "\"added\""); break;
    case Event::Kind::Removed: members.emplace_back("event", "\"removed\""); break;
    case Event::Kind::Program:
      members.emplace_back("event", "\"program\"");
      members.emplace_back("program", core::jsonString(event.program.name));
      members.emplace_back("state", core::jsonString(event.program.state));
      members.emplace_back("pid", fmt::to_string(event.program.pid));
      members.emplace_back("description", core::jsonString(event.program.description));
      break;
    case Event::Kind::Changed:
      members.emplace_back("event", "\"changed\"");
      for (const auto& [name, value] : event.properties) members.emplace_back(json::keyOf(name), json::toText(value));
  }
  return json::object(members);
}

/// The line about an event for users; empty for a change of other properties than those listed here.
std::string describe(const Event& event) {
  const std::string name = core::printable(event.instance);
  switch (event.kind) {
    case Event::Kind::Added: return name + ": added";
    case Event::Kind::Removed: return name + ": removed";
    case Event::Kind::Program:
      return fmt::format(
          "{}: program {} {}{}", name, core::printable(event.program.name), core::printable(event.program.state),
          event.program.pid                   ? fmt::format(" (pid {})", event.program.pid)
          : event.program.description.empty() ? ""
                                              : fmt::format(" ({})", core::printable(event.program.description)));
    case Event::Kind::Changed: break;
  }
  std::string text;
  for (const char* property : {"State", "SubState", "MainPID", "Enabled", "StatusText", "NRestarts"})
    if (event.properties.contains(property))
      text += fmt::format("{}{}={}", text.empty() ? "" : " ", property,
                          core::printable(textOf(event.properties, property)));
  return text.empty() ? "" : fmt::format("{}: {}", name, text);
}

/// The processor time of an instance at one moment.
struct Sample {
  std::uint64_t pid = 0;
  std::uint64_t cpuMicros = 0;
  std::int64_t at = 0;  ///< wall clock, microseconds
};
using Samples = std::map<std::string, Sample>;

/// Percent of one processor since the previous sample; since the start of the instance if that was another process or
/// there is no previous sample.
std::optional<double> shareOfProcessor(Samples& before, const std::string& name, const Properties& properties) {
  const Sample now{numberOf(properties, "MainPID"), numberOf(properties, "CPUUsageUSec"), core::wallMicros()};
  const auto last = std::exchange(before[name], now);
  if (now.pid == 0 || now.cpuMicros == UINT64_MAX) return std::nullopt;
  const bool same = last.pid == now.pid && last.cpuMicros <= now.cpuMicros && last.at < now.at;
  const auto since = same ? last.at : static_cast<std::int64_t>(numberOf(properties, "StateChangeTimestamp"));
  const auto used = now.cpuMicros - (same ? last.cpuMicros : 0);
  return 100.0 * static_cast<double>(used) / static_cast<double>(std::max<std::int64_t>(now.at - since, 1000));
}

/// The data that `top` shows about one instance.
struct TopRow {
  Properties properties;
  std::optional<double> share;
};

std::string topTable(Session& session, const std::vector<std::pair<InstanceRow, TopRow>>& all) {
  const auto counts = session.client()->programCounts();
  Table table({"NAME", "USER", "STATE", "PID", "MEMORY", "CPU%", "CPU TIME", "PROGRAMS"});
  for (const auto& [row, shown] : all) {
    const auto& [properties, share] = shown;
    const auto used = numberOf(properties, "CPUUsageUSec");
    const auto pid = numberOf(properties, "MainPID");
    // As in `list`: an instance that has not reported its programs has a dash, one without programs has "none".
    const bool known = textOf(properties, "State") == "running" && counts && counts->contains(row.name);
    table.add({row.name, row.user, shownState(properties), pid ? fmt::to_string(pid) : "-",
               bytesText(numberOf(properties, "MemoryCurrent")), share ? fmt::format("{:.1f}", *share) : "-",
               used == UINT64_MAX ? "-" : fmt::format("{:.2f}s", static_cast<double>(used) / 1e6),
               known ? countsText(counts->at(row.name)) : "-"});
  }
  return table.text(!session.options.noLegend, tableWidth(session.options));
}

std::string topJson(const std::vector<std::pair<InstanceRow, TopRow>>& all) {
  std::vector<std::string> objects;
  for (const auto& [row, shown] : all) {
    std::vector<std::pair<std::string, std::string>> members;
    for (const char* name : {"Name", "User", "State", "MainPID", "MemoryCurrent", "CPUUsageUSec", "ProgramsByState"})
      if (const auto at = shown.properties.find(name); at != shown.properties.end())
        members.emplace_back(json::keyOf(name), json::toText(at->second));
    members.emplace_back("cpu_percent", shown.share ? fmt::format("{:.1f}", *shown.share) : "null");
    objects.push_back(json::object(members));
  }
  return json::array(objects) + "\n";
}

}  // namespace

ExitCode monitor(Session& session) {
  std::set<std::string> wanted;
  for (const auto& row : session.select(session.options.arguments)) wanted.insert(row.name);
  if (session.code() != Success) return session.code();
  auto* client = session.client();
  if (!client) return session.code();
  const auto failure = client->watch([&](const Event& event) {
    if (!wanted.empty() && !wanted.contains(event.instance)) return true;
    const std::string text = session.options.json ? toJson(event) : describe(event);
    if (!text.empty())
      print(session.options.json ? text + "\n"
                                 : fmt::format("{} {}\n", localTimeText("%H:%M:%S", core::wallSeconds()), text));
    return true;
  });
  return failure ? session.fail(*failure) : session.code();
}

ExitCode top(Session& session) {
  const bool draws = ::isatty(STDOUT_FILENO) && !session.options.json;
  const int rounds = session.options.rounds > 0 ? session.options.rounds : draws ? INT_MAX : 1;
  Samples samples;
  auto* const client = session.client();
  if (!client) return session.code();
  std::optional<Keyboard> keyboard;
  if (draws) keyboard.emplace();
  for (int round = 0; round < rounds; ++round) {
    if (round > 0 && keyboard && keyboard->quitWithin(kTopIntervalMs)) break;
    if (round > 0 && !keyboard) ::poll(nullptr, 0, kTopIntervalMs);
    const auto rows = session.select(session.options.arguments, true);
    if (rows.empty() && (!session.options.json || session.code() != Success)) return session.code();
    std::vector<std::pair<InstanceRow, TopRow>> all;
    for (const auto& row : rows) {
      auto properties = client->instanceProperties(row.path);
      if (!properties) continue;  // it was removed in the meantime
      const auto share = shareOfProcessor(samples, row.name, *properties);
      all.push_back({row, {std::move(*properties), share}});
    }
    const std::string text = session.options.json ? topJson(all) : topTable(session, all);
    draws ? redraw(text) : print(text);
  }
  return session.code();
}

}  // namespace manager
