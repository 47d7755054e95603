// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lib/core/result.hpp"

namespace core {

/// A position in a text: the file as it was named by the caller, and a line counted from 1 (0: unknown).
struct IniPlace {
  std::shared_ptr<const std::string> file;
  std::uint32_t line = 0;
};

struct IniEntry {
  std::string key;    ///< lower case
  std::string value;  ///< continuation lines joined by '\n'
  IniPlace place;
  /// The line on which a comment (" #" or " ;") ended what was written of the value, the last one; 0: none did.
  std::uint32_t commentLine = 0;
};

class IniSection {
 public:
  IniSection(std::string name, IniPlace place) : name_(std::move(name)), place_(std::move(place)) {}

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  /// Where the section appeared first.
  [[nodiscard]] const IniPlace& place() const noexcept { return place_; }
  /// Where it was begun again; the keys there were added, or replaced earlier ones.
  [[nodiscard]] const std::vector<IniPlace>& repeats() const noexcept { return repeats_; }
  void repeat(IniPlace place) { repeats_.push_back(std::move(place)); }
  /// The section's own entries, in order of first appearance.
  [[nodiscard]] const std::vector<IniEntry>& entries() const noexcept { return entries_; }
  [[nodiscard]] const IniEntry* find(std::string_view key) const;
  /// Adds the entry, or replaces the one of the same key in its position.
  IniEntry& set(IniEntry entry);
  /// Replaces `from` by `to` in every value.
  void substitute(std::string_view from, std::string_view to);

 private:
  std::string name_;
  IniPlace place_;
  std::vector<IniPlace> repeats_;
  std::vector<IniEntry> entries_;
  std::map<std::string, std::size_t, std::less<>> index_;
};

/// An INI text in the dialect of Python's RawConfigParser(inline_comment_prefixes=(';', '#'), strict=False): sections
/// and keys in order, duplicates merged (the last value wins), `[DEFAULT]` seen through every section.
class IniDocument {
 public:
  /// Errors carry Python's text ("Source contains parsing errors: 'FILE'\n\t[line  2]: 'x\n'"); every bad line is
  /// listed.
  [[nodiscard]] static Expected<IniDocument> parse(std::string_view text, const std::string& file);
  /// Reads a regular file of at most `limit` bytes. The error's code is the errno if it could not be read, 0 if it
  /// could not be parsed.
  [[nodiscard]] static Expected<IniDocument> read(const std::string& file, std::size_t limit = 64 * 1024 * 1024);

  /// In order of first appearance, without `[DEFAULT]`.
  [[nodiscard]] const std::vector<IniSection>& sections() const noexcept { return sections_; }
  [[nodiscard]] const IniSection* find(std::string_view section) const;
  [[nodiscard]] const IniSection& defaults() const noexcept { return defaults_; }
  /// The section's own entry, else the one of `[DEFAULT]`, else null.
  [[nodiscard]] const IniEntry* get(const IniSection& section, std::string_view key) const;
  /// The section's entries and those of `[DEFAULT]` that it does not set itself.
  [[nodiscard]] std::vector<const IniEntry*> entriesOf(const IniSection& section) const;
  /// Whether an entry of a section is one of `[DEFAULT]` that substitute() copied there.
  [[nodiscard]] bool isDefault(const IniEntry& entry) const;

  /// The section of that name, made if there is none.
  IniSection& open(std::string_view section, const IniPlace& place);
  /// Reads `other` on top of this: its values win.
  void merge(const IniDocument& other);
  /// Replaces `from` by `to` in every value; a value of `[DEFAULT]` that holds `from` becomes each section's own first.
  void substitute(std::string_view from, std::string_view to);

 private:
  std::vector<IniSection> sections_;
  std::map<std::string, std::size_t, std::less<>> index_;
  IniSection defaults_{"DEFAULT", {}};
};

}  // namespace core
