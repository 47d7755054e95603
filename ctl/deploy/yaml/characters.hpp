// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace deploy {

/// A place in a text, in lines and characters from 1, and why YAML does not allow what is there.
struct BadCharacter {
  std::size_t line = 1;
  std::size_t column = 1;
  std::string reason;
};

/// The first character that a YAML text cannot have: a byte that is not UTF-8, a control character, NUL.
[[nodiscard]] std::optional<BadCharacter> findBadCharacter(std::string_view text);

}  // namespace deploy
