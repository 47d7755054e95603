// SPDX-License-Identifier: MIT
#include "daemon/instances/fingerprint.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "daemon/entries/entry.hpp"
#include "lib/core/text.hpp"

namespace instances {
namespace {

constexpr std::string_view kVersion = "1";

/// FNV-1a: to see that a text changed; nobody gains from a collision with their own entry.
class Hash {
 public:
  void add(std::string_view text) {
    for (const char c : text) step(static_cast<unsigned char>(c));
    step(0);
  }
  [[nodiscard]] std::string text() const { return fmt::format("{:016x}", value_); }

 private:
  void step(std::uint64_t byte) { value_ = (value_ ^ byte) * 0x100000001b3ULL; }
  std::uint64_t value_ = 0xcbf29ce484222325ULL;
};

/// Attributes that do not change the process of an instance.
constexpr std::array<std::string_view, 7> kOutside{"enabled", "managed", "no_remove", "priority",
                                                   "scope",   "state",   "when"};

}  // namespace

std::string Fingerprint::text() const {
  return fmt::format("{}:{}:{}:{}", kVersion, process, programs, all);
}

std::optional<Fingerprint> Fingerprint::fromText(const std::string& text) {
  auto parts = core::split(text, ':');
  if (parts.size() != 4 || parts[0] != kVersion) return std::nullopt;
  return Fingerprint{std::move(parts[1]), std::move(parts[2]), std::move(parts[3])};
}

Fingerprint fingerprintOf(const entries::Entry& entry) {
  Hash process, programs;
  for (const auto& [key, value] : entry.written)
    if (std::find(kOutside.begin(), kOutside.end(), key) == kOutside.end()) {
      process.add(key);
      process.add(value);
    }
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
  Hash all;
  all.add(process.text());
  all.add(programs.text());
  all.add(toText(entry.state));
  all.add(entry.managed ? "managed" : "described");
  return {process.text(), programs.text(), all.text()};
}

}  // namespace instances
