// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "lib/core/result.hpp"

namespace core {

class IniDocument;

/// Reads `text` into `document`, which takes what it held before into account (a section seen again goes on). The part
/// of ini.hpp that knows the dialect; use IniDocument.
[[nodiscard]] Status readIni(IniDocument& document, std::string_view text, const std::string& file);

}  // namespace core
