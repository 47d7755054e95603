// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace manager {

/// What a mistyped word was probably meant to be: what it is the beginning of ("stat" is "status"), else the nearest.
[[nodiscard]] std::optional<std::string_view> suggestion(std::string_view word,
                                                         std::span<const std::string_view> candidates);

}  // namespace manager
