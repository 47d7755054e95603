// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace core {

/// `text` for the path of a URL, or as one word: everything but letters, digits and "-._~/" as %XX.
[[nodiscard]] std::string percentEncode(std::string_view text);

}  // namespace core
