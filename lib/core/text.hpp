// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace core {

/// ASCII blanks as Python's str.strip() sees them.
[[nodiscard]] bool isBlank(char c) noexcept;
[[nodiscard]] std::string_view trim(std::string_view text) noexcept;
/// ASCII lower and upper case; other bytes stay.
[[nodiscard]] std::string lower(std::string_view text);
[[nodiscard]] std::string upper(std::string_view text);
/// Splits at every `separator`; "a," gives "a" and "". An empty text gives one empty piece.
[[nodiscard]] std::vector<std::string> split(std::string_view text, char separator);
/// Splits at runs of blanks, without empty pieces.
[[nodiscard]] std::vector<std::string> splitBlanks(std::string_view text);
[[nodiscard]] std::string join(std::span<const std::string> pieces, std::string_view separator);
[[nodiscard]] std::string replaceAll(std::string text, std::string_view from, std::string_view to);
/// A decimal integer that fills the whole text, with an optional sign; nothing else, no blanks.
[[nodiscard]] std::optional<std::int64_t> parseInteger(std::string_view text) noexcept;
/// Whether `text` has only characters from the space to "~": almost every text, and what is done to others can be
/// spared.
[[nodiscard]] bool isPlainAscii(std::string_view text) noexcept;
/// The character at the front of a text that is not empty: its bytes and its code point; length 0: not UTF-8 (overlong
/// forms, surrogates and code points above U+10FFFF are not).
struct Utf8Character {
  std::size_t length = 0;
  char32_t code = 0;
};
[[nodiscard]] Utf8Character firstCharacter(std::string_view text) noexcept;
[[nodiscard]] bool isUtf8(std::string_view bytes) noexcept;
/// How many characters (code points) `text` has; a byte that is not UTF-8 counts as one.
[[nodiscard]] std::size_t characters(std::string_view text) noexcept;
/// `bytes` with each invalid sequence replaced by U+FFFD.
[[nodiscard]] std::string toUtf8(std::string_view bytes);
/// Python's repr() of a text: single quotes unless only double quotes avoid escapes; \n \t \\ and \xNN escapes.
[[nodiscard]] std::string pythonRepr(std::string_view text);
/// Python's repr() of bytes: the same with a b in front, and every byte beyond ASCII as \xNN.
[[nodiscard]] std::string pythonBytesRepr(std::string_view bytes);
/// The candidate within a small edit distance of `word`, for "did you mean"; nullopt if none is near.
[[nodiscard]] std::optional<std::string_view> nearest(std::string_view word,
                                                      std::span<const std::string_view> candidates);

}  // namespace core
