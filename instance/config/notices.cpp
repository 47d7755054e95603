// SPDX-License-Identifier: MIT
#include "instance/config/notices.hpp"

#include <algorithm>

#include "lib/core/text.hpp"
#include "lib/dialect/schema.hpp"
#include "lib/dialect/section_reader.hpp"

namespace config {
namespace {

void noteKey(Context& context, const core::IniSection& section, SectionKind kind, const core::IniEntry& entry) {
  const auto keys = keysOf(kind);
  const auto known = std::find_if(keys.begin(), keys.end(), [&](const Key& key) { return key.name == entry.key; });
  const auto place = placeText(section.name(), entry.place);
  if (known == keys.end()) {
    if (const auto near = nearestKey(kind, entry.key))
      context.warn("Unknown key '" + entry.key + "' (did you mean '" + std::string(*near) + "'?)" + place);
  } else if (known->successor) {
    context.warn("Key '" + entry.key + "' is from Supervisor 2: today it is " + known->successor + place);
  }
}

}  // namespace

void noteUnusual(Context& context) {
  for (const auto& section : context.document.sections()) {
    const auto kind = kindOf(section.name());
    if (kind == SectionKind::Foreign) {
      if (const auto near = nearestSection(section.name()))
        context.warn("Unknown section (did you mean [" + *near + "]?)" + placeText(section.name(), section.place()));
      continue;
    }
    if (keysOf(kind).empty()) continue;
    for (const auto& entry : section.entries()) noteKey(context, section, kind, entry);
  }
}

}  // namespace config
