// SPDX-License-Identifier: MIT
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/core/expansion.hpp"
#include "lib/core/ini.hpp"
#include "lib/core/result.hpp"
#include "lib/dialect/schema.hpp"

namespace config {

/// Why a value may have been refused because of how it is written: a comment that ended it, an indented line that
/// became part of it. Begins with "; "; empty if there is neither.
[[nodiscard]] std::string writingHint(SectionKind kind, const core::IniEntry& entry);

/// " in section 'S' (file: 'F', line N)", the end of every refusal.
[[nodiscard]] std::string placeText(std::string_view section, const core::IniPlace& place);

/// Why a section is refused.
struct Refusal {
  std::string section;
  std::string key;  ///< empty: the section as a whole
  std::string reason;
  core::IniPlace place;  ///< of the key, or of the section
  std::string hint;      ///< writingHint() of the key
  std::string takenBy;   ///< the section of the program, if the key is one of its group or of [program-defaults]
  /// "REASON for key 'K' in section 'S' (file: 'F', line N)", "[, taken by section 'P']", and the hint.
  [[nodiscard]] std::string text() const;
};

/// Values of a group or of [program-defaults] that one program does not take, since they do not go with its own keys.
struct Misfit {
  const core::IniEntry* entry;
  std::string warning;  ///< empty: it needs a key that the program does not have, as is usual for a default
};
using Misfits = std::vector<Misfit>;

/// Reads typed values from one section. After the first failure, further calls do nothing, and error() has the complete
/// message. So the callers can be a plain list of take() calls, and the first error in the order of the calls is
/// reported.
///
/// What the section of a program does not give is taken from `group`, the [group:x] that the program is a member of,
/// then from [program-defaults], then from [DEFAULT]. An empty value takes back what the
/// group or [program-defaults] gives: see emptyUndoes().
class SectionReader {
 public:
  SectionReader(const core::IniDocument& document, const core::IniSection& section, SectionKind kind,
                const core::IniSection* group = nullptr, Misfits without = {});

  [[nodiscard]] bool ok() const noexcept { return !refusal_; }
  [[nodiscard]] core::Err<core::Error> error() const { return core::Err{core::Error{refusal_->text()}}; }
  [[nodiscard]] const Refusal& refusal() const { return *refusal_; }
  [[nodiscard]] const std::string& name() const noexcept { return section_.name(); }
  [[nodiscard]] const core::IniDocument& document() const noexcept { return document_; }
  [[nodiscard]] const core::IniSection& section() const noexcept { return section_; }
  /// Whether the file gives the key, here or in a section that this one takes values from.
  [[nodiscard]] bool has(std::string_view key) const { return find(key).entry != nullptr; }

  /// Whether this section itself gives the key.
  [[nodiscard]] bool writes(std::string_view key) const;

  /// The key's text or its default, not expanded; nullopt if there is neither.
  [[nodiscard]] std::optional<std::string> raw(std::string_view key) const;
  /// The same, expanded.
  [[nodiscard]] std::optional<std::string> text(std::string_view key, const core::Names& names);
  /// Expands a text that belongs to `key`; `where` names it in the message.
  [[nodiscard]] std::string expanded(std::string_view key, std::string_view text, const core::Names& names,
                                     std::string_view where);

  /// Stores the converted value of `key`, or of its default, in `out`; does not change `out` if there is neither.
  template <class T, class Out>
  void take(std::string_view key, const core::Names& names, core::Expected<T> (*convert)(std::string_view), Out& out) {
    if (const auto value = text(key, names)) store(key, convert(*value), out);
  }
  /// As take(), with `phrase` ("Invalid chmod value") and the value instead of the converter's reason.
  template <class T, class Out>
  void take(std::string_view key, const core::Names& names, core::Expected<T> (*convert)(std::string_view), Out& out,
            std::string_view phrase) {
    const auto value = text(key, names);
    if (!value) return;
    auto converted = convert(*value);
    if (converted)
      out = std::move(converted).value();
    else
      fail(key, std::string(phrase) + " " + *value + ": " + converted.error().text);
  }
  template <class T, class Out>
  void store(std::string_view key, core::Expected<T> converted, Out& out) {
    if (!ok()) return;
    if (converted)
      out = std::move(converted).value();
    else
      fail(key, converted.error().text);
  }

  /// placeText() of `key`, or of the section if it has no such key.
  [[nodiscard]] std::string placeOf(std::string_view key) const;
  /// Refuses the value of `key`.
  void fail(std::string_view key, std::string_view reason);
  /// Refuses the section as a whole.
  void fail(std::string_view reason);
  /// What another section was refused for, which this one depends on.
  void fail(Refusal refusal);
  /// Refuses `key`, which does not go with any of `others`; without others it needs a key that is missing. If some of
  /// these are the program's own and some are inherited, the own ones win: misfits() then has the inherited ones, and
  /// the section is to be read again without them.
  void conflict(std::string_view key, std::initializer_list<std::string_view> others, std::string_view reason);
  /// What the constructor got, and what conflict() has added since. If it added something, the refusal does not count.
  [[nodiscard]] const Misfits& misfits() const noexcept { return without_; }

 private:
  /// A value, null if there is none, and the section that is named in messages about it.
  struct Found {
    const core::IniEntry* entry;
    const core::IniSection* section;
  };
  [[nodiscard]] Found find(std::string_view key) const;
  /// The first section that gives the key, with whatever value.
  [[nodiscard]] Found firstOf(std::string_view key) const;
  /// The key in a section that this one takes values from, which may be null.
  [[nodiscard]] const core::IniEntry* inherited(const core::IniSection* from, std::string_view key) const;
  /// How near to the program the value of `key` is: 3 its own, 2 of its group, 1 of the defaults; 0: there is none.
  [[nodiscard]] int rankOf(std::string_view key) const;
  /// Adds the value of `key` to the misfits, unless it is from a place that is never left out.
  void leaveOut(std::string_view key, std::string_view winner);

  const core::IniDocument& document_;
  const core::IniSection& section_;
  SectionKind kind_;
  const core::IniSection* group_;     ///< null: none
  const core::IniSection* defaults_;  ///< [program-defaults], null if there is none or it does not count here
  Misfits without_;
  std::optional<Refusal> refusal_;
};

}  // namespace config
