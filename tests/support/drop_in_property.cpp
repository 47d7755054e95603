// SPDX-License-Identifier: MIT
#include "tests/support/drop_in_property.hpp"

#include <algorithm>
#include <vector>

#include "daemon/entries/drop_in.hpp"
#include "daemon/entries/source.hpp"
#include "lib/core/ini_reader.hpp"
#include "lib/core/text.hpp"

namespace drop_in_property {
namespace {

const std::string kFile = "/nowhere/conf.d/a.conf";

/// As the manager reads it: repeated sections count for nothing.
std::optional<core::IniDocument> read(const std::string& text) {
  auto source = entries::readSource(kFile, {{kFile, text}});
  if (!source || !*source) return std::nullopt;
  return std::move((*source)->document);
}

std::vector<std::string> commentsOf(const std::string& text) {
  std::vector<std::string> out;
  const auto lines = core::scanIni(text, kFile);
  if (!lines) return out;
  for (const auto& line : *lines)
    if (line.comment != std::string_view::npos) out.emplace_back(core::trim(line.text.substr(line.comment)));
  std::sort(out.begin(), out.end());
  return out;
}

/// Every "section/key=value" but those of `key` in `section` (or, with an empty key, but the whole section).
std::vector<std::string> othersIn(const core::IniDocument& document, const std::string& section,
                                  const std::string& key) {
  std::vector<std::string> out;
  for (const auto& entry : document.defaults().entries()) out.push_back("/" + entry.key + '=' + entry.value);
  for (const auto& one : document.sections()) {
    const bool edited = one.name() == section;
    if (edited && key.empty()) continue;
    out.push_back(one.name());
    for (const auto& entry : one.entries())
      if (!edited || entry.key != key) out.push_back(one.name() + '/' + entry.key + '=' + entry.value);
  }
  return out;
}

}  // namespace

std::string afterEdit(const std::string& text, const std::string& section, const std::string& key,
                      const std::optional<std::string>& value) {
  const auto before = read(text);
  const auto edited = entries::editSection(text, section, {{key, value}});
  if (!before) return edited ? "a text was edited that cannot be parsed" : "";
  if (section == "DEFAULT") return "";
  if (!before->find(section)) return edited ? "a missing section was edited" : "";
  if (!edited) return "an existing section was not edited";
  const auto after = read(*edited);
  if (!after) return "the edited text cannot be parsed";
  if (!after->find(section)) return "the section is missing";
  const auto* now = after->find(section)->find(core::lower(key));
  if (value && (!now || now->value != *value)) return "the value is not what was set: " + (now ? now->value : "(none)");
  if (!value && now) return "a removed value is still read: " + now->value;
  if (othersIn(*before, section, core::lower(key)) != othersIn(*after, section, core::lower(key)))
    return "something else changed";
  if (commentsOf(text) != commentsOf(*edited)) return "comments changed";
  return "";
}

std::string afterRemoval(const std::string& text, const std::string& section) {
  const auto before = read(text);
  const auto rest = entries::removeSection(text, section);
  if (!before) return rest ? "a text was edited that cannot be parsed" : "";
  if (section == "DEFAULT") return "";
  if (!before->find(section)) return rest ? "a missing section was removed" : "";
  if (!rest) return "an existing section was not removed";
  const auto after = read(*rest);
  if (!after) return "the rest cannot be parsed";
  if (after->find(section)) return "the section still exists";
  if (othersIn(*before, section, "") != othersIn(*after, section, "")) return "something else changed";
  if (entries::saysNothing(*rest) && !(after->sections().empty() && after->defaults().entries().empty()))
    return "a text with entries counts as empty";
  return "";
}

std::string afterCreation(const std::string& section, const std::string& key, const std::string& value) {
  if (!entries::isPlainValue(value)) return "";
  const auto document = read(entries::newDropIn(section, {{key, value}}));
  if (!document) return "the new file cannot be parsed";
  const auto* made = document->find("supervisor:" + section);
  const auto* entry = made ? made->find(key) : nullptr;
  return entry && entry->value == value ? "" : "another value is read than was written";
}

}  // namespace drop_in_property
