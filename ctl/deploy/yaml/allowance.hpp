// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include "ctl/deploy/yaml/node.hpp"

namespace deploy {

/// What all sources of a run may need together. Aliases and variables can repeat a value many times, so a short text
/// could otherwise fill the memory.
class Allowance {
 public:
  static constexpr std::size_t kNodes = 500'000;
  static constexpr std::size_t kBytes = std::size_t{64} << 20;

  /// Takes so many values and bytes of text; false if they are not left.
  [[nodiscard]] bool take(std::size_t nodes, std::size_t bytes) noexcept;
  /// Takes what a copy of the value needs.
  [[nodiscard]] bool takeCopy(const Node& node) noexcept;

 private:
  std::size_t nodes_ = kNodes;
  std::size_t bytes_ = kBytes;
};

/// How many maps and lists may be inside each other, aliases and variables included: work on values is recursive.
inline constexpr int kLevels = 64;
inline constexpr const char* kTooDeep = "more than 64 levels of maps and lists";
/// How many levels a value has; a text has none.
[[nodiscard]] int levelsOf(const Node& node) noexcept;

/// The message when the allowance is used up.
inline constexpr const char* kTooMuch =
    "the sources have more than 500000 values or 64 MiB of text, repeated ones "
    "(aliases, variables) included";

}  // namespace deploy
