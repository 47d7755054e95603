// SPDX-License-Identifier: MIT
#include "daemon/instances/fingerprint.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "daemon/entries/entry.hpp"
#include "lib/core/fnv.hpp"
#include "lib/core/text.hpp"

namespace instances {
namespace {

/// To be changed with what the fingerprints below are made of: older ones then compare as unknown.
constexpr std::string_view kVersion = "1";

/// Attributes that do not change the process of an instance.
constexpr std::array<std::string_view, 8> kOutside{"adopt_files", "enabled", "managed", "no_remove",
                                                   "priority",    "scope",   "state",   "when"};

}  // namespace

std::string Fingerprint::text() const { return std::string(kVersion) + ':' + process + ':' + programs + ':' + all; }

std::optional<Fingerprint> Fingerprint::fromText(const std::string& text) {
  auto parts = core::split(text, ':');
  if (parts.size() != 4 || parts[0] != kVersion) return std::nullopt;
  return Fingerprint{std::move(parts[1]), std::move(parts[2]), std::move(parts[3])};
}

Fingerprint fingerprintOf(const entries::Entry& entry) {
  core::Fnv1a process, programs;
  for (const auto& [key, value] : entry.written)
    if (std::find(kOutside.begin(), kOutside.end(), key) == kOutside.end()) {
      process.add(key);
      process.add(value);
    }
  // An account can get other ids without an edit of the entry.
  process.add(std::to_string(entry.identity.uid));
  process.add(std::to_string(entry.identity.gid));
  process.add(entry.confFile);
  for (const auto& declared : entry.declared) {
    programs.add(declared.fileName());
    for (const auto& [key, value] : declared.keys) {
      programs.add(key);
      programs.add(value);
    }
  }
  core::Fnv1a all;
  all.add(process.text());
  all.add(programs.text());
  all.add(toText(entry.state));
  all.add(entry.managed ? "managed" : "described");
  if (entry.adoptFiles) all.add("adopt");
  return {process.text(), programs.text(), all.text()};
}

}  // namespace instances
