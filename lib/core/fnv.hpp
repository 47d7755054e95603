// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace core {

/// FNV-1a, 64 bits: to see that a text changed, where nobody gains from a collision. Not for secrets.
class Fnv1a {
 public:
  /// Adds a text and its end, so that "ab", "c" and "a", "bc" differ.
  void add(std::string_view text) noexcept {
    for (const char c : text) step(static_cast<unsigned char>(c));
    step(0);
  }
  [[nodiscard]] std::uint64_t value() const noexcept { return value_; }
  /// Sixteen hexadecimal digits.
  [[nodiscard]] std::string text() const;

 private:
  void step(std::uint64_t byte) noexcept { value_ = (value_ ^ byte) * 0x100000001b3ULL; }
  std::uint64_t value_ = 0xcbf29ce484222325ULL;
};

}  // namespace core
