// SPDX-License-Identifier: MIT
#include "lib/dialect/notices.hpp"

#include <algorithm>

#include "lib/core/shell_words.hpp"
#include "lib/core/text.hpp"
#include "lib/dialect/mistakes.hpp"
#include "lib/dialect/schema.hpp"
#include "lib/dialect/section_reader.hpp"
#include "lib/dialect/shell_hint.hpp"

namespace config {
namespace {

/// One entry of a section whose keys are known.
struct Look {
  ReadContext& context;
  SectionKind kind;
  const core::IniSection& section;
  const core::IniEntry& entry;

  void warn(const std::string& text) const { context.warn(text + placeText(section.name(), entry.place)); }
};

void noteKey(const Look& look) {
  const auto keys = keysOf(look.kind);
  const auto known = std::find_if(keys.begin(), keys.end(), [&](const Key& key) { return key.name == look.entry.key; });
  if (known == keys.end()) {
    if (const auto advice = adviceOnKey(look.kind, look.entry.key))
      look.warn("Unknown key '" + look.entry.key + "' (" + *advice + ")");
  } else if (known->successor) {
    look.warn("Key '" + look.entry.key + "' is from Supervisor 2 (use " + known->successor + ")");
  }
}

void noteSwallowed(const Look& look) {
  if (const auto line = swallowedLine(look.kind, look.entry))
    look.warn("The indented line " + core::pythonRepr(*line) + " is part of the value of key '" + look.entry.key +
              "' (to make it a separate line, remove its indentation)");
}

/// The words of a command are split when it is started. Without this check, a missing quote would be found only then.
void noteQuotes(const Look& look) {
  if (look.entry.key != "command") return;
  if (const auto words = core::splitWords(look.entry.value); !words)
    look.warn("The value of key 'command' cannot be split into words (" + words.error().text + ")" +
              writingHint(look.kind, look.entry) + ": the program will not start,");
}

}  // namespace

void noteUnusual(ReadContext& context) {
  for (const auto& section : context.document.sections()) {
    const auto kind = kindOf(section.name());
    if (kind == SectionKind::Foreign) {
      if (const auto near = nearestSection(section.name()))
        context.warn("Unknown section (did you mean [" + *near + "]?)" + placeText(section.name(), section.place()));
      continue;
    }
    if (kind == SectionKind::Scale) {
      const auto name = section.name().substr(section.name().find(':') + 1);
      if (!context.document.find("program:" + name) && !context.document.find("fcgi-program:" + name))
        context.warn("There is no program " + core::pythonRepr(name) + " to scale" +
                     placeText(section.name(), section.place()));
    }
    if (keysOf(kind).empty()) continue;
    for (const auto& entry : section.entries()) {
      // Keys of [DEFAULT] may have been copied into the sections, to expand %(here)s there. They are not those of one
      // section and would cause a warning in each.
      if (context.document.defaults().find(entry.key)) continue;
      const Look look{context, kind, section, entry};
      noteKey(look);
      noteSwallowed(look);
      noteQuotes(look);
    }
    noteShellSyntax(context, section);
  }
}

void noteKeys(ReadContext& context, const core::IniSection& section) {
  for (const auto& entry : section.entries()) noteKey({context, kindOf(section.name()), section, entry});
}

void noteIgnored(ReadContext& context, const SectionReader& in, std::string_view environment) {
  const auto ignored = core::ignoredInKeyValues(environment);
  if (ignored.empty()) return;
  std::string pieces;
  for (const auto& piece : ignored) pieces += (pieces.empty() ? "" : ", ") + core::pythonRepr(piece);
  context.warn("Key 'environment': " + pieces +
               " is ignored, and ends the value before it: write values in double quotes (NAME=\"value\")" +
               in.placeOf("environment"));
}

}  // namespace config
