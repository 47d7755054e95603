// SPDX-License-Identifier: MIT
#include "ctl/supervisorctl/status_text.hpp"

#include <algorithm>
#include <string_view>

#include "ctl/supervisorctl/output.hpp"
#include "lib/core/json.hpp"
#include "lib/core/terminal_text.hpp"
#include "lib/core/text.hpp"

namespace ctl {
namespace {

constexpr std::size_t kNameWidth = 30;
constexpr std::size_t kStateWidth = 10;

constexpr std::string_view kTroubleColour = "\033[31m";
constexpr std::string_view kNoColour = "\033[0m";

std::string right(std::string text, std::size_t width) {
  if (text.size() < width) text.insert(0, width - text.size(), ' ');
  return text;
}

void addMember(std::string& out, std::string_view name, const std::string& json) {
  if (out.back() != '{') out += ',';
  out += core::jsonString(name);
  out += ':';
  out += json;
}

std::string objectOf(const StatusRow& row, bool resources) {
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
  if (resources) {
    addMember(out, "memory_bytes", row.usage ? std::to_string(row.usage->memory) : "null");
    addMember(out, "cpu_seconds", row.usage ? std::to_string(row.usage->cpuSeconds) : "null");
    addMember(out, "cpu_percent", row.usage ? std::to_string(row.usage->cpuPercent()) : "null");
  }
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
    const bool coloured = style.colours && row.info.isInTrouble();
    if (coloured) out += kTroubleColour;
    out += padded(nameOf(row), width + 3);
    out += padded(core::printable(row.info.stateName), kStateWidth);
    if (style.resources) {
      out += right(row.usage ? bytesText(row.usage->memory) : "-", 6);
      out += right(row.usage ? percentText(row.usage->cpuPercent()) : "-", 8);
      out += "  ";
    }
    out += core::printable(row.info.description);
    if (coloured) out += kNoColour;
    out += '\n';
  }
  return out;
}

std::string statusJson(const std::vector<StatusRow>& rows, bool resources) {
  std::string out = "[";
  for (const StatusRow& row : rows) {
    out += out.size() == 1 ? "\n " : ",\n ";
    out += objectOf(row, resources);
  }
  out += rows.empty() ? "]\n" : "\n]\n";
  return out;
}

}  // namespace ctl
