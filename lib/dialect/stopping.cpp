// SPDX-License-Identifier: MIT
#include "lib/dialect/stopping.hpp"

#include <algorithm>

#include "lib/core/text.hpp"
#include "lib/dialect/possible.hpp"
#include "lib/dialect/section_reader.hpp"
#include "lib/dialect/values.hpp"

namespace config {
namespace {

constexpr std::size_t kMostSteps = 16;

core::Expected<KillScope> parseScope(std::string_view text) {
  const auto word = core::lower(core::trim(text));
  if (word == "process") return KillScope::Process;
  if (word == "group") return KillScope::Group;
  if (word == "session") return KillScope::Session;
  if (word == "tree") return KillScope::Tree;
  return core::Err{core::Error{core::pythonRepr(text) + " is not one of process, group, session and tree"}};
}

core::Expected<Leftovers> parseLeftovers(std::string_view text) {
  const auto word = core::lower(core::trim(text));
  if (word == "keep") return Leftovers::Keep;
  if (word == "stop") return Leftovers::Stop;
  return core::Err{core::Error{core::pythonRepr(text) + " is neither keep nor stop"}};
}

}  // namespace

bool isStopSequence(std::string_view text) {
  return core::trim(text).find_first_of(", \t\n") != std::string_view::npos;
}

core::Expected<std::vector<lifecycle::StopStep>> parseStopSequence(std::string_view text, core::milliseconds wait) {
  std::vector<lifecycle::StopStep> steps;
  for (const auto& piece : core::split(text, ',')) {
    const std::string_view step = core::trim(piece);
    const auto blank = step.find_first_of(" \t\n");
    const auto signal = parseSignal(step.substr(0, blank));
    if (!signal && text.find(',') == std::string_view::npos)
      return core::Err{parseSignal(text).error()};  // as Supervisor has it
    if (!signal) return core::Err{signal.error()};
    if (*signal == 0) return core::Err{core::Error{"signal 0 ends nothing"}};
    steps.push_back({*signal, wait});
    if (blank == std::string_view::npos) continue;
    const auto time = parseDuration(step.substr(blank));
    if (!time) return core::Err{time.error()};
    steps.back().wait = *time;
  }
  if (steps.size() > kMostSteps) return core::Err{core::Error{"more than " + std::to_string(kMostSteps) + " steps"}};
  return steps;
}

bool hasStopSequence(const SectionReader& in) { return isStopSequence(in.raw("stopsignal").value_or("")); }

bool isPossible(const Stopping& stopping) noexcept {
  return stopping.steps.size() <= kMostSteps &&
         std::all_of(stopping.steps.begin(), stopping.steps.end(), [](const auto& step) {
           return step.signal != 0 && isPossibleSignal(step.signal) && isPossible(step.wait);
         });
}

void readStopping(SectionReader& in, const core::Names& names, core::milliseconds wait, Stopping& stopping) {
  // A stopwaitsecs below 0 counts as 0, as in Supervisor.
  if (const auto text = in.text("stopsignal", names); text && isStopSequence(*text))
    in.store("stopsignal", parseStopSequence(*text, std::max(wait, core::milliseconds(0))), stopping.steps);
  in.take("kill_scope", names, parseScope, stopping.scope);
  if (stopping.scope != KillScope::Default && (in.has("stopasgroup") || in.has("killasgroup")))
    in.conflict("kill_scope", {"stopasgroup", "killasgroup"}, "it replaces stopasgroup and killasgroup; remove those");
  in.take("leftovers", names, parseLeftovers, stopping.leftovers);
  if (stopping.leftovers != Leftovers::Stop) return;
  if (stopping.scope == KillScope::Process)
    in.conflict("leftovers", {"kill_scope"}, "with kill_scope=process nothing else is stopped");
  if (stopping.scope == KillScope::Default) stopping.scope = KillScope::Group;
}

}  // namespace config
