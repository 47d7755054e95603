// SPDX-License-Identifier: MIT
#pragma once

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
[[nodiscard]] std::span<const Key> keysOf(SectionKind kind);
/// The key of that name. It must exist: a missing one is a bug.
[[nodiscard]] const Key& keyOf(SectionKind kind, std::string_view name);
/// The most similar known name for an unknown section ("program:x" for "progam:x"); nullopt if there is none.
[[nodiscard]] std::optional<std::string> nearestSection(std::string_view section);
/// The same for a key of a section.
[[nodiscard]] std::optional<std::string_view> nearestKey(SectionKind kind, std::string_view key);

}  // namespace config
