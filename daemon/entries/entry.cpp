// SPDX-License-Identifier: MIT
#include "daemon/entries/entry.hpp"

#include <fmt/core.h>

#include <array>

namespace entries {
namespace {

constexpr std::array<const char*, 3> kStateTexts{"started", "stopped", "current"};

}  // namespace

const char* toText(WantedState state) noexcept { return kStateTexts[static_cast<std::size_t>(state)]; }

std::optional<WantedState> wantedStateFrom(const std::string& text) noexcept {
  for (std::size_t i = 0; i < kStateTexts.size(); ++i)
    if (text == kStateTexts[i]) return static_cast<WantedState>(i);
  return std::nullopt;
}

Places Entry::places() const {
  Places out = unread;
  out.emplace("supervisor:" + name, origin.file);
  for (const auto& one : declared) out.emplace(one.sectionName(), one.origin.file);
  return out;
}

std::string Complaint::text() const {
  std::string out = line > 0 ? fmt::format("{}:{}: ", file, line) : fmt::format("{}: ", file);
  if (!section.empty()) out += fmt::format("[{}] ", section);
  if (!key.empty()) out += fmt::format("{}: ", key);
  return out + reason;
}

}  // namespace entries
