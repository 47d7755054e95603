// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace config {

/// The kinds of sections, by their names.
enum class SectionKind {
  Supervisord,
  Supervisorctl,
  UnixServer,
  InetServer,
  Program,
  FcgiProgram,
  EventListener,
  ProgramDefaults,
  Scale,
  Socket,
  Group,
  RpcInterface,
  CtlPlugin,
  Include,
  Foreign
};

/// One key of the file. Names and defaults are only here.
struct Key {
  std::string_view name;
  /// The default value as text; null if a missing key has another meaning (no value, or an error).
  const char* fallback = nullptr;
  /// For keys of Supervisor 2: the present key.
  const char* successor = nullptr;
};

/// The keys of a kind of section: tables that several kinds share, one after the other. Each name is there once, since
/// the pages of these tables are written when a program starts, and are memory of its own.
class Keys {
 public:
  using Table = std::span<const Key>;
  class Iterator {
   public:
    using iterator_category = std::forward_iterator_tag;  // NOLINT(readability-identifier-naming): as std has them
    using value_type = Key;                               // NOLINT(readability-identifier-naming)
    using difference_type = std::ptrdiff_t;               // NOLINT(readability-identifier-naming)
    using pointer = const Key*;                           // NOLINT(readability-identifier-naming)
    using reference = const Key&;                         // NOLINT(readability-identifier-naming)

    Iterator() = default;
    explicit Iterator(std::span<const Table> tables) : tables_(tables) {}
    reference operator*() const { return tables_.front()[place_]; }
    pointer operator->() const { return &**this; }
    Iterator& operator++() {
      if (++place_ < tables_.front().size()) return *this;
      tables_ = tables_.subspan(1);
      place_ = 0;
      return *this;
    }
    Iterator operator++(int) {
      const auto before = *this;
      ++*this;
      return before;
    }
    bool operator==(const Iterator& other) const {
      return tables_.size() == other.tables_.size() && place_ == other.place_;
    }

   private:
    std::span<const Table> tables_;
    std::size_t place_ = 0;  // in the first of them
  };

  Keys() = default;
  /// None of them is empty.
  explicit Keys(std::span<const Table> tables) : tables_(tables) {}
  [[nodiscard]] Iterator begin() const { return Iterator(tables_); }
  [[nodiscard]] Iterator end() const { return Iterator(tables_.last(0)); }
  [[nodiscard]] bool empty() const { return tables_.empty(); }

 private:
  std::span<const Table> tables_;
};

/// The section whose values every program takes that does not give them itself.
inline constexpr std::string_view kProgramDefaults = "program-defaults";

[[nodiscard]] SectionKind kindOf(std::string_view section);
/// Whether a section of this kind describes programs.
[[nodiscard]] constexpr bool isProgram(SectionKind kind) {
  return kind == SectionKind::Program || kind == SectionKind::FcgiProgram || kind == SectionKind::EventListener;
}
/// Whether a program without `key` takes the value of [program-defaults], or of the [group:x] that it is a member of.
[[nodiscard]] bool inherits(SectionKind program, SectionKind from, std::string_view key);
/// Whether an empty value of a program's key takes back the one of its group or of [program-defaults]: those for which
/// it is not a value of its own.
[[nodiscard]] bool emptyUndoes(std::string_view key);
/// The keys of a kind of section; empty where any key is allowed.
[[nodiscard]] Keys keysOf(SectionKind kind);
/// The key of that name. It must exist: a missing one is a bug.
[[nodiscard]] const Key& keyOf(SectionKind kind, std::string_view name);
/// The most similar known name for an unknown section ("program:x" for "progam:x"); nullopt if there is none.
[[nodiscard]] std::optional<std::string> nearestSection(std::string_view section);
/// The same for a key of a section.
[[nodiscard]] std::optional<std::string_view> nearestKey(SectionKind kind, std::string_view key);

}  // namespace config
