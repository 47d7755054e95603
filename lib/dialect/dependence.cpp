// SPDX-License-Identifier: MIT
#include "lib/dialect/dependence.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "lib/core/text.hpp"
#include "lib/dialect/possible.hpp"
#include "lib/dialect/section_reader.hpp"
#include "lib/dialect/values.hpp"

namespace config {
namespace {

using lifecycle::Condition;
using lifecycle::Dependence;

std::optional<Condition> conditionOf(std::string_view word) {
  if (word == "started") return Condition::Started;
  if (word == "running") return Condition::Running;
  if (word == "ready") return Condition::Ready;
  if (word == "healthy") return Condition::Healthy;
  if (word == "exited") return Condition::Exited;
  return std::nullopt;
}

/// "program", "group:program" or "group:*", each with ":condition" if that is not `running`.
core::Expected<Dependence> parseDependence(const std::string& text) {
  auto parts = core::split(text, ':');
  Dependence out;
  if (parts.size() > 1) {
    if (const auto condition = conditionOf(core::lower(core::trim(parts.back())))) {
      out.condition = *condition;
      parts.pop_back();
    }
  }
  for (auto& part : parts) part = core::trim(part);
  const auto wrong = [](const auto& part) { return part.empty() || part.find_first_of(" /") != part.npos; };
  if (parts.size() > 2 || std::any_of(parts.begin(), parts.end(), wrong))
    return core::Err{core::Error{core::pythonRepr(text) +
                                 " is not a program, group:program or group:*, with or without one of :started, "
                                 ":running, :ready, :healthy and :exited"}};
  if (parts.size() == 2) out.group = std::move(parts.front());
  out.program = std::move(parts.back());
  return out;
}

core::Expected<std::vector<Dependence>> parseDependences(std::string_view text) {
  std::vector<Dependence> out;
  for (const auto& one : parseStrings(text)) {
    auto parsed = parseDependence(one);
    if (!parsed) return core::Err{std::move(parsed).error()};
    out.push_back(std::move(parsed).value());
  }
  return out;
}

/// Whether the type is oneshot.
core::Expected<bool> parseType(std::string_view text) {
  const auto word = core::lower(core::trim(text));
  if (word == "oneshot") return true;
  if (word == "simple") return false;
  return core::Err{core::Error{core::pythonRepr(text) + " is neither simple nor oneshot"}};
}

/// Which process of its section this one is, from 0 on.
std::int64_t placeOf(SectionReader& in, const core::Names& names) {
  int first = 0;
  in.take("numprocs_start", names, parseInteger, first);
  const auto* const number = names.find("process_num");
  const auto* const value = number == nullptr ? nullptr : std::get_if<std::int64_t>(number);
  return value == nullptr ? 0 : *value - first;
}

}  // namespace

bool isPossible(const Dependences& dependences) noexcept { return isPossible(dependences.startDelay); }

void readDependences(SectionReader& in, const core::Names& names, Dependences& dependences) {
  in.take("depends_on", names, parseDependences, dependences.on);
  in.take("restart_with_dependencies", names, parseBoolean, dependences.restart);
  in.take("type", names, parseType, dependences.oneshot);
  if (dependences.restart && dependences.on.empty())
    in.conflict("restart_with_dependencies", {}, "it needs depends_on, which is missing");
  in.take("start_delay", names, parseDuration, dependences.startDelay);
  core::milliseconds stagger{0};
  in.take("stagger", names, parseDuration, stagger);
  if (stagger.count() > 0)
    dependences.startDelay = std::min(kLongestDuration, dependences.startDelay + stagger * placeOf(in, names));
}

}  // namespace config
