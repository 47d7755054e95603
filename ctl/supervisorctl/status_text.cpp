// SPDX-License-Identifier: MIT
#include "ctl/supervisorctl/status_text.hpp"

#include <algorithm>
#include <string_view>

#include "ctl/supervisorctl/json_value.hpp"
#include "ctl/supervisorctl/output.hpp"
#include "lib/core/json.hpp"
#include "lib/core/terminal_text.hpp"
#include "lib/core/text.hpp"

namespace ctl {
namespace {

constexpr std::size_t kNameWidth = 30;
constexpr std::size_t kStateWidth = 10;
constexpr std::size_t kHealthWidth = 11;

constexpr std::string_view kTroubleColour = "\033[31m";
constexpr std::string_view kNoColour = "\033[0m";

std::string right(std::string text, std::size_t width) {
  if (text.size() < width) text.insert(0, width - text.size(), ' ');
  return text;
}

/// "-": it does not run, or nobody asks.
std::string healthText(const ProcessInfo& info) {
  return info.health && !info.health->state.empty() ? core::printable(info.health->state) : "-";
}

void addMember(std::string& out, std::string_view name, const std::string& json) {
  if (out.back() != '{') out += ',';
  out += core::jsonString(name);
  out += ':';
  out += json;
}

std::string objectOf(const StatusRow& row, const StatusStyle& style) {
  const ProcessInfo& info = row.info;
  std::string out = "{";
  addMember(out, "name", core::jsonString(info.fullName()));
  addMember(out, "group", core::jsonString(info.group));
  addMember(out, "process", core::jsonString(info.name));
  addMember(out, "state", core::jsonString(info.stateName));
  addMember(out, "statecode", std::to_string(info.state));
  addMember(out, "description", core::jsonString(info.description));
  addMember(out, "pid", std::to_string(info.pid));
  addMember(out, "start", std::to_string(info.start));
  addMember(out, "stop", std::to_string(info.stop));
  addMember(out, "now", std::to_string(info.now));
  addMember(out, "exitstatus", std::to_string(info.exitStatus));
  addMember(out, "spawnerr", core::jsonString(info.spawnError));
  addMember(out, "stdout_logfile", core::jsonString(info.stdoutLog));
  addMember(out, "stderr_logfile", core::jsonString(info.stderrLog));
  if (style.resources) {
    addMember(out, "memory_bytes", row.usage ? std::to_string(row.usage->memory) : "null");
    addMember(out, "cpu_seconds", row.usage ? std::to_string(row.usage->cpuSeconds) : "null");
    addMember(out, "cpu_percent", row.usage ? std::to_string(row.usage->cpuPercent()) : "null");
  }
  for (const auto& member : info.further) addMember(out, member.first, jsonOf(member.second));
  if (style.health && !info.health) addMember(out, "health", "null");
  return out + '}';
}

}  // namespace

std::string statusText(const std::vector<StatusRow>& rows, const StatusStyle& style) {
  std::size_t width = kNameWidth;
  const auto nameOf = [](const StatusRow& row) { return core::printable(row.info.fullName()); };
  for (const StatusRow& row : rows) width = std::max(width, core::characters(nameOf(row)));
  std::string out;
  for (const StatusRow& row : rows) {
    // Scripts that read a terminal match parts of a line, such as "name +RUNNING", so escapes are only at its ends.
    const bool coloured = style.colours && (row.info.isInTrouble() || (style.health && row.info.isUnhealthy()));
    if (coloured) out += kTroubleColour;
    out += padded(nameOf(row), width + 3);
    out += padded(core::printable(row.info.stateName), kStateWidth);
    if (style.resources) {
      out += right(row.usage ? bytesText(row.usage->memory) : "-", 6);
      out += right(row.usage ? percentText(row.usage->cpuPercent()) : "-", 8);
      out += "  ";
    }
    if (style.health) out += padded(healthText(row.info), kHealthWidth);
    out += core::printable(row.info.description);
    if (style.health && row.info.isUnhealthy()) out += "; " + core::printable(row.info.health->lastError);
    if (coloured) out += kNoColour;
    out += '\n';
  }
  return out;
}

std::string statusJson(const std::vector<StatusRow>& rows, const StatusStyle& style) {
  std::string out = "[";
  for (const StatusRow& row : rows) {
    out += out.size() == 1 ? "\n " : ",\n ";
    out += objectOf(row, style);
  }
  out += rows.empty() ? "]\n" : "\n]\n";
  return out;
}

}  // namespace ctl
