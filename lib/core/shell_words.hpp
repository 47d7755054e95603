// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/core/result.hpp"

namespace core {

/// Splits a command as a POSIX shell splits words, without comments, globs and variables. Errors: "No closing
/// quotation", "No escaped character".
[[nodiscard]] Expected<std::vector<std::string>> splitWords(std::string_view command);

/// Parses `KEY=value,KEY2="other value"` in the grammar of Supervisor 4.4's `environment` key. Sorted by key; of
/// duplicates the last wins. Errors: those of splitWords, and "Unexpected end of key/value pairs in value 'TEXT'".
[[nodiscard]] Expected<std::vector<std::pair<std::string, std::string>>> parseKeyValues(std::string_view text);

/// What parseKeyValues() passes over in a text that it takes: comments ("#..." outside quotes), and what is between
/// two pairs and is neither ',' nor ';'. In order; empty for most texts, and for one that it refuses.
[[nodiscard]] std::vector<std::string> ignoredInKeyValues(std::string_view text);

}  // namespace core
