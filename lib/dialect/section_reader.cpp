// SPDX-License-Identifier: MIT
#include "lib/dialect/section_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "lib/core/text.hpp"
#include "lib/dialect/mistakes.hpp"

namespace config {

std::string placeText(std::string_view section, const core::IniPlace& place) {
  std::string out = " in section " + core::pythonRepr(section);
  if (!place.file) return out;
  out += " (file: " + core::pythonRepr(*place.file);
  if (place.line > 0) out += fmt::format(", line {}", place.line);
  return out + ")";
}

std::string writingHint(SectionKind kind, const core::IniEntry& entry) {
  std::string out;
  if (entry.commentLine > 0)
    out += fmt::format("; a '#' or ';' after a blank in line {} begins a comment, which is not part of the value",
                       entry.commentLine);
  if (const auto line = swallowedLine(kind, entry))
    out += "; the indented line " + core::pythonRepr(*line) +
           " is part of the value: if it should not be, remove its " + "indentation";
  return out;
}

std::string Refusal::text() const {
  return reason + (key.empty() ? "" : " for key " + core::pythonRepr(key)) + placeText(section, place) +
         (takenBy.empty() ? "" : ", taken by section " + core::pythonRepr(takenBy)) + hint;
}

SectionReader::SectionReader(const core::IniDocument& document, const core::IniSection& section, SectionKind kind,
                             const core::IniSection* group, Misfits without)
    : document_(document),
      section_(section),
      kind_(kind),
      group_(group),
      defaults_(isProgram(kind) ? document.find(kProgramDefaults) : nullptr),
      without_(std::move(without)) {}

const core::IniEntry* SectionReader::inherited(const core::IniSection* from, std::string_view key) const {
  const auto* entry = from ? from->find(key) : nullptr;
  if (!entry || !inherits(kind_, kindOf(from->name()), key) || document_.isDefault(*entry)) return nullptr;
  const auto isLeftOut = [&](const Misfit& misfit) { return misfit.entry == entry; };
  return std::none_of(without_.begin(), without_.end(), isLeftOut) ? entry : nullptr;
}

SectionReader::Found SectionReader::find(std::string_view key) const {
  const auto found = firstOf(key);
  if ((!group_ && !defaults_) || !found.entry || !core::trim(found.entry->value).empty()) return found;
  const bool own = found.section == &section_ && !document_.isDefault(*found.entry);
  const bool hides = (own && inherited(group_, key)) || (found.section != defaults_ && inherited(defaults_, key));
  return hides && emptyUndoes(key) ? Found{nullptr, &section_} : found;
}

SectionReader::Found SectionReader::firstOf(std::string_view key) const {
  const auto* own = document_.get(section_, key);
  if (!group_ && !defaults_) return {own, &section_};
  if (own && !document_.isDefault(*own)) return {own, &section_};
  for (const auto* from : {group_, defaults_})
    if (const auto* entry = inherited(from, key)) return {entry, from};
  return {own, &section_};
}

bool SectionReader::writes(std::string_view key) const {
  const auto [entry, from] = find(key);
  return entry && from == &section_ && !document_.isDefault(*entry);
}

std::optional<std::string> SectionReader::raw(std::string_view key) const {
  if (const auto* entry = find(key).entry) return entry->value;
  if (const char* fallback = keyOf(kind_, key).fallback) return fallback;
  return std::nullopt;
}

std::optional<std::string> SectionReader::text(std::string_view key, const core::Names& names) {
  if (!ok()) return std::nullopt;
  const auto value = raw(key);
  if (!value) return std::nullopt;
  auto out = expanded(key, *value, names, name() + "." + std::string(key));
  if (!ok()) return std::nullopt;
  return out;
}

std::string SectionReader::expanded(std::string_view key, std::string_view text, const core::Names& names,
                                    std::string_view where) {
  if (!ok()) return {};
  auto result = core::expand(text, names, where);
  if (result) return std::move(result).value();
  fail(key, result.error().text);
  return {};
}

std::string SectionReader::placeOf(std::string_view key) const {
  const auto found = find(key);
  return placeText(found.section->name(), found.entry ? found.entry->place : section_.place());
}

void SectionReader::fail(std::string_view key, std::string_view reason) {
  if (!ok()) return;
  const auto [entry, from] = find(key);
  refusal_ = Refusal{from->name(),
                     std::string(key),
                     std::string(reason),
                     entry ? entry->place : section_.place(),
                     entry ? writingHint(kind_, *entry) : std::string(),
                     from == &section_ ? std::string() : name()};
}

int SectionReader::rankOf(std::string_view key) const {
  const auto [entry, from] = find(key);
  if (!entry) return 0;
  if (from == group_) return 2;
  return from == defaults_ || document_.isDefault(*entry) ? 1 : 3;
}

void SectionReader::leaveOut(std::string_view key, std::string_view winner) {
  const auto [entry, from] = find(key);
  if (!entry || (from != group_ && from != defaults_)) return;
  const auto place = placeText(from->name(), entry->place);
  without_.push_back({entry, winner.empty() ? std::string()
                                            : fmt::format("Key '{}' does not count for section '{}', which has '{}'{}",
                                                          key, name(), winner, place)});
}

void SectionReader::conflict(std::string_view key, std::initializer_list<std::string_view> others,
                             std::string_view reason) {
  if (!ok()) return;
  fail(key, reason);
  const int rank = rankOf(key);
  std::string_view nearest;
  for (const auto other : others)
    if (rankOf(other) > (nearest.empty() ? 0 : rankOf(nearest))) nearest = other;
  if (nearest.empty() || rankOf(nearest) > rank) return leaveOut(key, nearest);
  for (const auto other : others)
    if (rankOf(other) > 0 && rankOf(other) < rank) leaveOut(other, key);
}

void SectionReader::fail(std::string_view reason) {
  if (ok()) refusal_ = Refusal{name(), {}, std::string(reason), section_.place(), {}, {}};
}

void SectionReader::fail(Refusal refusal) {
  if (ok()) refusal_ = std::move(refusal);
}

}  // namespace config
