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

[[nodiscard]] SectionKind kindOf(std::string_view section);
/// The keys of a kind of section; empty where any key is allowed.
[[nodiscard]] std::span<const Key> keysOf(SectionKind kind);
/// The key of that name. It must exist: a missing one is a bug.
[[nodiscard]] const Key& keyOf(SectionKind kind, std::string_view name);
/// The most similar known name for an unknown section ("program:x" for "progam:x"); nullopt if there is none.
[[nodiscard]] std::optional<std::string> nearestSection(std::string_view section);
/// The same for a key of a section.
[[nodiscard]] std::optional<std::string_view> nearestKey(SectionKind kind, std::string_view key);

}  // namespace config
