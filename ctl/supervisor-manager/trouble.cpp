// SPDX-License-Identifier: MIT
#include "ctl/supervisor-manager/trouble.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "ctl/supervisor-manager/output.hpp"
#include "ctl/supervisor-manager/table.hpp"
#include "lib/core/terminal_text.hpp"
#include "lib/core/text.hpp"
#include "lib/lifecycle/state.hpp"

namespace manager {

namespace {

/// The number of programs whose last lines are shown: the others mostly fail for the same reason, and each read takes
/// time of the owner's supervisord.
constexpr std::size_t kMostShown = 5;
/// The length at which a line of output is cut.
constexpr std::size_t kWidest = 300;

std::vector<std::string> lastOf(const std::string& text, std::size_t most) {
  auto lines = core::split(core::trim(text), '\n');
  if (lines.size() == 1 && lines.front().empty()) lines.clear();
  if (lines.size() > most) lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(most));
  std::vector<std::string> clean;
  for (const auto& line : lines) clean.push_back(fitted(core::trim(line), kWidest));
  return clean;
}

}  // namespace

LastLines lastLines(Session& session, const std::string& instance, const std::vector<ProgramRow>& programs) {
  LastLines all;
  std::size_t asked = 0;
  for (const auto& one : programs) {
    if (!lifecycle::isTrouble(one.state) || asked++ >= kMostShown) continue;
    const auto text = session.client()->programLog(instance, one.name);
    if (!text) {
      // Access is the same for all programs of an instance, so a denied one ends the loop. A program that is not found
      // does not: it may have been removed since.
      if (text.error().name.find("NoSuchProgram") == std::string::npos) break;
      continue;
    }
    all[one.name] = lastOf(*text, static_cast<std::size_t>(std::max(session.options.lines, 0)));
  }
  return all;
}

std::string troubleParts(const std::string& instance, const std::vector<ProgramRow>& programs, const LastLines& lines) {
  std::string text;
  std::size_t seen = 0;
  for (const auto& one : programs) {
    if (!lifecycle::isTrouble(one.state) || ++seen > kMostShown) continue;
    text += "\n" +
            coloured(one.state, fmt::format("{}: {}{}{}", core::printable(one.name), core::printable(one.state),
                                            one.description.empty() ? "" : ", ", core::printable(one.description))) +
            "\n";
    if (const auto at = lines.find(one.name); at != lines.end())
      for (const auto& line : at->second) text += "    " + line + "\n";
  }
  if (seen > kMostShown)
    text += fmt::format("\nand {} more in trouble: supervisor-manager ctl {} status\n", seen - kMostShown, instance);
  return text;
}

const ProgramCounts* countsOf(const Properties& properties) {
  const auto at = properties.find("ProgramsByState");
  const auto* counts = at == properties.end() ? nullptr : std::get_if<ProgramCounts>(&at->second);
  return counts && !counts->empty() ? counts : nullptr;
}

std::string troubleOf(const Properties& properties) {
  const auto* counts = textOf(properties, "State") == "running" ? countsOf(properties) : nullptr;
  return counts ? troubleText(*counts) : "";
}

std::string shownState(const Properties& properties) {
  return troubleOf(properties).empty() ? textOf(properties, "State") : "degraded";
}

}  // namespace manager
