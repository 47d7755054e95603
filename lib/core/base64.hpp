// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace core {

[[nodiscard]] std::string encodeBase64(std::string_view bytes);
/// Blanks and line ends are skipped; missing padding, trailing data or any other byte gives nullopt.
[[nodiscard]] std::optional<std::string> decodeBase64(std::string_view text);

}  // namespace core
