// SPDX-License-Identifier: MIT
#include "lib/core/ini.hpp"

#include "lib/core/files.hpp"
#include "lib/core/ini_reader.hpp"
#include "lib/core/text.hpp"

namespace core {

const IniEntry* IniSection::find(std::string_view key) const {
  const auto at = index_.find(key);
  return at == index_.end() ? nullptr : &entries_[at->second];
}

IniEntry& IniSection::set(IniEntry entry) {
  const auto [at, fresh] = index_.try_emplace(entry.key, entries_.size());
  if (fresh) return entries_.emplace_back(std::move(entry));
  return entries_[at->second] = std::move(entry);
}

void IniSection::substitute(std::string_view from, std::string_view to) {
  for (auto& entry : entries_) entry.value = replaceAll(std::move(entry.value), from, to);
}

Expected<IniDocument> IniDocument::parse(std::string_view text, const std::string& file) {
  IniDocument document;
  if (auto status = readIni(document, text, file); !status) return Err{std::move(status).error()};
  return document;
}

Expected<IniDocument> IniDocument::read(const std::string& file, std::size_t limit) {
  auto text = readFile(file, limit);
  if (!text) return Err{std::move(text).error()};
  return parse(*text, file);
}

const IniSection* IniDocument::find(std::string_view section) const {
  const auto at = index_.find(section);
  return at == index_.end() ? nullptr : &sections_[at->second];
}

const IniEntry* IniDocument::get(const IniSection& section, std::string_view key) const {
  const auto* own = section.find(key);
  return own ? own : defaults_.find(key);
}

std::vector<const IniEntry*> IniDocument::entriesOf(const IniSection& section) const {
  std::vector<const IniEntry*> out;
  for (const auto& entry : section.entries()) out.push_back(&entry);
  for (const auto& entry : defaults_.entries())
    if (!section.find(entry.key)) out.push_back(&entry);
  return out;
}

bool IniDocument::isDefault(const IniEntry& entry) const {
  const auto* fallback = defaults_.find(entry.key);
  return fallback && fallback->place.line == entry.place.line && fallback->place.file == entry.place.file;
}

IniSection& IniDocument::open(std::string_view section, const IniPlace& place) {
  if (section == defaults_.name()) return defaults_;
  if (const auto at = index_.find(section); at != index_.end()) return sections_[at->second];
  index_.emplace(section, sections_.size());
  return sections_.emplace_back(std::string(section), place);
}

void IniDocument::merge(const IniDocument& other) {
  for (const auto& entry : other.defaults_.entries()) defaults_.set(entry);
  for (const auto& section : other.sections_) {
    const bool again = find(section.name()) != nullptr;
    auto& mine = open(section.name(), section.place());
    if (again) mine.repeat(section.place());
    for (const auto& place : section.repeats()) mine.repeat(place);
    for (const auto& entry : section.entries()) mine.set(entry);
  }
}

void IniDocument::substitute(std::string_view from, std::string_view to) {
  for (const auto& entry : defaults_.entries()) {
    if (entry.value.find(from) == std::string::npos) continue;
    for (auto& section : sections_)
      if (!section.find(entry.key)) section.set(entry);
  }
  for (auto& section : sections_) section.substitute(from, to);
}

}  // namespace core
