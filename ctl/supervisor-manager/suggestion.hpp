// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace manager {

/// What a mistyped word probably means: a candidate that begins with it ("stat" means "status"), else the most similar
/// one.
[[nodiscard]] std::optional<std::string_view> suggestion(std::string_view word,
                                                         std::span<const std::string_view> candidates);

}  // namespace manager
