// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "ctl/deploy/language/table.hpp"

/// What the tables of several sections share.
namespace deploy {

/// Joins arrays of attributes into one.
template <std::size_t... N>
constexpr auto joined(const std::array<Attribute, N>&... parts) {
  std::array<Attribute, (N + ...)> all{};
  auto out = all.begin();
  ((out = std::copy(parts.begin(), parts.end(), out)), ...);
  return all;
}

inline constexpr std::array kStates{std::string_view{"started"}, std::string_view{"stopped"},
                                    std::string_view{"current"}};

constexpr Attribute scopeOf(std::string_view about, bool required, std::string_view fallback = {},
                            std::string_view computed = {}) {
  return {.name = "scope",
          .kind = &kScope,
          .about = about,
          .required = required,
          .fallback = fallback,
          .computed = computed};
}

inline constexpr Attribute kNoRemove{
    .name = "no_remove", .kind = &kBoolean, .about = "Yes: the action remove leaves it.", .fallback = "no"};

inline constexpr std::array kWhen{Attribute{
    .name = "when", .kind = &kBoolean, .about = "No: the item is checked, and then ignored.", .fallback = "yes"}};

}  // namespace deploy
