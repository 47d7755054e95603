// SPDX-License-Identifier: MIT
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <map>
#include <set>

#include "ctl/supervisor-manager/json.hpp"
#include "ctl/supervisor-manager/output.hpp"
#include "ctl/supervisor-manager/table.hpp"
#include "ctl/supervisor-manager/verbs.hpp"
#include "lib/core/clock.hpp"
#include "lib/core/terminal_text.hpp"

namespace manager {

namespace {

constexpr int topIntervalMs = 2000;

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
      break;
    case Event::Kind::Changed:
      members.emplace_back("event", "\"changed\"");
      for (const auto& [name, value] : event.properties) members.emplace_back(name, json::toText(value));
  }
  return json::object(members);
}

/// What a person wants to see of an event; empty for a change that is not worth a line.
std::string describe(const Event& event) {
  const std::string name = core::printable(event.instance);
  switch (event.kind) {
    case Event::Kind::Added: return name + ": added";
    case Event::Kind::Removed: return name + ": removed";
    case Event::Kind::Program:
      return fmt::format("{}: program {} {}{}", name, core::printable(event.program.name),
                         core::printable(event.program.state),
                         event.program.pid ? fmt::format(" (pid {})", event.program.pid) : "");
    case Event::Kind::Changed: break;
  }
  std::string text;
  for (const char* property : {"State", "SubState", "MainPID", "Enabled", "StatusText", "NRestarts"})
    if (event.properties.contains(property))
      text += fmt::format("{}{}={}", text.empty() ? "" : " ", property,
                          core::printable(textOf(event.properties, property)));
  return text.empty() ? "" : fmt::format("{}: {}", name, text);
}

using Usage = std::map<std::string, std::pair<std::uint64_t, std::int64_t>>;  ///< CPU microseconds, when they were read

std::string shareOfProcessor(Usage& before, const std::string& name, std::uint64_t used) {
  const std::int64_t now = core::wallMicros();
  const auto at = before.find(name);
  std::string text = "-";
  if (used != UINT64_MAX && at != before.end() && now > at->second.second && used >= at->second.first)
    text = fmt::format("{:.1f}", 100.0 * static_cast<double>(used - at->second.first) /
                                     static_cast<double>(now - at->second.second));
  before[name] = {used, now};
  return text;
}

std::string topTable(Session& session, Client& client, const std::vector<InstanceRow>& rows, Usage& usage) {
  Table table({"NAME", "USER", "STATE", "PID", "MEMORY", "CPU%", "CPU TIME", "PROGRAMS"});
  for (const auto& row : rows) {
    const auto properties = client.instanceProperties(row.path);
    if (!properties) continue;  // it was removed in the meantime
    const auto used = numberOf(*properties, "CPUUsageUSec");
    const std::string state = textOf(*properties, "State");
    table.add({row.name, row.user, state, textOf(*properties, "MainPID"),
               bytesText(numberOf(*properties, "MemoryCurrent")), shareOfProcessor(usage, row.name, used),
               used == UINT64_MAX ? "-" : fmt::format("{:.2f}s", static_cast<double>(used) / 1e6),
               textOf(*properties, "ProgramsByState")});
  }
  return table.text(!session.options.noLegend, terminalWidth());
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
    const auto now = static_cast<std::time_t>(core::wallSeconds());
    if (!text.empty())
      print(session.options.json ? text + "\n" : fmt::format("{:%H:%M:%S} {}\n", fmt::localtime(now), text));
    return true;
  });
  return failure ? session.fail(*failure) : session.code();
}

ExitCode top(Session& session) {
  const bool draws = ::isatty(STDOUT_FILENO) && !session.options.json;
  const int rounds = session.options.rounds > 0 ? session.options.rounds : draws ? INT_MAX : 1;
  Usage usage;
  for (int round = 0; round < rounds; round++) {
    if (round > 0) ::poll(nullptr, 0, topIntervalMs);
    const auto rows = session.select(session.options.arguments, true);
    if (rows.empty()) return session.code();
    const std::string text = topTable(session, *session.client(), rows, usage);
    draws ? redraw(text) : print(text);
  }
  return session.code();
}

}  // namespace manager
